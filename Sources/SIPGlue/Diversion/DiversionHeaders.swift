// Diversion (RFC 5806) and History-Info (RFC 7044): who diverted, why, and to where.
//
// The DN that was called is the entry before ours; the target is a new entry below it. What the
// caller's INVITE brought along is kept: earlier Diversion lines below ours, earlier History-Info
// entries before ours, whose index is continued.

internal import Engine

/// Everything that diversion headers are made of.
struct DiversionFacts {
  /// The user part of the diverting DN, escaped.
  var dn: ByteView
  var domain: ByteView
  /// The target's URI.
  var target: ByteView
  /// The number of this diversion of the call.
  var counter: UInt32
  var failure: RouteFailure?
  /// Whether the DN that was called is itself where the call goes.
  var isDirect: Bool
  /// The INVITE that is diverted.
  var invite: ByteView
  var envelope: Envelope
  /// Whether the INVITE has History-Info.
  var hasHistory: Bool
}

extension MessageWriter {
  /// Appends our Diversion line if there is a diversion, then those of the INVITE when they are
  /// wanted.
  mutating func writeDiversion(_ facts: DiversionFacts, keepingEarlier: Bool) {
    if !facts.isDirect { writeOwnDiversion(facts) }
    guard keepingEarlier else { return }
    HeaderLines.forEach(in: facts.invite[facts.envelope.headerLines]) { name, line in
      if name.equalsIgnoringCase("diversion") { write(line) }
    }
  }

  private mutating func writeOwnDiversion(_ facts: DiversionFacts) {
    write("Diversion: <sip:")
    write(facts.dn)
    write(byte: UInt8(ascii: "@"))
    write(facts.domain)
    write(">;reason=")
    write(FailureTable.diversionReason(after: facts.failure))
    write(";counter=")
    write(decimal: UInt64(facts.counter))
    write("\r\n")
  }

  /// Appends the History-Info lines of the INVITE, and the entries for the DN and its target.
  mutating func writeHistory(_ facts: DiversionFacts) {
    var last = facts.hasHistory ? writeEarlierHistory(facts) : .empty
    write("History-Info: ")
    if last.isEmpty {
      write("<sip:")
      write(facts.dn)
      write(byte: UInt8(ascii: "@"))
      write(facts.domain)
      write(">;index=1, ")
      last = ByteView("1")
    }
    write("<")
    let question = facts.target.position(of: UInt8(ascii: "?"), from: 0, to: facts.target.count)
    write(facts.target.view(from: 0, to: question))
    if !facts.isDirect {
      write(";cause=")
      write(decimal: FailureTable.historyCause(after: facts.failure))
    }
    write(facts.target.view(from: question, to: facts.target.count))
    write(">;index=")
    write(last)
    // Another user, or a contact of the same one (RFC 7044 5).
    write(facts.isDirect ? ".1;rc=" : ".1;mp=")
    write(last)
    write("\r\n")
  }

  /// Appends the INVITE's own History-Info lines; the index of the last entry.
  private mutating func writeEarlierHistory(_ facts: DiversionFacts) -> ByteView {
    var last = ByteView.empty
    HeaderLines.forEach(in: facts.invite[facts.envelope.headerLines]) { name, line in
      guard name.equalsIgnoringCase("history-info") else { return }
      write(line)
      RouteValues.forEach(in: line) { value in
        guard let entry = NameAddress(line[value]),
          let index = entry.parameter("index", in: line[value])
        else { return }
        last = index
      }
    }
    return last
  }
}

/// Walks header lines, each of which is one line with its line end.
enum HeaderLines {
  /// Shows every line: its name, and the whole line.
  static func forEach(in lines: ByteView, _ body: (ByteView, ByteView) -> Void) {
    var start = 0
    while start < lines.count {
      let end = min(lines.count, lines.position(of: 0x0A, from: start, to: lines.count) + 1)
      let colon = lines.position(of: UInt8(ascii: ":"), from: start, to: end)
      if colon < end {
        body(lines.view(from: start, to: colon).trimmed, lines.view(from: start, to: end))
      }
      start = end
    }
  }

  /// The value of a line.
  static func value(of line: ByteView) -> ByteView {
    let colon = line.position(of: UInt8(ascii: ":"), from: 0, to: line.count)
    guard colon < line.count else { return .empty }
    var end = line.count
    while end > colon + 1, line[end - 1] == 0x0D || line[end - 1] == 0x0A { end -= 1 }
    return line.view(from: colon + 1, to: end).trimmed
  }
}
