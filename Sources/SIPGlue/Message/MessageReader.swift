// From datagram to verdict.
//
// The plain majority goes through the scanner alone. Whatever the scanner finds odd is parsed by
// libosip2 and, if that accepts it, written anew in plain form: one header per line, one Via per
// line, no folding; Via, Call-ID and CSeq as libosip2 understood them. What follows then reads one
// kind of bytes only. What libosip2 refuses, or what stays odd, is answered or dropped as RFC 3261
// says; nothing that arrives from outside stops the switch. Source: RFC 3261 7, 8.2, 16.3, 18.3.

/// What to do with a datagram.
package enum Verdict: Equatable, Sendable {
  /// Go on with `Received.envelope`.
  case accept
  /// Answer with this status, statelessly; the envelope is good enough for that.
  case answer(UInt16)
  case drop(DropReason)
}

/// Why a datagram is dropped without an answer.
package enum DropReason: UInt8, CaseIterable, Sendable {
  /// Nothing but line ends: a keep-alive.
  case keepAlive
  /// Not SIP at all, or too broken to be answered.
  case garbage
  case malformedResponse
  /// An ACK must never be answered.
  case malformedACK
}

/// A datagram, read.
package struct Received {
  /// The bytes that the envelope's slices refer to: the datagram's own, or the normalised copy.
  package var bytes: ByteView
  package var envelope: Envelope
  package var verdict: Verdict
  /// Whether libosip2 had to look at it.
  package var wasOdd: Bool
}

/// Reads datagrams; owns the buffer in which odd ones are normalised.
package struct MessageReader: ~Copyable {
  private var normalised = MessageWriter(capacity: 8192)
  private var unfolded = MessageWriter(capacity: 8192)
  private var masked = MessageWriter(capacity: 0)

  package init() {}

  /// Reads one datagram; what it returns is valid until the next call and while `datagram` is.
  package mutating func read(_ datagram: ByteView) -> Received {
    let bytes = datagram.withoutLeadingLineEnds
    var received = Received(bytes: bytes, envelope: Envelope(), verdict: .accept, wasOdd: false)
    guard !bytes.isEmpty else {
      received.verdict = .drop(.keepAlive)
      return received
    }
    received.envelope.scan(bytes)
    settle(&received)
    return received
  }

  /// Reads one datagram that `Envelope.scan(datagram:)` has scanned already.
  package mutating func read(_ datagram: ByteView, scanned: Envelope) -> Received {
    let bytes = datagram.withoutLeadingLineEnds
    var received = Received(bytes: bytes, envelope: scanned, verdict: .accept, wasOdd: false)
    if bytes.isEmpty { received.verdict = .drop(.keepAlive) } else { settle(&received) }
    return received
  }

  private mutating func settle(_ received: inout Received) {
    if received.envelope.isOdd {
      received.wasOdd = true
      received.verdict = judge(&received)
    } else if received.envelope.method == .register, received.hasBareContactWithHeaders {
      received.verdict = .answer(400)
    }
  }

  private mutating func judge(_ received: inout Received) -> Verdict {
    if received.envelope.oddity.contains(.controlByte) { maskControls(of: &received) }
    if let verdict = received.verdictWithoutParsing { return verdict }
    guard let again = normalise(received.bytes), !again.isOdd else { return received.refusal(400) }
    received.envelope = again
    received.bytes = normalised.bytes
    return again.method == .register && received.hasBareContactWithHeaders ? .answer(400) : .accept
  }

  /// Puts a question mark for each control byte that a quoted string has escaped: they are legal
  /// there (RFC 3261 25.1, quoted-pair), and nobody needs a bell in a name.
  ///
  /// Any other control byte is left for the scanner to find again.
  private mutating func maskControls(of received: inout Received) {
    let bytes = received.bytes
    let headEnd = received.envelope.body.start
    masked.removeAll()
    var isQuoted = false
    var isEscaped = false
    for index in 0..<headEnd {
      let byte = bytes[index]
      let isControl = byte < 0x20 && byte != 0x0D && byte != 0x0A
      masked.write(byte: isControl && isQuoted && isEscaped ? UInt8(ascii: "?") : byte)
      if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
      if byte == 0x0A { isQuoted = false }
      isEscaped = isQuoted && !isEscaped && byte == UInt8(ascii: "\\")
    }
    masked.write(bytes.view(from: headEnd, to: bytes.count))
    received.bytes = masked.bytes
    received.envelope = Envelope(scanning: masked.bytes)
  }

  /// Writes the message in plain form; nil when libosip2 refuses it or sees something else in it.
  private mutating func normalise(_ bytes: ByteView) -> Envelope? {
    unfolded.removeAll()
    normalised.removeAll()
    guard let bodyStart = unfolded.unfoldHeaders(of: bytes),
      let message = try? SIPMessage(parsing: bytes)
    else { return nil }
    let text = unfolded.bytes
    let startLineEnd = text.position(of: 0x0A, from: 0, to: text.count)
    normalised.write(text.view(from: 0, to: min(startLineEnd + 1, text.count)))
    guard message.writeCore(to: &normalised) else { return nil }
    var lines = Envelope()
    lines.headerLines = ByteSlice(from: min(startLineEnd + 1, text.count), to: text.count)
    normalised.copyHeaders(of: lines, in: text)
    let rest = bytes.view(from: bodyStart, to: bytes.count)
    let announced = message.contentLength ?? rest.count
    guard announced >= 0, announced <= rest.count else { return nil }
    normalised.header("Content-Length", decimal: UInt64(announced))
    normalised.write("\r\n")
    normalised.write(rest.view(from: 0, to: announced))
    guard !normalised.overflowed else { return nil }
    let again = Envelope(scanningNormalised: normalised.bytes)
    return message.agrees(on: again, in: normalised.bytes) ? again : nil
  }
}

