import Engine
import LuaBridge
import Wire

/// What a test said about the world that it wants: the options of `world { }`.
struct WorldSetup {
  /// How an agent begins.
  enum Beginning: String {
    case ready
    case notReady = "not_ready"
    case loggedOut = "logged_out"
    case busy
    case outOfService = "out_of_service"
  }

  var plan: Plan
  var source: StrategySource
  var epoch: UInt64
  var seed: UInt64
  var beginnings: [(agent: AgentID, beginning: Beginning, dn: DN?)] = []
  var phone = PhoneScript()
  var givesTreatments = true

  /// When a world begins that does not say so: a Friday morning.
  static let usualTime = "2026-11-20T09:00:00Z"

  init(_ value: LuaValue, project: TestProject, seed: UInt64) throws(TestMistake) {
    var options = try Options(value, of: "world")
    plan = try WorldSetup.site(options.take("site"), project)
    source = project.strategies
    self.seed = seed
    if let own = try options.integer("seed") { self.seed = UInt64(bitPattern: own) }
    let time = try options.text("now") ?? WorldSetup.usualTime
    guard let epoch = nanoseconds(ofTime: time) else {
      throw TestMistake("world: now expects a time such as \"\(WorldSetup.usualTime)\"")
    }
    self.epoch = epoch
    if let name = try options.text("strategy") { try setStrategy(name) }
    if let after = try options.seconds("answer_after") { phone.answersAfter = after }
    if let talk = try options.seconds("talk") { phone.talk = talk }
    givesTreatments = try options.truth("treatments") ?? true
    if let wrapUp = try options.seconds("wrap_up") { setWrapUp(wrapUp) }
    if let timeout = try options.seconds("ring_timeout") { setRingTimeout(timeout) }
    try setTables(options.entries("tables") ?? [])
    try setAgents(options.entries("agents"))
    try options.finish()
    prepareExtensions()
  }

  private static func site(
    _ value: LuaValue?,
    _ project: TestProject
  ) throws(TestMistake) -> Plan {
    switch value {
    case nil, .nil:
      guard let site = project.site else {
        throw TestMistake(
          "there is no site: world { site = … }, --site FILE, or a site.lua beside the strategies"
        )
      }
      return site.plan
    case .string(let path):
      let whole = path.hasPrefix("/") ? path : project.folder + "/" + path
      return try readable { () throws(SiteSource.Problem) in try project.sites.file(whole) }
    case .table(let table):
      return try readable { () throws(SiteSource.Problem) in
        try project.sites.table(.table(table), "world")
      }
    default: throw TestMistake("world: site expects a path or a table")
    }
  }

  private static func readable(
    _ read: () throws(SiteSource.Problem) -> SiteSource.Site
  ) throws(TestMistake) -> Plan {
    do throws(SiteSource.Problem) {
      return try read().plan
    } catch {
      throw TestMistake("world: the site has mistakes:\n\(error.description)")
    }
  }

  // MARK: Parts

  private mutating func setStrategy(_ name: String) throws(TestMistake) {
    let path = name + ".lua"
    guard source.files.contains(where: { $0.path == path }) else {
      throw TestMistake("world: there is no strategy \"\(name)\" in \(source.folder)")
    }
    for index in plan.routingPoints.indices {
      plan.routingPoints[index].strategy = StrategyName(name)
    }
    if plan.routingPoints.isEmpty {
      plan.routingPoints.append(RoutingPointPlan("8000", strategy: StrategyName(name)))
    }
  }

  private mutating func setWrapUp(_ duration: Duration) {
    for index in plan.queues.indices { plan.queues[index].wrapUp = duration }
    for index in plan.agents.indices { plan.agents[index].wrapUp = duration }
  }

  private mutating func setRingTimeout(_ duration: Duration) {
    for index in plan.queues.indices { plan.queues[index].ringTimeout = duration }
    for index in plan.routingPoints.indices { plan.routingPoints[index].ringTimeout = duration }
  }

