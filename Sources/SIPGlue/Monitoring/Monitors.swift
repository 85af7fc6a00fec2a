// Whether the phones with a fixed contact are there: asked by OPTIONS, now and then.
//
// States of a DN: in service (also before the first answer) → out of service after so many
// questions without an answer, one after the other → in service with the first answer.
// A question is unanswered when its time is over or the next one is due; 408 and 503 are no
// answers, since somebody else on the way may have said them.
//
// Invariants: at most one question for each DN is under way; while one is watched it is armed; the
// first questions after a start are spread over the interval. Who may change it: `SIPSwitch` only.
// Source: DOMAIN 6.1 (oos-check, oos-force, recovery-timeout); RFC 3261 11.

internal import Engine

/// How a fixed contact is watched.
public struct MonitorPlan: Sendable, Hashable {
  /// How often it is asked while it is in service.
  public var interval: Duration
  /// After how many unanswered questions it is out of service.
  public var failures: Int
  /// How often it is asked while it is out of service.
  public var recovery: Duration

  /// Makes a plan.
  public init(
    interval: Duration = .seconds(30),
    failures: Int = 2,
    recovery: Duration = .seconds(30)
  ) {
    self.interval = interval
    self.failures = failures
    self.recovery = recovery
  }
}

/// The fixed contacts that are watched.
struct Monitors: Sendable {
  struct Watch: Sendable {
    var dn: DN
    var uri: String
    var plan: MonitorPlan
    /// The question under way.
    var question: TransactionHandle?
    var misses = 0
    var isOut = false
    var hasBegun = false
    var sequence: UInt32 = 0

    /// When to ask again.
    var pause: Duration { isOut ? plan.recovery : plan.interval }
  }

  var watches: [Watch] = []
  private var deadlines: DeadlineHeap

  /// Watches those that have a plan.
  init(_ extensions: [RegistrarExtension]) {
    for item in extensions {
      guard let uri = item.contact, let plan = item.monitor else { continue }
      watches.append(Watch(dn: item.dn, uri: uri, plan: plan))
    }
    deadlines = DeadlineHeap(slotCount: watches.count)
    for index in watches.indices { deadlines.arm(index, at: .zero) }
  }

  /// When the next question is due.
  var nextDeadline: Instant? { deadlines.nextDeadline }

  /// The pause is another one from now on.
  mutating func armAgain(_ index: Int, at now: Instant) {
    deadlines.arm(index, at: now + watches[index].pause)
  }

  /// The next DN that is to be asked now; armed again for the next question.
  mutating func popDue(at now: Instant) -> Int? {
    while let (index, _) = deadlines.popDue(at: now) {
      if watches[index].hasBegun {
        deadlines.arm(index, at: now + watches[index].pause)
        return index
      }
      watches[index].hasBegun = true
      let share = watches[index].plan.interval * index / watches.count
      deadlines.arm(index, at: now + share)
    }
    return nil
  }
}
