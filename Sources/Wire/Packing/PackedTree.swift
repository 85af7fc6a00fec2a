// What was written, checked from end to end before anybody reads a value of it.

/// The values of some bytes in the order of the bytes; a value's members follow it.
struct PackedTree {
  struct Item {
    var tag: UInt8
    /// Of a member the key's number; negative: it is none.
    var key: Int32
    /// One beyond the last item that belongs to it.
    var end: Int32
    /// The number, or where the text begins.
    var value: UInt64
    /// The length of a text, the count of an array or an object.
    var count: Int32
  }

  private let bytes: [UInt8]
  private(set) var items: [Item] = []
  private(set) var keys: [String] = []
  private var at: Int
  private let limit: Int

  /// Deeper than any type of ours: what is deeper is damage, and must not overrun the stack.
  private static let depthMax = 64

  init(_ bytes: [UInt8]) throws(PackedError) {
    self.bytes = bytes
    at = Packed.beginning.count
    limit = bytes.count - 8
    guard limit > at, bytes.starts(with: Packed.beginning) else {
      throw PackedError("it does not begin as it should")
    }
    var sum: UInt64 = 0
    for byte in bytes[limit...] { sum = sum << 8 | UInt64(byte) }
    guard sum == Packed.sum(bytes[..<limit]) else { throw PackedError("its sum is wrong") }
    items.reserveCapacity(bytes.count / 4)
    try value(key: -1, depth: 0)
    guard at == limit else { throw Self.damage }
  }

  private static var damage: PackedError { PackedError("it is damaged") }

  func text(_ item: Item) -> String {
    let start = Int(item.value)
    return String(decoding: bytes[start..<(start + Int(item.count))], as: UTF8.self)
  }

  private mutating func byte() throws(PackedError) -> UInt8 {
    guard at < limit else { throw Self.damage }
    at += 1
    return bytes[at - 1]
  }

  private mutating func number() throws(PackedError) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      let digits = UInt64(byte & 127)
      guard shift < 63 || (shift == 63 && digits <= 1) else { throw Self.damage }
      number |= digits << shift
      if byte < 128 { return number }
      shift += 7
    }
  }

  /// The length of a text and where it begins; goes beyond it.
  private mutating func span() throws(PackedError) -> (start: Int, count: Int) {
    let count = try number()
    guard count <= UInt64(limit - at) else { throw Self.damage }
    let start = at
    at += Int(count)
    return (start, Int(count))
  }

  private mutating func value(key: Int32, depth: Int) throws(PackedError) {
    let tag = try byte()
    let place = items.count
    items.append(Item(tag: tag, key: key, end: 0, value: 0, count: 0))
    switch tag {
    case Packed.Tag.null, Packed.Tag.no, Packed.Tag.yes: break
    case Packed.Tag.number, Packed.Tag.negative: items[place].value = try number()
    case Packed.Tag.text:
      let (start, count) = try span()
      items[place].value = UInt64(start)
      items[place].count = Int32(count)
    case Packed.Tag.array, Packed.Tag.object:
      guard depth < Self.depthMax else { throw Self.damage }
      items[place].count =
        tag == Packed.Tag.array ? try elements(depth + 1) : try members(depth + 1)
    default: throw Self.damage
    }
    items[place].end = Int32(items.count)
  }

  private mutating func elements(_ depth: Int) throws(PackedError) -> Int32 {
    var count: Int32 = 0
    while true {
      guard at < limit else { throw Self.damage }
      if bytes[at] == Packed.Tag.end {
        at += 1
        return count
      }
      try value(key: -1, depth: depth)
      count += 1
    }
  }

  private mutating func members(_ depth: Int) throws(PackedError) -> Int32 {
    var count: Int32 = 0
    while true {
      var key = try number()
      if key == 0 { return count }
      if key == 1 {
        let (start, length) = try span()
        keys.append(String(decoding: bytes[start..<(start + length)], as: UTF8.self))
        key = UInt64(keys.count + 1)
      }
      guard key - 2 < UInt64(keys.count) else { throw Self.damage }
      try value(key: Int32(key - 2), depth: depth)
      count += 1
    }
  }
}
