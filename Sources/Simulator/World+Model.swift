internal import Engine

// What the model learns from signals, events and commands.
extension World {
  /// What the signal itself means, before the engine's answer to it is looked at.
  mutating func expect(_ signal: Signal) {
    guard case .line(let signal) = signal else { return }
    switch signal {
    case .offered(let offer):
      guard calls[offer.connID.value] == nil else { return }
      calls[offer.connID.value] = ModelCall(ani: offer.ani)
      alive.append(offer.connID.value)
    case .ringing, .inService, .outOfService, .header, .treatmentApplied, .treatmentEnded,
      .treatmentNotApplied, .transferred, .attached:
      break
    case .answered(let call, let attempt):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      calls[call.value]?.liveAttempt = nil
      calls[call.value]?.isTalking = true
    case .diverted(let call, let attempt):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      finish(call.value)
    case .diversionFailed(let call, let attempt, _):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      calls[call.value]?.liveAttempt = nil
    case .released(let call, _):
      guard alive.contains(call.value) else { return }
      finish(call.value)
    }
  }

  /// The call is gone; its last events are still to be observed in this signal.
  private mutating func finish(_ call: UInt64) {
    guard let index = alive.firstIndex(of: call) else {
      fault("call \(call) ended twice")
      return
    }
    alive.remove(at: index)
    calls[call]?.liveAttempt = nil
    calls[call]?.isTalking = false
    for queue in plan.queues { waiting[queue.dn]?.removeAll { $0 == call } }
  }

  mutating func observe(_ event: Event) {
    tally[event.kind, default: 0] += 1
    if event.sequence != lastSequence + 1 { fault("a gap before \(event.sequence)") }
    lastSequence = event.sequence
    if event.time != 1_700_000_000_000_000_000 + now.nanoseconds { fault("time of \(event)") }
    if let wrong = EventRules.problem(event) { fault("\(wrong): \(event)") }
    switch event.kind {
    case .agentLogin: agentAt[event.thisDN] = event.agentID
    case .agentLogout: agentAt[event.thisDN] = nil
    case .agentReady, .agentNotReady:
      if agentAt[event.thisDN] != event.agentID { fault("an agent elsewhere: \(event)") }
    case .queued, .routeRequest, .routeUsed, .diverted, .abandoned, .ringing, .established,
      .released:
      follow(event)
    case .attachedDataChanged, .dnOutOfService, .dnBackInService, .error, .registered,
      .unregistered, .queueLogout, .userEvent, .treatmentApplied, .treatmentEnd,
      .treatmentNotApplied, .dialing, .destinationBusy, .partyChanged:
      break
    }
  }

  /// Every event of a call fits what was said of it before.
  private mutating func follow(_ event: Event) {
    guard let number = event.call?.connID.value, var call = calls[number] else {
      fault("an event of an unknown call: \(event)")
      return
    }
    var fits = true
    switch event.kind {
    case .queued:
      fits = !call.isAtDevice && call.leg == nil
      if call.device != event.thisDN { call.ticket = event.sequence }
      call.device = event.thisDN
      call.isAtDevice = true
    case .routeRequest:
      fits = !call.isAsked && call.isAtDevice && call.device == event.thisDN
      call.isAsked = true
    case .routeUsed:
      fits = call.isAsked && call.device == event.thisDN
      call.isAsked = false
    case .diverted:
      fits = call.isAtDevice && !call.isAsked && call.device == event.thisDN
      call.isAtDevice = false
    case .ringing:
      fits = call.leg == nil && !call.isAtDevice && call.device == event.thisQueue
      call.leg = event.thisDN
    case .established: fits = call.leg == event.thisDN
    case .abandoned, .released:
      if call.leg == event.thisDN {
        call.leg = nil
      } else {
        fits = call.isAtDevice && call.device == event.thisDN
        if event.kind == .released { fits = fits && !call.isAsked }
        call.isAtDevice = false
        call.isAsked = false
      }
    case .attachedDataChanged, .agentLogin, .agentLogout, .agentReady, .agentNotReady,
      .dnOutOfService, .dnBackInService, .error, .registered, .unregistered, .queueLogout,
      .userEvent, .treatmentApplied, .treatmentEnd, .treatmentNotApplied, .dialing,
      .destinationBusy, .partyChanged:
      break
    }
    if !fits { fault("out of order for \(call): \(event)") }
    calls[number] = call
  }

  mutating func observe(_ command: LineCommand) {
    switch command {
    case .divert(let call, let attempt, let destination, let mode):
      sent(call.value, attempt, destination, mode)
    case .cancelDiversion(let call, let attempt, _):
      if calls[call.value]?.liveAttempt != attempt { fault("cancelled what is not there") }
      calls[call.value]?.liveAttempt = nil
    case .queued(let call, let queue, let position):
      var line = waiting[queue, default: []]
      let ticket = calls[call.value]?.ticket ?? 0
      let place = line.firstIndex { calls[$0]?.ticket ?? 0 > ticket } ?? line.count
      line.insert(call.value, at: place)
      waiting[queue] = line
      if position != place + 1 { fault("position \(position) of call \(call.value)") }
    case .dequeued(let call):
      for queue in plan.queues { waiting[queue.dn]?.removeAll { $0 == call.value } }
    case .reject(let call, _), .release(let call): finish(call.value)
    case .readHeader(let call, _): headersAsked.append(call.value)
    case .applyTreatment: break
    }
  }

  private mutating func sent(
    _ number: UInt64,
    _ attempt: UInt32,
    _ destination: Destination,
    _ mode: DivertMode
  ) {
    guard var call = calls[number], alive.contains(number), !call.isTalking else {
      fault("diverted call \(number), which is not there to divert")
      return
    }
    if call.liveAttempt != nil { fault("two diversions of call \(number) at once") }
    if attempt != call.lastAttempt + 1 { fault("attempt \(attempt) after \(call.lastAttempt)") }
    call.lastAttempt = attempt
    call.liveAttempt = attempt
    call.isRedirect = mode == .redirect
    call.agent = nil
    if case .dn(let dn) = destination {
      call.destination = dn.number
      call.tried.append(dn)
      if let agent = agentAt[dn] {
        call.agent = agent
        for other in alive where other != number && calls[other]?.agent == agent {
          let busy = calls[other]?.liveAttempt != nil || calls[other]?.isTalking == true
          if busy { fault("agent \(agent.text) has calls \(other) and \(number)") }
        }
        if let queue = call.device, serves[agent]?.contains(queue) == true {
          checkOrder(number, call, at: queue, to: dn)
        }
      }
    }
    calls[number] = call
  }

  /// The FIFO oracle: nobody who could have had this agent stands before the call.
  private mutating func checkOrder(_ number: UInt64, _ call: ModelCall, at queue: DN, to dn: DN) {
    for other in waiting[queue] ?? [] {
      guard let before = calls[other], before.ticket < call.ticket, before.ani != dn.number
      else { continue }
      fault("call \(number) overtook \(other) in \(queue.number) to \(dn.number)")
    }
  }
}
