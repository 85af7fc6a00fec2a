// Writing: containers are strictly nested, so one sink and the depth of each container suffice. A
// container writes only after everything that was opened inside it is closed.

/// The bytes so far.
final class PackedSink {
  var bytes = Packed.beginning
  private var keys: [String: Int] = [:]
  /// For each open container whether it is an object.
  private var open: [Bool] = []

  init() { bytes.reserveCapacity(1 << 16) }

  /// Ends what was opened beyond a depth.
  func close(to depth: Int) {
    while open.count > depth { bytes.append(open.removeLast() ? 0 : Packed.Tag.end) }
  }

  /// Opens a container in one of a depth; returns its own.
  func begin(isObject: Bool, in depth: Int) -> Int {
    close(to: depth)
    bytes.append(isObject ? Packed.Tag.object : Packed.Tag.array)
    open.append(isObject)
    return open.count
  }

  func number(_ number: UInt64) {
    var rest = number
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  func text(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      number(UInt64(utf8.count))
      unsafe bytes.append(contentsOf: utf8)
    }
  }

  func key(_ key: some CodingKey) {
    let name = key.stringValue
    if let known = keys[name] {
      number(UInt64(known + 2))
      return
    }
    keys[name] = keys.count
    number(1)
    text(name)
  }

  func integer(_ value: some FixedWidthInteger) {
    if value >= 0 {
      bytes.append(Packed.Tag.number)
      number(UInt64(value))
    } else {
      bytes.append(Packed.Tag.negative)
      number(UInt64(-1 - Int64(value)))
    }
  }

  /// Writes what is simple; false when it is not.
  ///
  /// Types are compared first: a cast that fails costs more than everything else here.
  func simple<Value: Encodable>(_ value: Value) -> Bool {
    if Value.self == String.self, let value = value as? String {
      bytes.append(Packed.Tag.text)
      text(value)
    } else if Value.self == Bool.self, let value = value as? Bool {
      bytes.append(value ? Packed.Tag.yes : Packed.Tag.no)
    } else if Value.self == Int32.self, let value = value as? Int32 {
      integer(value)
    } else if Value.self == UInt64.self, let value = value as? UInt64 {
      integer(value)
    } else if Value.self == UInt32.self, let value = value as? UInt32 {
      integer(value)
    } else if Value.self == Int.self, let value = value as? Int {
      integer(value)
    } else if Value.self == Int64.self, let value = value as? Int64 {
      integer(value)
    } else if Value.self == UInt8.self, let value = value as? UInt8 {
      integer(value)
    } else if Value.self == UInt16.self, let value = value as? UInt16 {
      integer(value)
    } else {
      return false
    }
    return true
  }
}

struct PackedEncoder: Encoder {
  private let sink: PackedSink
  private let depth: Int
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  init(_ sink: PackedSink, depth: Int) {
    self.sink = sink
    self.depth = depth
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(PackedObject(sink, depth: sink.begin(isObject: true, in: depth)))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    PackedArray(sink, depth: sink.begin(isObject: false, in: depth))
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { PackedSingle(sink, depth) }
}

private struct PackedObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
  private let sink: PackedSink
  private let depth: Int
  let codingPath: [any CodingKey] = []

  init(_ sink: PackedSink, depth: Int) {
    self.sink = sink
    self.depth = depth
  }

  private func begin(_ key: Key) {
    sink.close(to: depth)
    sink.key(key)
  }

  func encodeNil(forKey key: Key) {
    begin(key)
    sink.bytes.append(Packed.Tag.null)
  }

  func encode(_ value: Bool, forKey key: Key) {
    begin(key)
    sink.bytes.append(value ? Packed.Tag.yes : Packed.Tag.no)
  }

  func encode(_ value: String, forKey key: Key) {
    begin(key)
    sink.bytes.append(Packed.Tag.text)
    sink.text(value)
  }

  func encode(_ value: Int32, forKey key: Key) {
    begin(key)
    sink.integer(value)
  }

  func encode(_ value: UInt64, forKey key: Key) {
    begin(key)
    sink.integer(value)
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    begin(key)
    if sink.simple(value) { return }
    try value.encode(to: PackedEncoder(sink, depth: depth))
    sink.close(to: depth)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type,
    forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    begin(key)
    let nested = sink.begin(isObject: true, in: depth)
    return KeyedEncodingContainer(PackedObject<Nested>(sink, depth: nested))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    begin(key)
    return PackedArray(sink, depth: sink.begin(isObject: false, in: depth))
  }

  func superEncoder() -> any Encoder { preconditionFailure("classes are not packed") }

  func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct PackedArray: UnkeyedEncodingContainer {
  private let sink: PackedSink
  private let depth: Int
  let codingPath: [any CodingKey] = []
  private(set) var count = 0

  init(_ sink: PackedSink, depth: Int) {
    self.sink = sink
    self.depth = depth
  }

  mutating func encodeNil() {
    sink.close(to: depth)
    count += 1
    sink.bytes.append(Packed.Tag.null)
  }

  mutating func encode(_ value: some Encodable) throws {
    sink.close(to: depth)
    count += 1
    if sink.simple(value) { return }
    try value.encode(to: PackedEncoder(sink, depth: depth))
    sink.close(to: depth)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy keyType: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    count += 1
    let nested = sink.begin(isObject: true, in: depth)
    return KeyedEncodingContainer(PackedObject<Nested>(sink, depth: nested))
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    count += 1
    return PackedArray(sink, depth: sink.begin(isObject: false, in: depth))
  }

  mutating func superEncoder() -> any Encoder { preconditionFailure("classes are not packed") }
}

private struct PackedSingle: SingleValueEncodingContainer {
  private let sink: PackedSink
  private let depth: Int
  let codingPath: [any CodingKey] = []

  init(_ sink: PackedSink, _ depth: Int) {
    self.sink = sink
    self.depth = depth
  }

  func encodeNil() { sink.bytes.append(Packed.Tag.null) }

  func encode(_ value: some Encodable) throws {
    if sink.simple(value) { return }
    guard !(value is any BinaryFloatingPoint) else {
      throw PackedError("fractions are not packed")
    }
    try value.encode(to: PackedEncoder(sink, depth: depth))
    sink.close(to: depth)
  }
}
