/// Bytes as text of A-Z, a-z, 0-9, `+`, `/` and `=` (RFC 4648, section 4).
public enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )

  /// The text of some bytes.
  public static func text(of bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let rest = min(3, bytes.count - index)
      var word = UInt32(bytes[index]) << 16
      if rest > 1 { word |= UInt32(bytes[index + 1]) << 8 }
      if rest > 2 { word |= UInt32(bytes[index + 2]) }
      for place in 0..<4 {
        text.append(
          place <= rest ? digits[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "=")
        )
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; nil when it is no such text.
  public static func bytes(of text: String) -> [UInt8]? {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    let all = Array(text.utf8)
    guard all.count % 4 == 0 else { return nil }
    let padding = all.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(all.count / 4 * 3)
    var word: UInt32 = 0
    for (index, digit) in all.enumerated() {
      let isPadding = index >= all.count - padding
      guard isPadding || values[Int(digit)] < 64 else { return nil }
      word = word << 6 | UInt32(isPadding ? 0 : values[Int(digit)])
      guard index % 4 == 3 else { continue }
      bytes.append(UInt8(truncatingIfNeeded: word >> 16))
      bytes.append(UInt8(truncatingIfNeeded: word >> 8))
      bytes.append(UInt8(truncatingIfNeeded: word))
      word = 0
    }
    bytes.removeLast(padding)
    return bytes
  }
}
