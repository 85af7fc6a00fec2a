/// The immutable configuration of an engine: DNs, agents, queues, routing points, trunks.
///
/// Swapped whole. A plan holds what routing needs and nothing of SIP: addresses, passwords and
/// listeners belong to the line side. `Service` makes it from the site file; tests make it
/// directly.
public struct Plan: Sendable {
  /// The site's name.
  public var name: String
  /// DNs that phones use, in the order in which they were configured.
  public var extensions: [ExtensionPlan]
  /// Agents, in the order in which they were configured.
  public var agents: [AgentPlan]
  /// Queues, in the order in which they were configured.
  public var queues: [QueuePlan]
  /// Routing points, in the order in which they were configured.
  public var routingPoints: [RoutingPointPlan]
  /// Virtual queues, which only report waits at routing points.
  public var virtualQueues: [VirtualQueuePlan] = []
  /// Seats: DNs that are used together.
  public var places: [PlacePlan] = []
  /// Named sets of agents.
  public var groups: [AgentGroupPlan] = []
  /// Names of the trunks to the outside.
  public var trunks: [String]
  /// What happens when a phone is not answered, unless device or agent say otherwise.
  public var noAnswer = NoAnswerPlan()
  /// Whether an agent is logged out when his DN goes out of service (DOMAIN, decision 7).
  public var logsOutOnOutOfService = false
  /// Who gets an agent when several selections want him at the same time.
  public var reservations = ReservationPolicy.collect(window: .zero)
  /// How long a call must wait to gain one point of priority; nil: priorities do not age.
  public var priorityAging: Duration?
  /// Every maximum.
  public var limits: Limits

  /// Makes a plan.
  public init(
    name: String = "site",
    extensions: [ExtensionPlan] = [],
    agents: [AgentPlan] = [],
    queues: [QueuePlan] = [],
    routingPoints: [RoutingPointPlan] = []
  ) {
    self.name = name
    self.extensions = extensions
    self.agents = agents
    self.queues = queues
    self.routingPoints = routingPoints
    trunks = []
    limits = .standard
  }
}

/// An extension: a DN that a phone uses.
public struct ExtensionPlan: Sendable, Hashable {
  /// Its number.
  public var dn: DN
  /// Whether it is in service from the start (a fixed contact) or by registration.
  public var startsInService: Bool

  /// Makes an extension.
  public init(_ dn: DN, startsInService: Bool = false) {
    self.dn = dn
    self.startsInService = startsInService
  }
}

/// An agent: the login of a person, with skills.
public struct AgentPlan: Sendable, Hashable {
  /// The login id.
  public var id: AgentID
  /// The person's name, for people who read.
  public var name: String
  /// Skill levels; a skill that is not listed is level 0.
  public var skills: [SkillLevel]
  /// The DN that he uses when none is named at login.
  public var extensionDN: DN?
  /// Whether he is logged in and made ready as soon as his extension is in service.
  public var logsInAutomatically: Bool
  /// After-call work after each of his calls; nil: as his queue has it.
  public var wrapUp: Duration?
  /// What happens when he does not answer; beats the device's and the site's.
  public var noAnswer = NoAnswerPlan()

  /// Makes an agent.
  public init(
    _ id: AgentID,
    name: String = "",
    skills: [SkillLevel] = [],
    extensionDN: DN? = nil,
    logsInAutomatically: Bool = false
  ) {
    self.id = id
    self.name = name
    self.skills = skills
    self.extensionDN = extensionDN
    self.logsInAutomatically = logsInAutomatically
  }
}

/// A skill and its level.
public struct SkillLevel: Sendable, Hashable {
  /// The skill's name: a letter or `_`, then letters, digits, `_`.
  public var name: String
  /// The level; 0 is the same as not having the skill.
  public var level: Int32

  /// Makes a skill level.
  public init(_ name: String, _ level: Int32) {
    self.name = name
    self.level = level
  }
}

/// A queue: strictly FIFO, served by the agents whose skills satisfy its expression.
public struct QueuePlan: Sendable, Hashable {
  /// Its DN.
  public var dn: DN
  /// Its name, for people who read.
  public var name: String
  /// The skill expression that its agents satisfy; nil: every agent serves it.
  public var agents: String?
  /// How long an agent's phone rings before the call is taken back; nil: as the site says, else
  /// `Limits.ringTimeout`.
  public var ringTimeout: Duration?
  /// After-call work after each of its calls; zero: none.
  public var wrapUp: Duration
  /// When a call has left the queue: when a phone rings, or when it is answered.
  public var divertOn = DivertOn.ringing
  /// How many calls may wait; nil: `Limits.queueLengthMax`.
  public var lengthMax: Int?
  /// Where a call goes that finds the queue full; nil: it is refused with 486.
  public var overflow: Target?
  /// What happens when an agent does not answer.
  public var noAnswer = NoAnswerPlan()

  /// Makes a queue.
  public init(
    _ dn: DN,
    name: String = "",
    agents: String? = nil,
    ringTimeout: Duration? = nil,
    wrapUp: Duration = .zero
  ) {
    self.dn = dn
    self.name = name
    self.agents = agents
    self.ringTimeout = ringTimeout
    self.wrapUp = wrapUp
  }
}

/// A routing point: a DN where calls wait for a strategy's decision.
public struct RoutingPointPlan: Sendable, Hashable {
  /// Its DN.
  public var dn: DN
  /// The strategy that it starts.
  public var strategy: StrategyName
  /// How long the strategy may keep the call before it goes to the default route.
  public var timeout: Duration
  /// The default route: tried in this order.
  public var defaults: [Target]
  /// How calls leave to a DN.
  public var divert: DivertMode
  /// How long an agent is left alone after a redirect; zero is allowed.
  public var redirectBlackout: Duration
  /// How long a phone rings before the call is taken back, unless the strategy says otherwise; nil:
  /// as the site says, else `Limits.ringTimeout`.
  public var ringTimeout: Duration?
  /// When a call has left the routing point: when a phone rings, or when it is answered.
  public var divertOn = DivertOn.ringing
  /// Whether the default route is tried from its first place, or from the one after the last used.
  public var defaultOrder = DefaultOrder.list
  /// How many places of the default route are tried for one call; 0: all (DOMAIN 2.5).
  public var defaultRedirectionLimit = 4
  /// What happens when an agent does not answer.
  public var noAnswer = NoAnswerPlan()

  /// Makes a routing point.
  public init(
    _ dn: DN,
    strategy: StrategyName,
    timeout: Duration = .seconds(30),
    defaults: [Target] = [],
    divert: DivertMode = .bridge
  ) {
    self.dn = dn
    self.strategy = strategy
    self.timeout = timeout
    self.defaults = defaults
    self.divert = divert
    redirectBlackout = .seconds(5)
  }
}

/// How a diversion is carried out on the line (DOMAIN 6.1, ADR 0009).
public enum DivertMode: UInt8, Sendable, Hashable {
  /// A second leg to the target, joined with the caller's: the engine sees ringing, answer and end.
  case bridge
  /// The caller is told where to go (302): the engine no longer sees the call.
  case redirect
}
