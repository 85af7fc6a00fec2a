/// Which events somebody wants to have.
///
/// Events that nobody wants are counted, so that the sequence is the same for everybody, but not
/// made: most of what a call costs are the announcements about it.
public struct EventInterest: OptionSet, Sendable, Hashable {
  /// The parts, one bit each.
  public let rawValue: UInt8

  /// Makes an interest of its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Agents log in and out and change their readiness.
  public static let agents = EventInterest(rawValue: 1)
  /// `EventQueued` at a queue, not at a routing point.
  public static let queues = EventInterest(rawValue: 2)
  /// `EventRouteUsed` of a default route.
  public static let defaultRoutes = EventInterest(rawValue: 4)
  /// Everything else.
  public static let others = EventInterest(rawValue: 8)

  /// Every event.
  public static let all: EventInterest = [.agents, .queues, .defaultRoutes, .others]
}

extension Event {
  /// The part of all events that this one belongs to, unless it is made where more is known.
  var interest: EventInterest {
    switch kind {
    case .agentLogin, .agentLogout, .agentReady, .agentNotReady, .queueLogout: .agents
    case .queued: .queues
    case .routeUsed: routeType == .default ? .defaultRoutes : .others
    case .error, .registered, .unregistered, .diverted, .abandoned, .ringing, .dialing,
      .destinationBusy, .established, .released, .held, .retrieved, .partyChanged, .routeRequest,
      .attachedDataChanged, .userEvent, .treatmentApplied, .treatmentNotApplied, .treatmentEnd,
      .dnOutOfService, .dnBackInService:
      .others
    }
  }
}
