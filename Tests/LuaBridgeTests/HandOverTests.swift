import Engine
import LuaBridge
import Testing

/// `save` and `restore`: what a strategy keeps, from one generation to the next.
@Suite("The hand-over of a generation")
struct HandOverTests {
  static let plain = "return function(call) return ANY end"
  static let kept = [
    StrategyState("s", [StateEntry("count", .integer(3)), StateEntry("name", .text("Ana"))])
  ]

  static func handOver(
    from old: String,
    to new: String,
    values: [StrategyState] = kept,
    limits: Limits = .standard,
    budget: LuaStrategies.Budget = .counted
  ) throws -> [StrategyState] {
    let bench = try Workbench(old, limits: limits, budget: budget)
    let next = try Workbench.generation(["s.lua": new], fingerprint: "g", limits: limits)
    return try bench.strategies.handOver(to: next, values: values)
  }

  static func strategy(_ parts: String) -> String {
    "return {\n  route = function(call) return ANY end,\n  \(parts)\n}"
  }

  @Test("a table with route works as a function does")
  func tableWithRoute() throws {
    var bench = try Workbench(Self.strategy(""))
    #expect(bench.run() == .finished(.any(.none)))
  }

  @Test("without save and restore the values go over as they are")
  func withoutBoth() throws {
    #expect(try Self.handOver(from: Self.plain, to: Self.plain) == Self.kept)
  }

