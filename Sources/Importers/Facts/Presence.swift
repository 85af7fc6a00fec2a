// The second pass knows what an agent did; this says when he was there.
//
// Where the files do not say when somebody logs in, it follows from what he did: he is there from
// his first call to his last, and a pause of four hours ends a shift. He is not ready in a pause in
// which a caller whom he could have served waited for more than ten seconds: otherwise he would
// have got that caller. What was recorded thereby stays possible.
//
// Invariants: an agent who talks is there; `idle` and `waiting` hold no more than twice what is
// true, stale entries are swept. Who may change it: `RecordingMaker`. Source: docs/import.md.

/// When an agent was there.
struct Presence {
  /// A pause so long ends a shift.
  static let shiftGap: Int64 = 4 * 3_600 * 1_000_000_000
  /// A caller who waits so long would have got an agent who was ready.
  static let notice: Int64 = 10 * 1_000_000_000
  /// A pause up to this is after-call work, a longer one is a break.
  static let afterCall: Int64 = 120 * 1_000_000_000

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
  }

  private var states: [State]
  private let isExplicit: [Bool]
  /// The kinds of calls of each agent; those that are less than a fiftieth of his are chance.
  private let serves: [[Int]]
  private var idle: [[(agent: Int, since: Int64)]]
  private var waiting: [[(call: UInt64, since: Int64)]]

  init(_ collector: borrowing FactCollector) {
    let agents = collector.agents
    states = Array(repeating: State(), count: agents.count)
    isExplicit = agents.map(\.isExplicit)
    serves = agents.map { agent in
      let all = agent.serves.reduce(0) { $0 + $1.count }
      return agent.serves.filter { $0.count * 50 >= all }.map(\.kind)
    }
    idle = Array(repeating: [], count: collector.kinds.count)
    waiting = Array(repeating: [], count: collector.kinds.count)
  }

  // MARK: Callers

  /// A caller begins to wait.
  mutating func waits(_ call: UInt64, kind: Int, at instant: Int64, isWaiting: (UInt64) -> Bool) {
    if waiting[kind].count > 4_096 { waiting[kind].removeAll { !isWaiting($0.call) } }
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
      } else if talks, state.hasMissed || missed(agent, state, instant, isWaiting) {
        conclusions = [.away(from: state.since, until: instant)]
      }
    }
    state.isIn = true
    if talks { state.talking += 1 }
    if state.talking == 0 { state.since = instant }
    state.hasMissed = false
    states[agent] = state
    if state.talking == 0 { isIdle(agent) }
    return conclusions
  }

  /// Whether a caller who still waits has waited for this agent.
  private mutating func missed(
    _ agent: Int,
    _ state: State,
    _ instant: Int64,
    _ isWaiting: (UInt64) -> Bool
  ) -> Bool {
    guard instant - state.since > Self.notice else { return false }
    return serves[agent].contains { kind in
      let gone = waiting[kind].prefix { !isWaiting($0.call) }.count
      waiting[kind].removeFirst(gone)
      guard let oldest = waiting[kind].first else { return false }
      return instant - max(oldest.since, state.since) > Self.notice
    }
  }

  /// An agent has ended a conversation.
  mutating func ends(_ agent: Int, at instant: Int64) {
    states[agent].talking = max(0, states[agent].talking - 1)
    guard states[agent].talking == 0 else { return }
    states[agent].since = max(instant, states[agent].since)
    states[agent].hasMissed = false
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
