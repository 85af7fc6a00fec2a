// How replies are made: bytes of the request copied into a writer, nothing parsed again.
//
// A reply to a request that is at hand is written straight from its bytes (`writeReply`). A reply
// that comes later, when the receive buffer has long been used again, is written from a skeleton:
// the header lines that every reply repeats, kept by the server transaction.
// Source: RFC 3261 8.2.6; RFC 3581 4 for received and rport.

/// What a reply says beyond what it repeats from its request.
package struct Reply {
  package var status: UInt16
  package var reason: ByteView
  /// Our tag for To; written when the request has none and the status is not 100.
  package var tag: SIPToken?
  package var body: ByteView
  package var bodyType: ByteView

  package init(_ status: UInt16, tag: SIPToken?) {
    self.status = status
    self.tag = tag
    reason = ByteView(Self.reason(of: status))
    body = .empty
    bodyType = .empty
  }

  package init(_ status: UInt16, tag: SIPToken?, body: ByteView, type: ByteView) {
    self.init(status, tag: tag)
    self.body = body
    bodyType = type
  }
}

extension Reply {
  /// Whether nothing is said but the status.
  var isPlain: Bool {
    body.isEmpty && bodyType.isEmpty && reason.equals(ByteView(Self.reason(of: status)))
  }

  /// The reason phrase of RFC 3261 21 and later ones; a general word for the others of a class.
  static func reason(of status: UInt16) -> StaticString {
    switch status {
    case 100: "Trying"
    case 180: "Ringing"
    case 181: "Call Is Being Forwarded"
    case 182: "Queued"
    case 183: "Session Progress"
    case 199: "Early Dialog Terminated"
    case 200: "OK"
    case 202: "Accepted"
    case 300: "Multiple Choices"
    case 301: "Moved Permanently"
    case 302: "Moved Temporarily"
    case 305: "Use Proxy"
    case 380: "Alternative Service"
    default: status < 500 ? requestFailure(status) : serverFailure(status)
    }
  }

  private static func requestFailure(_ status: UInt16) -> StaticString {
    switch status {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 407: "Proxy Authentication Required"
    case 408: "Request Timeout"
    case 410: "Gone"
    case 413: "Request Entity Too Large"
    case 414: "Request-URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Unsupported URI Scheme"
    case 420: "Bad Extension"
    case 421: "Extension Required"
    case 422: "Session Interval Too Small"
    case 423: "Interval Too Brief"
    case 439: "First Hop Lacks Outbound Support"
    case 480: "Temporarily Unavailable"
    case 481: "Call/Transaction Does Not Exist"
    case 482: "Loop Detected"
    case 483: "Too Many Hops"
    case 484: "Address Incomplete"
    case 485: "Ambiguous"
    case 486: "Busy Here"
    case 487: "Request Terminated"
    case 488: "Not Acceptable Here"
    case 489: "Bad Event"
    case 491: "Request Pending"
    case 493: "Undecipherable"
    default: status < 200 ? "Progress" : status < 300 ? "OK" : "Request Failure"
    }
  }

  private static func serverFailure(_ status: UInt16) -> StaticString {
    switch status {
    case 500: "Server Internal Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Server Time-out"
    case 505: "Version Not Supported"
    case 513: "Message Too Large"
    case 600: "Busy Everywhere"
    case 603: "Decline"
    case 604: "Does Not Exist Anywhere"
    case 606: "Not Acceptable"
    default: status < 600 ? "Server Failure" : "Global Failure"
    }
  }
}

/// Where the parts of a kept skeleton end; see `MessageWriter.writeSkeleton`.
package struct SkeletonMarks: Sendable {
  package var viaEnd: UInt16 = 0
  package var routeEnd: UInt16 = 0
  package var toEnd: UInt16 = 0
  package var end: UInt16 = 0
  /// Whether To has a tag already.
  package var isTagged = false
}

extension MessageWriter {
  /// Writes a whole reply to a request that is at hand.
  ///
  /// The status line, the request's Via lines with `received` and `rport` filled in, for statuses
  /// from 101 to 299 its Record-Route lines (RFC 3261 12.1.1), From, To with our tag, Call-ID,
  /// CSeq, what `headers` appends, and the body.
  package mutating func writeReply(
    _ reply: Reply,
    to request: borrowing Received,
    from source: Endpoint,
    headers: (inout MessageWriter) -> Void = { _ in }
  ) {
    let envelope = request.envelope
    let bytes = request.bytes
    writeStatusLine(reply)
    writeVias(of: envelope, in: bytes, from: source)
    if reply.repeatsRoutes { write(bytes[envelope.recordRouteLines]) }
    writeParties(of: envelope, in: bytes)
    writeTag(of: reply, isTagged: !envelope.to.tag.isEmpty || envelope.to.value.isEmpty)
    writeIdentity(of: envelope, in: bytes)
    headers(&self)
    finish(body: reply.body, type: reply.bodyType)
  }

