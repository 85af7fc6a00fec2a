internal import Engine

// What the model learns from signals, events and commands.
extension World {
  /// What the signal itself means, before the engine's answer to it is looked at.
  mutating func expect(_ signal: Signal) {
    guard case .line(let signal) = signal else { return }
    switch signal {
    case .offered(let offer):
      guard calls[offer.connID.value] == nil else { return }
      let held = offer.type == .consult ? offer.consultOf : nil
      let side = offer.consultBy
      let caller = offer.ani.isEmpty ? held.flatMap { number(of: $0.value, besides: side) } : nil
      calls[offer.connID.value] = ModelCall(ani: caller ?? offer.ani)
      if offer.type == .internal {
        calls[offer.connID.value]?.origin = DN(offer.ani)
        calls[offer.connID.value]?.originAgent = agentAt[DN(offer.ani)]
      }
      alive.append(offer.connID.value)
    case .transferred(let consult, let held, let side):
      transfer(consult.value, into: held.value, by: side)
    case .ringing(let call, let attempt):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      calls[call.value]?.isRinging = true
    case .inService, .outOfService, .header, .treatmentApplied, .treatmentEnded,
      .treatmentNotApplied, .attached, .held, .retrieved:
      break
    case .answered(let call, let attempt):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      calls[call.value]?.liveAttempt = nil
      calls[call.value]?.isTalking = true
    case .diverted(let call, let attempt):
      guard calls[call.value]?.liveAttempt == attempt else { return }
      finish(call.value)
    case .diversionFailed(let call, let attempt, _, _):
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

  /// The number of the party that stays when one side of a call transfers.
  private func number(of call: UInt64, besides side: CallSide) -> String? {
    guard let call = calls[call] else { return nil }
    switch side {
    case .target: return call.ani
    case .caller: return call.isTalking ? call.destination : nil
    }
  }

  /// The consult call goes on under the held call's identity, at the held call's place.
  private mutating func transfer(_ consult: UInt64, into held: UInt64, by side: CallSide) {
    guard consult != held, let old = calls[held], var call = calls[consult],
      let index = alive.firstIndex(of: consult)
    else { return }
    if old.liveAttempt != nil, old.isRinging, call.liveAttempt != nil, !call.isRinging,
      call.device == nil
    {
      // Picked up: who was called by the consult call is who rings now.
      alive.remove(at: index)
      calls[held]?.agent = call.agent
      calls[held]?.destination = call.destination
      calls[consult] = ModelCall(ani: "", device: "gone")
      return
    }
    guard old.isTalking else { return }
    shard.strategies.moveRecords(from: ConnID(consult), to: ConnID(held))
    alive.remove(at: index)
    switch side {
    case .target:
      call.ani = old.ani
      call.origin = old.origin
      call.originAgent = old.originAgent
    case .caller:
      call.ani = old.destination
      call.origin = DN(old.destination)
      call.originAgent = old.agent
    }
    calls[held] = call
    calls[consult] = ModelCall(ani: "", device: "gone")
    for queue in plan.queues {
      waiting[queue.dn] = waiting[queue.dn]?.map { $0 == consult ? held : $0 }
    }
    headersAsked = headersAsked.map { $0 == consult ? held : $0 }
    treatments = treatments.map { $0.0 == consult ? (held, $0.1) : $0 }
  }

  /// Who is logged in where, and to which queues.
  private mutating func followLogin(_ event: Event) {
    guard let agent = event.agentID else { return }
    let place = plan.places.first { $0.extensions.contains(event.thisDN) }
    let seats = place?.extensions ?? [event.thisDN]
    if event.kind == .agentLogin {
      let isFirst = agentAt[event.thisDN] != agent || signed[agent] == nil
      for dn in seats { agentAt[dn] = agent }
      if let queue = event.thisQueue {
        if isFirst { signed[agent] = [] }
        if signed[agent]?.contains(queue) == false { signed[agent]?.append(queue) }
      } else if isFirst {
        signed[agent] = serves[agent]
      }
    } else if event.kind == .agentLogout {
      for dn in seats { agentAt[dn] = nil }
      signed[agent] = nil
    } else {
      signed[agent]?.removeAll { $0 == event.thisQueue }
    }
  }

  mutating func observe(_ event: Event) {
    tally[event.kind, default: 0] += 1
    if event.sequence != lastSequence + 1 { fault("a gap before \(event.sequence)") }
    lastSequence = event.sequence
    if event.time != 1_700_000_000_000_000_000 + now.nanoseconds { fault("time of \(event)") }
    if let wrong = EventRules.problem(event) { fault("\(wrong): \(event)") }
    switch event.kind {
    case .agentLogin, .agentLogout, .queueLogout: followLogin(event)
    case .userEvent: if let call = event.call { overtakers.append(call.connID.value) }
    case .agentReady, .agentNotReady:
      if agentAt[event.thisDN] != event.agentID { fault("an agent elsewhere: \(event)") }
    case .queued, .routeRequest, .routeUsed, .diverted, .abandoned, .ringing, .established,
      .released:
      // A transfer ends legs of calls whose identity has moved on already.
      guard event.callState != .transferred, event.thisDNRole != .origination else { return }
      if plan.virtualQueues.contains(where: { $0.dn == event.thisDN }) {
        followVirtual(event)
      } else {
        follow(event)
      }
    case .attachedDataChanged, .dnOutOfService, .dnBackInService, .error, .registered,
      .unregistered, .treatmentApplied, .treatmentEnd,
      .treatmentNotApplied, .dialing, .destinationBusy, .partyChanged, .held, .retrieved:
      break
    }
  }

  private mutating func followVirtual(_ event: Event) {
    guard let number = event.call?.connID.value, let call = calls[number] else { return }
    if event.kind == .queued {
      if call.virtual != nil { fault("in two virtual queues: \(event)") }
      calls[number]?.virtual = event.thisDN
    } else {
      if call.virtual != event.thisDN { fault("not in that virtual queue: \(event)") }
      calls[number]?.virtual = nil
    }
  }

  private func divertsOnAnswer(_ dn: DN?) -> Bool {
    if let queue = plan.queues.first(where: { $0.dn == dn }) { return queue.divertOn == .answer }
    return plan.routingPoints.first { $0.dn == dn }?.divertOn == .answer
  }

  /// The place in order of entry; a kept place that is further ahead comes with its own.
  private func ticket(of event: Event, for call: ModelCall) -> UInt64 {
    guard plan.queues.contains(where: { $0.dn == event.thisDN }), let connID = event.call?.connID,
      let stay = shard.strategies.stays[connID], let own = stayTickets[stay],
      let ahead = shard.strategies.inherited[connID]?.compactMap({ stayTickets[$0] }).min(),
      ahead < own
    else { return event.sequence }
    return ahead
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
      let isFurther = !call.open.isEmpty && !call.open.contains(event.thisDN)
      fits = (!call.isAtDevice || isFurther) && call.leg == nil
      if isFurther {
        if !call.home.contains(event.thisDN) { call.home.append(event.thisDN) }
      } else {
        if !call.home.contains(event.thisDN) {
          call.ticket = ticket(of: event, for: call)
          call.home = [event.thisDN]
        }
        call.device = event.thisDN
      }
      if plan.queues.contains(where: { $0.dn == event.thisDN }) { call.open.append(event.thisDN) }
      call.isAtDevice = true
    case .routeRequest:
      fits = !call.isAsked && call.isAtDevice && call.device == event.thisDN
      call.isAsked = true
      if let stay = event.call.flatMap({ shard.strategies.stays[$0.connID] }) {
        stayTickets[stay] = call.ticket
      }
    case .routeUsed:
      fits = call.isAsked && call.device == event.thisDN
      call.isAsked = false
    case .diverted:
      fits = call.isAtDevice && !call.isAsked && call.home.contains(event.thisDN)
      call.open.removeAll { $0 == event.thisDN }
      call.isAtDevice = !call.open.isEmpty
      // On to another queue: a new ticket there.
      let movesOn = plan.queues.contains { $0.dn == event.thirdPartyDN }
      if movesOn, !call.isAtDevice { call.home = [] }
    case .ringing:
      fits = call.leg == nil && call.isAtDevice == divertsOnAnswer(event.thisQueue)
      fits = fits && (event.thisQueue.map { call.home.contains($0) } ?? (call.device == nil))
      call.leg = event.thisDN
    case .established: fits = call.leg == event.thisDN && !call.isAtDevice
    case .abandoned, .released:
      if call.leg == event.thisDN {
        call.leg = nil
      } else {
        fits = call.isAtDevice && call.home.contains(event.thisDN)
        if event.kind == .released { fits = fits && !call.isAsked }
        call.open.removeAll { $0 == event.thisDN }
        call.isAtDevice = !call.open.isEmpty
        call.isAsked = false
      }
    case .attachedDataChanged, .agentLogin, .agentLogout, .agentReady, .agentNotReady,
      .dnOutOfService, .dnBackInService, .error, .registered, .unregistered, .queueLogout,
      .userEvent, .treatmentApplied, .treatmentEnd, .treatmentNotApplied, .dialing,
      .destinationBusy, .partyChanged, .held, .retrieved:
      break
    }
    if !fits { fault("out of order for \(call): \(event)") }
    calls[number] = call
  }

  mutating func observe(_ command: LineCommand) {
    switch command {
    case .divert(let call, let attempt, let destination, let mode):
      sent(call.value, attempt, destination, mode)
    case .alsoName(let call, let attempt, let places):
      let last = calls[call.value]?.lastAttempt
      if last.map({ $0 + 1 }) != attempt || places.isEmpty { fault("names \(places) for nothing") }
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
      for other in calls[call.value]?.home ?? [] where other != queue {
        let others = waiting[other, default: []]
        let place = others.firstIndex { calls[$0]?.ticket ?? 0 > ticket } ?? others.count
        waiting[other, default: []].insert(call.value, at: place)
      }
    case .dequeued(let call):
      for queue in plan.queues { waiting[queue.dn]?.removeAll { $0 == call.value } }
    case .reject(let call, _), .release(let call): finish(call.value)
    // The model has moved it with the signal.
    case .transfer: break
    case .readHeader(let call, _): headersAsked.append(call.value)
    case .applyTreatment(let call, let number, _): treatments.append((call.value, number))
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
    call.isRinging = false
    call.isRedirect = mode == .redirect
    call.agent = nil
    if case .trunk(_, let number) = destination { call.destination = number }
    if case .dn(let dn) = destination {
      call.destination = dn.number
      call.tried.append(dn)
      if let agent = agentAt[dn] {
        call.agent = agent
        for other in alive where other != number && calls[other]?.agent == agent {
          let busy = calls[other]?.liveAttempt != nil || calls[other]?.isTalking == true
          if busy { fault("agent \(agent.text) has calls \(other) and \(number)") }
        }
        // An overflow target is no agent who takes the first in line.
        for queue in call.home
        where signed[agent]?.contains(queue) == true && !overflowDNs.contains(dn)
          && !(overtakers.contains(number) && call.home.count > 1)
        {
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
