/// How a table is read, as far as its header does not say it.
public struct TableOptions: Sendable {
  /// The order of day and month in dates like 03/02/2021.
  public enum DateOrder: String, CaseIterable, Sendable {
    /// Day, month, year.
    case dmy
    /// Month, day, year.
    case mdy
  }

  /// What a row's outcome means.
  public enum Outcome: String, CaseIterable, Sendable {
    /// Somebody answered.
    case answered
    /// The caller gave up.
    case abandoned
    /// The row is no call.
    case ignored
  }

  /// What a column is for.
  public enum Role: String, CaseIterable, Sendable {
    /// When the call came, was answered, ended, left the line.
    case date, arrival, answered, ended, left
    /// How long the caller waited, how long they talked.
    case wait, service
    /// Who and what.
    case outcome, agent, queue, type, priority, customer, ani, dnis, call
  }

  /// Columns by role; several columns: the first that says something.
  public var columns: [Role: [String]] = [:]
  /// Columns that become user data, by the key.
  public var data: [(key: String, column: String)] = []
  /// What outcomes mean, by their text.
  public var outcomes: [String: Outcome] = [:]
  /// The order of day and month.
  public var dateOrder: DateOrder?
  /// The queue of calls when no column names it.
  public var queue = "queue"
  /// So many agents, who are always there, when no column names agents.
  public var agents: Int?
  /// The seconds of the day between which they are there; nil: always.
  public var shift: ClosedRange<Int64>?
  /// Durations are in thousandths of a second.
  public var isMilliseconds = false

  /// Makes options that say nothing.
  public init() {}

  /// Reads `arrival=q_start/vru_exit,data.line=vru`.
  ///
  /// - Throws: Which part of it is wrong.
  public mutating func map(_ text: String) throws(ImportError) {
    for part in text.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { throw ImportError("--map needs ROLE=COLUMN, not \"\(part)\"") }
      let columns = sides[1].split(separator: "/").map(String.init)
      if sides[0].hasPrefix("data."), let column = columns.first {
        data.append((String(sides[0].dropFirst(5)), column))
      } else if let role = Role(rawValue: String(sides[0])) {
        self.columns[role] = columns
      } else {
        let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
        throw ImportError("--map knows no \"\(sides[0])\"; it knows \(known) and data.KEY")
      }
    }
  }

  /// Reads `AGENT=answered,HANG=abandoned`.
  ///
  /// - Throws: Which part of it is wrong.
  public mutating func outcomes(_ text: String) throws(ImportError) {
    for part in text.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
      let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2, let outcome = Outcome(rawValue: sides[1]) else {
        throw ImportError("--outcome needs WORD=answered|abandoned|ignored, not \"\(part)\"")
      }
      outcomes[sides[0].lowercased()] = outcome
    }
  }

  /// Reads `08:00-18:00`.
  ///
  /// - Throws: When it is no such text.
  public mutating func shift(_ text: String) throws(ImportError) {
    let sides = text.split(separator: "-").map { ClockText.timeOfDay($0) }
    guard sides.count == 2, let from = sides[0], let until = sides[1], from < until else {
      throw ImportError("--shift needs FROM-UNTIL like 08:00-18:00, not \"\(text)\"")
    }
    shift = from / 1_000_000_000...until / 1_000_000_000
  }
}

extension TableOptions.Role {
  /// Headers that clearly say this, in lower case without anything but letters and digits.
  var names: [[String]] {
    switch self {
    case .date: [["date", "day", "calldate"]]
    case .arrival:
      [
        [
          "arrival", "arrivaltime", "arrived", "arrivedat", "callstarted", "enqueued", "entered",
          "enterqueue", "starttime", "started", "timestamp", "datetime", "calltime", "time",
          "qstart",
        ],
        ["vruexit"],
      ]
    case .answered:
      [
        [
          "answered", "answeredat", "answertime", "callanswered", "connected", "connecttime",
          "serstart",
        ]
      ]
    case .ended:
      [["ended", "endedat", "endtime", "callended", "hangup", "completed", "finished", "serexit"]]
    case .left: [["left", "leftat", "qexit"]]
    case .wait:
      [
        [
          "wait", "waitlength", "waittime", "waitseconds", "waits", "waitms", "waiting", "holdtime",
          "queuetime", "qtime", "waitingtime",
        ]
      ]
    case .service:
      [
        [
          "service", "servicelength", "servicetime", "talk", "talktime", "talkseconds", "talkms",
          "servicems", "handletime", "sertime", "conversation",
        ]
      ]
    case .outcome: [["outcome", "result", "status", "disposition"]]
    case .agent: [["agent", "agentid", "agentname", "server", "operator", "answeredby"]]
    case .queue: [["queue", "queuename", "acdqueue"]]
    case .type: [["type", "calltype", "category", "servicetype"]]
    case .priority: [["priority"]]
    case .customer: [["customer", "customerid"]]
    case .ani: [["ani", "caller", "callerid", "callernumber", "clid"]]
    case .dnis: [["dnis", "callednumber", "dialled", "dialed"]]
    case .call: [["callid", "call", "uniqueid", "id"]]
    }
  }
}