extension Received {
  /// What is clear without libosip2.
  fileprivate var verdictWithoutParsing: Verdict? {
    let odd = envelope.oddity
    if odd.contains(.tooLong) { return .drop(.garbage) }
    if odd.contains(.version) { return refusal(envelope.isRequest ? statusForVersion : 0) }
    if odd.contains(.startLine) { return refusal(400) }
    if odd.contains(.requestURI) {
      if hasUnknownScheme { return refusal(416) }
      // RFC 3261 19.1.1: headers have no place in a request URI.
      guard let uri = SIPURI(bytes[envelope.requestURI]), uri.headers.isEmpty else {
        return refusal(400)
      }
    }
    // RFC 4475 3.1.2.18: of two things that are wrong, this one says more.
    let mistakes = odd.intersection([.sequence, .number, .missing, .repeated, .contentLength])
    if odd.contains(.sequenceMethod), envelope.method == .other, mistakes.isEmpty {
      return refusal(501)
    }
    return odd.isDisjoint(with: [.repeated, .contentLength]) ? nil : refusal(400)
  }

  /// An answer where there is one to give; status 0 is for what is not SIP.
  fileprivate func refusal(_ status: UInt16) -> Verdict {
    guard envelope.isRequest else { return .drop(.malformedResponse) }
    guard envelope.method != .ack else { return .drop(.malformedACK) }
    let canAnswer = envelope.viaCount > 0 && !envelope.topVia.value.isEmpty
    guard canAnswer, status > 0, !envelope.oddity.contains(.controlByte) else {
      return .drop(.garbage)
    }
    return .answer(status)
  }

  /// 505 for another version of SIP, 400 for stray blanks before ours, 0 when it is not SIP.
  private var statusForVersion: UInt16 {
    let newline = bytes.position(of: 0x0A, from: 0, to: bytes.count)
    let line = bytes.view(from: 0, to: newline)
    var end = line.count > 0 && line[line.count - 1] == 0x0D ? line.count - 1 : line.count
    while end > 0, line[end - 1].isBlank { end -= 1 }
    var start = end
    while start > 0, line[start - 1] != 0x20 { start -= 1 }
    let version = line.view(from: start, to: end)
    guard version.hasPrefixIgnoringCase("sip/") else { return 0 }
    return version.equalsIgnoringCase("sip/2.0") ? 400 : 505
  }