  @Test("save hands over, restore takes over, in this order")
  func bothWays() throws {
    let old = Self.strategy(
      "save = function(state) state.count = state.count + 0.5 return state end"
    )
    let new = Self.strategy(
      "restore = function(saved) return { total = saved.count, open = saved.name == \"Ana\" } end"
    )
    #expect(
      try Self.handOver(from: old, to: Self.plain) == [
        StrategyState(
          "s",
          [StateEntry("count", .number(bits: 3.5.bitPattern)), StateEntry("name", .text("Ana"))]
        )
      ]
    )
    #expect(
      try Self.handOver(from: old, to: new) == [
        StrategyState(
          "s",
          [StateEntry("open", .boolean(true)), StateEntry("total", .number(bits: 3.5.bitPattern))]
        )
      ]
    )
    #expect(
      try Self.handOver(from: old, to: Self.strategy("restore = function() return {} end")) == []
    )
  }

  @Test("restore may begin with something where nothing was kept; other strategies are left alone")
  func fromNothing() throws {
    let new = Self.strategy("restore = function(saved) saved.begun = true return saved end")
    let other = StrategyState("gone", [StateEntry("k", .integer(1))])
    #expect(
      try Self.handOver(from: Self.plain, to: new, values: [other]) == [
        other, StrategyState("s", [StateEntry("begun", .boolean(true))]),
      ]
    )
  }

  @Test("a constant of the file may be handed over")
  func frozenTable() throws {
    let old = "local fixed = { a = 1 }\n" + Self.strategy("save = function() return fixed end")
    #expect(
      try Self.handOver(from: old, to: Self.plain)
        == [StrategyState("s", [StateEntry("a", .integer(1))])]
    )
  }

  static let broken: [(String, String)] = [
    ("save = function() end", "strategies/s.lua: save: it must return a table of what is kept"),
    ("save = function() error(\"no\") end", "strategies/s.lua:3: save: no"),
    (
      "save = function() return 5 end",
      "strategies/s.lua: save: it must return a table of what is kept"
    ),
    ("save = function() return { 1 } end", "strategies/s.lua: save: keys are texts, not numbers"),
    ("save = function() return { [true] = 1 } end", "strategies/s.lua: save: keys are texts"),
    (
      "save = function() return { a = {} } end",
      "strategies/s.lua: save: 'a' is no text, finite number or boolean"
    ),
    (
      "save = function() return { a = 0 / 0 } end",
      "strategies/s.lua: save: 'a' is no text, finite number or boolean"
    ),
    (
      "save = function() return { a = pairs } end",
      "strategies/s.lua: save: a: a function is not data"
    ),
    (
      "save = function() return { [(\"k\"):rep(70000)] = 1 } end",
      "strategies/s.lua: save: state of 's': more than 65536 bytes"
    ),
    (
      "save = function() while true do end end",
      "strategies/s.lua:3: save: instruction budget exceeded"
    ),
    (
      "save = function() while true do pcall(error) end end",
      "strategies/s.lua:3: save: instruction budget exceeded"
    ),
    (
      "save = function() return { a = state.count } end",
      "strategies/s.lua:3: save: only a call can ask for this, not a file that is loading"
    ),
    (
      "save = function() return { a = local_time(\"UTC\").date } end",
      "strategies/s.lua:3: save: local_time: no call is running, so there is no now: "
        + "local_time(zone, instant)"
    ),
  ]

  @Test("what goes wrong is told with its place, in either function", arguments: broken)
  func problems(part: String, message: String) throws {
    for budget in [LuaStrategies.Budget.counted, .watched(milliseconds: 1_000)] {
      let failure = #expect(throws: LoadFailure.self) {
        _ = try Self.handOver(from: Self.strategy(part), to: Self.plain, budget: budget)
      }
      #expect(failure?.description == message)
    }
    let failure = #expect(throws: LoadFailure.self) {
      _ = try Self.handOver(
        from: Self.plain,
        to: Self.strategy(part.replacing("save", with: "restore"))
      )
    }
    #expect(failure?.description == message.replacing(": save: ", with: ": restore: "))
  }

  @Test("after a failed hand-over the old generation runs on")
  func failureChangesNothing() throws {
    var bench = try Workbench(Self.strategy("save = function() error {} end"))
    let next = try Workbench.generation(["s.lua": Self.plain], fingerprint: "g")
    #expect(throws: LoadFailure.self) {
      _ = try bench.strategies.handOver(to: next, values: Self.kept)
    }
    #expect(bench.strategies.currentFingerprint == "f")
    #expect(bench.run() == .finished(.any(.none)))
  }

  static let wrongTables: [(String, String)] = [
    ("return {}", "strategies/s.lua: a strategy's table needs route = function(call)"),
    (
      "return { route = function() end, saev = function() end }",
      "strategies/s.lua: a strategy's table has route, save and restore, not 'saev'"
    ),
    (
      "return { route = 5 }",
      "strategies/s.lua: route expects a function of the strategy, got number"
    ),
    (
      "return { route = pairs }",
      "strategies/s.lua: route expects a function of the strategy, got one of the library"
    ),
    ("return 5", "strategies/s.lua: a strategy returns a function of the call"),
    ("", "strategies/s.lua: a strategy returns a function of the call"),
  ]

  @Test("another table is refused when it is loaded", arguments: wrongTables)
  func refusedTables(text: String, message: String) throws {
    let failure = #expect(throws: LoadFailure.self) {
      _ = try Workbench.generation(["s.lua": text])
    }
    #expect(failure?.description == message)
  }

  @Test("values survive a generation in the real engine, and restore changes them in one step")
  func inTheEngine() throws {
    let text = "return function(call) state.n = (state.n or 0) + 1 return reject(400 + state.n) end"
    let plan = Plan(routingPoints: [RoutingPointPlan("8000", strategy: "s")])
    var shard = Shard(
      engine: RoutingEngine(plan: plan, seed: 1, epoch: 0),
      strategies: LuaStrategies(try Workbench.generation(["s.lua": text], fingerprint: "one"))
    )
    var refusals: [UInt16] = []
    func give(_ signal: Signal, _ shard: inout Shard<LuaStrategies>) -> [UInt16] {
      var seen: [UInt16] = []
      shard.handle(signal, at: .zero) { outbox in
        for case .reject(_, let status) in outbox.lineCommands { seen.append(status) }
      }
      return seen
    }
    func offer(_ number: UInt64, _ shard: inout Shard<LuaStrategies>) {
      refusals += give(.line(.offered(CallOffer(ConnID(number), at: "8000"))), &shard)
    }
    offer(1, &shard)
    offer(2, &shard)
    shard.strategies.install(try Workbench.generation(["s.lua": text + " "], fingerprint: "two"))
    offer(3, &shard)
    let third = try Workbench.generation(
      [
        "s.lua": "return { route = \(text.dropFirst("return ".count)),"
          + " restore = function(s) s.n = s.n + 10 return s end }"
      ],
      fingerprint: "three"
    )
    let values = try shard.strategies.handOver(to: third, values: shard.strategyState)
    shard.strategies.install(third)
    _ = give(.control(.strategies(fingerprint: "three", state: values)), &shard)
    offer(4, &shard)
    #expect(refusals == [401, 402, 403, 414])
  }
}
