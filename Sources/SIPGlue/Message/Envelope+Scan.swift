// The pass over the lines. The parsers of single values are in Envelope+Values.swift.
//
// A value is left at its first oddity, but the loop over the lines goes on: an odd envelope still
// says as much as it can, which is what a 400 is written from when libosip2 refuses as well.

internal import COSIPShim

/// The headers that the scanner knows.
private enum KnownHeader {
  case via, from, to, callID, sequence, contentLength, maxForwards, expires, contact
  case contentType, require, authorization, proxyAuthorization, recordRoute, route, path
  case supported, allow, assertedIdentity
  case unknown
}

/// What has been met once already.
private struct Seen: OptionSet {
  var rawValue: UInt16
  static let from = Seen(rawValue: 1)
  static let to = Seen(rawValue: 2)
  static let callID = Seen(rawValue: 4)
  static let sequence = Seen(rawValue: 8)
  static let contentLength = Seen(rawValue: 16)
  static let maxForwards = Seen(rawValue: 32)
  static let expires = Seen(rawValue: 64)
  static let contentType = Seen(rawValue: 128)
}

extension Envelope {
  /// Scans a datagram into an envelope that is still empty.
  package mutating func scan(_ bytes: ByteView) {
    guard bytes.count <= Int(UInt16.max) else { return note(.tooLong) }
    var seen = Seen()
    var ends = 0
    var end = bytes.position(of: 0x0A, from: 0, to: bytes.count)
    guard end < bytes.count else { return note(.noHeaderEnd) }
    scanStartLine(bytes, lineEnd(bytes, from: 0, newline: end, &ends))
    let headersStart = end + 1
    var start = headersStart
    var complete = false
    while start < bytes.count {
      end = bytes.position(of: 0x0A, from: start, to: bytes.count)
      guard end < bytes.count else { break }
      let contentEnd = lineEnd(bytes, from: start, newline: end, &ends)
      guard contentEnd > start else {
        complete = true
        break
      }
      scanLine(bytes, ByteSlice(from: start, to: contentEnd), end + 1, &seen)
      start = end + 1
    }
    headerLines = ByteSlice(from: headersStart, to: start)
    let bodyStart = complete ? end + 1 : bytes.count
    if !complete { note(.noHeaderEnd) }
    let head = bytes.view(from: 0, to: bodyStart)
    // Every control byte but tab must be a part of a line end.
    if head.countControls() != ends { note(.controlByte) }
    settleBody(bytes, from: bodyStart)
    settleMandatory(seen)
  }

  /// Remembers an oddity.
  package mutating func note(_ found: Oddity) { oddity.formUnion(found) }

  /// Where the text of a line ends that is closed by the newline at `newline`; counts its bytes.
  @inline(__always)
  private mutating func lineEnd(
    _ bytes: ByteView,
    from start: Int,
    newline: Int,
    _ ends: inout Int
  ) -> Int {
    guard newline > start, bytes[newline - 1] == 0x0D else {
      note(.bareLineEnd)
      ends += 1
      return newline
    }
    ends += 2
    return newline - 1
  }

  private mutating func scanStartLine(_ bytes: ByteView, _ end: Int) {
    guard end > 8 else { return note(.startLine) }
    if bytes[3] == UInt8(ascii: "/"), bytes.view(from: 0, to: 4).equalsIgnoringCase("sip/") {
      return scanStatusLine(bytes, end)
    }
    let methodEnd = bytes.position(of: 0x20, from: 0, to: end)
    methodText = ByteSlice(from: 0, to: methodEnd)
    method = SIPMethod(bytes[methodText])
    if method == .other, !bytes[methodText].isToken { note(.startLine) }
    guard methodEnd > 0, methodEnd + 1 < end else { return note(.startLine) }
    let uriEnd = bytes.position(of: 0x20, from: methodEnd + 1, to: end)
    requestURI = ByteSlice(from: methodEnd + 1, to: uriEnd)
    guard uriEnd < end else { return note(.startLine) }
    let uri = bytes[requestURI]
    if !(uri.isPlainURI || isTrusting && SIPURI(uri)?.headers.isEmpty == true) {
      note(.requestURI)
    }
    if !bytes.view(from: uriEnd + 1, to: end).equals("SIP/2.0") { note(.version) }
  }

  private mutating func scanStatusLine(_ bytes: ByteView, _ end: Int) {
    // Anything but 0 makes it a response, however broken.
    statusCode = 999
    guard end >= 12, bytes.view(from: 0, to: 8).equals("SIP/2.0 ") else { return note(.version) }
    let reasonStart = bytes.position(of: 0x20, from: 8, to: end)
    guard reasonStart == 11, let code = bytes.view(from: 8, to: 11).decimal(atMost: 699),
      code >= 100
    else { return note(.startLine) }
    statusCode = UInt16(code)
    guard reasonStart < end else { return note(.startLine) }
    reason = ByteSlice(from: reasonStart + 1, to: end)
  }