  private var hasUnknownScheme: Bool {
    let uri = bytes[envelope.requestURI]
    let colon = uri.position(of: UInt8(ascii: ":"), from: 0, to: uri.count)
    guard colon < uri.count else { return false }
    let scheme = uri.view(from: 0, to: colon)
    let known =
      scheme.equalsIgnoringCase("sip") || scheme.equalsIgnoringCase("sips")
      || scheme.equalsIgnoringCase("tel")
    return scheme.isToken && !known
  }

  /// RFC 3261 20.10: an address with a question mark must stand in brackets.
  fileprivate var hasBareContactWithHeaders: Bool {
    let contact = bytes[envelope.contact]
    let question = contact.position(of: UInt8(ascii: "?"), from: 0, to: contact.count)
    return question < contact.count
      && contact.position(of: UInt8(ascii: "<"), from: 0, to: question) == question
  }
}

extension Envelope {
  /// Scans a datagram, on any thread, into an envelope that is still empty.
  package mutating func scan(datagram: ByteView) {
    let bytes = datagram.withoutLeadingLineEnds
    if !bytes.isEmpty { scan(bytes) }
  }
}

extension ByteView {
  /// RFC 3261 7.5: line ends before the start line are ignored.
  fileprivate var withoutLeadingLineEnds: ByteView {
    var start = 0
    while start < count, self[start] == 0x0D || self[start] == 0x0A { start += 1 }
    return view(from: start, to: count)
  }

  fileprivate var isRoute: Bool { equalsIgnoringCase("route") }
  fileprivate var isRecordRoute: Bool { equalsIgnoringCase("record-route") }

  /// Whether the name is that of a header which is written from libosip2's view, or anew.
  fileprivate var isCoreHeader: Bool {
    equalsIgnoringCase("via") || equalsIgnoringCase("v") || equalsIgnoringCase("call-id")
      || equalsIgnoringCase("i") || equalsIgnoringCase("cseq")
      || equalsIgnoringCase("content-length") || equalsIgnoringCase("l")
  }
}

extension MessageWriter {
  /// Appends every header line but those that are written from libosip2's view.
  ///
  /// Routes come last, each kind in one block: other lines may stand between them (RFC 3261 7.3.1).
  fileprivate mutating func copyHeaders(of lines: Envelope, in text: ByteView) {
    copyHeaders(of: lines, in: text) { !$0.isCoreHeader && !$0.isRoute && !$0.isRecordRoute }
    copyHeaders(of: lines, in: text) { $0.isRecordRoute }
    copyHeaders(of: lines, in: text) { $0.isRoute }
  }

  private mutating func copyHeaders(
    of lines: Envelope,
    in text: ByteView,
    where isWanted: (ByteView) -> Bool
  ) {
    var start = lines.headerLines.start
    while let (name, value, next) = lines.header(at: start, in: text) {
      start = next
      guard !name.isEmpty, isWanted(name) else { continue }
      write(name)
      write(": ")
      write(value)
      write("\r\n")
    }
  }

  /// Appends start line and header lines, each in one line that ends in CR LF; where the body
  /// begins.
  ///
  /// Nil when there is no empty line, or a control byte other than line ends and tab.
  fileprivate mutating func unfoldHeaders(of bytes: ByteView) -> Int? {
    var start = 0
    while start < bytes.count {
      let newline = bytes.position(of: 0x0A, from: start, to: bytes.count)
      var end = newline
      if end > start, newline < bytes.count, bytes[end - 1] == 0x0D { end -= 1 }
      guard end > start else {
        write("\r\n")
        return min(newline + 1, bytes.count)
      }
      if bytes[start].isBlank, start > 0 {
        write(byte: 0x20)
      } else if start > 0 {
        write("\r\n")
      }
      let line = bytes.view(from: start, to: end).trimmed
      for index in 0..<line.count where line[index] < 0x20 && line[index] != 0x09 { return nil }
      write(line)
      start = newline + 1
    }
    // The headers may end with the datagram (RFC 3261 7 wants an empty line; libosip2 decides).
    write("\r\n")
    return bytes.count
  }
}
