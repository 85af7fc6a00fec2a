// The one thing that we read of a session description: whether it puts the other side on hold.
//
// Source: RFC 3264 8.4 (a=sendonly, a=inactive), RFC 2543 B.5 (c=IN IP4 0.0.0.0).

/// What the offer of one side means to the other side.
enum SessionOffer: UInt8 {
  /// There is no description, or none with media: nothing changes.
  case none
  /// The other side may be heard.
  case talks
  /// Nobody listens to the other side.
  case holds

  /// Reads a body; a session description inside a multipart body is found by its first line.
  init(_ body: ByteView) {
    var reader = DescriptionReader()
    var start = DescriptionReader.start(in: body)
    while start < body.count {
      let end = body.position(of: 0x0A, from: start, to: body.count)
      let isReturn = end > start && body[end - 1] == 0x0D
      reader.take(body.view(from: start, to: isReturn ? end - 1 : end))
      start = end + 1
    }
    self = reader.result
  }
}

/// Reads a session description line by line; what stands before the first media counts for all.
private struct DescriptionReader {
  private struct Media {
    var isActive = false
    var isOneWay = false
    var isNowhere = false

    var holds: Bool { isOneWay || isNowhere }
  }

  private var session = Media()
  private var media: Media?
  private var isHeard = false
  private var isHeld = false

  var result: SessionOffer {
    var copy = self
    copy.close()
    return copy.isHeard ? .talks : copy.isHeld ? .holds : .none
  }

  /// Where the description begins.
  static func start(in body: ByteView) -> Int {
    var start = 0
    while start < body.count {
      let end = body.position(of: 0x0A, from: start, to: body.count)
      if end - start >= 3, body.view(from: start, to: start + 3).equals("v=0") { return start }
      start = end + 1
    }
    return body.count
  }

  mutating func take(_ line: ByteView) {
    guard line.count > 2, line[1] == UInt8(ascii: "=") else { return }
    let value = line.view(from: 2, to: line.count)
    switch line[0] {
    case UInt8(ascii: "m"):
      close()
      var next = session
      next.isActive = !Self.isRefused(value)
      media = next
    case UInt8(ascii: "c"):
      change { $0.isNowhere = value.equals("IN IP4 0.0.0.0") || value.equals("IN IP6 ::") }
    case UInt8(ascii: "a"):
      if value.equals("sendonly") || value.equals("inactive") {
        change { $0.isOneWay = true }
      } else if value.equals("sendrecv") || value.equals("recvonly") {
        change { $0.isOneWay = false }
      }
    default: break
    }
  }

  /// Whether the port of "audio 0 RTP/AVP 0" is 0.
  private static func isRefused(_ value: ByteView) -> Bool {
    let blank = value.position(of: 0x20, from: 0, to: value.count)
    let port = value.view(from: min(blank + 1, value.count), to: value.count)
    return port.count > 1 && port[0] == UInt8(ascii: "0") && !port[1].isDigit
  }

  private mutating func change(_ body: (inout Media) -> Void) {
    if var present = media {
      body(&present)
      media = present
    } else {
      body(&session)
    }
  }

  private mutating func close() {
    guard let media, media.isActive else { return }
    if media.holds { isHeld = true } else { isHeard = true }
  }
}
