internal import Engine

/// How a recorded call ended.
enum FactEnd: UInt8, Sendable {
  /// Somebody answered, and the conversation came to its end.
  case answered
  /// Somebody answered, and the recording ends before the conversation does.
  case talking
  /// The caller gave up.
  case abandoned
  /// The line failed before anybody answered.
  case failed
  /// The engine ended it.
  case refused
  /// A redirect sent it out of sight.
  case redirected
  /// It still waits where the recording ends.
  case waiting

  /// Whether somebody answered.
  var isAnswered: Bool { self == .answered || self == .talking }
}

/// What a recording says about one call, apart from what it brought along.
struct CallFact: Sendable {
  var connID: ConnID
  /// When it came, in nanoseconds.
  var offered: UInt64
  /// How long it waited: until it was answered, or until its end.
  var wait: UInt64 = 0
  /// How long the conversation was.
  var talk: UInt64 = 0
  /// From the diversion until the phone rang; `never` when nobody said so.
  var rang: UInt64 = Self.never
  /// From the diversion until the answer.
  var pick: UInt64 = 0
  /// Who answered, or where it was sent last: an index of `Facts.targets`; negative: nobody knows.
  var target: Int32 = -1
  var group: UInt16 = 0
  var end = FactEnd.waiting
  var by = ReleasedBy.caller

  static let never = UInt64.max

  init(_ connID: ConnID, offered: UInt64) {
    self.connID = connID
    self.offered = offered
  }
}

/// What happened to a call besides: failed attempts, treatments, headers.
struct CallExtras: Sendable {
  /// A diversion that came to nothing.
  struct Attempt: Sendable {
    var target: Int32
    /// From the diversion until the phone rang; `never`: it did not.
    var rang = CallFact.never
    /// Until it failed; `never`: the engine took it back.
    var failed = CallFact.never
    var reason = RouteFailure.noAnswer
    /// What the target said, if it said something.
    var status: UInt16?
  }

  /// Something that the caller heard.
  struct Heard: Sendable {
    /// What, as far as known; else "".
    var what = ""
    var applied = CallFact.never
    var ended = CallFact.never
    var digits: String?
    var wasInterrupted = false
    /// Why it could not be given.
    var reason: String?
    /// When it was asked for.
    var began: UInt64 = 0
    var number: UInt32 = 0
  }

  /// A header that was read.
  struct Header: Sendable {
    /// Which, as far as known; else "".
    var name: String
    var value: String?
  }

  var attempts: [Attempt] = []
  var heard: [Heard] = []
  var headers: [Header] = []

  var isEmpty: Bool { attempts.isEmpty && heard.isEmpty && headers.isEmpty }
}

/// A time in which an agent was there for the system and did not answer.
struct Absence: Sendable {
  /// When the first phone rang in vain.
  var from: UInt64
  /// When he answered again, or sent anything.
  var until: UInt64
  /// How long it rang; `never`: until the engine took the call back.
  var rings: UInt64
}

/// Names by number.
struct Names: Sendable {
  private(set) var texts: [String] = []
  private var numbers: [String: Int32] = [:]

  /// The number of a name, which may be new.
  mutating func number(of text: String) -> Int32 {
    if let number = numbers[text] { return number }
    let number = Int32(texts.count)
    texts.append(text)
    numbers[text] = number
    return number
  }

  /// Whether a name is known.
  func contains(_ text: String) -> Bool { numbers[text] != nil }

  /// The number of a name that is known.
  func known(_ text: String) -> Int32? { numbers[text] }

  /// A name; "" for a negative number.
  subscript(number: Int32) -> String { number >= 0 ? texts[Int(number)] : "" }
}

extension Destination {
  /// What reports call a destination at which no agent sits.
  var reportName: String {
    switch self {
    case .dn(let dn): "dn:" + dn.number
    case .trunk(let name, _): "trunk:" + name
    }
  }
}

/// Everything that one pass over a recording found; a value that runs share.
public struct Facts: Sendable {
  /// The calls in the order in which they came.
  var calls: [CallFact] = []
  /// What few calls have, by their place in `calls`.
  var extras: [Int32: CallExtras] = [:]
  /// Groups of callers: `user_data.type`, or the DN at which the call came.
  var groups = Names()
  /// Who answered: `agent:1001`, or where no agent sits `dn:7001`, `trunk:carrier`.
  var targets = Names()
  /// Who is mentioned by an agent request.
  var agents = Names()
  /// DNs whose coming into service or going out of it is in the recording.
  var switchedDNs = Names()
  /// When agents did not answer, by their number in `targets`, in order.
  var absences: [Int32: [Absence]] = [:]
  /// The time between a diversion and the answer, of some calls.
  var picks: [(rang: UInt64, pick: UInt64)] = []
  /// When the last line was.
  var end: UInt64 = 0
  /// When the first line was.
  var begin: UInt64 = 0
  /// Whether the steps of strategies are in it, so that it is exact to the nanosecond.
  var hasSteps = false
  /// Whether an engine's events are in it.
  var hasEvents = false
  /// Whether `control.start` is in it.
  var hasStart = false
  /// Seconds that agents were logged in, as far as the log-ins are in it.
  var staffSeconds = 0.0
  /// How many lines there are.
  public internal(set) var lines = 0
  /// Members that have no meaning here.
  public internal(set) var unknown: [String] = []

  /// How many calls there are.
  public var callCount: Int { calls.count }

  init() {}

  /// Whether somebody did not answer at that time.
  func absence(of target: Int32, at now: UInt64) -> Absence? {
    guard !absences.isEmpty, let all = absences[target] else { return nil }
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle].until <= now { low = middle + 1 } else { high = middle }
    }
    return low < all.count && all[low].from <= now ? all[low] : nil
  }

  static let picksMax = 4_096
}
