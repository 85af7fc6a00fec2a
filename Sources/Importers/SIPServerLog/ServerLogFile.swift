// One log file: SIP messages, links between dialogs and calls, and T-Library dumps, as they come.
//
// States: between items; in a SIP message, which is as long as its line says, each line feed
// counting two; in a dump, which ends with the first line that does not begin with a tab.
// Source: DOMAIN 6.3 to 6.6.

/// What a log says, item by item.
struct ServerLogItem {
  enum Kind {
    /// A SIP message that the server received or sent.
    case sip(bytes: [UInt8], peer: String, isReceived: Bool, transport: String)
    /// A dialog belongs to a call.
    case link(callID: String, uuid: String)
    /// T-Library announced something.
    case event(TLibraryEvent)
  }

  /// Nanoseconds since 1970.
  var at: Int64
  var line: Int
  var kind: Kind
}

/// Reads one log file.
struct ServerLogFile {
  let path: String
  private let file: InputFile
  private var clock: LogClock
  private var held: [UInt8]?
  /// Lines that could not be used since the last item.
  var broken: [(line: Int, reason: String)] = []
  /// How often duplicates of requests for the other server of a pair were passed over.
  private(set) var copies = 0
  private(set) var requests = 0

  /// Opens a file whose date is known.
  init(_ path: String, zone: Int64?) throws(ImportError) {
    self.path = path
    clock = LogClock(zone: zone)
    let look = try LogPreview(path)
    if let west = look.secondsWest { clock.header(secondsWest: west) }
    if let local = look.local {
      clock.begin(local, firstTime: look.firstTime)
    } else if let instant = look.instant, let time = look.timeOfInstant {
      // Only dumps say what day it is, in UTC: the zone is what the clock differs by.
      let quarter = 900 * ClockText.second
      let difference = time - instant % ClockText.day + 3 * ClockText.day / 2 + quarter / 2
      let east = difference % ClockText.day / quarter * quarter - ClockText.day / 2
      if clock.zone == nil { clock.header(secondsWest: -east / ClockText.second) }
      clock.begin(instant + (clock.zone ?? 0) * ClockText.second, firstTime: look.firstTime)
    } else if look.firstTime != nil {
      throw ImportError(
        "\(path):1: nothing in this log says the date: no header, no line with a date, no check "
          + "point, and no name like …20260202_135459…"
      )
    }
    file = try InputFile(path)
  }

  var offset: UInt64 { file.offset }
  var size: UInt64 { file.size }
  var lines: Int { file.lines }
  var zone: Int64? { clock.zone }

  /// The next item; nil at the end.
  mutating func next() throws(ImportError) -> ServerLogItem? {
    while let bytes = try line() {
      if bytes.first == UInt8(ascii: "@") {
        if let item = try dump(bytes) { return item }
        continue
      }
      guard bytes.count >= 8, bytes.count < 100_000 else { continue }
      let text = LineText.decode(bytes).text[...]
      if let item = try timed(text) { return item }
    }
    return nil
  }

  private mutating func line() throws(ImportError) -> [UInt8]? {
    if let line = held {
      held = nil
      return line
    }
    return try file.nextLine()
  }

  // MARK: Lines with a time

  private mutating func timed(_ text: Substring) throws(ImportError) -> ServerLogItem? {
    if let local = LogPreview.isoTime(text) {
      clock.anchor(local)
      if text.contains(" Trc 04541 ") {
        requests += 1
        try request()
      }
      return nil
    }
    if let point = LogPreview.checkPoint(text) { clock.anchor(point) }
    if text.hasPrefix("message Request") {
      try attributes { _ in }
      return nil
    }
    if let block = SIPBlock(text) {
      guard let time = LogPreview.time(text[..<block.start].lastToken) else {
        broken.append((file.lines, "a SIP message whose line has no time"))
        return nil
      }
      let at = clock.instant(time)
      let number = file.lines
      guard let bytes = try message(block.count, from: number) else { return nil }
      return ServerLogItem(
        at: at,
        line: number,
        kind: .sip(
          bytes: bytes,
          peer: block.peer,
          isReceived: block.isReceived,
          transport: block.transport
        )
      )
    }
    guard let time = LogPreview.time(text.firstToken) else { return nil }
    let at = clock.instant(time)
    return link(text).map { ServerLogItem(at: at, line: file.lines, kind: $0) }
  }

