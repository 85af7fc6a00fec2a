import Engine
import LuaBridge
import Wire

extension TestWorld {
  /// Makes a world as a test wants it.
  static func make(
    _ setup: WorldSetup,
    coverage: CoverageCollector?
  ) throws(TestMistake) -> TestWorld {
    let generation: Generation
    do throws(LoadFailure) {
      generation = try Generation(
        setup.source,
        limits: setup.plan.limits,
        keepsCoverage: coverage != nil
      )
    } catch {
      throw TestMistake("the strategies do not load:\n\(error.description)")
    }
    let world = TestWorld(setup, generation, coverage: coverage)
    for entry in setup.beginnings { world.begin(entry.agent, entry.beginning, entry.dn) }
    return world
  }

  private func begin(_ agent: AgentID, _ beginning: WorldSetup.Beginning, _ dn: DN?) {
    guard beginning != .loggedOut else { return }
    give(.agent(.login(agent, dn: dn, reference: 0)))
    switch beginning {
    case .loggedOut, .notReady: return
    case .ready: give(.agent(.ready(agent, reference: 0)))
    case .busy:
      give(.agent(.ready(agent, reference: 0)))
      if let dn { engage(dn) }
    case .outOfService:
      give(.agent(.ready(agent, reference: 0)))
      if let dn { give(.line(.outOfService(dn))) }
    }
  }

  /// Somebody unknown talks with whoever sits at a DN.
  private func engage(_ dn: DN) {
    let connID = ConnID(UInt64(0xB000_0000 + calls.count + 1))
    var call = TestCall(connID, ani: "0", dnis: dn.number, at: now)
    call.isBackground = true
    indices[connID] = calls.count
    calls.append(call)
    give(.line(.offered(CallOffer(connID, at: dn, ani: "0", dnis: dn.number, type: .internal))))
  }

  /// A caller calls; returns the number of the call.
  func offer(_ value: LuaValue) throws(TestMistake) -> Int {
    var options = try Options(value, of: "world:call")
    let dnis = try options.text("dnis") ?? usualDN
    let at = DN(try options.text("at") ?? dnis)
    guard knows(at) else {
      let known = plan.routingPoints.map { "\"\($0.dn.number)\"" }.joined(separator: ", ")
      throw TestMistake("world:call: the site has no DN \"\(at.number)\"; routing points: \(known)")
    }
    let connID = ConnID(UInt64(calls.count + 1))
    var offer = CallOffer(connID, at: at, ani: try options.text("ani") ?? "4420", dnis: dnis)
    var call = TestCall(connID, ani: offer.ani, dnis: dnis, at: now)
    for (key, value) in try options.entries("user_data") ?? [] {
      offer.userData.attach(KeyValue(key, value.plainText ?? ""))
    }
    for (key, value) in try options.entries("headers") ?? [] {
      call.headers.append((key, value.plainText ?? ""))
    }
    if let text = try options.text("uuid") {
      guard let uuid = CallUUID(text: text) else {
        throw TestMistake("world:call: uuid is 32 characters of 0-9 and A-V")
      }
      offer.uuid = uuid
    }
    call.patience = try options.seconds("patience")
    call.userData = offer.userData
    try options.finish()
    indices[connID] = calls.count
    calls.append(call)
    if let patience = call.patience { plan(.released(connID, by: .caller), after: patience) }
    give(.line(.offered(offer)))
    return calls.count
  }

  private var usualDN: String {
    plan.routingPoints.first?.dn.number ?? plan.queues.first?.dn.number ?? ""
  }

  private func knows(_ dn: DN) -> Bool {
    plan.routingPoints.contains { $0.dn == dn } || plan.queues.contains { $0.dn == dn }
      || plan.extensions.contains { $0.dn == dn }
  }
}
