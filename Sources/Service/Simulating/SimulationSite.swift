internal import Engine
internal import LuaBridge
internal import Workbench

/// The site and the strategies of a simulation.
enum SimulationSite {
  /// The routing point of a site that is made up.
  static let routingPoint = DN("8000")

  /// The site of a simulation: every phone works, every diversion is a bridge, so that the engine
  /// sees conversations end.
  static func plan(_ options: SimulationInput.Options) throws(ServiceError) -> Plan {
    var plan = try basis(options)
    for index in plan.extensions.indices { plan.extensions[index].startsInService = true }
    for index in plan.agents.indices { plan.agents[index].logsInAutomatically = false }
    for index in plan.routingPoints.indices { plan.routingPoints[index].divert = .bridge }
    // Nobody asks why afterwards.
    plan.limits.decisionsKept = 0
    return plan
  }

  private static func basis(_ options: SimulationInput.Options) throws(ServiceError) -> Plan {
    guard let path = options.site else { return try made(options) }
    guard options.agents == nil else {
      throw ServiceError("the site file says which agents there are: leave --agents out")
    }
    let loaded = try SiteFile.load(path, strategies: nil)
    guard let site = loaded.site else {
      let errors = loaded.findings.filter { $0.severity == .error }
      throw ServiceError(errors.map { $0.long }.joined(separator: "\n"))
    }
    return site.plan
  }

  /// A site of agents who can all do everything, a routing point and a queue.
  private static func made(_ options: SimulationInput.Options) throws(ServiceError) -> Plan {
    guard let count = options.agents else {
      throw ServiceError("say how many agents there are: --agents N, or --site FILE")
    }
    var plan = Plan(name: "simulation")
    let isLarge = count > 900
    for index in 0..<count {
      let dn = DN(String((isLarge ? 700_001 : 7_001) + index))
      let id = AgentID(String((isLarge ? 100_001 : 1_001) + index))
      plan.extensions.append(ExtensionPlan(dn))
      plan.agents.append(AgentPlan(id, extensionDN: dn))
    }
    plan.queues = [QueuePlan("9000")]
    // Thirty years: it is for the callers to give up.
    plan.routingPoints = [
      RoutingPointPlan(routingPoint, strategy: "any", timeout: .seconds(1_000_000_000))
    ]
    return plan
  }

  // MARK: Strategies

  /// The strategies, and the plan whose routing points run them.
  static func strategies(
    _ options: SimulationInput.Options,
    _ plan: Plan,
    _ types: [CallerType]
  ) throws(ServiceError) -> (Plan, StrategySource) {
    var plan = plan
    if let file = options.strategy {
      let (name, source) = try single(file)
      for index in plan.routingPoints.indices { plan.routingPoints[index].strategy = name }
      return (plan, source)
    }
    if let site = options.site, !plan.routingPoints.isEmpty {
      let folder = options.strategies ?? Files.folder(of: site) + "/strategies"
      return (plan, try StrategyFolder.read(folder))
    }
    let hasPriorities = types.contains { $0.userData["priority"] != nil }
    let text = hasPriorities ? SimulationInput.priorityStrategy : SimulationInput.anyStrategy
    return (plan, source("any", Array(text.utf8), folder: "simulate", []))
  }

  /// One strategy, with the modules and tables that lie beside it.
  private static func single(
    _ path: String
  ) throws(ServiceError) -> (StrategyName, StrategySource) {
    guard path.hasSuffix(".lua"), let bytes = Files.read(path) else {
      throw ServiceError("cannot read the strategy \(path)")
    }
    let folder = Files.folder(of: path)
    let name = String((path.split(separator: "/").last ?? "").dropLast(4))
    var files: [StrategySource.File] = []
    for part in ["lib", "data"] where Files.isFolder(folder + "/" + part) {
      for file in Files.tree(folder + "/" + part) {
        let path = part + "/" + file
        guard let bytes = Files.read(folder + "/" + path) else {
          throw ServiceError("cannot read \(folder)/\(path)")
        }
        files.append(StrategySource.File(path: path, bytes: bytes))
      }
    }
    return (StrategyName(name), source(name, bytes, folder: folder, files))
  }

  private static func source(
    _ name: String,
    _ bytes: [UInt8],
    folder: String,
    _ others: [StrategySource.File]
  ) -> StrategySource {
    let files = others + [StrategySource.File(path: name + ".lua", bytes: bytes)]
    let fingerprint = Fingerprint.of(files.map { ($0.path, $0.bytes) })
    return StrategySource(folder: folder, fingerprint: fingerprint, files: files)
  }
}
