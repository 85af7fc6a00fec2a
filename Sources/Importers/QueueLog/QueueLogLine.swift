/// A line of a queue log, whichever form it came in.
struct QueueLogLine {
  /// Nanoseconds since 1970.
  var at: Int64
  var call: String
  var queue: String
  /// The agent as the log writes him; empty: none.
  var member: String
  var event: String
  var caller = ""
  var position = ""
  /// How long the phone rang.
  var ring: Int64?
  /// How long an agent was logged in.
  var loggedIn: Int64?
  /// A reason, a dialled number.
  var text = ""

  /// Reads the pipe form: `epoch|callid|queue|agent|event|data…`.
  ///
  /// - Throws: What is wrong with it.
  init(_ fields: [Substring]) throws(ImportError) {
    guard fields.count >= 5 else {
      throw ImportError("\(fields.count) fields; a line of a queue log has 5 or more")
    }
    guard Self.isEvent(fields[4]) else {
      let place = fields.firstIndex { Self.known.contains(String($0)) }
      throw ImportError(
        place.map { "the event \(fields[$0]) is in column \($0 + 1) and not in column 5" }
          ?? "\"\(fields[4].prefix(40))\" in column 5 is no event"
      )
    }
    guard let at = Self.instant(fields[0]) else {
      let place = fields.firstIndex { Self.instant($0) != nil && !$0.contains(".") }
      throw ImportError(
        "\"\(fields[0].prefix(40))\" is no time in seconds since 1970"
          + (place.map { ", which is in column \($0 + 1) and not in column 1" } ?? "")
      )
    }
    self.init(
      at: at,
      call: String(fields[1]),
      queue: Self.name(fields[2]),
      member: Self.name(fields[3]),
      event: String(fields[4])
    )
    take(fields[5...].map(String.init))
  }

  init(at instant: Int64, call: String, queue: String, member: String, event: String) {
    at = instant
    (self.call, self.queue, self.member, self.event) = (call, queue, member, event)
  }

  /// The data of the event, by their places (Asterisk's documentation of queue_log).
  mutating func take(_ data: [String]) {
    func value(_ index: Int) -> String { index < data.count ? data[index] : "" }
    func seconds(_ index: Int) -> Int64? { ClockText.decimal(value(index)[...]) }
    switch event {
    case "ENTERQUEUE": (caller, position) = (value(1), value(2))
    case "CONNECT": ring = seconds(2)
    case "RINGNOANSWER", "RINGCANCELED": ring = seconds(0).map { $0 / 1_000 }
    case "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY": position = value(0)
    case "EXITWITHKEY": (text, position) = (value(0), value(1))
    case "PAUSE", "PAUSEALL", "DID", "OUTDIAL": text = value(0)
    case "AGENTLOGIN", "AGENTCALLBACKLOGIN": text = value(0)
    case "AGENTLOGOFF", "AGENTCALLBACKLOGOFF": loggedIn = seconds(1)
    default: break
    }
  }

  /// A time in seconds since 1970 that can be one: 2000 to 2099.
  static func instant(_ text: Substring) -> Int64? {
    guard let value = ClockText.decimal(text), value >= 946_684_800 * ClockText.second,
      value < 4_102_444_800 * ClockText.second
    else { return nil }
    return value
  }

  static func name(_ text: Substring) -> String { text == "NONE" ? "" : String(text) }

  /// Events are words in capitals; versions add new ones.
  static func isEvent(_ text: Substring) -> Bool {
    known.contains(String(text))
      || (text.utf8.count >= 4 && text != "NONE" && text.utf8.allSatisfy { $0 >= 65 && $0 <= 90 })
  }

  static let known: Set<String> = [
    "ENTERQUEUE", "CONNECT", "COMPLETEAGENT", "COMPLETECALLER", "ABANDON", "EXITWITHTIMEOUT",
    "EXITWITHKEY", "EXITEMPTY", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "RINGNOANSWER",
    "RINGCANCELED", "ADDMEMBER", "REMOVEMEMBER", "AGENTLOGIN", "AGENTLOGOFF",
    "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL",
    "QUEUESTART", "CONFIGRELOAD", "DID", "INFO", "AGENTDUMP", "SYSCOMPAT", "PENALTY", "OUTDIAL",
    "OUTANSWER", "OUTCANCEL", "OUTCHANUNAVAIL", "OUTBUSY", "OUTNOANSWER", "OUTCONGESTION",
    "OUTTRANSFER",
  ]
}

/// The columns of a queue log that was exported from a database.
struct QueueLogColumns {
  private let at: Int
  private let call: Int
  private let queue: Int
  private let member: Int
  private let event: Int
  private let data: [Int]
  private let isPBXware: Bool
  private let columns: [String: Int]

  /// Finds the columns; nil when this is no header of a queue log.
  init?(_ header: [String]) {
    var columns: [String: Int] = [:]
    for (index, name) in header.enumerated() { columns[TableColumns.plain(name)] = index }
    func column(_ names: String...) -> Int? { names.compactMap { columns[$0] }.first }
    guard let call = column("callid"), let event = column("event", "verb"),
      let queue = column("queuename", "queue"),
      let at = column("datetime", "timeid", "epoch", "time", "created")
    else { return nil }
    isPBXware = columns["param1"] != nil
    guard let member = isPBXware ? column("type", "agent") : column("agent", "member") else {
      return nil
    }
    (self.at, self.call, self.queue, self.member, self.event) = (at, call, queue, member, event)
    data = (1...5).compactMap { columns["data\($0)"] }
    self.columns = columns
  }

  /// Reads a row.
  ///
  /// - Throws: What is wrong with it.
  func line(_ row: [Substring], zone: Int64) throws(ImportError) -> QueueLogLine {
    guard max(at, call, queue, member, event) < row.count else {
      throw ImportError("\(row.count) fields are too few")
    }
    var instant = QueueLogLine.instant(row[at])
    if instant == nil {
      instant = ClockText.instant(row[at], .dateAndTime(.yearMonthDay)).map {
        $0 - zone * ClockText.second
      }
    }
    guard let instant else {
      throw ImportError("\"\(row[at].prefix(40))\" is no time in seconds since 1970")
    }
    guard QueueLogLine.isEvent(row[event]) else {
      throw ImportError("\"\(row[event].prefix(40))\" in column \(event + 1) is no event")
    }
    var line = QueueLogLine(
      at: instant,
      call: String(row[call]),
      queue: QueueLogLine.name(row[queue]),
      member: QueueLogLine.name(row[member]),
      event: String(row[event])
    )
    guard isPBXware else {
      line.take(data.map { $0 < row.count ? String(row[$0]) : "" })
      return line
    }
    func value(_ name: String) -> String {
      columns[name].flatMap { $0 < row.count ? String(row[$0]) : nil } ?? ""
    }
    func seconds(_ name: String) -> Int64? { ClockText.decimal(value(name)[...]) }
    switch line.event {
    case "ENTERQUEUE": (line.caller, line.position) = (value("param1"), value("entpos"))
    case "CONNECT": line.ring = seconds("param3")
    case "RINGNOANSWER", "RINGCANCELED": line.ring = seconds("htime").map { $0 / 1_000 }
    case "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY": line.position = value("expos")
    case "AGENTLOGOFF", "AGENTCALLBACKLOGOFF": line.loggedIn = seconds("ttime")
    default: line.text = value("param1")
    }
    return line
  }
}
