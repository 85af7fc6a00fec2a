// Two offers, each of which is to be the answer to the other (RFC 3264 6).
//
// An answer has the same streams in the same order, each with at least one of the formats that were
// offered; others may be named too. Where a key belongs to one side's part in the exchange (SDES,
// DTLS, ICE), an offer is no answer.

/// One stream of a session description.
package struct SessionMatch {
  private var kind = ""
  private var transport = ""
  /// Encoding names with their rates; numbers of payloads without a name.
  private var formats: [String] = []

  /// Whether each of two offers can be the answer to the other.
  package static func isMutual(_ first: ByteView, _ second: ByteView) -> Bool {
    guard let left = streams(of: first.string), let right = streams(of: second.string),
      left.count == right.count
    else { return false }
    return zip(left, right).allSatisfy { one, other in
      one.kind == other.kind && one.transport == other.transport
        && one.formats.contains { other.formats.contains($0) && !$0.hasPrefix("telephone-event") }
    }
  }

  /// The streams of a description; nil when it has keys of an exchange.
  private static func streams(of text: String) -> [SessionMatch]? {
    var streams: [SessionMatch] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if Self.keys.contains(where: { line.hasPrefix($0) }) { return nil }
      if line.hasPrefix("m=") {
        let words = line.dropFirst(2).split(separator: " ")
        guard words.count > 3 else { return nil }
        var stream = SessionMatch()
        stream.kind = words[0].lowercased()
        stream.transport = words[2].uppercased()
        stream.formats = words[3...].map { Self.standard[String($0)] ?? String($0) }
        streams.append(stream)
      } else if line.hasPrefix("a=rtpmap:"), let last = streams.indices.last {
        streams[last].name(line.dropFirst(9))
      }
    }
    return streams
  }

  /// A payload has a name: `96 opus/48000/2`.
  private mutating func name(_ mapping: Substring) {
    let words = mapping.split(separator: " ")
    guard words.count == 2, let index = formats.firstIndex(of: String(words[0])) else { return }
    let name = words[1].lowercased()
    formats[index] = name.hasSuffix("/1") ? String(name.dropLast(2)) : name
  }

  private static let keys = ["a=crypto:", "a=setup:", "a=fingerprint:", "a=ice-ufrag:"]

  /// Payloads that need no name (RFC 3551 6).
  private static let standard = [
    "0": "pcmu/8000", "3": "gsm/8000", "8": "pcma/8000", "9": "g722/8000", "18": "g729/8000",
  ]
}