  /// Writes a whole reply from a skeleton.
  package mutating func writeReply(
    _ reply: Reply,
    from skeleton: ByteView,
    _ marks: SkeletonMarks,
    headers: (inout MessageWriter) -> Void
  ) {
    writeStatusLine(reply)
    let copied = reply.repeatsRoutes ? marks.routeEnd : marks.viaEnd
    write(skeleton.view(from: 0, to: Int(copied)))
    write(skeleton.view(from: Int(marks.routeEnd), to: Int(marks.toEnd)))
    writeTag(of: reply, isTagged: marks.isTagged)
    write(skeleton.view(from: Int(marks.toEnd), to: Int(marks.end)))
    headers(&self)
    finish(body: reply.body, type: reply.bodyType)
  }

  /// Writes what every reply to a request repeats; it begins at the writer's present end.
  package mutating func writeSkeleton(
    of request: borrowing Received,
    from source: Endpoint
  ) -> SkeletonMarks {
    let start = count
    let envelope = request.envelope
    var marks = SkeletonMarks()
    writeVias(of: envelope, in: request.bytes, from: source)
    marks.viaEnd = UInt16(count - start)
    write(request.bytes[envelope.recordRouteLines])
    marks.routeEnd = UInt16(count - start)
    writeParties(of: envelope, in: request.bytes)
    marks.toEnd = UInt16(count - start)
    writeIdentity(of: envelope, in: request.bytes)
    marks.end = UInt16(count - start)
    marks.isTagged = !envelope.to.tag.isEmpty
    return marks
  }

  private mutating func writeStatusLine(_ reply: Reply) {
    write("SIP/2.0 ")
    write(decimal: UInt64(reply.status))
    write(byte: 0x20)
    write(reply.reason)
    write("\r\n")
  }

  private mutating func writeVias(
    of envelope: Envelope,
    in bytes: ByteView,
    from source: Endpoint
  ) {
    let via = envelope.topVia
    guard via.isPlain else { return write(bytes[envelope.viaLines]) }
    write("Via: ")
    // Both parameters are skipped, in the order in which they stand, and written anew.
    let first = min(via.responsePortParameter.order, via.receivedParameter.order)
    let second = max(via.responsePortParameter.order, via.receivedParameter.order)
    var index = via.value.start
    for skipped in [first, second] where skipped != ByteSlice.absentOrder {
      let slice =
        via.responsePortParameter.order == skipped
        ? via.responsePortParameter : via.receivedParameter
      write(bytes.view(from: index, to: slice.start))
      index = slice.end
    }
    write(bytes.view(from: index, to: via.value.end))
    let asked = via.responsePort != .absent
    // Also where it is the same: the original does so, and RFC 3261 18.2.1 lets it.
    write(";received=")
    writeReceived(source)
    if asked {
      write(";rport=")
      write(decimal: UInt64(source.port))
    }
    write("\r\n")
    let lineEnd = bytes.position(of: 0x0A, from: via.value.end, to: envelope.viaLines.end)
    if lineEnd + 1 < envelope.viaLines.end {
      write(bytes.view(from: lineEnd + 1, to: envelope.viaLines.end))
    }
  }

  /// RFC 3261 25.1: `received` has no brackets, unlike a host.
  private mutating func writeReceived(_ source: Endpoint) {
    let start = count
    write(addressOf: source)
    guard source.family == .ipv6, !overflowed else { return }
    removeBrackets(from: start)
  }

  private mutating func writeParties(of envelope: Envelope, in bytes: ByteView) {
    if !envelope.from.value.isEmpty { header("From", bytes[envelope.from.value]) }
    guard !envelope.to.value.isEmpty else { return }
    write("To: ")
    write(bytes[envelope.to.value])
  }

  private mutating func writeTag(of reply: Reply, isTagged: Bool) {
    guard !isTagged, reply.status != 100, let tag = reply.tag else { return }
    write(";tag=")
    write(tag)
  }

  private mutating func writeIdentity(of envelope: Envelope, in bytes: ByteView) {
    if !envelope.to.value.isEmpty { write("\r\n") }
    if !envelope.callID.isEmpty { header("Call-ID", bytes[envelope.callID]) }
    guard !envelope.sequenceValue.isEmpty else { return }
    header("CSeq", bytes[envelope.sequenceValue])
  }
}

extension Reply {
  fileprivate var repeatsRoutes: Bool { status > 100 && status < 300 }
}

extension ByteSlice {
  fileprivate static var absentOrder: Int { Int.max }

  /// Where the slice stands; absent ones come last.
  fileprivate var order: Int { isEmpty ? Self.absentOrder : start }
}

extension Envelope {
  /// Where replies to this request go: back to where it came from (RFC 3261 18.2.2, RFC 3581 4).
  ///
  /// On a stream that is the connection; the address is for the case that it is lost.
  package func replyDestination(from source: Endpoint) -> Endpoint {
    var destination = source
    if source.transport.isStream {
      destination.port =
        topVia.isPlain && topVia.port != 0 ? topVia.port : source.transport.standardPort
      return destination
    }
    // Where the Via is beyond understanding, the port that it came from is the best guess.
    guard topVia.isPlain else { return source }
    if topVia.responsePort == .absent { destination.port = topVia.port == 0 ? 5060 : topVia.port }
    return destination
  }
}
