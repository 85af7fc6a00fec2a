public import Engine

extension ConnID {
  /// Sixteen lower-case hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// Reads sixteen hexadecimal digits.
  public init?(text: String) {
    guard text.utf8.count == 16, text.utf8.allSatisfy({ $0 != 43 && $0 != 45 }),
      let value = UInt64(text, radix: 16)
    else { return nil }
    self.init(value)
  }
}

extension CallUUID {
  /// The character at a position from 0 to 31, five bits each, from `0`-`9` and `A`-`V`.
  func character(_ position: Int) -> UInt8 {
    let (part, length, index) =
      position < 12
      ? (high, 12, position) : position < 24 ? (middle, 12, position - 12) : (low, 8, position - 24)
    let digit = UInt8(truncatingIfNeeded: part >> UInt64(5 * (length - 1 - index))) & 31
    return digit < 10 ? digit + 48 : digit + 55
  }

  /// Thirty-two characters of `0`-`9` and `A`-`V`.
  public var text: String {
    String(decoding: (0..<32).map { character($0) }, as: UTF8.self)
  }

  /// Reads thirty-two characters of `0`-`9` and `A`-`V`.
  public init?(text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 32 else { return nil }
    var parts: [UInt64] = []
    for range in [0..<12, 12..<24, 24..<32] {
      var part: UInt64 = 0
      for byte in bytes[range] {
        switch byte {
        case 48...57: part = part << 5 | UInt64(byte - 48)
        case 65...86: part = part << 5 | UInt64(byte - 55)
        default: return nil
        }
      }
      parts.append(part)
    }
    self.init(high: parts[0], middle: parts[1], low: parts[2])
  }
}

extension JSONWriter {
  /// Writes a ConnID as a text.
  public mutating func value(_ id: ConnID) { hex(id.value) }

  /// Writes a CallUUID as a text.
  public mutating func value(_ uuid: CallUUID) { plain(32) { uuid.character($0) } }

  /// Writes pairs as an object, in their order.
  public mutating func value(_ pairs: [KeyValue]) {
    beginObject()
    for pair in pairs {
      key(pair.key)
      value(pair.value)
    }
    endObject()
  }

  /// Writes a member with a text.
  mutating func member(_ key: StaticString, _ text: String) {
    self.key(key)
    value(text)
  }

  /// Writes a member that is true or false.
  mutating func member(_ key: StaticString, _ bool: Bool) {
    self.key(key)
    value(bool)
  }

  /// Writes a member with a number.
  mutating func member(_ key: StaticString, _ number: some UnsignedInteger) {
    self.key(key)
    value(UInt64(number))
  }
}
