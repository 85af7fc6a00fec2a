// The smaller parts of a plan.

/// A virtual queue: a name under which waits at routing points are reported (DOMAIN 2.9).
public struct VirtualQueuePlan: Sendable, Hashable {
  /// Its DN.
  public var dn: DN
  /// Its name, for people who read.
  public var name: String

  /// Makes a virtual queue.
  public init(_ dn: DN, name: String = "") {
    self.dn = dn
    self.name = name
  }
}

/// A place: a seat, with the DNs that are used together there.
///
/// Routed calls go to the first of its DNs that is in service; a call at any of them engages the
/// agent who is logged in there.
public struct PlacePlan: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Its extensions, in order of preference; an extension belongs to one place at most.
  public var extensions: [DN]

  /// Makes a place.
  public init(_ name: String, extensions: [DN]) {
    self.name = name
    self.extensions = extensions
  }
}

/// An agent group: a named set of agents.
public struct AgentGroupPlan: Sendable, Hashable {
  /// Its name: a letter or `_`, then letters, digits, `_`.
  public var name: String
  /// Its members by id.
  public var agents: [AgentID]
  /// Its members by skills; nil: only those that are listed.
  public var skills: String?

  /// Makes a group.
  public init(_ name: String, agents: [AgentID] = [], skills: String? = nil) {
    self.name = name
    self.agents = agents
    self.skills = skills
  }
}

/// When a call that is diverted has left its device (DOMAIN, decision 3).
public enum DivertOn: UInt8, Sendable, Hashable {
  /// EventRouteUsed and EventDiverted come before the target's EventRinging.
  case ringing
  /// They come when the target answers; until then the call stays where it is.
  case answer
}

/// Where the default route begins (DOMAIN 2.5).
public enum DefaultOrder: UInt8, Sendable, Hashable {
  /// At its first place.
  case list
  /// At the place after the one with which the last default route of this routing point began.
  case roundRobin
}

/// What happens when a phone rings and nobody answers (RONA; DOMAIN 2.6).
///
/// What is nil is decided by the next one in this order: the request that routed the call, the
/// agent, the device (queue or routing point), the site, the built-in: `notReady` and `recall`.
public struct NoAnswerPlan: Sendable, Hashable {
  /// How long the phone rings.
  public var timeout: Duration?
  /// What becomes of the agent.
  public var action: NoAnswerAction?
  /// What becomes of the call: tried in this order.
  public var overflow: [NoAnswerOverflow]?

  /// Makes a plan that decides nothing unless told.
  public init(
    timeout: Duration? = nil,
    action: NoAnswerAction? = nil,
    overflow: [NoAnswerOverflow]? = nil
  ) {
    self.timeout = timeout
    self.action = action
    self.overflow = overflow
  }
}

/// What becomes of an agent who did not answer (`agent-no-answer-action`).
public enum NoAnswerAction: UInt8, Sendable, Hashable {
  /// He stays as he is, and is left alone for `Limits.refusalBackOff`.
  case none
  /// He becomes not ready, with the reason RONA.
  case notReady
  /// He is logged out.
  case logout
}

/// What becomes of a call that was not answered (`agent-no-answer-overflow`).
public enum NoAnswerOverflow: Sendable, Hashable, Codable {
  /// Back to the device of ThisQueue: first in its line, or to its strategy.
  case recall
  /// To the default route of its routing point; a call of a queue has none and passes on.
  case defaultRoute
  /// To a DN, a queue or a trunk.
  case target(Target)
  /// The call is released.
  case release
}

/// Who gets an agent when several selections want him (DOMAIN 3.3, decision 9).
public enum ReservationPolicy: Sendable, Hashable {
  /// The first request opens a window; at its end the highest priority wins, the earliest among
  /// equals. A zero window gives him to the first.
  case collect(window: Duration)
  /// Who comes first has him; a higher priority takes him over until the call is routed.
  case replace
}
