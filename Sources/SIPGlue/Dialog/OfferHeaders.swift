// The headers of a first INVITE that the envelope does not know, found in one walk over its lines.

/// Where the less common headers of an INVITE stand: slices of its bytes, the first of each name.
struct OfferHeaders {
  var accept = ByteSlice.none
  var assertedIdentity = ByteSlice.none
  var contentEncoding = ByteSlice.none
  var proxyRequire = ByteSlice.none
  var callUUID = ByteSlice.none
  var diversion = ByteSlice.none
  var history = ByteSlice.none
  var replaces = ByteSlice.none
  var timestamp = ByteSlice.none

  private static let names = HeaderNames([
    "accept", "proxy-require", "content-encoding", "e", "x-genesys-calluuid", "diversion",
    "replaces", "history-info", "timestamp",
  ])

  init(_ envelope: Envelope, in bytes: ByteView) {
    assertedIdentity = envelope.assertedIdentity
    guard !envelope.otherNames.lacksAll(of: Self.names) else { return }
    let limit = envelope.headerLines.end
    var line = Line(bytes: bytes, start: envelope.headerLines.start, end: 0)
    while line.start < limit {
      line.end = bytes.position(of: 0x0A, from: line.start, to: limit)
      // The first letter tells most lines apart.
      switch bytes[line.start].lowercased {
      case UInt8(ascii: "a"): line.take("accept", into: &accept)
      case UInt8(ascii: "p"): line.take("proxy-require", into: &proxyRequire)
      case UInt8(ascii: "c"): line.take("content-encoding", into: &contentEncoding)
      case UInt8(ascii: "e"): line.take("e", into: &contentEncoding)
      case UInt8(ascii: "x"): line.take("x-genesys-calluuid", into: &callUUID)
      case UInt8(ascii: "d"): line.take("diversion", into: &diversion)
      case UInt8(ascii: "r"): line.take("replaces", into: &replaces)
      case UInt8(ascii: "h"): line.take("history-info", into: &history)
      // Every INVITE has a To.
      case UInt8(ascii: "t")
      where line.end > line.start + 9 && bytes[line.start + 1].lowercased == UInt8(ascii: "i"):
        line.take("timestamp", into: &timestamp)
      default: break
      }
      line.start = line.end + 1
    }
  }

  private struct Line {
    let bytes: ByteView
    var start: Int
    var end: Int

    /// Takes the value if the line has this name and none has been taken.
    func take(_ name: StaticString, into value: inout ByteSlice) {
      let length = name.utf8CodeUnitCount
      guard value.isEmpty, end - start > length,
        bytes.view(from: start, to: start + length).equalsIgnoringCase(name)
      else { return }
      var index = start + length
      while index < end, bytes[index].isBlank { index += 1 }
      guard index < end, bytes[index] == UInt8(ascii: ":") else { return }
      index += 1
      var last = end
      while last > index, bytes[last - 1] == 0x0D || bytes[last - 1].isBlank { last -= 1 }
      while index < last, bytes[index].isBlank { index += 1 }
      value = ByteSlice(from: index, to: last)
    }
  }
}
