public import Engine

/// The size and the furniture of a small world in which a strategy is tried.
public struct ProofSetup: Sendable {
  /// The site; nobody logs in by himself and no DN is in service until the world says so.
  public var plan: Plan
  /// The routing point that callers reach.
  public var place: DN
  /// How many calls come.
  public var calls: Int
  /// The numbers that callers may have.
  public var callers: [String] = [""]
  /// The agents who come and go, with the DN that each uses.
  public var cast: [(agent: AgentID, dn: DN)] = []
  /// Further DNs that come into service and go out of it.
  public var dns: [DN] = []
  /// DNs that are in service all the time.
  public var steadyDNs: [DN] = []
  /// What callers may type when digits are collected.
  public var digits: [String] = ["", "1"]
  /// What a header may hold.
  public var headers: [String?] = [nil, "text"]
  /// How a phone may refuse.
  public var refusals: [RouteFailure] = [.busy]
  /// Whether a call is told to find its own way (302) instead of being connected.
  public var redirects = false
  /// When the world may begin.
  public var moments: [Instant] = [.zero]
  /// The sources of chance that are tried.
  public var seeds: [UInt64] = [1]
  /// What instant zero is: nanoseconds since the Unix epoch.
  public var epoch = World.epoch
  /// Parts of the past that are told apart.
  package var detail: SearchDetail = []
  /// What is seen and not minded.
  public var allowed: [ProofKind] = ProofKind.allCases.filter { !$0.isError }

  /// Makes a world without anybody.
  public init(plan: Plan, place: DN, calls: Int) {
    self.plan = plan
    self.place = place
    self.calls = calls
  }
}

/// What the search can find.
public enum ProofKind: String, Sendable, Hashable, CaseIterable {
  /// The call was refused or dropped, and no strategy said so.
  case lost
  /// The strategy broke off; the default route had to save the call.
  case failed
  /// A call waits although somebody free could take it, or nothing can move it any more.
  case stuck
  /// The strategy asks for the same again and again.
  case loop
  /// The strategy's last word was a DN that was out of service.
  case outOfService = "out_of_service"
  /// The strategy waits without a timeout for people none of whom is logged in.
  case unserved
  /// A call entered a queue while nobody who serves it was logged in.
  case unattended
  /// The strategy was in order, but time ran out or its last target did not answer.
  case defaulted

  /// Whether it makes a strategy wrong unless one says otherwise.
  public var isError: Bool {
    switch self {
    case .lost, .failed, .stuck, .loop, .outOfService, .unserved: true
    case .unattended, .defaulted: false
    }
  }

  /// What it means, in one sentence.
  public var sentence: String {
    switch self {
    case .lost: "The call was refused or dropped although its strategy did not say reject."
    case .failed: "The strategy broke off, and the default route had to save the call."
    case .stuck: "A call waits although somebody free could take it, or nothing can move it."
    case .loop: "The strategy asks for the same again and again without waiting in between."
    case .outOfService: "The strategy's last word was a DN that was out of service."
    case .unserved: "The strategy waits without a timeout for people who are not logged in."
    case .unattended: "A call entered a queue while nobody who serves it was logged in."
    case .defaulted:
      "The default route took the call: time ran out, or the last target did not take it."
    }
  }
}

/// Something that was found, and the shortest way to it.
public struct ProofFinding: Sendable, Hashable {
  /// What it is.
  public var kind: ProofKind
  /// The call that it happened to.
  public var call: ConnID
  /// What exactly, in a few words.
  public var detail: String
  /// The world in which it begins.
  public var start = ProofStart()
  /// The signals that lead there.
  public var path: [ProofLetter] = []
}

/// One of the worlds with which the search begins.
public struct ProofStart: Sendable, Hashable {
  /// How an agent begins.
  public enum Presence: UInt8, Sendable, Hashable, CaseIterable {
    /// Logged in and ready.
    case ready
    /// Logged in and not ready.
    case notReady
    /// Not logged in; his DN is in service.
    case loggedOut
    /// Logged in and ready, but his DN is out of service.
    case outOfService
  }

  /// The agents of the cast, in its order.
  public var agents: [Presence] = []
  /// Whether the further DNs are in service, in their order.
  public var dns: [Bool] = []
  /// When it begins.
  public var moment = Instant.zero
  /// The source of all chance.
  public var seed: UInt64 = 1

  /// Makes a start with nobody in it.
  public init() {}
}

extension ProofSetup {
  /// Tells states apart by why an agent is not to be had.
  public mutating func tellAbsenceApart() { detail.insert(.absence) }

  /// Whether states are told apart by why an agent is not to be had.
  public var tellsAbsenceApart: Bool { detail.contains(.absence) }

  /// Every world to begin with, the ordinary ones first.
  public var starts: [ProofStart] {
    var starts: [ProofStart] = []
    for moment in moments {
      for seed in seeds {
        var start = ProofStart()
        start.moment = moment
        start.seed = seed
        start.agents = cast.map { _ in .ready }
        start.dns = dns.map { _ in true }
        starts.append(start)
      }
    }
    for index in cast.indices {
      starts = starts.flatMap { start in
        ProofStart.Presence.allCases.map { presence in
          var other = start
          other.agents[index] = presence
          return other
        }
      }
    }
    for index in dns.indices {
      starts = starts.flatMap { start in
        [true, false].map { isInService in
          var other = start
          other.dns[index] = isInService
          return other
        }
      }
    }
    return starts.sorted { $0.oddity < $1.oddity }
  }

  /// The signals that bring about a start.
  public func signals(of start: ProofStart) -> [Signal] {
    var signals: [Signal] = [.control(.start)]
    for dn in steadyDNs { signals.append(.line(.inService(dn))) }
    for (dn, isInService) in zip(dns, start.dns) where isInService {
      signals.append(.line(.inService(dn)))
    }
    for (member, presence) in zip(cast, start.agents) {
      if presence != .outOfService { signals.append(.line(.inService(member.dn))) }
      guard presence != .loggedOut else { continue }
      signals.append(.agent(.login(member.agent, dn: member.dn, reference: 0)))
      if presence != .notReady { signals.append(.agent(.ready(member.agent, reference: 0))) }
    }
    return signals
  }
}

extension ProofStart {
  /// How far it is from everybody being ready.
  fileprivate var oddity: Int {
    agents.reduce(0) { $0 + Int($1.rawValue) } + dns.count { !$0 }
  }
}
