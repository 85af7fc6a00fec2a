// What outlives a call: percentage allocations, the strategies' own values, kept places.

extension RoutingEngine {
  /// The strategy that a call runs.
  @usableFromInline
  mutating func strategyName(of call: CallSlot) -> StrategyName {
    guard case .routingPoint(let index) = calls[call].device else {
      preconditionFailure("a strategy runs at a routing point only")
    }
    return routingPoints[Int(index)].plan.strategy
  }

  /// What all strategies keep, ordered by strategy and key.
  public var strategyState: [StrategyState] { states.all }

  /// The largest weight of a part: all parts together still fit into 63 bits.
  private static var weightMax: Int64 { 1_000_000_000_000_000 }

  mutating func share(
    _ parts: [SharePart],
    for call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    let limits = plan.limits
    guard parts.count <= limits.sharePartsMax else {
      throw StrategyMistake("share: more than \(limits.sharePartsMax) parts")
    }
    guard parts.allSatisfy({ (0...Self.weightMax).contains($0.weight) }) else {
      throw StrategyMistake("share: a part is negative or too large")
    }
    guard parts.contains(where: { $0.weight > 0 }) else {
      throw StrategyMistake("share: the parts add up to nothing")
    }
    let strategy = strategyName(of: call)
    guard let index = shares.pick(parts, for: strategy, max: limits.sharesMax) else {
      throw StrategyMistake(
        "share: more than \(limits.sharesMax) different allocations; keep the parts the same"
      )
    }
    resume(call, .text(parts[index].name), &outbox)
  }

  mutating func setState(
    _ key: String,
    _ value: StateValue?,
    for call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    try states.set(key, value, in: strategyName(of: call), plan.limits)
    resume(call, .done, &outbox)
  }

  // MARK: Kept places

  private static var placeKeyMax: Int { 256 }

  mutating func keepPlace(
    _ key: String,
    _ duration: Duration,
    of call: CallSlot,
    _ outbox: inout Outbox
  ) throws(StrategyMistake) {
    guard key.utf8.count <= Self.placeKeyMax else {
      throw StrategyMistake("call:keep_place: the key has more than \(Self.placeKeyMax) bytes")
    }
    guard duration > .zero else {
      places.drop(key, of: call)
      resume(call, .done, &outbox)
      return
    }
    let place = KeptPlace(
      key: key,
      ticket: calls[call].ticket,
      seniority: calls[call].seniority,
      duration: duration,
      owner: call,
      expires: .zero
    )
    guard places.keep(place, at: now, max: plan.limits.keptPlacesMax) else {
      throw StrategyMistake(
        "call:keep_place: keptPlacesMax (\(plan.limits.keptPlacesMax)) is reached"
      )
    }
    if !calls[call].placeKeys.contains(key) { calls[call].placeKeys.append(key) }
    resume(call, .done, &outbox)
  }

  /// The call stands from now on where the other one stood, if that is further ahead.
  mutating func takePlace(_ key: String, for call: CallSlot, _ outbox: inout Outbox) {
    guard let place = places.take(key, at: now) else {
      resume(call, .noSuchPlace, &outbox)
      return
    }
    if place.ticket < calls[call].ticket {
      if calls[call].newcomerTicket == 0 { calls[call].newcomerTicket = calls[call].ticket }
      calls[call].ticket = place.ticket
    }
    calls[call].seniority = min(calls[call].seniority, place.seniority)
    resume(call, .done, &outbox)
  }

  /// A call has ended: its kept places expire from now on.
  mutating func placesBegin(of call: CallSlot) {
    for key in calls[call].placeKeys { places.begin(key, of: call, at: now) }
  }
}
