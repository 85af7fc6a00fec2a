// Reading: types ask for their members mostly in the order in which they were written, so each
// look-up begins where the last one ended.

/// What is read, and how much of it was asked for.
final class PackedSource {
  let tree: PackedTree
  /// Members that somebody has asked for, and all there are.
  private var taken = 0
  private let all: Int

  init(_ tree: PackedTree) {
    self.tree = tree
    all = tree.items.count { $0.key >= 0 }
  }

  var isUsedUp: Bool { taken == all }

  func take() { taken += 1 }

  func mismatch(_ what: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: "it has something else than \(what)"))
  }

  func integer<Number: FixedWidthInteger>(_ place: Int, _: Number.Type) throws -> Number {
    let item = tree.items[place]
    var number: Number?
    switch item.tag {
    case Packed.Tag.number: number = Number(exactly: item.value)
    case Packed.Tag.negative:
      if let below = Int64(exactly: item.value) { number = Number(exactly: -1 - below) }
    default: break
    }
    guard let number else { throw mismatch("a number of \(Number.self)") }
    return number
  }

  func bool(_ place: Int) throws -> Bool {
    switch tree.items[place].tag {
    case Packed.Tag.no: return false
    case Packed.Tag.yes: return true
    default: throw mismatch("true or false")
    }
  }

  func string(_ place: Int) throws -> String {
    guard tree.items[place].tag == Packed.Tag.text else { throw mismatch("a text") }
    return tree.text(tree.items[place])
  }

  func value<Value: Decodable>(_ type: Value.Type, _ place: Int) throws -> Value {
    var simple: (any Sendable)?
    if type == String.self {
      simple = try string(place)
    } else if type == Bool.self {
      simple = try bool(place)
    } else if type == Int32.self {
      simple = try integer(place, Int32.self)
    } else if type == UInt64.self {
      simple = try integer(place, UInt64.self)
    } else if type == UInt32.self {
      simple = try integer(place, UInt32.self)
    } else if type == Int.self {
      simple = try integer(place, Int.self)
    } else if type == Int64.self {
      simple = try integer(place, Int64.self)
    } else if type == UInt8.self {
      simple = try integer(place, UInt8.self)
    } else if type == UInt16.self {
      simple = try integer(place, UInt16.self)
    }
    if let simple, let value = simple as? Value { return value }
    return try type.init(from: PackedDecoder(self, at: place))
  }
}

struct PackedDecoder: Decoder {
  private let source: PackedSource
  private let place: Int
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  init(_ source: PackedSource, at place: Int) {
    self.source = source
    self.place = place
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(try UnpackedObject<Key>(source, place))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try UnpackedArray(source, place)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { UnpackedSingle(source, place) }
}

private final class UnpackedObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let source: PackedSource
  private let first: Int
  private let end: Int
  private var next: Int
  let codingPath: [any CodingKey] = []

  init(_ source: PackedSource, _ place: Int) throws {
    guard source.tree.items[place].tag == Packed.Tag.object else {
      throw source.mismatch("an object")
    }
    self.source = source
    first = place + 1
    end = Int(source.tree.items[place].end)
    next = first
  }

  var allKeys: [Key] {
    var keys: [Key] = []
    var place = first
    while place < end {
      let item = source.tree.items[place]
      if let key = Key(stringValue: source.tree.keys[Int(item.key)]) { keys.append(key) }
      place = Int(item.end)
    }
    return keys
  }

  /// Where a member stands; nil when there is none.
  private func find(_ key: Key) -> Int? {
    let name = key.stringValue
    var place = next
    for range in [next..<end, first..<next] {
      place = range.lowerBound
      while place < range.upperBound {
        let item = source.tree.items[place]
        if source.tree.keys[Int(item.key)] == name {
          next = Int(item.end)
          return place
        }
        place = Int(item.end)
      }
    }
    return nil
  }

  private func take(_ key: Key) throws -> Int {
    guard let place = find(key) else {
      throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: ""))
    }
    source.take()
    return place
  }

  func contains(_ key: Key) -> Bool {
    let present = next
    defer { next = present }
    return find(key) != nil
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    guard let place = find(key) else { return true }
    guard source.tree.items[place].tag == Packed.Tag.null else {
      next = place
      return false
    }
    source.take()
    return true
  }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try source.bool(try take(key))
  }

  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try source.string(try take(key))
  }

  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try source.integer(try take(key), type)
  }

  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try source.integer(try take(key), type)
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try source.value(type, try take(key))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type,
    forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(try UnpackedObject<Nested>(source, try take(key)))
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try UnpackedArray(source, try take(key))
  }

  func superDecoder() throws -> any Decoder { throw PackedError("classes are not packed") }

  func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }
}

private struct UnpackedArray: UnkeyedDecodingContainer {
  private let source: PackedSource
  private let end: Int
  private var next: Int
  private let length: Int
  let codingPath: [any CodingKey] = []
  private(set) var currentIndex = 0

  init(_ source: PackedSource, _ place: Int) throws {
    guard source.tree.items[place].tag == Packed.Tag.array else {
      throw source.mismatch("an array")
    }
    self.source = source
    next = place + 1
    end = Int(source.tree.items[place].end)
    length = Int(source.tree.items[place].count)
  }

  var count: Int? { length }
  var isAtEnd: Bool { currentIndex == length }

  private mutating func take() throws -> Int {
    guard currentIndex < length else { throw source.mismatch("one more element") }
    let place = next
    next = Int(source.tree.items[place].end)
    currentIndex += 1
    return place
  }

  mutating func decodeNil() throws -> Bool {
    guard currentIndex < length, source.tree.items[next].tag == Packed.Tag.null else {
      return false
    }
    _ = try take()
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try source.value(type, try take())
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(try UnpackedObject<Nested>(source, try take()))
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try UnpackedArray(source, try take())
  }

  mutating func superDecoder() throws -> any Decoder {
    throw PackedError("classes are not packed")
  }
}

private struct UnpackedSingle: SingleValueDecodingContainer {
  private let source: PackedSource
  private let place: Int
  let codingPath: [any CodingKey] = []

  init(_ source: PackedSource, _ place: Int) {
    self.source = source
    self.place = place
  }

  func decodeNil() -> Bool { source.tree.items[place].tag == Packed.Tag.null }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try source.value(type, place)
  }
}
