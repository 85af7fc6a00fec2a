// A call's messages drawn as a ladder, the way people draw them on paper.
//
// The caller is on the left, we are in the middle, whoever the call was sent to is on the right: a
// party is a user at an address, however many dialogs he had, so that a phone that is tried twice
// has one line. There are two lines on the right at most; the third party takes the line on
// which nothing was said for longest, and is named where it does. Messages stand in the order in
// which they came and were sent; a remark stands before the messages that it brought about.

/// Draws a ladder.
package struct Ladder {
  /// Something that happened between messages.
  package struct Remark: Sendable, Hashable {
    /// When, in nanoseconds since 1970.
    package var time: UInt64
    /// What.
    package var text: String

    /// Makes a remark.
    package init(_ time: UInt64, _ text: String) {
      self.time = time
      self.text = text
    }
  }

  /// How a ladder is drawn.
  package struct Style: Sendable, Hashable {
    /// The greatest number of columns.
    package var width = 100
    /// Whether only ASCII may be used.
    package var isASCII = false

    /// Makes the standard style.
    package init() {}
  }

  /// What is drawn of one message.
  private struct Step {
    var message: CallMessage
    var summary: CallMessage.Summary
    /// Who is on the other side: an index into `parties`; 0 is the caller.
    var party: Int
    var isRepeated: Bool
  }

  private struct Party: Hashable {
    var name: String
    var address: String
    /// What carries his messages; empty: datagrams.
    var transport: String

    var headings: [String] { [name, address, transport] }
  }

  private static let targetLanesMax = 2
  /// Where the caller's line stands: behind the time of day.
  private static let firstColumn = 14
  private static let laneDistanceMax = 34
  /// What is kept free for the address over the last line.
  private static let lastHeading = 21
  /// A silence that is shown.
  private static let silence: UInt64 = 1_000_000_000

  private let style: Style
  private var steps: [Step] = []
  private var parties: [Party] = []
  private var columns: [Int] = []
  private var rows: [String] = []
  /// Who stands on each line of the right side, and when something was said there last.
  private var owners: [(party: Int, lastStep: Int)] = []
  private var time: UInt64?

  /// The lines of a ladder.
  ///
  /// - Parameters:
  ///   - messages: The messages, in their order.
  ///   - remarks: What happened between them, in the order of time.
  ///   - lost: How many messages are missing, and behind how many.
  ///   - style: How it is drawn.
  /// - Returns: Lines of `style.width` columns at most.
  package static func lines(
    of messages: [CallMessage],
    remarks: [Remark] = [],
    lost: (count: Int, after: Int) = (0, 0),
    style: Style = Style()
  ) -> [String] {
    var ladder = Ladder(messages, style)
    ladder.drawHead()
    ladder.drawBody(remarks, lost)
    return ladder.rows
  }

  private init(_ messages: [CallMessage], _ style: Style) {
    self.style = style
    var known: [String: Int] = [:]
    var seen: Set<CallMessage.Identity> = []
    for message in messages {
      let summary = message.summary
      let party = known[summary.callID] ?? meet(message, summary)
      known[summary.callID] = party
      let isRepeated = !seen.insert(message.identity).inserted
      steps.append(
        Step(message: message, summary: summary, party: party, isRepeated: isRepeated)
      )
    }
    let lanes = 2 + min(Self.targetLanesMax, max(0, parties.count - 1))
    let room = style.width - Self.firstColumn - Self.lastHeading
    let distance = max(8, min(Self.laneDistanceMax, room / (lanes - 1)))
    columns = (0..<lanes).map { Self.firstColumn + $0 * distance }
    owners = (0..<lanes - 2).map { ($0 + 1, -1) }
  }

  /// Who is on the other side of a dialog that begins here.
  private mutating func meet(_ message: CallMessage, _ summary: CallMessage.Summary) -> Int {
    let isTarget = !parties.isEmpty
    // What we send to a target is addressed to it; what comes from a caller is from him.
    let user = message.isReceived == (summary.status == 0) ? summary.from : summary.to
    let party = Party(
      name: plain(isTarget ? user : "caller \(user)"),
      address: plain(message.peer),
      transport: message.transport == "udp" ? "" : plain(message.transport)
    )
    if isTarget, let index = parties[1...].firstIndex(of: party) { return index }
    parties.append(party)
    return parties.count - 1
  }

  // MARK: Rows

  private mutating func drawHead() {
    let own = Party(
      name: "Pointsman",
      address: plain(steps.first?.message.own ?? ""),
      transport: ""
    )
    let nobody = Party(name: "", address: "", transport: "")
    let standing = [parties.first ?? nobody, own] + owners.map { parties[$0.party] }
    for line in own.headings.indices {
      var row = Row()
      for (lane, party) in standing.enumerated() {
        row.put(heading(party.headings[line], lane), at: columns[lane])
      }
      if !row.isEmpty { rows.append(row.text) }
    }
  }

  private mutating func drawBody(_ remarks: [Remark], _ lost: (count: Int, after: Int)) {
    var next = 0
    for (index, step) in steps.enumerated() {
      while next < remarks.count, comesFirst(remarks[next], index) {
        draw(remarks[next])
        next += 1
      }
      if lost.count > 0, lost.after == index { drawLost(lost.count) }
      takeLane(of: step, index)
      draw(step)
    }
    for remark in remarks[next...] { draw(remark) }
  }

  /// Whether a remark stands before a message.
  ///
  /// Of what bears the same time, all that was received comes first, then what that brought about,
  /// then what was sent because of it; but a 100 says only that its request is here.
  private func comesFirst(_ remark: Remark, _ index: Int) -> Bool {
    let time = steps[index].message.time
    guard remark.time == time else { return remark.time < time }
    let isFollowed = steps[index...].prefix { $0.message.time == time }.contains {
      $0.message.isReceived
    }
    return !isFollowed && steps[index].summary.status != 100
  }

  private mutating func draw(_ remark: Remark) {
    drawSilence(until: remark.time)
    var row = rung(at: Self.timeOfDay(remark.time))
    let text = "* " + plain(remark.text)
    row.put(text.cut(to: style.width - Self.firstColumn - 2, style), at: Self.firstColumn + 2)
    rows.append(row.text)
  }

  private mutating func drawLost(_ count: Int) {
    var row = rung(at: "")
    let text = "* \(count) messages in between are not kept"
    row.put(text, at: Self.firstColumn + 2)
    rows.append(row.text)
  }

  private mutating func drawSilence(until next: UInt64) {
    defer { time = max(time ?? 0, next) }
    guard let time, next >= time + Self.silence else { return }
    let milliseconds = (next - time) / 1_000_000
    let fraction = "\(1_000 + milliseconds % 1_000)".dropFirst()
    let text = "+\(milliseconds / 1_000).\(fraction) s"
    rows.append(rung(at: String(repeating: " ", count: max(0, 12 - text.count)) + text).text)
  }

  /// Makes way on the right for whoever has no line of his own.
  private mutating func takeLane(of step: Step, _ index: Int) {
    guard step.party > 0 else { return }
    if let lane = owners.firstIndex(where: { $0.party == step.party }) {
      owners[lane].lastStep = index
      return
    }
    guard let lane = owners.indices.min(by: { owners[$0].lastStep < owners[$1].lastStep }) else {
      return
    }
    owners[lane] = (step.party, index)
    for text in parties[step.party].headings where !text.isEmpty {
      var row = rung(at: "")
      row.put(heading(text, lane + 2), at: columns[lane + 2])
      rows.append(row.text)
    }
  }

  private mutating func draw(_ step: Step) {
    drawSilence(until: step.message.time)
    var row = rung(at: Self.timeOfDay(step.message.time))
    let lane = step.party == 0 ? 0 : (owners.firstIndex { $0.party == step.party } ?? 0) + 2
    let from = columns[min(lane, 1)] + 1
    let count = columns[max(lane, 1)] - from
    let pointsRight = step.message.isReceived == (lane == 0)
    row.put(arrow(label(step, count - 5), count, pointsRight: pointsRight), at: from)
    rows.append(row.text)
  }

  /// A row with a time of day and every line.
  private func rung(at time: String) -> Row {
    var row = Row()
    row.put(time, at: 0)
    for column in columns { row.put(style.isASCII ? "|" : "│", at: column) }
    return row
  }

  private func arrow(_ label: String, _ count: Int, pointsRight: Bool) -> String {
    let dash = style.isASCII ? "-" : "─"
    let dashes = String(repeating: dash, count: max(1, count - label.count - 4))
    return pointsRight
      ? "\(dash) \(label) \(dashes)\(style.isASCII ? ">" : "▶")"
      : "\(style.isASCII ? "<" : "◀")\(dashes) \(label) \(dash)"
  }

  private func label(_ step: Step, _ room: Int) -> String {
    let summary = step.summary
    var text: String
    if summary.status > 0 {
      text = "\(summary.status) \(summary.reason)"
    } else if summary.method == "INVITE" {
      text = summary.isInDialog ? "re-INVITE" : "INVITE \(summary.user)"
    } else {
      text = summary.method
    }
    var ending = ""
    if summary.status > 0, summary.method != "INVITE" { ending += " (\(plain(summary.method)))" }
    if summary.bodyType == "application/sdp" {
      ending += " SDP"
    } else if !summary.bodyType.isEmpty {
      ending += " \(plain(summary.bodyType))"
    }
    if step.isRepeated { ending += " again" }
    return (plain(text).cut(to: max(4, room - ending.count), style) + ending).cut(to: room, style)
  }

  // MARK: Text

  /// What stands over a line: as far as the next one, or the end.
  private func heading(_ text: String, _ lane: Int) -> String {
    let end = lane + 1 < columns.count ? columns[lane + 1] - 1 : style.width
    return text.cut(to: end - columns[lane], style)
  }

  /// What may be drawn of text from outside.
  private func plain(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar -> Character in
        let isPlain = scalar.value >= 0x20 && scalar.value < 0x7F
        let mayStand = isPlain || (!style.isASCII && scalar.value > 0xA0)
        return mayStand ? Character(scalar) : "?"
      }
    )
  }

  /// `13:50:01.123`, in UTC.
  private static func timeOfDay(_ time: UInt64) -> String {
    let milliseconds = time / 1_000_000 % 86_400_000
    func digits(_ number: UInt64, _ count: Int) -> String {
      let text = "\(number)"
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return digits(milliseconds / 3_600_000, 2) + ":" + digits(milliseconds / 60_000 % 60, 2) + ":"
      + digits(milliseconds / 1_000 % 60, 2) + "." + digits(milliseconds % 1_000, 3)
  }

  /// A line that is written to by columns.
  private struct Row {
    private var cells: [Character] = []

    mutating func put(_ text: String, at column: Int) {
      var place = column
      for character in text {
        while cells.count <= place { cells.append(" ") }
        cells[place] = character
        place += 1
      }
    }

    var isEmpty: Bool { cells.isEmpty }

    var text: String {
      var cells = cells
      while cells.last == " " { cells.removeLast() }
      return String(cells)
    }
  }
}

extension CallMessage {
  /// What makes two messages the same one, sent twice.
  fileprivate struct Identity: Hashable {
    var isReceived: Bool
    var peer: String
    var bytes: [UInt8]
  }

  fileprivate var identity: Identity {
    Identity(isReceived: isReceived, peer: peer, bytes: bytes)
  }
}

extension String {
  /// The text, cut to a width.
  fileprivate func cut(to width: Int, _ style: Ladder.Style) -> String {
    guard count > width else { return self }
    let mark = style.isASCII ? "~" : "…"
    return width < 1 ? "" : prefix(width - 1) + mark
  }
}
