// Where a message ends in a stream.
//
// States: between messages; in a head (`lineStart` is where its first unread line begins); in a
// body (`headEnd` is known). The bytes themselves lie elsewhere: `next` is shown everything from
// the first byte of the present message on, and remembers how far it has read, so that a head that
// comes byte by byte is read once.
// Invariants: a frame is only claimed when all of it is there; what `next` says of a stream does
// not depend on how the stream was cut into segments.
// Who may change it: the connection that it belongs to.
// Source: RFC 3261 7.5, 18.3; RFC 5626 4.4.1.

/// Cuts a stream into messages by Content-Length.
package struct StreamFramer: Sendable {
  /// What the bytes begin with; lengths are in bytes from their start.
  package enum Frame: Equatable, Sendable {
    /// Nothing whole is there yet.
    case incomplete
    /// A line end between messages, which says nothing.
    case lineEnd(Int)
    /// Two line ends between messages: the peer asks whether we are there (RFC 5626 4.4.1).
    case ping(Int)
    case message(Int)
    /// A head after which nobody knows where the next message begins: answer it with this status,
    /// and close.
    case refused(Int, status: UInt16)
    /// This is not SIP: close.
    case garbage
  }

  /// The most bytes of a message.
  package static let messageMax = 65_507

  private var lineStart = 0
  private var headEnd = 0
  private var contentLength = -1
  private var isWrong = false
  /// Whether the value of Content-Length stands on the next, folded line.
  private var isContinued = false

  package init() {}

  /// Looks at the bytes from the start of the present message on.
  package mutating func next(_ bytes: ByteView) -> Frame {
    if headEnd == 0, lineStart == 0, let frame = Self.between(bytes) { return frame }
    while headEnd == 0 {
      let limit = min(bytes.count, Self.messageMax)
      let newline = bytes.position(of: 0x0A, from: lineStart, to: limit)
      guard newline < limit else {
        return bytes.count >= Self.messageMax ? .garbage : .incomplete
      }
      var end = newline
      if end > lineStart, bytes[end - 1] == 0x0D { end -= 1 }
      let line = bytes.view(from: lineStart, to: end)
      if line.isEmpty {
        headEnd = newline + 1
        break
      }
      guard !line.hasControlByte else { return .garbage }
      if lineStart == 0 {
        guard line.mentionsSIP else { return .garbage }
      } else {
        takeHeader(line)
      }
      lineStart = newline + 1
    }
    return body(bytes)
  }

  /// What there is between messages, if the bytes do not begin with one.
  private static func between(_ bytes: ByteView) -> Frame? {
    guard let first = bytes.count > 0 ? bytes[0] : nil else { return .incomplete }
    guard first == 0x0D || first == 0x0A else { return nil }
    if first == 0x0A { return .lineEnd(1) }
    // As long as it may become a ping, nothing is decided.
    let ping = ByteView("\r\n\r\n")
    let length = min(bytes.count, 4)
    if bytes.view(from: 0, to: length).equals(ping.view(from: 0, to: length)) {
      return length == 4 ? .ping(4) : .incomplete
    }
    return .lineEnd(bytes.count > 1 && bytes[1] == 0x0A ? 2 : 1)
  }

  private mutating func body(_ bytes: ByteView) -> Frame {
    let head = headEnd
    guard !isWrong, contentLength >= 0 else {
      self = StreamFramer()
      return .refused(head, status: 400)
    }
    let length = head + contentLength
    guard length <= Self.messageMax else {
      self = StreamFramer()
      return .refused(head, status: 513)
    }
    guard bytes.count >= length else { return .incomplete }
    self = StreamFramer()
    return .message(length)
  }

  private mutating func takeHeader(_ line: ByteView) {
    if line[0].isBlank {
      if isContinued { takeLength(line.trimmed) }
      return
    }
    isContinued = false
    let colon = line.position(of: UInt8(ascii: ":"), from: 0, to: line.count)
    guard colon < line.count else { return }
    let name = line.view(from: 0, to: colon).trimmed
    guard name.equalsIgnoringCase("content-length") || name.equalsIgnoringCase("l") else { return }
    let value = line.view(from: colon + 1, to: line.count).trimmed
    if value.isEmpty {
      isContinued = true
    } else {
      takeLength(value)
    }
  }

  private mutating func takeLength(_ value: ByteView) {
    isContinued = false
    guard let length = value.decimal(atMost: 99_999_999) else {
      isWrong = true
      return
    }
    if contentLength >= 0, contentLength != Int(length) { isWrong = true }
    contentLength = Int(length)
  }
}

extension ByteView {
  /// Whether a byte is there that no line of SIP may have.
  fileprivate var hasControlByte: Bool {
    var index = 0
    while index < count {
      if self[index] < 0x20, self[index] != 0x09 { return true }
      index += 1
    }
    return false
  }

  /// Whether a start line names the protocol, in whatever version.
  fileprivate var mentionsSIP: Bool {
    var start = 0
    while start + 4 <= count {
      if view(from: start, to: start + 4).equalsIgnoringCase("sip/") { return true }
      start += 1
    }
    return false
  }
}
