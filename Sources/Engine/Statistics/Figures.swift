// What `Statistics` counts, per device, agent and strategy.

/// Waits of one kind.
public struct WaitFigures: Sendable, Hashable, Codable {
  /// How many.
  public private(set) var count: UInt64 = 0
  /// Their sum in nanoseconds.
  public private(set) var nanoseconds: UInt64 = 0
  /// The longest in nanoseconds.
  public private(set) var longest: UInt64 = 0

  mutating func add(_ wait: UInt64) {
    count += 1
    nanoseconds += wait
    longest = max(longest, wait)
  }
}

/// The calls present at a device, oldest first.
///
/// Calls leave mostly from the front; whoever leaves from the middle is skipped later.
struct Arrivals: Sendable, Codable {
  private struct Arrival: Sendable, Codable {
    var call: ConnID
    var time: UInt64
  }

  private var order: [Arrival?] = []
  private var places = Lookup<ConnID, Int>()
  private var first = 0

  var count: Int { places.count }

  mutating func append(_ call: ConnID, at time: UInt64) {
    remove(call)
    places[call] = order.count
    order.append(Arrival(call: call, time: time))
  }

  mutating func remove(_ call: ConnID) {
    guard let place = places.remove(call) else { return }
    order[place] = nil
    while first < order.count, order[first] == nil { first += 1 }
    guard first > 1_024, first * 2 > order.count else { return }
    order.removeFirst(first)
    first = 0
    for (place, entry) in order.enumerated() {
      if let entry { places[entry.call] = place }
    }
  }

  mutating func rename(_ call: ConnID, to connID: ConnID) {
    guard let place = places.remove(call), let entry = order[place] else { return }
    order[place] = Arrival(call: connID, time: entry.time)
    places[connID] = place
  }

  /// When the oldest of them came.
  var oldest: UInt64? { first < order.count ? order[first]?.time : nil }
}

/// The figures of a routing point, a queue or a virtual queue (DOMAIN 5).
public struct DeviceFigures: Sendable, Codable {
  /// Its DN.
  public let dn: DN
  /// CallEntered: every EventQueued, that of a call which comes back included.
  public internal(set) var entered: UInt64 = 0
  /// Those of them that came back from a phone that was not answered.
  public internal(set) var returned: UInt64 = 0
  /// CallDistributed: EventDiverted, unless the call was cleared.
  public internal(set) var distributed: UInt64 = 0
  /// Those of them that overflowed (CallState 20).
  public internal(set) var overflowed: UInt64 = 0
  /// CallAbandoned while waiting.
  public internal(set) var abandoned: UInt64 = 0
  /// Those of them within the threshold that the service factor leaves out.
  public internal(set) var abandonedEarly: UInt64 = 0
  /// CallCleared: left a virtual queue unserved (CallState 22).
  public internal(set) var cleared: UInt64 = 0
  /// Refused: EventReleased at the device.
  public internal(set) var refused: UInt64 = 0
  /// Routes of the default route (RouteType 1).
  public internal(set) var defaulted: UInt64 = 0
  /// Routes that refused the call (RouteType 7).
  public internal(set) var rejected: UInt64 = 0
  /// CallAnswered: established on a leg that came from here.
  public internal(set) var answered: UInt64 = 0
  /// Those of them within the threshold of the service factor.
  public internal(set) var answeredEarly: UInt64 = 0
  /// CallMissed: a phone rang and nobody answered (RONA).
  public internal(set) var missed: UInt64 = 0
  /// CallAbandonedFromRinging.
  public internal(set) var abandonedRinging: UInt64 = 0
  /// Waits of distributed calls.
  public internal(set) var distributedWait = WaitFigures()
  /// Waits of abandoned calls.
  public internal(set) var abandonedWait = WaitFigures()
  /// Times from entering to the answer.
  public internal(set) var answeredWait = WaitFigures()
  var arrivals = Arrivals()

  init(_ dn: DN) { self.dn = dn }

  /// CallsInQueue: calls that are there now.
  public var present: Int { arrivals.count }

  /// CurrMaxCallWaitingTime: how long the oldest of them has been there, in nanoseconds.
  public func longestPresent(at time: UInt64) -> UInt64 {
    arrivals.oldest.map { time > $0 ? time - $0 : 0 } ?? 0
  }

  /// Answered within T1 over (answered + abandoned, less those within T2), per mille.
  public var serviceFactor: UInt64? {
    let all = answered + abandoned - abandonedEarly
    return all == 0 ? nil : 1_000 * answeredEarly / all
  }
}

/// The figures of an agent.
public struct AgentFigures: Sendable, Codable {
  enum State: Sendable, Codable {
    case loggedOut
    case notReady
    case ready
    case afterCallWork
  }

  private struct Times: Sendable, Codable {
    var notReady: UInt64 = 0
    var ready: UInt64 = 0
    var afterCallWork: UInt64 = 0
  }

  /// The login id.
  public let id: AgentID
  /// Calls answered.
  public internal(set) var callsTaken: UInt64 = 0
  /// Calls that rang and were not answered (RONA).
  public internal(set) var missed: UInt64 = 0
  /// Calls that rang and failed in another way.
  public internal(set) var refused: UInt64 = 0
  /// Calls whose caller hung up while they rang.
  public internal(set) var abandonedRinging: UInt64 = 0
  /// Ringing time.
  public internal(set) var ringNanoseconds: UInt64 = 0
  /// Talking time of calls that have ended.
  public internal(set) var talkNanoseconds: UInt64 = 0
  private var times = Times()
  private(set) var state = State.loggedOut
  private var since: UInt64 = 0

  init(_ id: AgentID) { self.id = id }

  mutating func change(to next: State, at time: UInt64) {
    let passed = time &- since
    switch state {
    case .loggedOut: break
    case .notReady: times.notReady += passed
    case .ready: times.ready += passed
    case .afterCallWork: times.afterCallWork += passed
    }
    state = next
    since = time
  }

  /// Time in ready, whether a call engaged him or not, up to a moment.
  public func readyNanoseconds(at time: UInt64) -> UInt64 {
    times.ready + (state == .ready ? time &- since : 0)
  }

  /// Time in not ready other than after-call work, up to a moment.
  public func notReadyNanoseconds(at time: UInt64) -> UInt64 {
    times.notReady + (state == .notReady ? time &- since : 0)
  }

  /// Time in after-call work, up to a moment.
  public func afterCallWorkNanoseconds(at time: UInt64) -> UInt64 {
    times.afterCallWork + (state == .afterCallWork ? time &- since : 0)
  }

  /// Time logged in, up to a moment.
  public func loginNanoseconds(at time: UInt64) -> UInt64 {
    readyNanoseconds(at: time) + notReadyNanoseconds(at: time)
      + afterCallWorkNanoseconds(at: time)
  }
}

/// The figures of a strategy.
public struct StrategyFigures: Sendable, Hashable, Codable {
  /// Its name; empty: none.
  public let name: String
  /// Calls that it routed.
  public internal(set) var routed: UInt64 = 0
  /// Calls that took the default route instead.
  public internal(set) var defaulted: UInt64 = 0
  /// Calls that were refused.
  public internal(set) var rejected: UInt64 = 0

  init(_ name: String) { self.name = name }
}
