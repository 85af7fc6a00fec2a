// Virtual queues: a wait at a routing point, shown as a queue (DOMAIN 2.9).
//
// A selection that names a virtual queue puts the call into it. It leaves as *distributed* when the
// call is diverted to an agent, as *abandoned* when the caller hangs up, and as *cleared*
// (EventDiverted, CallState 22) when the wait ends in any other way. So always
// Entered = Distributed + Abandoned + Cleared + present.

/// How a call leaves its virtual queue.
enum VirtualQueueExit: Sendable {
  case distributed(DN)
  case abandoned
  case cleared
}

extension RoutingEngine {
  mutating func enterVirtualQueue(_ call: CallSlot, _ index: Int32, _ outbox: inout Outbox) {
    guard calls[call].virtualQueue != index else { return }
    leaveVirtualQueue(call, .cleared, &outbox)
    calls[call].virtualQueue = index
    calls[call].waitingSince = now
    enterLine(call, ofQueue: index)
    emit(event(.queued, call, atDevice: queues[Int(index)].plan.dn), &outbox)
  }

  mutating func leaveVirtualQueue(
    _ call: CallSlot,
    _ exit: VirtualQueueExit,
    _ outbox: inout Outbox
  ) {
    let index = calls[call].virtualQueue
    guard index >= 0 else { return }
    calls[call].virtualQueue = -1
    leaveLine(call, ofQueue: index)
    let dn = queues[Int(index)].plan.dn
    switch exit {
    case .distributed(let target):
      var event = event(.diverted, call, atDevice: dn)
      event.callState = .ok
      event.thirdPartyDN = target
      event.thirdPartyDNRole = .destination
      event.call?.ani = ""
      emit(event, &outbox)
    case .cleared:
      var event = event(.diverted, call, atDevice: dn)
      event.callState = .redirected
      event.call?.ani = ""
      emit(event, &outbox)
    case .abandoned:
      var event = event(.abandoned, call, atDevice: dn)
      event.callState = .ok
      emit(event, &outbox)
    }
  }
}
