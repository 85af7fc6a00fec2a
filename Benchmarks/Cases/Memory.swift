// Bytes per agent and per waiting call: what is allocated for them.

import CMallocCount
import Engine
import LuaBridge

/// Bytes of Lua that a call may take while its `call:select` waits.
private let luaBytesAllowed = 1_400

/// Prints what a waiting call's coroutine takes: the stack of one that is too deep is twice as
/// large.
func checkCoroutines() -> Bool {
  measureMemory(agents: 100, waiting: 20_000, onlyLua: true)
}

/// Prints what agents and waiting calls take, and whether that is within the limits.
func measureMemory(agents: Int = 100_000, waiting: Int, onlyLua: Bool = false) -> Bool {
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
  guard !onlyLua else {
    let isGood = lua <= luaBytesAllowed
    let word = isGood ? "ok  " : "MORE"
    print("\(word) \(lua) bytes of Lua, \(luaBytesAllowed) allowed: a call that waits")
    return isGood
  }
  print("  of these \(lua) in Lua")
  print("\(perAgent) bytes an agent, its plan and DN included (\(agents) agents; 1,024 allowed)")
  print(
    "\(perCall) bytes a waiting call, its coroutine included (\(suspended) calls; 3,072 allowed)"
  )
  return perAgent <= 1_024 && perCall <= 3_072 && suspended == waiting
}
