internal import Engine

extension World {
  /// Lets a number of random things happen; stops at the first fault.
  public mutating func torment(signals: Int) {
    while signalCount < signals, problem == nil { happen() }
  }

  private mutating func chance(_ bound: Int) -> Int { Int(random.next(below: UInt64(bound))) }

  private mutating func happen() {
    switch chance(100) {
    case 0..<16: arrive()
    case 16..<58: lineSpeaks()
    case 58..<66: if let call = anyCall() { give(.line(.released(call, by: .caller))) }
    case 66..<70:
      let asked = headersAsked.popLast() ?? UInt64(chance(9))
      give(.line(.header(ConnID(asked), chance(2) == 0 ? nil : "text")))
    case 70..<80: agentAsks()
    case 80..<84 where plan.virtualQueues.isEmpty: agentAsks()
    case 80..<85 where !plan.virtualQueues.isEmpty: handSignals()
    case 84..<87:
      let dn = DN("700\(1 + chance(4))")
      give(.line(chance(3) == 0 ? .outOfService(dn) : .inService(dn)))
    case 87: if let call = anyCall() { give(.strategy(call, .finished(.any(.none)))) }
    case 88:
      // A hand-over that changes nothing, now and then.
      let state = chance(2) == 0 ? nil : shard.strategyState
      give(.control(.strategies(fingerprint: "g\(chance(9))", state: state)))
    default: pass(.milliseconds(chance(3_000)))
    }
  }

  /// Signals that only sites with every option know.
  private mutating func handSignals() {
    switch chance(7) {
    case 0: if let call = anyCall() { give(.line(.attached(call, [KeyValue("desk", "x")]))) }
    case 1:
      let dn = DN("700\(1 + chance(5))")
      give(
        .agent(
          chance(3) == 0
            ? .unregisterAddress(dn, reference: 1) : .registerAddress(dn, reference: 1)
        )
      )
    case 2: transfer()
    case 3:
      guard let call = anyCall() else { return }
      let side = chance(3) == 0 ? CallSide.caller : .target
      give(.line(chance(2) == 0 ? .held(call, by: side) : .retrieved(call, by: side)))
    default:
      guard !treatments.isEmpty else { return }
      let (call, number) = treatments[chance(treatments.count)]
      let connID = ConnID(call)
      switch chance(4) {
      case 0:
        give(.line(.treatmentNotApplied(connID, treatment: number, reason: "no media")))
        treatments.removeAll { $0.1 == number }
      case 1:
        give(.line(.treatmentEnded(connID, treatment: number, TreatmentResult(digits: "7"))))
        treatments.removeAll { $0.1 == number }
      default: give(.line(.treatmentApplied(connID, treatment: number)))
      }
    }
  }

  /// A talking call and any other one: now and then a real consult call.
  private mutating func transfer() {
    let talking = alive.filter { calls[$0]?.isTalking == true }
    let ringing = alive.filter { calls[$0]?.liveAttempt != nil && calls[$0]?.isRinging == true }
    let rung = chance(4) == 0 ? ringing.last : nil
    guard let held = rung ?? talking.last else { return }
    if chance(2) == 0 { return sendOn(held) }
    let others = alive.filter { $0 != held }
    guard !others.isEmpty else { return }
    let consult = ConnID(others[chance(others.count)])
    give(.line(.transferred(consult, into: ConnID(held), by: chance(3) == 0 ? .caller : .target)))
  }

  /// A transfer in one step: a party himself is at another place, at once or a little later.
  private mutating func sendOn(_ held: UInt64) {
    let places: [DN] = ["8000", "8001", "9000", "9001", "7001", "1234"]
    nextConnID += 1
    let consult = ConnID(nextConnID)
    let place = places[chance(places.count)]
    var offer = CallOffer(consult, at: place, dnis: place.number, type: .consult)
    offer.consultOf = ConnID(held)
    if chance(3) == 0 { offer.consultBy = .caller }
    give(.line(.offered(offer)))
    if chance(3) == 0 { pass(.milliseconds(chance(3_000))) }
    give(.line(.transferred(consult, into: ConnID(held), by: offer.consultBy)))
  }

  /// Time passes; timers expire at their own instants.
  mutating func pass(_ duration: Duration) {
    let end = now + duration
    while let deadline = shard.nextDeadline, deadline <= end, problem == nil {
      now = max(now, deadline)
      give(.clock)
    }
    now = end
  }

