/// A 64-bit number that we write as a tag or branch: 16 lower-case hexadecimal digits.
///
/// Tags and branches that we make are numbers, so that what comes back is found without comparing
/// text. Whoever makes them draws them from its seeded generator; they must be unpredictable enough
/// not to be guessed (RFC 3261 19.3) and different from each other.
package struct SIPToken: Hashable, Sendable {
  package var value: UInt64

  package init(_ value: UInt64) { self.value = value }

  /// Reads a token back; anything but 16 lower-case hexadecimal digits is not one of ours.
  package init?(_ text: ByteView) {
    guard text.count == 16 else { return nil }
    var value: UInt64 = 0
    for index in 0..<16 {
      let byte = text[index]
      guard let digit = byte.hexValue, byte.lowercased == byte else { return nil }
      value = value << 4 | UInt64(digit)
    }
    self.value = value
  }

  /// Reads the token of a branch that we made.
  package init?(branch text: ByteView) {
    guard text.count == 23, text.view(from: 0, to: 7).equals("z9hG4bK") else { return nil }
    self.init(text.view(from: 7, to: 23))
  }
}

extension MessageWriter {
  mutating func write(_ token: SIPToken) { write(hex: token.value) }

  /// Appends the branch that a token stands for.
  package mutating func write(branch token: SIPToken) {
    write("z9hG4bK")
    write(hex: token.value)
  }
}
