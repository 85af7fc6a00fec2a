// The default route: where a call goes when its strategy fails, ends without a target, or takes too
// long (DOMAIN 2.5). A list per routing point, tried from its first place or going round; places
// that were tried for this call are skipped, and no more are tried than the redirection limit says.
// When none is left the call is refused, and the caller hears it.

extension RoutingEngine {
  mutating func takeDefaultRoute(
    _ call: CallSlot,
    _ reason: DefaultReason,
    _ outbox: inout Outbox
  ) {
    record(.defaulted(reason), of: call)
    leaveLines(call)
    leaveVirtualQueue(call, .cleared, &outbox)
    closeWindow(ofCall: call, &outbox)
    endStrategy(of: call, &outbox)
    dropTargets(of: call)
    calls[call].state = .consulting
    calls[call].decider = .defaults(reason, looked: 0, tried: 0)
    calls[call].overdue = nil
    releaseSelection(of: call, &outbox)
    if case .routingPoint(let index) = calls[call].device {
      calls[call].defaultStart = routingPoints[Int(index)].nextDefault
      if routingPoints[Int(index)].plan.defaultOrder == .roundRobin {
        let count = max(1, routingPoints[Int(index)].plan.defaults.count)
        routingPoints[Int(index)].nextDefault = (calls[call].defaultStart + 1) % count
      }
    }
    pursueDefaults(call, &outbox)
  }

  mutating func pursueDefaults(_ call: CallSlot, _ outbox: inout Outbox) {
    guard case .defaults(let reason, var looked, let tried) = calls[call].decider,
      case .routingPoint(let index) = calls[call].device
    else { return }
    let count = routingPoints[Int(index)].plan.defaults.count
    let limit = routingPoints[Int(index)].plan.defaultRedirectionLimit
    while looked < count, limit == 0 || tried < limit {
      let target =
        routingPoints[Int(index)].plan.defaults[(calls[call].defaultStart + looked) % count]
      looked += 1
      record(.triedDefault(target), of: call)
      calls[call].decider = .defaults(reason, looked: looked, tried: tried + 1)
      switch target {
      case .any, .agent:
        if let resolved = try? resolveWaitable(target),
          let choice = choose(resolved, by: .longestIdle, for: call)
        {
          send(call, to: choice, ringTimeout: nil, &outbox)
          return
        }
      case .dn(let dn):
        if let known = dnIndex[dn], calls[call].tried.contains(known) { continue }
        if tryFixed(target, for: call, nil, &outbox) == nil { return }
      case .trunk(_, let number):
        if calls[call].triedNumbers.contains(number) { continue }
        if tryFixed(target, for: call, nil, &outbox) == nil { return }
      case .queue, .queues, .reject, .list:
        if tryFixed(target, for: call, nil, &outbox) == nil { return }
      }
    }
    reject(call, 480, &outbox)
  }
}