  private mutating func arrive() {
    guard alive.count < 12 else { return }
    let places: [DN] = ["8000", "8000", "8001", "8002", "9000", "9000", "9001"]
    var place = places[chance(places.count)]
    if chance(40) == 0 { place = chance(2) == 0 ? "7001" : "1234" }
    if chance(40) == 0, let old = alive.first {
      give(.line(.offered(CallOffer(ConnID(old), at: place))))
      return
    }
    nextConnID += 1
    let ani = chance(6) == 0 ? "700\(1 + chance(4))" : chance(9) == 0 ? "" : "4420"
    var offer = CallOffer(ConnID(nextConnID), at: place, ani: ani, dnis: place.number)
    if !plan.virtualQueues.isEmpty, ani.hasPrefix("7"), chance(2) == 0 { offer.type = .internal }
    give(.line(.offered(offer)))
  }

  /// A call, now and then one that is gone or never was.
  private mutating func anyCall() -> ConnID? {
    if chance(8) == 0 { return ConnID(1 + UInt64(chance(Int(nextConnID) + 3))) }
    return alive.isEmpty ? nil : ConnID(alive[chance(alive.count)])
  }

  private mutating func lineSpeaks() {
    let sent = alive.filter { calls[$0]?.liveAttempt != nil }
    guard !sent.isEmpty, chance(10) != 0 else {
      crossing()
      return
    }
    let connID = ConnID(sent[chance(sent.count)])
    guard let call = calls[connID.value], let attempt = call.liveAttempt else { return }
    switch chance(call.isRedirect ? 2 : 8) {
    case 0:
      let failure = RouteFailure.allCases[chance(RouteFailure.allCases.count)]
      let status: UInt16? = failure == .rejected ? 488 : nil
      give(.line(.diversionFailed(connID, attempt: attempt, failure, status: status)))
    case 1:
      give(
        .line(
          call.isRedirect
            ? .diverted(connID, attempt: attempt)
            : .diversionFailed(connID, attempt: attempt, .busy)
        )
      )
    case 2, 3, 4, 5: give(.line(.ringing(connID, attempt: attempt)))
    default: give(.line(.answered(connID, attempt: attempt)))
    }
  }

  /// A signal that comes too late, twice or of nothing: harmless.
  private mutating func crossing() {
    guard let connID = anyCall() else { return }
    let live = calls[connID.value]?.liveAttempt
    var attempt = UInt32(chance(4))
    if attempt == live { attempt += 7 }
    switch chance(4) {
    case 0: give(.line(.ringing(connID, attempt: attempt)))
    case 1: give(.line(.answered(connID, attempt: attempt)))
    case 2: give(.line(.diverted(connID, attempt: attempt)))
    default: give(.line(.diversionFailed(connID, attempt: attempt, .noAnswer)))
    }
  }

  private mutating func agentAsks() {
    let agent = AgentID("100\(1 + chance(4))")
    let reference = UInt32(signalCount)
    if !plan.virtualQueues.isEmpty, chance(5) == 0 {
      switch chance(5) {
      case 0: give(.agent(.login(agent, dn: nil, queues: ["9001"], reference: reference)))
      case 1: give(.agent(.login(agent, dn: nil, queues: ["9000"], reference: reference)))
      case 2: give(.agent(.login(agent, dn: nil, place: "seat", reference: reference)))
      case 3: give(.agent(.logout(agent, queue: "9000", reference: reference)))
      default: give(.agent(.ready(agent, .manualIn, reference: reference)))
      }
      return
    }
    switch chance(12) {
    case 0: give(.agent(.logout(agent, reference: reference)))
    case 1, 2, 3:
      let dn: DN? = chance(3) == 0 ? DN("700\(1 + chance(4))") : nil
      give(.agent(.login(agent, dn: dn, reference: reference)))
    case 4, 5: give(.agent(.notReady(agent, .auxWork, reason: "tea", reference: reference)))
    case 6: give(.agent(.ready("9999", reference: reference)))
    default: give(.agent(.ready(agent, reference: reference)))
    }
  }

  /// Ends everything in peace and looks whether anything is left.
  public mutating func close() {
    guard problem == nil else { return }
    isDraining = true
    give(.control(.drain))
    give(.line(.offered(CallOffer(ConnID(.max), at: "9000"))))
    while let call = alive.first, problem == nil {
      give(.line(.released(ConnID(call), by: chance(2) == 0 ? .caller : .line)))
    }
    var rounds = 0
    while let deadline = shard.nextDeadline, rounds < 1_000, problem == nil {
      now = max(now, deadline)
      give(.clock)
      rounds += 1
    }
    let picture = shard.snapshot(at: now)
    if shard.nextDeadline != nil { fault("timers are left") }
    if !picture.calls.isEmpty || !picture.reservations.isEmpty { fault("calls are left") }
    if shard.strategies.liveCount != 0 { fault("strategies are left") }
    if picture.agents.contains(where: { $0.call != nil }) { fault("an agent is left engaged") }
  }
}
