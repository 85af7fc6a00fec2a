// The second pass knows what an agent did; this says when he was there.
//
// Where the files do not say when somebody logs in, it follows from what he did: he is there from
// his first call to his last, and a pause of four hours ends a shift. He is on a break in a pause
// of more than two minutes in which a caller whom he could have served waited for more than three
// seconds: otherwise he would have got that caller. Shorter pauses that begin while a caller waits
// are after-call work; their mean is that of the queue, because it follows a call and not a clock.
//
// Invariants: an agent who talks is there; `idle` and `waiting` hold no more than twice what is
// true, stale entries are swept. Who may change it: `RecordingMaker`. Source: docs/import.md.

/// When an agent was there.
struct Presence {
  /// A pause so long ends a shift.
  static let shiftGap: Int64 = 4 * 3_600 * 1_000_000_000
  /// A caller who waits so long would have got an agent who was ready.
  static let notice: Int64 = 3 * 1_000_000_000
  /// A pause up to this is after-call work, a longer one is a break.
  private static let afterCall: Int64 = 120 * 1_000_000_000

  /// What follows from a fact, and when it is.
  enum Conclusion: Equatable {
    case login(Int64)
    case logout(Int64)
    case away(from: Int64, until: Int64)
  }

  private struct State {
    var isIn = false
    var talking = 0
    var since: Int64 = 0
    var hasMissed = false
    /// The queue of the last call, when a caller waited at its end.
    var workFor: Int?
  }

  /// After-call work by queue: how long, how often.
  private(set) var work: [(sum: Int64, count: Int64)]
  private var states: [State]
  private let isExplicit: [Bool]
  /// The kinds of calls of each agent; those that are less than a fiftieth of his are chance.
  private let serves: [[Int]]
  private var idle: [[(agent: Int, since: Int64)]]
  private var waiting: [[(call: UInt64, since: Int64)]]
  private var sweepAt: [Int]

  init(_ collector: borrowing FactCollector) {
    let agents = collector.agents
    states = Array(repeating: State(), count: agents.count)
    work = Array(repeating: (0, 0), count: collector.queues.count)
    isExplicit = agents.map(\.isExplicit)
    serves = agents.map { agent in
      let all = agent.serves.reduce(0) { $0 + $1.count }
      return agent.serves.filter { $0.count * 50 >= all }.map(\.kind)
    }
    idle = Array(repeating: [], count: collector.kinds.count)
    waiting = Array(repeating: [], count: collector.kinds.count)
    sweepAt = Array(repeating: 4_096, count: collector.kinds.count)
  }

  // MARK: Callers

  /// A caller begins to wait.
  mutating func waits(_ call: UInt64, kind: Int, at instant: Int64, isWaiting: (UInt64) -> Bool) {
    if waiting[kind].count > sweepAt[kind] {
      waiting[kind].removeAll { !isWaiting($0.call) }
      // Twice what is left: a sweep is paid for by those who came since the last one.
      sweepAt[kind] = max(4_096, 2 * waiting[kind].count)
    }
    waiting[kind].append((call, instant))
  }

  /// A caller waits no longer: whoever was idle for long enough meanwhile was not ready.
  mutating func waitsNoLonger(kind: Int, since: Int64, at instant: Int64) {
    let edge = instant - Self.notice
    guard since < edge else { return }
    var passed = 0
    while passed < idle[kind].count, idle[kind][passed].since < edge {
      let (agent, idleSince) = idle[kind][passed]
      let state = states[agent]
      if state.talking == 0, state.since == idleSince { states[agent].hasMissed = true }
      passed += 1
    }
    idle[kind].removeFirst(passed)
  }

  // MARK: Agents

