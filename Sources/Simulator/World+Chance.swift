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
    case 70..<84: agentAsks()
    case 84..<87:
      let dn = DN("700\(1 + chance(4))")
      give(.line(chance(3) == 0 ? .outOfService(dn) : .inService(dn)))
    case 87: if let call = anyCall() { give(.strategy(call, .finished(.any(.none)))) }
    case 88: give(.control(.strategies(fingerprint: "g\(chance(9))")))
    default: pass(.milliseconds(chance(3_000)))
    }
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
    give(.line(.offered(CallOffer(ConnID(nextConnID), at: place, ani: ani, dnis: place.number))))
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
      give(.line(.diversionFailed(connID, attempt: attempt, failure)))
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
