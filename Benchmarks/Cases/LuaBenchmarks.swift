import Engine
import LuaBridge

private let anySource = "return function(call) return ANY end"
private let salesSource = """
  return function(call)
    local agent = call:select(any { skills = "sales >= 5 and english > 2" }, { timeout = 20 })
    if agent then call:route(agent) end
    return dn "1001"
  end
  """

/// A generation with one strategy.
private func generation(
  _ name: String,
  _ source: String,
  keepsCoverage: Bool = false
) -> Generation {
  let file = StrategySource.File(path: "\(name).lua", bytes: Array(source.utf8))
  let sources = StrategySource(fingerprint: "bench", files: [file])
  do {
    return try Generation(sources, keepsCoverage: keepsCoverage)
  } catch {
    preconditionFailure("the benchmark's own strategy does not load: \(error)")
  }
}

private func skilledPlan(_ divert: DivertMode) -> Plan {
  var plan = benchmarkPlan(agents: 100, divert: divert, strategy: "sales")
  for index in plan.agents.indices {
    plan.agents[index].skills = [SkillLevel("sales", Int32(index % 10)), SkillLevel("english", 5)]
  }
  return plan
}

/// The sales strategy with or without decision records and coverage; everything is counted.
private func salesCase(_ name: String, records: Bool, coverage: Bool) -> Case {
  Case(name: "cost: a bridged call, Lua selects, \(name)", operations: 100_000) {
    var plan = skilledPlan(.bridge)
    if !records { plan.limits.decisionsKept = 0 }
    let strategies = LuaStrategies(
      generation("sales", salesSource, keepsCoverage: coverage),
      budget: .counted
    )
    return prepareCalls(plan, strategies, bridged: true, count: $0)
  }
}

let luaCases: [Case] = [
  salesCase("records off, coverage off", records: false, coverage: false),
  salesCase("records on, coverage off", records: true, coverage: false),
  salesCase("records off, coverage on", records: false, coverage: true),
  Case(name: "strategy: a redirected call, Lua returns ANY, budget counted", operations: 100_000) {
    let plan = benchmarkPlan(agents: 100, divert: .redirect)
    let strategies = LuaStrategies(generation("any", anySource), budget: .counted)
    return prepareCalls(plan, strategies, bridged: false, count: $0)
  },
  Case(name: "strategy: a redirected call, Lua returns ANY, budget watched", operations: 100_000) {
    let plan = benchmarkPlan(agents: 100, divert: .redirect)
    let strategies = LuaStrategies(
      generation("any", anySource),
      budget: .watched(milliseconds: 50)
    )
    return prepareCalls(plan, strategies, bridged: false, count: $0)
  },
  Case(name: "strategy: a bridged call, Lua selects by skills, then routes", operations: 100_000) {
    let strategies = LuaStrategies(
      generation("sales", salesSource),
      budget: .watched(milliseconds: 50)
    )
    return prepareCalls(skilledPlan(.bridge), strategies, bridged: true, count: $0)
  },
]
