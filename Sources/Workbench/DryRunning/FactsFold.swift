// Folds what happened to calls into one fact per call.
//
// Invariants: `live` has a place for each call that has come and is not over, and `places` leads
// there; the places of `free` have no call. Their number does not depend on the number
// of calls that are over. An instant is given with everything, and never goes back.
// Who may change it: `FactsReader`.

internal import Engine

struct FactsFold {
  private struct Live {
    /// Its place in the facts; negative: there is no call here.
    var index: Int
    var offered: UInt64
    var lastSeen: UInt64
    var answered: UInt64?
    var sent: UInt64?
    var rang: UInt64?
    var target: Int32 = -1
  }

  private(set) var facts = Facts()
  private var live: [Live] = []
  private var free: [Int32] = []
  private var places = ConnIDIndex()
  private var seats: [String: String] = [:]
  private var staff: [String: UInt64] = [:]
  private var absent: [Int32: (from: UInt64, rings: UInt64)] = [:]
  private(set) var now: UInt64 = 0

  /// Makes a fold of a recording of so many bytes.
  init(_ plan: Plan, size: Int) {
    // Room that is not used costs nothing; facts that move to larger rooms cost their pages twice.
    facts.calls.reserveCapacity(size / Self.bytesPerCall)
    for agent in plan.agents {
      if let dn = agent.extensionDN { seats[dn.number] = agent.id.text }
    }
  }

  /// Goes to the instant of a line; false when that is earlier than the one before.
  mutating func advance(to at: UInt64) -> Bool {
    guard at >= now else { return false }
    if facts.lines == 0 { facts.begin = at }
    facts.lines += 1
    now = at
    return true
  }

  mutating func noteSteps() { facts.hasSteps = true }

  mutating func noteEvents() { facts.hasEvents = true }

  mutating func noteStart() { facts.hasStart = true }

  mutating func noteSwitched(_ dn: String) { _ = facts.switchedDNs.number(of: dn) }

  // MARK: Agents

  mutating func loggedIn(_ agent: String, dn: String?) {
    mentioned(agent)
    if let dn { seats[dn] = agent }
    if staff[agent] == nil { staff[agent] = now }
  }

  /// An agent sent something: he is there.
  mutating func mentioned(_ agent: String) {
    _ = facts.agents.number(of: agent)
    if let number = facts.targets.known("agent:" + agent) { isThere(number) }
  }

  private mutating func isThere(_ target: Int32) {
    guard !absent.isEmpty, let (from, rings) = absent.removeValue(forKey: target) else { return }
    facts.absences[target, default: []].append(Absence(from: from, until: now, rings: rings))
  }

  mutating func loggedOut(_ agent: String) {
    mentioned(agent)
    if let since = staff.removeValue(forKey: agent) {
      facts.staffSeconds += Double(now - since) / 1e9
    }
  }

  /// What reports call whoever sits at a DN.
  func name(ofDN dn: String) -> String { seats[dn].map { "agent:" + $0 } ?? "dn:" + dn }

  func name(of destination: Destination) -> String {
    switch destination {
    case .dn(let dn): name(ofDN: dn.number)
    case .trunk: destination.reportName
    }
  }

  // MARK: Calls

  /// The number of a group of callers.
  mutating func number(ofGroup group: String) -> Int32 { facts.groups.number(of: group) }

  /// The number of somebody who may answer.
  mutating func number(ofTarget target: String) -> Int32 { facts.targets.number(of: target) }

  mutating func offered(_ call: ConnID, group: Int32) {
    var fact = CallFact(call, offered: now)
    fact.group = UInt16(clamping: group)
    leave(call)
    let state = Live(index: facts.calls.count, offered: now, lastSeen: now)
    facts.calls.append(fact)
    if let place = free.popLast() {
      live[Int(place)] = state
      places.insert(call, place)
    } else {
      places.insert(call, Int32(live.count))
      live.append(state)
    }
  }

  /// Where a call stands in `live`.
  private func place(of call: ConnID) -> Int? {
    let place = places.slot(of: call)
    return place < 0 ? nil : Int(place)
  }

  /// A call is over, if it is there.
  private mutating func leave(_ call: ConnID) {
    let place = places.slot(of: call)
    guard place >= 0 else { return }
    places.remove(call)
    live[Int(place)].index = -1
    free.append(place)
  }

  /// What is known of a call, which is over.
  private mutating func remove(_ call: ConnID) -> Live? {
    guard let place = place(of: call) else { return nil }
    let state = live[place]
    leave(call)
    return state
  }

  /// The engine sent it somewhere.
  mutating func sent(_ call: ConnID, to target: String) {
    let number = facts.targets.number(of: target)
    change(call) {
      $0.sent = $1
      $0.rang = nil
      $0.target = number
    }
  }

  mutating func rang(_ call: ConnID) { change(call) { if $0.rang == nil { $0.rang = $1 } } }

  /// Somebody answered.
  mutating func answered(_ call: ConnID, by target: String?) {
    guard let place = place(of: call), live[place].answered == nil else { return }
    var state = live[place]
    if let target { state.target = facts.targets.number(of: target) }
    state.answered = now
    state.lastSeen = now
    isThere(state.target)
    let began = state.sent ?? state.rang ?? now
    var fact = facts.calls[state.index]
    fact.wait = now - state.offered
    fact.end = .talking
    fact.rang = state.rang.map { $0 - min(began, $0) } ?? CallFact.never
    fact.pick = now - min(began, now)
    fact.target = state.target
    facts.calls[state.index] = fact
    if facts.picks.count < Facts.picksMax { facts.picks.append((fact.rang, fact.pick)) }
    live[place] = state
  }

