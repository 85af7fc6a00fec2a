internal import Engine

/// The members of an object, taken one by one; what is left is unknown.
struct Fields {
  private let members: [JSONValue.Member]
  private var taken: [Bool]
  private var nestedUntaken: [String] = []

  init(_ json: JSONValue) throws(JSONError) {
    guard let members = json.members else { throw JSONError("not an object") }
    self.members = members
    taken = Array(repeating: false, count: members.count)
  }

  /// The names that nobody asked for.
  var untaken: [String] {
    zip(members, taken).filter { !$0.1 }.map { $0.0.key } + nestedUntaken
  }

  /// Counts unknown members of a nested object as ours.
  mutating func note(_ untaken: [String]) { nestedUntaken.append(contentsOf: untaken) }

  /// The value of a member; null counts as absent.
  mutating func take(_ key: String) -> JSONValue? {
    guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
    taken[index] = true
    return members[index].value == .null ? nil : members[index].value
  }

  private func required<Value>(_ key: String, _ value: Value?) throws(JSONError) -> Value {
    guard let value else { throw JSONError("\"\(key)\" is missing") }
    return value
  }

  mutating func optionalString(_ key: String) throws(JSONError) -> String? {
    guard let value = take(key) else { return nil }
    guard let text = value.string else { throw JSONError("\"\(key)\" is not a text") }
    return text
  }

  mutating func string(_ key: String) throws(JSONError) -> String {
    try required(key, try optionalString(key))
  }

  mutating func optionalNumber<Number: FixedWidthInteger>(
    _ key: String,
    as type: Number.Type = Number.self
  ) throws(JSONError) -> Number? {
    guard let value = take(key) else { return nil }
    guard let integer = value.integer, let number = Number(exactly: integer) else {
      throw JSONError("\"\(key)\" is not a whole number from \(Number.min) to \(Number.max)")
    }
    return number
  }

  mutating func number<Number: FixedWidthInteger>(
    _ key: String,
    as type: Number.Type = Number.self
  ) throws(JSONError) -> Number {
    try required(key, try optionalNumber(key))
  }

  /// A member of one of T-Library's enumerations, written as its number.
  mutating func optionalCode<Code: RawRepresentable>(
    _ key: String,
    as type: Code.Type = Code.self
  ) throws(JSONError) -> Code? where Code.RawValue == UInt8 {
    guard let number = try optionalNumber(key, as: UInt8.self) else { return nil }
    guard let code = Code(rawValue: number) else {
      throw JSONError("\"\(key)\" has no meaning for \(number)")
    }
    return code
  }

  mutating func code<Code: RawRepresentable>(
    _ key: String,
    as type: Code.Type = Code.self
  ) throws(JSONError) -> Code where Code.RawValue == UInt8 {
    try required(key, try optionalCode(key))
  }

  mutating func optionalConnID(_ key: String) throws(JSONError) -> ConnID? {
    guard let text = try optionalString(key) else { return nil }
    guard let id = ConnID(text: text) else {
      throw JSONError("\"\(key)\" is not 16 hexadecimal digits: \"\(text)\"")
    }
    return id
  }

  mutating func connID(_ key: String) throws(JSONError) -> ConnID {
    try required(key, try optionalConnID(key))
  }

  mutating func optionalPairs(_ key: String) throws(JSONError) -> [KeyValue]? {
    guard let value = take(key) else { return nil }
    guard let members = value.members else { throw JSONError("\"\(key)\" is not an object") }
    var pairs: [KeyValue] = []
    for member in members {
      guard let text = member.value.string else {
        throw JSONError("\"\(key)\": the value of \"\(member.key)\" is not a text")
      }
      pairs.append(KeyValue(member.key, text))
    }
    return pairs
  }

  mutating func pairs(_ key: String) throws(JSONError) -> [KeyValue] {
    try required(key, try optionalPairs(key))
  }

  /// A number of seconds.
  mutating func optionalDuration(_ key: String) throws(JSONError) -> Duration? {
    guard let value = take(key) else { return nil }
    switch value {
    case .integer(let seconds): return .seconds(seconds)
    case .real(let seconds):
      guard seconds.magnitude < 9e9 else { throw JSONError("\"\(key)\" is too long") }
      let whole = seconds.rounded(.towardZero)
      return .seconds(Int64(whole)) + .nanoseconds(Int64(((seconds - whole) * 1e9).rounded()))
    case .null, .bool, .string, .array, .object:
      throw JSONError("\"\(key)\" is not a number of seconds")
    }
  }

  mutating func duration(_ key: String) throws(JSONError) -> Duration {
    try required(key, try optionalDuration(key))
  }

  mutating func object(_ key: String) throws(JSONError) -> JSONValue {
    let value = try required(key, take(key))
    guard value.members != nil else { throw JSONError("\"\(key)\" is not an object") }
    return value
  }

  mutating func elements(_ key: String) throws(JSONError) -> [JSONValue] {
    let value = try required(key, take(key))
    guard let elements = value.elements else { throw JSONError("\"\(key)\" is not a list") }
    return elements
  }

  mutating func optionalStrings(_ key: String) throws(JSONError) -> [String]? {
    guard let value = take(key) else { return nil }
    let strings = value.elements.map { elements in elements.compactMap(\.string) }
    guard let strings, strings.count == value.elements?.count else {
      throw JSONError("\"\(key)\" is not a list of texts")
    }
    return strings
  }

  /// A list of texts; absent means empty.
  mutating func strings(_ key: String) throws(JSONError) -> [String] {
    try optionalStrings(key) ?? []
  }

  mutating func optionalBool(_ key: String) throws(JSONError) -> Bool? {
    guard let value = take(key) else { return nil }
    guard let bool = value.bool else { throw JSONError("\"\(key)\" is neither true nor false") }
    return bool
  }

  /// A word of a fixed list.
  mutating func word<Word>(
    _ key: String,
    of words: [(Word, StaticString)]
  ) throws(JSONError) -> Word {
    try required(key, try optionalWord(key, of: words))
  }

  mutating func optionalWord<Word>(
    _ key: String,
    of words: [(Word, StaticString)]
  ) throws(JSONError) -> Word? {
    guard let text = try optionalString(key) else { return nil }
    guard let found = words.first(where: { "\($0.1)" == text }) else {
      let known = words.map { "\($0.1)" }.joined(separator: ", ")
      throw JSONError("\"\(key)\" is \"\(text)\", not one of \(known)")
    }
    return found.0
  }
}
