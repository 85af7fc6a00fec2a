// Enumerations of the T-Library interface: the numbers are the interface (DOMAIN 1.4).

/// What kind of call it is (AttributeCallType, DOMAIN 1.4).
public enum CallType: UInt8, Sendable, Hashable, Codable {
  case unknown = 0
  case `internal` = 1
  case inbound = 2
  case outbound = 3
  case consult = 4
}

/// The part that a DN plays in a call (AttributeThisDNRole and others, DOMAIN 1.4).
public enum PartyRole: UInt8, Sendable, Hashable {
  case unknown = 0
  case origination = 1
  case destination = 2
  case newParty = 4
  case transferredBy = 7
}

/// How a call or a leg stands or ended (AttributeCallState, DOMAIN 1.4; those that we announce).
public enum CallStateCode: UInt8, Sendable, Hashable {
  case ok = 0
  case transferred = 1
  case generalError = 3
  case remoteRelease = 5
  case busy = 6
  case noAnswer = 7
  case queueFull = 18
  case cleared = 19
  case overflowed = 20
  case redirected = 22
  case pickedUp = 25
  case dropped = 26
}

/// How a route was made (AttributeRouteType, DOMAIN 1.4; those that we announce).
public enum RouteType: UInt8, Sendable, Hashable {
  case unknown = 0
  case `default` = 1
  case direct = 6
  case reject = 7
}

/// What a treatment is (AttributeTreatmentType, DOMAIN 1.4; those that we ask for).
public enum TreatmentType: UInt8, Sendable, Hashable, Codable {
  case unknown = 0
  case music = 2
  case ringBack = 3
  case silence = 4
  case collectDigits = 6
  case playAnnouncement = 7
  case playAnnouncementAndDigits = 8
}

/// Who is chosen among the available (SURFACE 4, `by`; DOMAIN 4.3).
public enum SelectionRule: UInt8, Sendable, Hashable, CaseIterable, Codable {
  /// Who has been available the longest.
  case longestIdle
  /// Whose share of busy time since login is smallest, as of when he became available.
  case leastOccupied
  /// Who has taken the fewest calls since login; among equals the longest idle.
  case fewestCalls
  /// The next one after the one chosen last, in the plan's order.
  case roundRobin
  /// Anyone, by the engine's generator.
  case random
  /// The first target of the list that can be had, whoever is idle longest.
  case priorityList

  /// The word that strategies use for it.
  public var word: String {
    switch self {
    case .longestIdle: "longest_idle"
    case .leastOccupied: "least_occupied"
    case .fewestCalls: "fewest_calls"
    case .roundRobin: "round_robin"
    case .random: "random"
    case .priorityList: "priority_list"
    }
  }

  /// The rule of that word.
  public init?(word: String) {
    guard let rule = SelectionRule.allCases.first(where: { $0.word == word }) else { return nil }
    self = rule
  }
}

/// An agent's work mode (AttributeAgentWorkMode, DOMAIN 1.4).
public enum WorkMode: UInt8, Sendable, Hashable, Codable {
  case unknown = 0
  case manualIn = 1
  case autoIn = 2
  case afterCallWork = 3
  case auxWork = 4
  case noCallDisconnect = 5
  case walkAway = 6
  case returnBack = 7
}

/// Why a target was not reached; what `call:route` and `call:select` report to the strategy.
public enum RouteFailure: UInt8, Sendable, Hashable, CaseIterable, Codable {
  /// Nobody became available, or nothing answered, in the time given.
  case timeout
  /// The target was engaged.
  case busy
  /// The target rang and nobody picked up.
  case noAnswer
  /// The target refused the call.
  case rejected
  /// The target has no address, is out of service, or its phone did not react.
  case unreachable
  /// No such DN, agent, queue or trunk, or none could ever serve.
  case noSuchTarget
  /// The request was withdrawn, for example by a newer one.
  case cancelled
}
