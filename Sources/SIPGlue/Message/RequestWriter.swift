// How requests are made: the start line and the headers of RFC 3261 8.1.1, from bytes at hand.

/// The headers that every request must have.
package struct RequestHead {
  package var method: SIPMethod
  package var uri: ByteView
  package var branch: SIPToken
  /// Our own address as others reach it, by the transport that the request goes by.
  package var sentBy: Endpoint
  /// The whole values, tags included.
  package var from: ByteView
  package var to: ByteView
  package var callID: ByteView
  package var sequence: UInt32
  package var maxForwards: UInt8 = 70
  /// Complete Route lines with their line ends, or nothing.
  package var routeLines: ByteView = .empty

  package init(
    method: SIPMethod,
    uri: ByteView,
    branch: SIPToken,
    sentBy: Endpoint,
    from: ByteView,
    to: ByteView,
    callID: ByteView,
    sequence: UInt32,
    maxForwards: UInt8 = 70,
    routeLines: ByteView = .empty
  ) {
    self.method = method
    self.uri = uri
    self.branch = branch
    self.sentBy = sentBy
    self.from = from
    self.to = to
    self.callID = callID
    self.sequence = sequence
    self.maxForwards = maxForwards
    self.routeLines = routeLines
  }
}

extension MessageWriter {
  /// Writes the start line and the mandatory headers; more headers and `finish` follow.
  ///
  /// An ACK to a success and a CANCEL have the sequence number of their INVITE (RFC 3261 13.2.2.4,
  /// 9.1); the caller sees to that.
  package mutating func begin(_ head: RequestHead) {
    let strict = RouteValues.strictRouter(in: head.routeLines)
    write(head.method.name)
    write(byte: 0x20)
    write(strict?.uri ?? head.uri)
    write(" SIP/2.0\r\nVia: SIP/2.0/")
    write(head.sentBy.transport.viaName)
    write(byte: 0x20)
    write(head.sentBy)
    write(";rport;branch=")
    write(branch: head.branch)
    write("\r\n")
    write(strict?.rest ?? head.routeLines)
    if strict != nil {
      write("Route: <")
      write(head.uri)
      write(">\r\n")
    }
    header("Max-Forwards", decimal: UInt64(head.maxForwards))
    header("From", head.from)
    header("To", head.to)
    header("Call-ID", head.callID)
    write("CSeq: ")
    write(decimal: UInt64(head.sequence))
    write(byte: 0x20)
    write(head.method.name)
    write("\r\n")
  }

  /// Writes a request of ours again for another transport: only its Via changes (RFC 3261 18.1.1).
  ///
  /// Nothing is written when the request's Via is not one that we wrote.
  package mutating func rewrite(_ request: ByteView, sentBy: Endpoint) {
    let via = Envelope(scanning: request).topVia
    guard via.isPlain else { return }
    write(request.view(from: 0, to: via.transport.start))
    write(sentBy.transport.viaName)
    write(byte: 0x20)
    write(sentBy)
    write(request.view(from: via.sentBy.end, to: request.count))
  }
}
