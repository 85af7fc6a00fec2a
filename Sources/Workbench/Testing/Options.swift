import Engine
import LuaBridge

/// The named values of a table that a test wrote; every name must be known.
struct Options {
  private let what: String
  private var left: [LuaTable.Pair]

  init(_ value: LuaValue?, of what: String) throws(TestMistake) {
    self.what = what
    switch value {
    case nil, .nil: left = []
    case .table(let table) where table.array.isEmpty: left = table.pairs
    default: throw TestMistake("\(what) expects a table such as { name = value }")
    }
  }

  /// Takes a value out; nil when there is none.
  mutating func take(_ name: String) -> LuaValue? {
    guard let index = left.firstIndex(where: { $0.key == .string(name) }) else { return nil }
    return left.remove(at: index).value
  }

  mutating func text(_ name: String) throws(TestMistake) -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.plainText else {
      throw TestMistake("\(what): \(name) expects a text, got \(value.short)")
    }
    return text
  }

  mutating func truth(_ name: String) throws(TestMistake) -> Bool? {
    guard let value = take(name) else { return nil }
    guard case .boolean(let truth) = value else {
      throw TestMistake("\(what): \(name) expects true or false, got \(value.short)")
    }
    return truth
  }

  mutating func seconds(_ name: String) throws(TestMistake) -> Duration? {
    guard let value = take(name) else { return nil }
    guard let duration = value.duration else {
      throw TestMistake("\(what): \(name) expects seconds, got \(value.short)")
    }
    return duration
  }

  mutating func integer(_ name: String) throws(TestMistake) -> Int64? {
    guard let value = take(name) else { return nil }
    guard case .integer(let number) = value else {
      throw TestMistake("\(what): \(name) expects a whole number, got \(value.short)")
    }
    return number
  }

  /// A table of texts to values, in the order of its keys.
  mutating func entries(_ name: String) throws(TestMistake) -> [(key: String, value: LuaValue)]? {
    guard let value = take(name) else { return nil }
    guard case .table(let table) = value, table.array.isEmpty else {
      throw TestMistake("\(what): \(name) expects a table of names and values")
    }
    var entries: [(key: String, value: LuaValue)] = []
    for pair in table.pairs {
      guard let key = pair.key.plainText else {
        throw TestMistake("\(what): \(name) expects texts as keys, got \(pair.key.short)")
      }
      entries.append((key, pair.value))
    }
    return entries
  }

  /// Complains about what nobody took.
  func finish() throws(TestMistake) {
    guard let first = left.first else { return }
    throw TestMistake("\(what) does not know '\(first.key.plainText ?? first.key.short)'")
  }
}

extension LuaValue {
  /// A text, or a number as it would be written.
  var plainText: String? {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .boolean(let truth): "\(truth)"
    case .nil, .table: nil
    }
  }

  /// Seconds; nil for anything that is none between 0 and a year and a day.
  var duration: Duration? {
    let seconds: Double
    switch self {
    case .integer(let number): seconds = Double(number)
    case .number(let number): seconds = number
    case .nil, .boolean, .string, .table: return nil
    }
    guard seconds >= 0, seconds <= 86_400 * 366 else { return nil }
    return .nanoseconds(Int64((seconds * 1e9).rounded()))
  }

  /// The value in a few words, for messages.
  var short: String {
    switch self {
    case .nil: "nothing"
    case .string(let text): "\"\(text)\""
    case .integer, .number, .boolean: plainText ?? ""
    case .table: "a table"
    }
  }

  /// A table of named values; pairs without a value are left out.
  static func record(_ pairs: [(String, LuaValue?)]) -> LuaValue {
    .table(
      LuaTable(
        pairs: pairs.compactMap { key, value in
          value.map { LuaTable.Pair(key: .string(key), value: $0) }
        }
      )
    )
  }

  /// A list.
  static func list(_ values: [LuaValue]) -> LuaValue { .table(LuaTable(array: values)) }

  /// Seconds as a number.
  static func seconds(_ duration: Duration) -> LuaValue {
    let nanoseconds = duration.nanosecondsClamped
    if nanoseconds % 1_000_000_000 == 0 { return .integer(nanoseconds / 1_000_000_000) }
    return .number(Double(nanoseconds) / 1e9)
  }
}
