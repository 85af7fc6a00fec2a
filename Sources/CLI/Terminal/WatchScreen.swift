// The full-screen view of `watch`.
//
// States: closed, open. While open, the terminal shows its other screen without a cursor.
// Invariants: `close` restores the terminal and may be called twice; a picture is written with one
// write, so that it does not flicker; nothing is written beyond the terminal's rows and columns.

internal import Wire

/// Draws calls, agents, queues and the last events over the whole terminal.
struct WatchScreen {
  private var events: [String] = []
  private var isOpen = false
  private let colour = Console.hasColour

  /// How many events are remembered.
  private static let eventsMax = 200

  /// Switches to the other screen and hides the cursor.
  mutating func open() {
    Console.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    isOpen = true
  }

  /// Restores the terminal.
  mutating func close() {
    guard isOpen else { return }
    isOpen = false
    Console.write("\u{1B}[?25h\u{1B}[?1049l")
  }

  /// Remembers an event; it is drawn with the next picture.
  mutating func add(event: JSONValue) {
    events.append(EventLine.text(event))
    if events.count > Self.eventsMax { events.removeFirst(events.count - Self.eventsMax) }
  }

  /// Draws.
  func show(_ picture: JSONValue, summary: String) {
    let size = Console.size
    let name = picture["name"]?.string ?? "pointsman"
    let time = Human.timeOfDay(picture["time"]?.string ?? "").prefix(8)
    var lines = [heading("\(name)  \(time)  \(summary)"), ""]
    let room = max(size.rows - lines.count - 1, 4)
    let calls = ListVerbs.callTable(picture).lines
    let agents = ListVerbs.agentTable(picture).lines
    let queues = ListVerbs.queueTable(picture).lines
    // Events get a third of the screen; the tables share what is left, agents first.
    let forEvents = max(room / 3, 3)
    var left = room - forEvents
    let agentPart = part(agents, of: left * 2 / 3)
    left -= agentPart.count
    let queuePart = part(queues, of: max(left / 3, 2))
    left -= queuePart.count
    let callPart = part(calls, of: left)
    for section in [callPart, agentPart, queuePart] where !section.isEmpty {
      lines.append(heading(section[0]))
      lines += section.dropFirst()
      lines.append("")
    }
    let rows = max(size.rows - lines.count - 2, 0)
    lines.append(heading("LAST EVENTS"))
    lines += events.suffix(rows)
    draw(lines, size: size)
  }

  /// The first lines of a table that fit, with a word about those that do not.
  private func part(_ lines: [String], of room: Int) -> [String] {
    // One line is kept for the blank one that follows.
    let most = max(room - 1, 2)
    guard lines.count > most else { return lines }
    return lines.prefix(most - 1) + ["… and \(lines.count - most + 1) more"]
  }

  private func heading(_ text: String) -> String { colour ? "\u{1B}[1m" + text : text }

  private func draw(_ lines: [String], size: (rows: Int, columns: Int)) {
    var text = "\u{1B}[H"
    for line in lines.prefix(size.rows - 1) {
      let escape = line.hasPrefix("\u{1B}[1m")
      let plain = escape ? String(line.dropFirst(4)) : line
      let cut = plain.cut(to: size.columns)
      text += escape ? "\u{1B}[1m\(cut)\u{1B}[0m" : cut
      text += "\u{1B}[K\r\n"
    }
    Console.write(text + "\u{1B}[J")
  }
}
