// A transfer: the consult call goes on under the identity of the held call (DOMAIN 2.8).
//
// The transferring party leaves both calls; what the consult call has reached (a routing point with
// a running strategy, a queue with a ticket, a ringing phone, a conversation) stays as it is. Only
// the identity changes: ConnID, CallUUID, CallID and caller are those of the held call. Where its
// caller is the one who transfers, whom he had called makes the call from now on.

extension RoutingEngine {
  mutating func transferred(
    _ consult: ConnID,
    into held: ConnID,
    by side: CallSide,
    _ outbox: inout Outbox
  ) {
    if picksUp(consult, held, &outbox) { return }
    guard let call = calls.slot(of: consult), let other = calls.slot(of: held), call != other,
      case .established(let conversation) = calls[other].state
    else {
      emitError("nothing to transfer: \(consult.hexDigits) into \(held.hexDigits)", at: "", &outbox)
      return
    }
    let party = number(of: side, of: other, conversation)
    recordTransfer(consult, into: held, by: party)
    let wrapUp = wrapUp(after: other)
    let agent: AgentSlot?
    switch side {
    case .target: agent = leaveConversation(other, conversation, &outbox)
    case .caller:
      agent = leaveConsult(other, &outbox)
      becomeCaller(of: other, conversation)
    }
    let consultAgent = leaveConsult(call, &outbox)
    calls[other].state = .established(
      Conversation(way: conversation.way, agent: nil, since: conversation.since)
    )
    let origin = calls[other].origin
    let originAgent = calls[other].originAgent
    adoptIdentity(call, of: other)
    calls[call].origin = origin
    calls[call].originAgent = originAgent
    if let originAgent { agents[originAgent].engagement = .talking(call) }
    outbox.append(.transfer(consult, into: held))
    if case .strategy = calls[call].decider { outbox.append(.rename(consult, to: held)) }
    var event = callEvent(.partyChanged, call)
    event.previousConnID = consult
    event.callState = .transferred
    event.thirdPartyDN = party
    event.thirdPartyDNRole = .transferredBy
    emit(event, &outbox)
    if let agent {
      switch side {
      case .target: conversationEnded(of: agent, wrapUp: wrapUp, &outbox)
      case .caller: callIsOver(for: agent, &outbox)
      }
    }
    if let consultAgent { callIsOver(for: consultAgent, &outbox) }
    askAgain(call, &outbox)
  }

  /// The held call rings, and the consult call has just been sent to another phone: that phone has
  /// picked the call up, and rings in place of the first one until it is answered.
  ///
  /// - Returns: Whether it is so.
  private mutating func picksUp(
    _ consult: ConnID,
    _ held: ConnID,
    _ outbox: inout Outbox
  ) -> Bool {
    guard let other = calls.slot(of: held), case .diverting(let ringing) = calls[other].state,
      ringing.isRinging, let call = calls.slot(of: consult), call != other,
      case .direct = calls[call].device, case .diverting(let sent) = calls[call].state,
      !sent.isRinging
    else { return false }
    if ringing.way.isLocal {
      var event = partyEvent(.released, other, at: dns[Int(ringing.way.dn)].dn)
      event.callState = .pickedUp
      emit(event, &outbox)
    }
    if let agent = ringing.agent { engage(agent, in: .none) }
    timers.disarm(ringing.timer)
    let consultAgent = leaveConsult(call, &outbox)
    record(.ended(.transferred(held)), of: call)
    // What it was sent to belongs to the other call from here on.
    end(call, &outbox)
    var diversion = ringing
    diversion.way = sent.way
    diversion.agent = sent.agent
    diversion.timer = timers.arm(.ringNoAnswer(other), at: now.advanced(by: ringing.ringTimeout))
    if let agent = sent.agent { engage(agent, with: other, .ringing) }
    calls[other].state = .diverting(diversion)
    outbox.append(.transfer(consult, into: held))
    record(
      .sent(
        destination(sent.way, of: other),
        sent.agent.map { agents.id(of: $0) },
        attempt: diversion.attempt
      ),
      of: other
    )
    emitParty(.ringing, other, at: sent.way, &outbox)
    if let agent = ringing.agent { callIsOver(for: agent, &outbox) }
    if let consultAgent { callIsOver(for: consultAgent, &outbox) }
    return true
  }

