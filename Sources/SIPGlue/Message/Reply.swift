// How replies are made: bytes of the request copied into a writer, nothing parsed again.
//
// A reply to a request that is at hand is written straight from its bytes (`writeReply`). A reply
// that comes later, when the receive buffer has long been used again, is written from a skeleton:
// the header lines that every reply repeats, kept by the server transaction.
// Source: RFC 3261 8.2.6; RFC 3581 4 for received and rport.

/// What a reply says beyond what it repeats from its request.
struct Reply {
  var status: UInt16
  var reason: ByteView
  /// Our tag for To; written when the request has none and the status is not 100.
  var tag: SIPToken?
  var body: ByteView
  var bodyType: ByteView

  init(_ status: UInt16, tag: SIPToken?) {
    self.status = status
    self.tag = tag
    reason = ByteView(Self.reason(of: status))
    body = .empty
    bodyType = .empty
  }

  init(_ status: UInt16, tag: SIPToken?, body: ByteView, type: ByteView) {
    self.init(status, tag: tag)
    self.body = body
    bodyType = type
  }
}

extension Reply {
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

extension MessageWriter {
  /// Writes a whole reply to a request that is at hand.
  ///
  /// The status line, the request's Via lines with `received` and `rport` filled in, for statuses
  /// from 101 to 299 its Record-Route lines (RFC 3261 12.1.1), From, To with our tag, Call-ID, CSeq,
  /// what `headers` appends, and the body.
  mutating func writeReply(
    _ reply: Reply,
    to request: borrowing Received,
    from source: Endpoint,
    headers: (inout MessageWriter) -> Void = { _ in }
  ) {
    preconditionFailure()
  }
}

extension Envelope {
  /// Where replies to this request go (RFC 3261 18.2.2, RFC 3581 4).
  func replyDestination(in bytes: ByteView, from source: Endpoint) -> Endpoint {
    preconditionFailure()
  }

  /// The value of the first header line called `name`, a lower-case long name; nil when absent.
  func header(_ name: StaticString, in bytes: ByteView) -> ByteView? { preconditionFailure() }
}
