/// Where a strategy sends a call, or what it waits for (SURFACE 4).
public enum Target: Sendable, Hashable, Codable {
  /// A DN: an extension, or any DN of the plan.
  case dn(DN)
  /// An agent, wherever he is logged in.
  case agent(AgentID)
  /// A queue; from there the call leaves only to one of its agents, in order, or by abandoning.
  case queue(DN)
  /// Several queues at once: the call waits in all of them and leaves all with the first agent
  /// who takes it (DOMAIN 2.3).
  case queues([DN])
  /// Any free agent that passes the filter (`ANY`, `any{…}`; ADR 0003).
  case any(AgentFilter)
  /// A number behind a trunk of the site.
  case trunk(name: String, number: String)
  /// The call is refused with this SIP status (400…699).
  case reject(UInt16)
  /// Several, one after the other until one takes the call; a caller who is redirected is told all
  /// of them at once. What cannot fail or waits can only be the last one.
  case list([Target])
}

extension Target {
  /// Whether it is `ANY` without a condition.
  var isAnybody: Bool {
    switch self {
    case .any(let filter): filter.isEmpty
    case .dn, .agent, .queue, .queues, .trunk, .reject, .list: false
    }
  }

  /// Whether there can be a next one after it in a list: it is tried at once, and may fail.
  public var canBeFollowed: Bool {
    switch self {
    case .dn, .agent, .trunk: true
    case .queue, .queues, .any, .reject, .list: false
    }
  }

  /// The first place of a list whose target cannot stand there; nil: the list is one.
  public static func misplaced(in list: [Target]) -> Int? {
    list.indices.first { index in
      switch list[index] {
      case .dn, .agent, .trunk: false
      case .queue, .any, .reject: index < list.count - 1
      case .queues, .list: true
      }
    }
  }
}

/// Which agents may be chosen; the empty filter means `ANY`.
public struct AgentFilter: Sendable, Hashable, Codable {
  /// A skill expression such as `sales >= 5 and english > 2`; nil: no condition.
  public var skills: String? {
    get { conditions.value.skills }
    set { conditions.value.skills = newValue }
  }
  /// The agent group that they must belong to; nil: no condition.
  public var group: String? {
    get { conditions.value.group }
    set { conditions.value.group = newValue }
  }
  /// Agents that must not be chosen.
  public var excludedAgents: [AgentID] {
    get { conditions.value.excludedAgents }
    set { conditions.value.excludedAgents = newValue }
  }
  /// DNs that must not be chosen.
  public var excludedDNs: [DN] {
    get { conditions.value.excludedDNs }
    set { conditions.value.excludedDNs = newValue }
  }
  /// Whether it has no condition at all.
  public var isEmpty: Bool {
    switch conditions {
    case .none: true
    case .all: false
    }
  }

  private var conditions = Conditions.none

  /// Makes a filter without a condition.
  public init() {}

  /// Makes a filter.
  public init(
    skills: String? = nil,
    group: String? = nil,
    excludedAgents: [AgentID] = [],
    excludedDNs: [DN] = []
  ) {
    var value = Conditions.Value()
    value.skills = skills
    value.group = group
    value.excludedAgents = excludedAgents
    value.excludedDNs = excludedDNs
    conditions.value = value
  }

  /// No condition at all: `ANY`.
  public static var none: AgentFilter { AgentFilter() }
}

/// The conditions of a filter.
///
/// Most filters have none: that costs nothing to copy and to forget.
private enum Conditions: Sendable, Hashable, Codable {
  case none
  indirect case all(Value)

  struct Value: Sendable, Hashable, Codable {
    var skills: String?
    var group: String?
    var excludedAgents: [AgentID] = []
    var excludedDNs: [DN] = []
  }

  var value: Value {
    get {
      switch self {
      case .none: Value()
      case .all(let value): value
      }
    }
    set { self = newValue == Value() ? .none : .all(newValue) }
  }
}
