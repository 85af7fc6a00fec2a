// Bytes per agent and per waiting call: what is allocated for them.

import CMallocCount
import Engine
import LuaBridge

/// Prints what agents and waiting calls take, and whether that is within the limits.
func measureMemory(waiting: Int) -> Bool {
  let agents = 100_000
  let before = Int(rs_bytes_in_use())
  let plan = skilledFloor(agents: agents, ready: true)
  let source = """
    return function(call)
      local agent = call:select(any { skills = "skill1 > 100" }, { timeout = 100000 })
      if agent then call:route(agent) end
    end
    """
  let file = StrategySource.File(path: "s.lua", bytes: Array(source.utf8))
  var limits = Limits.standard
  limits.strategyMemoryMax = 16 << 30
  guard
    let generation = try? Generation(
      StrategySource(fingerprint: "f", files: [file]),
      limits: limits
    )
  else { return false }
  var shard = Shard(
    engine: RoutingEngine(plan: plan, seed: 1, epoch: 0),
    strategies: LuaStrategies(generation, limits: limits)
  )
  shard.handle(.control(.start), at: .zero) { keep($0.events.count) }
  let withAgents = Int(rs_bytes_in_use())
  for number in 1...waiting {
    let offer = CallOffer(ConnID(UInt64(number)), at: "8000", ani: "+74900000001", dnis: "8000")
    shard.handle(.line(.offered(offer)), at: .zero) { keep($0.events.count) }
  }
  let withCalls = Int(rs_bytes_in_use())
  let suspended = shard.strategies.liveCount
  let perAgent = (withAgents - before) / agents
  let perCall = (withCalls - withAgents) / waiting
  let lua = (shard.strategies.generations.last?.byteCount ?? 0) / waiting
  print("  of these \(lua) in Lua")
  print("\(perAgent) bytes an agent, its plan and DN included (\(agents) agents; 1,024 allowed)")
  print(
    "\(perCall) bytes a waiting call, its coroutine included (\(suspended) calls; 3,072 allowed)"
  )
  return perAgent <= 1_024 && perCall <= 3_072 && suspended == waiting
}