  /// An event said who answered.
  mutating func isAt(_ call: ConnID, _ target: Int32) {
    guard let place = place(of: call), live[place].answered != nil else { return }
    facts.calls[live[place].index].target = target
  }

  /// A diversion came to nothing; without a reason, because the engine took it back.
  mutating func failed(
    _ call: ConnID,
    _ reason: RouteFailure?,
    status: UInt16? = nil,
    at target: String?
  ) {
    guard let place = place(of: call), live[place].answered == nil else { return }
    var state = live[place]
    if let target { state.target = facts.targets.number(of: target) }
    let began = state.sent ?? state.rang ?? now
    var attempt = CallExtras.Attempt(target: state.target)
    if let rang = state.rang { attempt.rang = rang - min(began, rang) }
    if let reason {
      attempt.failed = now - min(began, now)
      attempt.reason = reason
      attempt.status = status
    }
    facts.extras[Int32(state.index), default: CallExtras()].attempts.append(attempt)
    if reason ?? .noAnswer == .noAnswer, facts.targets[state.target].hasPrefix("agent:"),
      absent[state.target] == nil
    {
      absent[state.target] = (began, attempt.failed)
    }
    state.sent = nil
    state.rang = nil
    state.lastSeen = now
    live[place] = state
  }

  mutating func redirected(_ call: ConnID) {
    guard let state = remove(call) else { return }
    facts.calls[state.index].wait = now - state.offered
    facts.calls[state.index].end = .redirected
    facts.calls[state.index].pick = now - (state.sent ?? now)
    facts.calls[state.index].target = state.target
  }

  /// Somebody hung up, or the line failed.
  mutating func released(_ call: ConnID, by: ReleasedBy) {
    guard let state = remove(call) else { return }
    let index = state.index
    let now = now
    // Only written: the fact has left the processor's cache since the call came.
    var calls = facts.calls.mutableSpan
    calls[index].by = by
    if let answered = state.answered {
      calls[index].talk = now - answered
      calls[index].end = .answered
      return
    }
    calls[index].wait = now - state.offered
    calls[index].end = by == .caller ? .abandoned : .failed
    // The phone that rang then was not answered before that.
    if let began = state.sent ?? state.rang, state.target >= 0 {
      var attempt = CallExtras.Attempt(target: state.target)
      if let rang = state.rang { attempt.rang = rang - min(began, rang) }
      facts.extras[Int32(index), default: CallExtras()].attempts.append(attempt)
    }
  }

  /// The engine ended it.
  mutating func ended(_ call: ConnID) {
    guard let state = remove(call) else { return }
    if let answered = state.answered {
      facts.calls[state.index].talk = now - answered
      facts.calls[state.index].end = .answered
      return
    }
    facts.calls[state.index].wait = now - state.offered
    facts.calls[state.index].end = .refused
  }

  /// Whoever spoke with the caller sent him on: their conversation is over.
  ///
  /// Where the caller sent on whom he had called, that one still talks.
  /// What becomes of the caller then depends on a transfer that is not made in a dry-run: the
  /// consult call stands among the questions without an answer.
  mutating func transferred(_ held: ConnID, by side: CallSide) {
    guard side == .target, let place = place(of: held), live[place].answered != nil else { return }
    ended(held)
  }

  private mutating func change(_ call: ConnID, _ body: (inout Live, UInt64) -> Void) {
    guard let place = place(of: call) else { return }
    body(&live[place], now)
    live[place].lastSeen = now
  }

  // MARK: What callers heard

  mutating func asked(_ call: ConnID, header name: String) {
    extend(call) { $0.headers.append(CallExtras.Header(name: name, value: nil)) }
  }

  mutating func told(_ call: ConnID, header value: String?) {
    extend(call) { extras in
      if let last = extras.headers.indices.last, !extras.headers[last].name.isEmpty {
        extras.headers[last].value = value
      } else {
        extras.headers.append(CallExtras.Header(name: "", value: value))
      }
    }
  }

  mutating func treats(_ call: ConnID, _ number: UInt32, _ what: String) {
    let now = now
    extend(call) { extras in
      extras.heard.append(CallExtras.Heard(what: what, began: now, number: number))
    }
  }

  mutating func treated(
    _ call: ConnID,
    _ number: UInt32,
    _ change: (inout CallExtras.Heard, UInt64) -> Void
  ) {
    let now = now
    extend(call) { extras in
      if let index = extras.heard.lastIndex(where: { $0.number == number }) {
        change(&extras.heard[index], now - extras.heard[index].began)
      } else {
        var heard = CallExtras.Heard(began: now, number: number)
        change(&heard, 0)
        extras.heard.append(heard)
      }
    }
  }

  private mutating func extend(_ call: ConnID, _ change: (inout CallExtras) -> Void) {
    guard let place = place(of: call) else { return }
    change(&facts.extras[Int32(live[place].index), default: CallExtras()])
  }

  // MARK: The end

  /// The facts; what is still there is cut off where it was seen last.
  mutating func finish() -> Facts {
    facts.end = now
    let last = facts.calls.last?.offered ?? now
    for state in live where state.index >= 0 {
      if let answered = state.answered {
        facts.calls[state.index].talk = now - answered
      } else {
        facts.calls[state.index].wait = state.lastSeen - state.offered
        facts.calls[state.index].target = state.target
      }
    }
    live = []
    free = []
    places = ConnIDIndex()
    for target in absent.keys.sorted() { isThere(target) }
    // In order, so that the sum is the same to the last digit.
    for since in staff.values.sorted() {
      facts.staffSeconds += Double(max(last, since) - since) / 1e9
    }
    staff = [:]
    return facts
  }

  /// Hardly a call has fewer in a recording with events, and few have in one without.
  private static let bytesPerCall = 512
}
