package import Engine
package import SIPGlue

/// The site file as typed values: everything that SURFACE 3 lets people write.
///
/// A `Site` is made by `SiteReader` and only when the file has no errors; `plan` and `sipPlan` are
/// what the engine and the line side see of it.
package struct Site: Sendable, Hashable {
  /// The site's name.
  package var name = "site"
  /// Where SIP is spoken.
  package var listeners: [ListenAddress] = []
  /// The addresses that others shall use for us, one of a family at most; of a family that has
  /// none, those that we listen on.
  package var advertisedHosts: [String] = []
  /// Certificate, key and trust of TLS; nil: there is none.
  package var tls: TLSFiles?
  /// How many threads receive and send datagrams; 1: the one that does everything else.
  package var lineThreads = 1
  /// The realm of digest authentication and the host of our From.
  package var domain = ""
  /// Peers that may send calls without digest, as written.
  package var trusted: [Network] = []
  /// How phones register.
  package var registrar = RegistrarSettings()
  /// How fixed contacts are watched whose extension says nothing else; nil: they are not.
  package var monitor: MonitorPlan?
  /// How strangers are kept from doing harm.
  package var defence = DefenceSettings()
  /// How long sessions live without a refresh.
  package var session = SessionSettings()
  /// How many answers of 3xx are followed in one diversion.
  package var redirectsMax = 0
  /// Who may send the other side of his call on by REFER.
  package var transfers = TransferPolicy.called
  /// Which headers go from one side of a call to the other.
  package var headers = HeaderLists()
  /// Where HTTP is to be served, as written.
  package var http: String?
  /// Extensions, in the order of the file.
  package var extensions: [Extension] = []
  /// Agents, in the order of the file.
  package var agents: [Agent] = []
  /// Queues, in the order of the file.
  package var queues: [Queue] = []
  /// Routing points, in the order of the file.
  package var routingPoints: [RoutingPoint] = []
  /// Trunks, in the order of the file.
  package var trunks: [Trunk] = []
  /// Virtual queues, in the order of the file.
  package var virtualQueues: [VirtualQueuePlan] = []
  /// Places, in the order of the file.
  package var places: [PlacePlan] = []
  /// Agent groups, in the order of the file.
  package var groups: [AgentGroupPlan] = []
  /// What happens when a phone is not answered.
  package var noAnswer = NoAnswerPlan()
  /// Whether an agent is logged out when his DN goes out of service.
  package var logsOutOnOutOfService = false
  /// Who gets an agent when several selections want him.
  package var reservations = ReservationPolicy.collect(window: .zero)
  /// How long a call must wait to gain one point of priority.
  package var priorityAging: Duration?
  /// Every maximum, where the site says another than the standard.
  package var limits = Limits.standard
  /// How much of the calls' SIP is kept for people to look at, in 2^20 bytes; 0: nothing.
  package var captureMegabytes = 32
  /// How much of one call's, in 2^10 bytes.
  package var captureKilobytesPerCall = 128

  /// What is kept of what happens.
  package var store = StoreOptions()

  /// A DN that a phone uses.
  package struct Extension: Sendable, Hashable {
    /// Its number.
    package var dn: String
    /// The digest password; nil: only trusted peers may register it.
    package var password: String?
    /// A fixed contact URI; nil: by registration.
    package var contact: String?
    /// How the fixed contact is watched; nil: it is not.
    package var monitor: MonitorPlan?
  }

  /// The login of a person.
  package struct Agent: Sendable, Hashable {
    /// The login id.
    package var id: String
    /// The person's name.
    package var name = ""
    /// Skills and their levels, by name.
    package var skills: [SkillLevel] = []
    /// His own extension.
    package var extensionDN: String?
    /// Whether `login = "auto"`.
    package var logsInAutomatically = false
    /// After-call work; nil: as his queue has it.
    package var wrapUp: Duration?
    /// What happens when he does not answer.
    package var noAnswer = NoAnswerPlan()
  }

  /// A FIFO queue.
  package struct Queue: Sendable, Hashable {
    /// Its DN.
    package var dn: String
    /// Its name.
    package var name = ""
    /// The skill expression that its agents satisfy.
    package var agents: String?
    /// How long a phone rings.
    package var ringTimeout: Duration?
    /// After-call work.
    package var wrapUp: Duration = .zero
    /// When a call has left.
    package var divertOn = DivertOn.ringing
    /// How many calls may wait.
    package var limit: Int?
    /// Where a call goes that finds it full.
    package var overflow: Target?
    /// What happens when an agent does not answer.
    package var noAnswer = NoAnswerPlan()
  }

  /// A DN that runs a strategy.
  package struct RoutingPoint: Sendable, Hashable {
    /// Its DN.
    package var dn: String
    /// The name of its strategy.
    package var strategy = ""
    /// How long the strategy may keep a call.
    package var timeout: Duration = .seconds(30)
    /// The default route.
    package var defaults: [Target] = []
    /// How calls leave.
    package var divert: DivertMode = .bridge
    /// How long an agent is left alone after a redirect.
    package var redirectBlackout: Duration = .seconds(5)
    /// How long a phone rings.
    package var ringTimeout: Duration?
    /// When a call has left.
    package var divertOn = DivertOn.ringing
    /// Where the default route begins.
    package var defaultOrder = DefaultOrder.list
    /// How many places of the default route are tried.
    package var defaultRedirectionLimit = 4
    /// What happens when an agent does not answer.
    package var noAnswer = NoAnswerPlan()
  }

  /// A way to the outside.
  package struct Trunk: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Where it is.
    package var uri = ""
    /// Number patterns that it takes; empty: all.
    package var numbers: [String] = []
  }

  /// What the engine sees of the site.
  package var plan: Plan {
    var plan = Plan(name: name)
    plan.extensions = extensions.map {
      ExtensionPlan(DN($0.dn), startsInService: $0.contact != nil)
    }
    plan.agents = agents.map { agent in
      var result = AgentPlan(
        AgentID(agent.id),
        name: agent.name,
        skills: agent.skills,
        extensionDN: agent.extensionDN.map { DN($0) },
        logsInAutomatically: agent.logsInAutomatically
      )
      result.wrapUp = agent.wrapUp
      result.noAnswer = agent.noAnswer
      return result
    }
    plan.queues = queues.map { queue in
      var result = QueuePlan(
        DN(queue.dn),
        name: queue.name,
        agents: queue.agents,
        ringTimeout: queue.ringTimeout,
        wrapUp: queue.wrapUp
      )
      result.divertOn = queue.divertOn
      result.lengthMax = queue.limit
      result.overflow = queue.overflow
      result.noAnswer = queue.noAnswer
      return result
    }
    plan.routingPoints = routingPoints.map { point in
      var result = RoutingPointPlan(
        DN(point.dn),
        strategy: StrategyName(point.strategy),
        timeout: point.timeout,
        defaults: point.defaults,
        divert: point.divert
      )
      result.redirectBlackout = point.redirectBlackout
      result.ringTimeout = point.ringTimeout
      result.divertOn = point.divertOn
      result.defaultOrder = point.defaultOrder
      result.defaultRedirectionLimit = point.defaultRedirectionLimit
      result.noAnswer = point.noAnswer
      return result
    }
    plan.trunks = trunks.map { $0.name }
    plan.virtualQueues = virtualQueues
    plan.places = places
    plan.groups = groups
    plan.noAnswer = noAnswer
    plan.logsOutOnOutOfService = logsOutOnOutOfService
    plan.reservations = reservations
    plan.priorityAging = priorityAging
    plan.limits = limits
    return plan
  }

  /// Where SIP is spoken, as the line side says it.
  package var sipListeners: [SIPListener] {
    listeners.map { address in
      let transport: SIPListener.Transport =
        switch address.transport {
        case .udp: .udp
        case .tcp: .tcp
        case .tls: .tls
        }
      return SIPListener(transport, host: address.host, port: address.port)
    }
  }

  /// What the line side sees of the site, once it is known which ports it has.
  package func sipPlan(boundTo bound: [SIPListener]) -> SIPPlan {
    var plan = SIPPlan(listeners: bound.map(advertised), domain: domain)
    plan.trusted = trusted.compactMap { AddressRange($0.text) }
    plan.extensions = extensions.map {
      var result = RegistrarExtension(DN($0.dn), password: $0.password, contact: $0.contact)
      result.monitor = $0.monitor
      return result
    }
    plan.registrar = registrar
    plan.defence = defence
    plan.session = session
    plan.redirectsMax = redirectsMax
    plan.transfers = transfers
    plan.headers = headers
    plan.trunks = trunks.map { SIPTrunk(name: $0.name, uri: $0.uri, numbers: $0.numbers) }
    plan.routingPoints = routingPoints.map { DN($0.dn) }
    plan.queues = queues.map { DN($0.dn) }
    plan.limits.captureBytesMax = captureMegabytes << 20
    plan.limits.captureBytesPerCallMax = captureKilobytesPerCall << 10
    return plan
  }

  /// An address as others shall know it: a loopback address stays what it is beside one that can be
  /// reached.
  private func advertised(_ listener: SIPListener) -> SIPListener {
    let family = listeners.filter { $0.isVersion6 == listener.host.contains(":") }
    let isInner = IPAddress.isLoopback(listener.host) && family.contains { !$0.isLoopback }
    let host = advertisedHosts.first { $0.contains(":") == listener.host.contains(":") }
    guard let host, !isInner else { return listener }
    var own = listener
    own.host = host
    return own
  }
}

extension SIPListener {
  /// The address as the site file has it.
  var text: String { "\(transport.rawValue):\(HostAndPort.text(host: host, port: port))" }
}