  /// An agent begins to talk, or is seen otherwise.
  mutating func acts(
    _ agent: Int,
    at instant: Int64,
    talks: Bool,
    isWaiting: (UInt64) -> Bool
  ) -> [Conclusion] {
    var conclusions: [Conclusion] = []
    var state = states[agent]
    if !state.isIn {
      conclusions = [.login(instant)]
    } else if !isExplicit[agent], state.talking == 0 {
      if instant - state.since > Self.shiftGap {
        conclusions = [.logout(state.since), .login(instant)]
      } else if talks, instant - state.since > Self.afterCall,
        state.hasMissed || missed(agent, state, instant, isWaiting)
      {
        conclusions = [.away(from: state.since, until: instant)]
      }
    }
    if state.isIn, state.talking == 0 { works(state, until: instant) }
    state.workFor = nil
    state.isIn = true
    if talks { state.talking += 1 }
    if state.talking == 0 { state.since = instant }
    state.hasMissed = false
    states[agent] = state
    if state.talking == 0 { isIdle(agent) }
    return conclusions
  }

  /// An agent's telephone rings: his after-call work is over.
  mutating func rings(_ agent: Int, at instant: Int64) {
    if states[agent].isIn, states[agent].talking == 0 { works(states[agent], until: instant) }
    states[agent].workFor = nil
  }

  /// An agent has a break, or makes a call of his own: his pause says nothing about his work.
  mutating func isAway(_ agent: Int) { states[agent].workFor = nil }

  private mutating func works(_ state: State, until instant: Int64) {
    let pause = max(0, instant - state.since)
    guard let queue = state.workFor, pause <= Self.afterCall else { return }
    work[queue].sum += pause
    work[queue].count += 1
  }

  /// Whether a caller who still waits has waited for this agent.
  private mutating func missed(
    _ agent: Int,
    _ state: State,
    _ instant: Int64,
    _ isWaiting: (UInt64) -> Bool
  ) -> Bool {
    guard let oldest = oldest(agent, isWaiting) else { return false }
    return instant - max(oldest, state.since) > Self.notice
  }

  /// Since when the caller has waited who has waited longest for this agent.
  private mutating func oldest(_ agent: Int, _ isWaiting: (UInt64) -> Bool) -> Int64? {
    var first: Int64?
    for kind in serves[agent] {
      let gone = waiting[kind].prefix { !isWaiting($0.call) }.count
      waiting[kind].removeFirst(gone)
      if let since = waiting[kind].first?.since { first = min(first ?? since, since) }
    }
    return first
  }

  /// An agent has ended a conversation of a queue.
  mutating func ends(
    _ agent: Int,
    queue: Int?,
    at instant: Int64,
    isWaiting: (UInt64) -> Bool
  ) {
    states[agent].talking = max(0, states[agent].talking - 1)
    guard states[agent].talking == 0 else { return }
    states[agent].since = max(instant, states[agent].since)
    states[agent].hasMissed = false
    states[agent].workFor = oldest(agent, isWaiting) == nil ? nil : queue
    isIdle(agent)
  }

  private mutating func isIdle(_ agent: Int) {
    guard !isExplicit[agent] else { return }
    for kind in serves[agent] {
      if idle[kind].count > 4_096 + 2 * states.count {
        idle[kind].removeAll { states[$0.agent].talking > 0 || states[$0.agent].since != $0.since }
      }
      idle[kind].append((agent, states[agent].since))
    }
  }

  /// The files say that an agent is there now, or that he has gone.
  mutating func isThere(_ agent: Int, _ isIn: Bool) { states[agent].isIn = isIn }

  /// Whether an agent is there.
  func isThere(_ agent: Int) -> Bool { states[agent].isIn }

  /// Whether an agent is not there, as far as is known, or has not been seen for so long.
  func isLongAway(_ agent: Int, at instant: Int64) -> Bool {
    let state = states[agent]
    guard state.isIn else { return true }
    return !isExplicit[agent] && state.talking == 0 && instant - state.since > Self.shiftGap
  }

  /// When those who are there without the files saying so have gone: after their last call.
  func ends() -> [(agent: Int, at: Int64)] {
    states.indices.compactMap { agent in
      let state = states[agent]
      guard state.isIn, !isExplicit[agent], state.talking == 0 else { return nil }
      return (agent, state.since)
    }
  }
}