  private mutating func scanLine(
    _ bytes: ByteView,
    _ line: ByteSlice,
    _ next: Int,
    _ seen: inout Seen
  ) {
    let colon = bytes.position(of: UInt8(ascii: ":"), from: line.start, to: line.end)
    let header = Self.known(bytes.view(from: line.start, to: colon))
    // The name of a header that is known needs no look at its bytes.
    let nameEnd =
      header == .unknown ? bytes.end(of: .headerName, from: line.start, to: colon) : colon
    guard nameEnd == colon, colon < line.end, colon > line.start else {
      let isFolding = nameEnd == line.start && bytes[nameEnd] != UInt8(ascii: ":")
      return note(isFolding ? .folding : .headerName)
    }
    var start = colon + 1
    var end = line.end
    while start < end, bytes[start].isBlank { start += 1 }
    while end > start, bytes[end - 1].isBlank { end -= 1 }
    let value = ByteSlice(from: start, to: end)
    let whole = ByteSlice(from: line.start, to: next)
    var isKept = true
    switch header {
    case .via: takeVia(bytes, value, whole)
    case .from: if first(.from, &seen) { from = scanParty(bytes, value) }
    case .to: if first(.to, &seen) { to = scanParty(bytes, value) }
    case .callID: if first(.callID, &seen) { takeCallID(bytes, value) }
    case .sequence: if first(.sequence, &seen) { takeSequence(bytes, value) }
    case .contentLength: if first(.contentLength, &seen) { takeContentLength(bytes, value) }
    case .maxForwards: if first(.maxForwards, &seen) { takeMaxForwards(bytes, value) }
    case .expires: if first(.expires, &seen) { takeExpires(bytes, value) }
    case .contentType: if first(.contentType, &seen) { contentType = value }
    case .contact:
      contactLines += 1
      if contactLines == 1 { contact = value }
    case .require: isKept = require.take(value)
    case .supported: isKept = supported.take(value)
    case .allow: isKept = allow.take(value)
    case .assertedIdentity: isKept = assertedIdentity.take(value)
    case .authorization:
      authorizationLines += 1
      authorization = value
    case .proxyAuthorization: proxyAuthorization = value
    case .recordRoute: recordRouteLines = joined(recordRouteLines, whole)
    case .route: routeLines = joined(routeLines, whole)
    case .path: hasPath = true
    case .unknown: isKept = false
    }
    if !isKept { otherNames.insert(bytes.view(from: line.start, to: colon)) }
  }

  private mutating func first(_ header: Seen, _ seen: inout Seen) -> Bool {
    guard seen.contains(header) else {
      seen.formUnion(header)
      return true
    }
    note(.repeated)
    return false
  }

  /// A block of lines with one more; a block must be in one piece.
  package mutating func joined(_ block: ByteSlice, _ line: ByteSlice) -> ByteSlice {
    guard !block.isEmpty else { return line }
    guard block.end == line.start else {
      note(.scattered)
      return block
    }
    return ByteSlice(from: block.start, to: line.end)
  }

  private mutating func settleBody(_ bytes: ByteView, from start: Int) {
    let rest = bytes.count - start
    var length = rest
    // Without a Content-Length libosip2 decides whether the rest is a body.
    if contentLength < 0, rest > 0 { note(.number) }
    if contentLength >= 0 {
      if Int(contentLength) > rest { note(.contentLength) }
      length = min(rest, Int(contentLength))
    }
    body = ByteSlice(from: start, to: start + length)
  }

  private mutating func settleMandatory(_ seen: Seen) {
    let mandatory: Seen = [.from, .to, .callID, .sequence]
    if viaCount == 0 || !seen.isSuperset(of: mandatory) { note(.missing) }
    if !isRequest {
      method = sequenceMethod
      methodText = sequenceMethodText
    } else if sequenceMethod != method {
      note(.sequenceMethod)
    }
  }

  private static func known(_ name: ByteView) -> KnownHeader {
    switch name.count {
    case 1: compact(name[0])
    case 2: name.isNamed("To", "to") ? .to : .unknown
    case 3: name.isNamed("Via", "via") ? .via : .unknown
    case 4:
      if name.isNamed("From", "from") {
        .from
      } else if name.isNamed("CSeq", "cseq") {
        .sequence
      } else {
        name.isNamed("Path", "path") ? .path : .unknown
      }
    case 5:
      if name.isNamed("Route", "route") {
        .route
      } else {
        name.isNamed("Allow", "allow") ? .allow : .unknown
      }
    case 7: ofSeven(name)
    case 9: name.isNamed("Supported", "supported") ? .supported : .unknown
    case 12:
      if name.isNamed("Max-Forwards", "max-forwards") {
        .maxForwards
      } else if name.isNamed("Content-Type", "content-type") {
        .contentType
      } else {
        name.isNamed("Record-Route", "record-route") ? .recordRoute : .unknown
      }
    case 13: name.isNamed("Authorization", "authorization") ? .authorization : .unknown
    case 14: name.isNamed("Content-Length", "content-length") ? .contentLength : .unknown
    case 19:
      if name.isNamed("Proxy-Authorization", "proxy-authorization") {
        .proxyAuthorization
      } else {
        name.isNamed("P-Asserted-Identity", "p-asserted-identity") ? .assertedIdentity : .unknown
      }
    default: .unknown
    }
  }

