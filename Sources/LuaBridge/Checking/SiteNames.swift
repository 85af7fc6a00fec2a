/// The names that the site file defines; nil where they are not known and nothing is to be checked.
public struct SiteNames: Sendable {
  /// Every number a call can be sent to as a DN.
  public var dns: Set<String>?

  /// The names of the queues.
  public var queues: Set<String>?

  /// The agents' IDs.
  public var agents: Set<String>?

  /// The names of the trunks.
  public var trunks: Set<String>?

  /// Every skill that some agent has.
  public var skills: Set<String>?

  /// The lookup tables below `strategies/data`.
  public var tables: Set<String>?

  /// The named groups of agents.
  public var groups: Set<String>?

  /// The DNs that a call can wait for: those of phones.
  public var extensions: Set<String>?

  /// The routing points, to which no strategy can send a call.
  public var routingPoints: Set<String> = []

  /// The virtual queues: they are counted in, and nobody takes a call from them.
  public var virtualQueues: Set<String>?

  /// Queues that always take a call, however many wait: routing to one never comes back.
  public var endlessQueues: Set<String> = []

  /// Queues whose expression no agent satisfies, with the expression.
  public var unservedQueues: [String: String] = [:]

  /// Creates the names; what is left out is not checked.
  public init(
    dns: Set<String>? = nil,
    queues: Set<String>? = nil,
    agents: Set<String>? = nil,
    trunks: Set<String>? = nil,
    skills: Set<String>? = nil,
    tables: Set<String>? = nil,
    groups: Set<String>? = nil,
    extensions: Set<String>? = nil,
    routingPoints: Set<String> = [],
    virtualQueues: Set<String>? = nil,
    endlessQueues: Set<String> = [],
    unservedQueues: [String: String] = [:]
  ) {
    self.dns = dns
    self.queues = queues
    self.agents = agents
    self.trunks = trunks
    self.skills = skills
    self.tables = tables
    self.groups = groups
    self.extensions = extensions
    self.routingPoints = routingPoints
    self.virtualQueues = virtualQueues
    self.endlessQueues = endlessQueues
    self.unservedQueues = unservedQueues
  }
}
