// What strategies keep from call to call, and the parts of an allocation, as text.

public import Engine

extension JSONWriter {
  /// Writes a kept value; a number that is not whole keeps its fraction, if only `.0`.
  mutating func value(_ value: borrowing StateValue) {
    switch value {
    case .text(let text): self.value(text)
    case .integer(let number): self.value(number)
    case .number(let bits): self.value(Double(bitPattern: bits))
    case .boolean(let truth): self.value(truth)
    }
  }

  /// Writes the states of all strategies as a list.
  mutating func member(_ key: StaticString, _ states: [StrategyState]) {
    self.key(key)
    beginArray()
    for state in states {
      beginObject()
      member("strategy", state.strategy.text)
      self.key("values")
      beginArray()
      for entry in state.entries {
        beginObject()
        member("key", entry.key)
        self.key("value")
        value(entry.value)
        endObject()
      }
      endArray()
      endObject()
    }
    endArray()
  }

  /// Writes the parts of an allocation as a list.
  mutating func member(_ key: StaticString, _ parts: [SharePart]) {
    self.key(key)
    beginArray()
    for part in parts {
      beginObject()
      member("name", part.name)
      self.key("weight")
      value(part.weight)
      endObject()
    }
    endArray()
  }
}

extension Fields {
  /// A kept value; nil: there is none.
  mutating func optionalStateValue(_ key: String) throws(JSONError) -> StateValue? {
    guard let json = take(key) else { return nil }
    switch json {
    case .string(let text): return .text(text)
    case .integer(let number): return .integer(number)
    case .real(let number): return .number(bits: number.bitPattern)
    case .bool(let truth): return .boolean(truth)
    case .null, .array, .object:
      throw JSONError("\"\(key)\" is no text, number or truth value")
    }
  }

  mutating func optionalStates(_ key: String) throws(JSONError) -> [StrategyState]? {
    guard let list = take(key) else { return nil }
    guard let elements = list.elements else { throw JSONError("\"\(key)\" is not a list") }
    var states: [StrategyState] = []
    for element in elements {
      var fields = try Fields(element)
      var entries: [StateEntry] = []
      for value in try fields.elements("values") {
        var entry = try Fields(value)
        let name = try entry.string("key")
        guard let kept = try entry.optionalStateValue("value") else {
          throw JSONError("\"value\" is missing")
        }
        entries.append(StateEntry(name, kept))
        note(entry.untaken)
      }
      states.append(StrategyState(StrategyName(try fields.string("strategy")), entries))
      note(fields.untaken)
    }
    return states
  }

  mutating func parts(_ key: String) throws(JSONError) -> [SharePart] {
    var parts: [SharePart] = []
    for element in try elements(key) {
      var fields = try Fields(element)
      parts.append(SharePart(try fields.string("name"), try fields.number("weight")))
      note(fields.untaken)
    }
    return parts
  }
}

extension StateValue {
  /// The value as JSON text: texts in quotes.
  public var text: String {
    var writer = JSONWriter(capacity: 64)
    writer.value(self)
    return writer.text
  }
}
