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

  /// Creates the names; what is left out is not checked.
  public init(
    dns: Set<String>? = nil,
    queues: Set<String>? = nil,
    agents: Set<String>? = nil,
    trunks: Set<String>? = nil,
    skills: Set<String>? = nil,
    tables: Set<String>? = nil
  ) {
    self.dns = dns
    self.queues = queues
    self.agents = agents
    self.trunks = trunks
    self.skills = skills
    self.tables = tables
  }
}