  /// A table of the test takes the place of the one in strategies/data.
  ///
  /// Its cells are texts, as those of a CSV file, unless the one there is JSON.
  private mutating func setTables(
    _ tables: [(key: String, value: LuaValue)]
  ) throws(TestMistake) {
    for (name, value) in tables {
      var rows = try Options(.record([(name, value)]), of: "world: tables")
      let isJSON = source.files.contains { $0.path == "data/\(name).json" }
      var writer = JSONWriter()
      writer.beginObject()
      for (key, row) in try rows.entries(name) ?? [] {
        guard case .table(let table) = row, table.array.isEmpty else {
          throw TestMistake("world: table \"\(name)\": row \"\(key)\" expects named cells")
        }
        writer.key(key)
        writer.beginObject()
        for pair in table.pairs {
          writer.key(pair.key.plainText ?? "")
          WorldSetup.write(pair.value, keepingType: isJSON, to: &writer)
        }
        writer.endObject()
      }
      writer.endObject()
      let paths = ["data/\(name).csv", "data/\(name).json"]
      source = StrategySource(
        folder: source.folder,
        fingerprint: source.fingerprint,
        files: source.files.filter { !paths.contains($0.path) }
          + [StrategySource.File(path: paths[1], bytes: writer.bytes)]
      )
    }
  }

  private static func write(
    _ value: LuaValue,
    keepingType: Bool,
    to writer: inout JSONWriter
  ) {
    switch value {
    case .integer(let number) where keepingType: writer.value(number)
    case .number(let number) where keepingType: writer.value(number)
    case .boolean(let truth) where keepingType: writer.value(truth)
    default: writer.value(value.plainText ?? "")
    }
  }

  // MARK: Agents

  /// Those that a test names are there, the others are not; without a table everybody is ready.
  private mutating func setAgents(
    _ entries: [(key: String, value: LuaValue)]?
  ) throws(TestMistake) {
    guard let entries else {
      for agent in plan.agents where agent.extensionDN != nil {
        beginnings.append((agent.id, .ready, nil))
      }
      return
    }
    var others: Beginning?
    var named: [String: (beginning: Beginning, dn: DN?)] = [:]
    for (id, value) in entries {
      let beginning = try WorldSetup.beginning(value, of: id)
      if id == "others" {
        others = beginning.0
      } else if plan.agents.contains(where: { $0.id.text == id }) {
        named[id] = beginning
      } else {
        throw TestMistake("world: the site has no agent \"\(id)\"")
      }
    }
    for agent in plan.agents {
      if let own = named[agent.id.text] {
        beginnings.append((agent.id, own.beginning, own.dn))
      } else if let others, agent.extensionDN != nil {
        beginnings.append((agent.id, others, nil))
      }
    }
  }

  private static func beginning(
    _ value: LuaValue,
    of id: String
  ) throws(TestMistake) -> (Beginning, DN?) {
    var word = value.plainText
    var dn: String?
    if case .table = value {
      var options = try Options(value, of: "world: agent \"\(id)\"")
      word = try options.text("state")
      dn = try options.text("dn")
      try options.finish()
    }
    guard let word, let beginning = Beginning(rawValue: word) else {
      throw TestMistake(
        "world: agent \"\(id)\" expects ready, not_ready, logged_out, busy or out_of_service,"
          + " got \(value.short)"
      )
    }
    return (beginning, dn.map { DN($0) })
  }

  /// Phones are registered in a test, and nobody logs in by himself.
  private mutating func prepareExtensions() {
    for index in plan.extensions.indices { plan.extensions[index].startsInService = true }
    for index in plan.agents.indices { plan.agents[index].logsInAutomatically = false }
    var taken = Set(plan.agents.compactMap(\.extensionDN) + beginnings.compactMap(\.dn))
    for index in beginnings.indices where beginnings[index].dn == nil {
      let agent = plan.agents.first { $0.id == beginnings[index].agent }
      if let own = agent?.extensionDN {
        beginnings[index].dn = own
      } else if let free = plan.extensions.first(where: { !taken.contains($0.dn) })?.dn {
        // Who has no phone of his own sits down at the first that is free.
        beginnings[index].dn = free
        taken.insert(free)
      }
    }
  }
}