  /// `CID:CUUID><Call-ID>:<CallUUID>:`, of older versions `CID:UUID>`.
  private func link(_ text: Substring) -> ServerLogItem.Kind? {
    guard let mark = text.firstIndex(of: ">") else { return nil }
    let before = text[..<mark]
    guard before.hasSuffix("CID:CUUID") || before.hasSuffix("CID:UUID") else { return nil }
    let parts = text[text.index(after: mark)...].split(separator: ":")
    guard parts.count >= 2, let uuid = parts.last?.trimmed, !uuid.isEmpty else { return nil }
    return .link(callID: parts.dropLast().joined(separator: ":"), uuid: String(uuid))
  }

  // MARK: SIP

  /// The message of so many bytes; a line feed in the file stands for two.
  private mutating func message(_ count: Int, from number: Int) throws(ImportError) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      guard let line = try file.nextLine() else {
        broken.append((number, "the log ends in a SIP message of \(count) bytes"))
        return nil
      }
      let left = count - bytes.count
      if line.count > left {
        // The next line of the log is glued to a body that has no line end.
        bytes += line[..<left]
        held = Array(line[left...])
        break
      }
      if !line.isEmpty,
        LogPreview.time(LineText.decode(line.prefix(14)).text[...].firstToken) != nil
      {
        broken.append((number, "a SIP message is shorter than the \(count) bytes that are said"))
        held = line
        return nil
      }
      bytes += line
      if bytes.count < count { bytes += [13, 10] }
    }
    return bytes
  }

  // MARK: T-Library

  private mutating func dump(_ bytes: [UInt8]) throws(ImportError) -> ServerLogItem? {
    let text = LineText.decode(bytes).text[...]
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard let time = words.first.flatMap({ LogPreview.time($0.dropFirst()) }) else {
      broken.append((file.lines, "a dump whose line has no time"))
      return nil
    }
    let at = clock.instant(time)
    let number = file.lines
    guard let place = words.firstIndex(of: "message"), place + 1 < words.count else {
      if text.contains("[BSYNC]") { copies += 1 } else { requests += 1 }
      try request()
      return nil
    }
    let isCopy = text.contains("[BSYNC]")
    if isCopy { copies += 1 }
    var event = TLibraryEvent(String(words[place + 1]))
    try attributes { event.take($0) }
    guard !isCopy, event.name.hasPrefix("Event") else { return nil }
    return ServerLogItem(at: event.instant ?? at, line: number, kind: .event(event))
  }

  /// A request of a client, or its copy: what follows belongs to it and is no event.
  private mutating func request() throws(ImportError) {
    guard let line = try line() else { return }
    guard LineText.decode(line.prefix(16)).text.hasPrefix("message Request") else {
      held = line
      return
    }
    try attributes { _ in }
  }

  /// The lines that begin with a tab.
  private mutating func attributes(_ body: (Substring) -> Void) throws(ImportError) {
    while let bytes = try line() {
      guard bytes.first == 9 else {
        held = bytes
        return
      }
      body(LineText.decode(bytes).text[...])
    }
  }
}

/// The line before a SIP message.
struct SIPBlock {
  var start: Substring.Index
  var count: Int
  var peer: String
  var transport: String
  var isReceived: Bool

  /// Reads `SIPTR: Received [0,UDP] 494 bytes from 10.0.0.1:5060 <<<<<` and the like.
  init?(_ text: Substring) {
    guard text.hasSuffix(">>>") || text.hasSuffix("<<<") else { return nil }
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count >= 7, let bytes = words.lastIndex(of: "bytes"), bytes >= 3,
      bytes + 2 < words.count, let count = Int(words[bytes - 1]), count > 0, count <= 1 << 20
    else { return nil }
    let verb = words[bytes - 3]
    isReceived = verb == "Received"
    guard isReceived || verb == "Sending" else { return nil }
    self.count = count
    peer = String(words[bytes + 2])
    transport =
      words[bytes - 2].split(separator: ",").last.map { String($0.prefix { $0 != "]" }) } ?? ""
    start = verb.startIndex
  }
}
