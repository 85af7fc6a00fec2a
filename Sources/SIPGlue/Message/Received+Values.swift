// What more than one method asks of a message that has been read.

extension Received {
  /// Whether the Accept headers, of which there is one at least, have room for a media type.
  ///
  /// `type` is lower case. Parameters and `q` are not weighed: what is named at all is accepted.
  func accepts(_ type: StaticString) -> Bool {
    let wanted = ByteView(type)
    let slash = wanted.position(of: UInt8(ascii: "/"), from: 0, to: wanted.count)
    var isAccepted = false
    HeaderLines.forEach(in: bytes[envelope.headerLines]) { name, line in
      guard name.equalsIgnoringCase("accept") else { return }
      let value = HeaderLines.value(of: line)
      RouteValues.forEachValue(in: value) { slice in
        let range = value[slice]
        let end = range.position(of: UInt8(ascii: ";"), from: 0, to: range.count)
        let bare = range.view(from: 0, to: end).trimmed
        let isWhole = bare.equalsIgnoringCase(wanted) || bare.equals("*/*")
        let isClass =
          bare.count == slash + 2 && bare[slash + 1] == UInt8(ascii: "*")
          && bare.view(from: 0, to: slash + 1)
            .equalsIgnoringCase(wanted.view(from: 0, to: slash + 1))
        if isWhole || isClass { isAccepted = true }
      }
    }
    return isAccepted
  }

  /// Shows every token of the headers with a name, or with its one-letter form (0: it has none).
  func forEachToken(of name: StaticString, or letter: UInt8, _ body: (ByteView) -> Void) {
    HeaderLines.forEach(in: bytes[envelope.headerLines]) { found, line in
      let isShort = letter != 0 && found.count == 1 && found[0].lowercased == letter
      guard isShort || found.equalsIgnoringCase(name) else { return }
      let value = HeaderLines.value(of: line)
      RouteValues.forEachValue(in: value) { body(value[$0]) }
    }
  }

  /// Whether Supported names an extension.
  func supports(_ option: StaticString) -> Bool {
    var isThere = false
    forEachToken(of: "supported", or: UInt8(ascii: "k")) {
      if $0.equalsIgnoringCase(option) { isThere = true }
    }
    return isThere
  }

  /// The values of the Path headers, in order.
  var path: [String] {
    var values: [String] = []
    forEachToken(of: "path", or: 0) { values.append($0.string) }
    return values
  }

  /// Why a request is answered with 400, as its reason phrase says it (RFC 3261 21.4.1).
  var problem: StaticString {
    let odd = envelope.oddity
    if odd.contains(.missing) { return missing }
    if envelope.sequenceMethodText.isEmpty { return "Bad CSeq" }
    if odd.contains(.sequenceMethod) { return "CSeq Has Another Method" }
    if odd.contains(.contentLength) { return "Content-Length Exceeds Message" }
    if odd.contains(.repeated) { return "Header Repeated" }
    if odd.contains(.startLine) || odd.contains(.version) { return "Bad Request Line" }
    if odd.contains(.requestURI) { return "Bad Request-URI" }
    if odd.contains(.via) { return "Bad Via" }
    if odd.contains(.party) || odd.contains(.tag) { return "Bad From or To" }
    if odd.contains(.sequence) { return "Bad CSeq" }
    if odd.contains(.callID) { return "Bad Call-ID" }
    if odd.contains(.number) { return "Bad Number" }
    if odd.contains(.noHeaderEnd) { return "No End of Headers" }
    return "Bad Request"
  }

  private var missing: StaticString {
    if envelope.callID.isEmpty { return "Missing Call-ID" }
    if envelope.from.value.isEmpty { return "Missing From" }
    if envelope.to.value.isEmpty { return "Missing To" }
    if envelope.sequenceValue.isEmpty { return "Missing CSeq" }
    return "Missing Via"
  }
}

extension MessageWriter {
  /// Appends a Warning that says something to people (RFC 3261 20.43).
  mutating func writeWarning(_ text: StaticString, by agent: Endpoint) {
    write("Warning: 399 ")
    write(agent)
    write(" \"")
    write(text)
    write("\"\r\n")
  }
}
