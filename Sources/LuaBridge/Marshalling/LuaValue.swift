/// A value that a data file returned.
public indirect enum LuaValue: Sendable, Hashable {
  case `nil`
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case table(LuaTable)
}

/// A table: the values at 1, 2, 3 …, and all other pairs ordered by key (numbers, then texts).
public struct LuaTable: Sendable, Hashable {
  /// One key and its value.
  public struct Pair: Sendable, Hashable {
    /// The key.
    public var key: LuaValue
    /// The value.
    public var value: LuaValue

    /// Makes a pair.
    public init(key: LuaValue, value: LuaValue) {
      self.key = key
      self.value = value
    }
  }

  /// The values at the keys 1, 2, 3 … up to the first that is missing.
  public var array: [LuaValue]
  /// All other pairs.
  public var pairs: [Pair]

  /// Makes a table.
  public init(array: [LuaValue] = [], pairs: [Pair] = []) {
    self.array = array
    self.pairs = pairs
  }

  /// The value of a text key; nil when there is none.
  public subscript(key: String) -> LuaValue? {
    pairs.first { $0.key == .string(key) }?.value
  }
}

/// Reads the format that flatten.c writes.
struct FlatReader {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The next value; nil when the bytes end early.
  mutating func next() -> LuaValue? {
    guard position < bytes.count else { return nil }
    let tag = bytes[position]
    position += 1
    switch tag {
    case UInt8(ascii: "n"): return .nil
    case UInt8(ascii: "t"): return .boolean(true)
    case UInt8(ascii: "f"): return .boolean(false)
    case UInt8(ascii: "i"): return word(8).map { .integer(Int64(bitPattern: $0)) }
    case UInt8(ascii: "d"): return word(8).map { .number(Double(bitPattern: $0)) }
    case UInt8(ascii: "s"):
      guard let count = word(4).map({ Int($0) }), position + count <= bytes.count else {
        return nil
      }
      position += count
      return .string(String(decoding: bytes[position - count..<position], as: UTF8.self))
    case UInt8(ascii: "{"):
      return table()
    default:
      return nil
    }
  }

  private mutating func table() -> LuaValue? {
    guard let arrayCount = word(4), let pairCount = word(4) else { return nil }
    var table = LuaTable()
    for _ in 0..<arrayCount {
      guard let value = next() else { return nil }
      table.array.append(value)
    }
    for _ in 0..<pairCount {
      guard let key = next(), let value = next() else { return nil }
      table.pairs.append(LuaTable.Pair(key: key, value: value))
    }
    return .table(table)
  }

  private mutating func word(_ count: Int) -> UInt64? {
    guard position + count <= bytes.count else { return nil }
    var value: UInt64 = 0
    for offset in (0..<count).reversed() {
      value = value << 8 | UInt64(bytes[position + offset])
    }
    position += count
    return value
  }
}
