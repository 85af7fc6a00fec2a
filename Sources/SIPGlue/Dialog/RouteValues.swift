// Route sets: the values of Record-Route lines, one by one, in either order.
//
// A callee's route set is the Record-Route of the request in its order, a caller's that of the
// response in reverse (RFC 3261 12.1). Lines may hold several values separated by commas, and
// commas may stand in quotes and angle brackets. A strict router (RFC 2543) is one whose URI lacks
// `lr`: the request is addressed to it, and the target is the last route (RFC 3261 12.2.1.1).

/// Walks the values of a block of header lines of one kind.
enum RouteValues {
  /// Shows every value, in order, as positions in `lines`.
  static func forEach(in lines: ByteView, _ body: (ByteSlice) -> Void) {
    var start = 0
    while start < lines.count {
      let end = lines.position(of: 0x0A, from: start, to: lines.count)
      let colon = lines.position(of: UInt8(ascii: ":"), from: start, to: end)
      if colon < end { forEachValue(in: lines, from: colon + 1, to: end, body) }
      start = end + 1
    }
  }

  /// Shows every value of one header value that may be a list.
  static func forEachValue(in value: ByteView, _ body: (ByteSlice) -> Void) {
    forEachValue(in: value, from: 0, to: value.count, body)
  }

  private static func forEachValue(
    in lines: ByteView,
    from start: Int,
    to end: Int,
    _ body: (ByteSlice) -> Void
  ) {
    let comma = lines.position(of: UInt8(ascii: ","), from: start, to: end)
    guard comma < end else { return show(lines, from: start, to: end, body) }
    let isPlain =
      lines.position(of: UInt8(ascii: "\""), from: start, to: end) == end
      && lines.position(of: UInt8(ascii: "<"), from: start, to: end) == end
    guard !isPlain else { return forEachPart(in: lines, from: start, to: end, body) }
    var begin = start
    var index = start
    var inQuotes = false
    var inBrackets = false
    while index <= end {
      let byte = index < end ? lines[index] : UInt8(ascii: ",")
      if inQuotes, index < end {
        if byte == UInt8(ascii: "\\") { index += 1 }
        if byte == UInt8(ascii: "\"") { inQuotes = false }
      } else if byte == UInt8(ascii: "\"") {
        inQuotes = true
      } else if byte == UInt8(ascii: "<") {
        inBrackets = true
      } else if byte == UInt8(ascii: ">") {
        inBrackets = false
      } else if byte == UInt8(ascii: ","), !inBrackets || index >= end {
        show(lines, from: begin, to: min(index, end), body)
        begin = index + 1
      }
      index += 1
    }
  }

  /// The same where nothing hides a comma.
  private static func forEachPart(
    in lines: ByteView,
    from start: Int,
    to end: Int,
    _ body: (ByteSlice) -> Void
  ) {
    var begin = start
    while begin <= end {
      let comma = lines.position(of: UInt8(ascii: ","), from: begin, to: end)
      show(lines, from: begin, to: comma, body)
      begin = comma + 1
    }
  }

  /// Shows one value without what surrounds it, if there is one.
  private static func show(
    _ lines: ByteView,
    from start: Int,
    to end: Int,
    _ body: (ByteSlice) -> Void
  ) {
    var first = start
    var last = end
    while first < last, lines[first].isBlank { first += 1 }
    while last > first, lines[last - 1].isBlank || lines[last - 1] == 0x0D { last -= 1 }
    if last > first { body(ByteSlice(from: first, to: last)) }
  }

  /// Appends the values of Record-Route lines as Route lines.
  static func write(_ lines: ByteView, reversed: Bool, to writer: inout MessageWriter) {
    guard !lines.isEmpty else { return }
    var values: [ByteSlice] = []
    forEach(in: lines) { values.append($0) }
    if reversed { values.reverse() }
    for value in values { writer.header("Route", lines[value]) }
  }

  /// The first router of some Route lines, each with one value, and the lines behind it; nil when
  /// it is a loose one, as all are nowadays.
  static func strictRouter(in lines: ByteView) -> (uri: ByteView, rest: ByteView)? {
    guard !lines.isEmpty else { return nil }
    let end = lines.position(of: 0x0A, from: 0, to: lines.count)
    let value = HeaderLines.value(of: lines.view(from: 0, to: end))
    guard let address = NameAddress(value), let uri = SIPURI(value[address.uri]),
      uri.parameter("lr", in: value[address.uri]) == nil
    else { return nil }
    let text = value[address.uri]
    let question = uri.headers.isEmpty ? text.count : uri.headers.start
    let rest = lines.view(from: min(end + 1, lines.count), to: lines.count)
    return (text.view(from: 0, to: question), rest)
  }

  /// The address of the first Route line's value.
  static func firstHop(in lines: ByteView, unsaid: SIPTransport = .udp) -> Endpoint? {
    var found: Endpoint?
    var isFirst = true
    forEach(in: lines) { value in
      guard isFirst else { return }
      isFirst = false
      let text = lines[value]
      guard let address = NameAddress(text) else { return }
      found = NextHop.endpoint(of: text[address.uri], unsaid: unsaid)
    }
    return found
  }
}
