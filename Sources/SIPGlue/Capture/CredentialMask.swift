// What proves a password does not leave the process.
//
// A digest response and its nonce are enough to try passwords against, at leisure. Whoever looks at
// a ladder needs to see that credentials were sent, by whom and for which nonce, and never the
// response itself; neither does the store, nor a strategy, whose questions are recorded. It is
// overwritten by as many `x`, so that lengths stay what they were; of any scheme but Digest
// everything is.
// Source: RFC 8760, RFC 7616 5; RFC 3261 26.

/// Overwrites what proves a password in a message.
enum CredentialMask {
  private static let names = [Array("authorization".utf8), Array("proxy-authorization".utf8)]
  private static let response = Array("response".utf8)
  private static let digest = Array("digest".utf8)

  /// Whether a header of this name proves a password.
  static func covers(_ name: ByteView) -> Bool {
    name.equalsIgnoringCase("authorization") || name.equalsIgnoringCase("proxy-authorization")
  }

  /// Overwrites what proves a password in the header of a message.
  static func apply(to bytes: inout [UInt8]) {
    var start = 0
    while let line = headerLine(in: bytes, from: start) {
      if let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")) {
        let name = word(bytes[line.lowerBound..<colon])
        if names.contains(name) { maskValue(of: &bytes, colon + 1..<line.upperBound) }
      }
      start = line.upperBound
    }
  }

  /// A line with those that continue it, line ends included; nil at the end of the header.
  private static func headerLine(in bytes: [UInt8], from start: Int) -> Range<Int>? {
    guard start < bytes.count, bytes[start] != 0x0D, bytes[start] != 0x0A else { return nil }
    var end = start
    repeat {
      guard let feed = bytes[end...].firstIndex(of: 0x0A) else { return start..<bytes.count }
      end = feed + 1
    } while end < bytes.count && bytes[end].isBlank
    return start..<end
  }

  private static func maskValue(of bytes: inout [UInt8], _ value: Range<Int>) {
    var position = value.lowerBound
    while position < value.upperBound, bytes[position].isSpace { position += 1 }
    let rest = position..<value.upperBound
    guard word(bytes[rest].prefix(digest.count)) == digest else {
      return mask(&bytes, rest) { $0 == 0x0D || $0 == 0x0A }
    }
    position += digest.count
    while position < value.upperBound {
      let end = position + response.count
      guard end <= value.upperBound, word(bytes[position..<end]) == response else {
        position += 1
        continue
      }
      var first = end
      while first < value.upperBound, bytes[first].isSpace || bytes[first] == UInt8(ascii: "=") {
        first += 1
      }
      if first > end {
        let isQuoted = first < value.upperBound && bytes[first] == UInt8(ascii: "\"")
        if isQuoted { first += 1 }
        mask(&bytes, first..<value.upperBound) { byte in
          isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") || byte.isSpace
        }
      }
      position = end
    }
  }

  private static func mask(
    _ bytes: inout [UInt8],
    _ range: Range<Int>,
    until isEnd: (UInt8) -> Bool
  ) {
    for position in range {
      guard !isEnd(bytes[position]) else { return }
      bytes[position] = UInt8(ascii: "x")
    }
  }

  /// The bytes in lower case, without blanks at the end.
  private static func word(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var word = bytes.map(\.lowercased)
    while word.last?.isBlank == true { word.removeLast() }
    return word
  }
}

extension UInt8 {
  fileprivate var isSpace: Bool { isBlank || self == 0x0D || self == 0x0A }
}