  private static func ofSeven(_ name: ByteView) -> KnownHeader {
    if name.isNamed("Call-ID", "call-id") { return .callID }
    if name.isNamed("Contact", "contact") { return .contact }
    if name.isNamed("Expires", "expires") { return .expires }
    return name.isNamed("Require", "require") ? .require : .unknown
  }

  private static func compact(_ letter: UInt8) -> KnownHeader {
    switch letter.lowercased {
    case UInt8(ascii: "v"): .via
    case UInt8(ascii: "f"): .from
    case UInt8(ascii: "t"): .to
    case UInt8(ascii: "i"): .callID
    case UInt8(ascii: "m"): .contact
    case UInt8(ascii: "l"): .contentLength
    case UInt8(ascii: "c"): .contentType
    case UInt8(ascii: "k"): .supported
    default: .unknown
    }
  }
}

extension Envelope {
  /// The value of the first header line called `name`, or nil; `name` is a lower-case long name.
  ///
  /// Only for headers that have no slice of their own; it walks the lines again.
  package func header(_ name: StaticString, in bytes: ByteView) -> ByteView? {
    guard !otherNames.lacksAll(of: HeaderNames(name)) else { return nil }
    var start = headerLines.start
    while let (candidate, value, next) = header(at: start, in: bytes) {
      if candidate.equalsIgnoringCase(name) { return value }
      start = next
    }
    return nil
  }

  /// Name and value of the header line at `start`, and where the next line begins; nil at the end.
  ///
  /// A line without a colon has an empty name.
  package func header(
    at start: Int,
    in bytes: ByteView
  ) -> (name: ByteView, value: ByteView, next: Int)? {
    guard start < headerLines.end else { return nil }
    let newline = bytes.position(of: 0x0A, from: start, to: headerLines.end)
    let next = min(newline + 1, headerLines.end)
    let colon = bytes.position(of: UInt8(ascii: ":"), from: start, to: newline)
    guard colon < newline else { return (.empty, .empty, next) }
    var end = newline
    if end > colon + 1, bytes[end - 1] == 0x0D { end -= 1 }
    return (
      bytes.view(from: start, to: colon).trimmed, bytes.view(from: colon + 1, to: end).trimmed, next
    )
  }
}

extension ByteSlice {
  /// Becomes this value if it is none yet; `false` when it has one.
  @inline(__always)
  fileprivate mutating func take(_ value: ByteSlice) -> Bool {
    guard isEmpty else { return false }
    self = value
    return true
  }
}

extension ByteView {
  /// Whether this is the name in its usual spelling, or in another case.
  @inline(__always)
  fileprivate func isNamed(_ usual: StaticString, _ lower: StaticString) -> Bool {
    guard self[0].lowercased == ByteView(lower)[0] else { return false }
    return equals(usual) || equalsIgnoringCase(lower)
  }

  /// Whether the bytes are one or more token characters.
  package var isToken: Bool {
    count > 0 && isAll(.token)
  }

  /// Whether this is a sip, sips or tel URI that needs no parser: no escapes, no headers.
  package var isPlainURI: Bool {
    // Very short ones are refused by libosip2.
    guard count > 6 else { return false }
    var start = 4
    switch lowercasedWord(at: 0) {
    case 0x3A70_6973: break  // "sip:"
    case 0x7370_6973 where self[4] == UInt8(ascii: ":"): start = 5  // "sips:"
    case 0x3A6C_6574: return isPlainPart(from: 4, to: count)  // "tel:"
    default: return false
    }
    let at = position(of: UInt8(ascii: "@"), from: start, to: count)
    var index = start
    if at < count {
      guard at > start, isPlainPart(from: start, to: at),
        position(of: UInt8(ascii: ":"), from: start, to: at) == at
      else { return false }
      index = at + 1
    }
    guard let hostEnd = SIPURI.endOfHost(self, index), hostEnd > index else { return false }
    index = hostEnd
    if index < count, self[index] == UInt8(ascii: ":") {
      let portStart = index + 1
      index = portStart
      while index < count, self[index].isDigit { index += 1 }
      guard view(from: portStart, to: index).decimal(atMost: 65_535) != nil else { return false }
    }
    guard index < count else { return true }
    return self[index] == UInt8(ascii: ";") && isPlainPart(from: index, to: count)
      && position(of: UInt8(ascii: "@"), from: index, to: count) == count
  }

  private func isPlainPart(from start: Int, to end: Int) -> Bool {
    self.end(of: .plainURI, from: start, to: end) == end
  }

  /// The number of control bytes other than tab.
  fileprivate func countControls() -> Int {
    unsafe withUnsafeBytes { unsafe rs_count_controls($0.baseAddress, $0.count) }
  }
}