  /// A transfer in one step: the consult call is the held call's other side, sent on himself, with
  /// his number and the data of his call.
  mutating func takeOverCaller(_ call: CallSlot, by side: CallSide) {
    guard calls[call].attributes.ani.isEmpty,
      let held = calls[call].consultOf.flatMap({ calls.slot(of: $0) })
    else { return }
    switch side {
    case .target: calls[call].attributes.ani = calls[held].attributes.ani
    case .caller:
      guard case .established(let conversation) = calls[held].state else { break }
      calls[call].attributes.ani = number(of: conversation.way, of: held).number
    }
    guard calls[call].userData.isEmpty else { return }
    calls[call].userData = calls[held].userData
  }

  /// A waiting call looks for an available agent once more: with another caller, another DN is the
  /// caller's own, and who was barred may be had now.
  mutating func askAgain(_ call: CallSlot, _ outbox: inout Outbox) {
    switch calls[call].state {
    case .queued:
      leaveLines(call)
      outbox.append(.dequeued(calls[call].attributes.connID))
      waitInQueues(call, &outbox)
    case .selecting:
      guard calls[call].collectedAgent == nil,
        let choice = choose(calls[call].targets, by: calls[call].rule, for: call),
        !opensWindow(choice, for: call)
      else { return }
      leaveLines(call)
      calls[call].strategyStepsAtOnce = 0
      take(choice, for: call, &outbox)
    case .consulting, .treating, .pausing, .readingHeader, .diverting, .established: break
    }
  }

  /// The number of a side of a conversation.
  private mutating func number(
    of side: CallSide,
    of call: CallSlot,
    _ conversation: borrowing Conversation
  ) -> DN {
    switch side {
    case .target: number(of: conversation.way, of: call)
    case .caller:
      calls[call].origin >= 0
        ? dns[Int(calls[call].origin)].dn : DN(calls[call].attributes.ani)
    }
  }

  /// Returns the agent whom the conversation engaged; when he is free is said below.
  private mutating func leaveConversation(
    _ call: CallSlot,
    _ conversation: borrowing Conversation,
    _ outbox: inout Outbox
  ) -> AgentSlot? {
    if conversation.way.isLocal {
      var event = partyEvent(.released, call, at: dns[Int(conversation.way.dn)].dn)
      event.callState = .transferred
      emit(event, &outbox)
    }
    if let agent = conversation.agent { engage(agent, in: .none) }
    return conversation.agent
  }

  /// Who was called makes the call from now on: his number is its ANI, his agent stays engaged.
  private mutating func becomeCaller(
    of call: CallSlot,
    _ conversation: borrowing Conversation
  ) {
    calls[call].attributes.ani = number(of: conversation.way, of: call).number
    calls[call].origin = conversation.way.isLocal ? conversation.way.dn : -1
    calls[call].originAgent = conversation.agent
  }

  /// Returns the agent whom the call engaged as its caller; he is free once the consult call has
  /// its new identity, not before: the call may be one that he can have.
  private mutating func leaveConsult(_ call: CallSlot, _ outbox: inout Outbox) -> AgentSlot? {
    guard calls[call].origin >= 0 else { return nil }
    var event = originEvent(.released, call)
    event.callState = .transferred
    emit(event, &outbox)
    guard let agent = calls[call].originAgent else { return nil }
    calls[call].originAgent = nil
    engage(agent, in: .none)
    return agent
  }

  private mutating func adoptIdentity(_ call: CallSlot, of other: CallSlot) {
    var userData = calls[other].userData
    for pair in calls[call].userData.pairs { userData.attach(pair) }
    if userData.byteCount <= plan.limits.userDataBytesMax { calls[call].userData = userData }
    calls[call].consultOf = nil
    let attributes = calls[other].attributes
    timers.disarm(calls[other].routingPointTimer)
    timers.disarm(calls[other].waitTimer)
    placesBegin(of: other)
    calls.rename(call, to: attributes, of: other)
  }

  /// Data was attached from outside: by a desktop, or with a message of the call.
  mutating func attached(_ connID: ConnID, _ pairs: [KeyValue], _ outbox: inout Outbox) {
    guard let call = calls.slot(of: connID) else { return }
    var userData = calls[call].userData
    for pair in pairs { userData.attach(pair) }
    guard userData.byteCount <= plan.limits.userDataBytesMax else {
      let message = "userDataBytesMax (\(plan.limits.userDataBytesMax)) would be exceeded"
      emitError(message, at: callEvent(.error, call).thisDN, &outbox)
      return
    }
    calls[call].userData = userData
    var event = callEvent(.attachedDataChanged, call)
    event.userData = userData
    emit(event, &outbox)
  }
}
