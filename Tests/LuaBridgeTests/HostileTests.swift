import Engine
import LuaBridge
import Testing

/// Scripts that misbehave, with what becomes of each; budgets are counted, so outcomes are exact.
@Suite("Hostile strategies")
struct HostileTests {
  private static let limits: Limits = {
    var limits = Limits()
    limits.strategyInstructionsMax = 200_000
    limits.strategyMemoryGrowthMax = 4 << 20
    return limits
  }()

  enum Fate: Sendable {
    case instructions
    case memory
    /// An error whose text contains this.
    case error(String)
    /// Nothing happens; the strategy returns ANY.
    case harmless
  }

  private static let endless: [(String, Fate)] = [
    ("while true do end", .instructions),
    ("for i = 1, math.huge do end", .instructions),
    ("::again:: goto again", .instructions),
    ("repeat until false", .instructions),
    ("while true do pcall(error) end", .instructions),
    ("while true do local_time(\"UTC\") end", .instructions),
    ("while true do pcall(local_time, \"No/Where\") end", .instructions),
    ("while true do pcall(function() while true do end end) end", .instructions),
    ("local function f() return pcall(f) end while true do f() end", .instructions),
    ("while true do xpcall(error, function() while true do end end) end", .instructions),
    ("xpcall(function() while true do end end, function() return 1 end)", .instructions),
    ("local function f() return f() end f()", .instructions),
    ("table.sort({ 3, 2, 1 }, function() while true do end end)", .instructions),
    (
      "table.sort({ 3, 2, 1 }, function() pcall(function() while true do end end) end)",
      .instructions
    ),
    (
      "local t = setmetatable({}, { __index = function() while true do end end }) t = t.x",
      .instructions
    ),
    (
      "local t = setmetatable({}, { __lt = function() while true do end end }) t = t < t",
      .instructions
    ),
    (
      "for _ in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end",
      .error("__pairs")
    ),
    ("(\"a\"):gsub(\"a\", function() while true do end end)", .instructions),
    (
      "tostring(setmetatable({}, { __tostring = function() while true do end end }))", .instructions
    ),
  ]

  private static let library: [(String, Fate)] = [
    ("local x = (\"a\"):rep(60):find((\".-\"):rep(7) .. \"b\")", .instructions),
    ("local x = (\"a\"):rep(26):find((\"a?\"):rep(26) .. (\"a\"):rep(26))", .instructions),
    ("local x = (\"a\"):rep(20000):find(\"(.-)b\")", .instructions),
    ("for x in (\"a\"):rep(5000):gmatch(\"a-b\") do end", .instructions),
    ("local x = (\"x\"):rep(1e9)", .error("string.rep: result too long")),
    ("local t = {} for i = 1, 1024 do t[i] = (\"x\"):rep(1048576) .. i end", .memory),
    ("local s = \"x\" while true do s = s .. s end", .memory),
    ("local t = {} for i = 1, 1e9 do t[i] = i end", .instructions),
    ("local x = string.format(\"%99999999d\", 1)", .error("")),
    ("local x = table.concat({}, (\"x\"):rep(1000), 1, 1e8)", .instructions),
    ("local x = table.unpack({}, 1, 1e8)", .instructions),
    ("local x = select(\"#\", table.unpack({}, 1, 1e7))", .instructions),
    ("local x = table.move({ 1 }, 1, 1e9, 2)", .instructions),
    ("local x = (\"x\"):rep(100, (\"y\"):rep(1e7))", .error("string.rep: result too long")),
  ]

  private static let errors: [(String, Fate)] = [
    (
      "local nothing; local x = nothing.field",
      .error("attempt to index a nil value (local 'nothing')")
    ),
    ("error()", .error("nil")),
    ("error({})", .error("")),
    ("error(setmetatable({}, { __tostring = function() error(\"again\") end }))", .error("")),
    ("error(42)", .error("42")),
    ("error(true)", .error("true")),
    ("local function f() return 1 + f() end f()", .memory),
    ("local function f(s) return (s:gsub(\".\", f)) end f(\"x\")", .error("overflow")),
    ("local t = {} t = setmetatable(t, { __index = t }) local x = t.missing", .error("loop")),
    ("local t = setmetatable({}, { __gc = function() end })", .error("__gc")),
    ("x = 1", .error("no new globals: write 'local x'")),
    ("ANY = nil", .error("global 'ANY' is read-only")),
    ("string.rep = nil", .error("read-only")),
    ("math.pi = 3", .error("read-only")),
    ("table.sort({ 2, 1 }, function() call:wait(1) end)", .error("")),
    ("local x = (\"a\"):gsub(\"a\", function() call:wait(1) end)", .error("")),
    ("local x = io.open(\"/etc/passwd\")", .error("io")),
    ("local x = os.time()", .error("os")),
    ("local x = load(\"return 1\")", .error("load")),
    ("local x = coroutine.create(function() end)", .error("coroutine")),
    ("local x = debug.getregistry()", .error("debug")),
    ("local x = collectgarbage(\"collect\")", .error("collectgarbage")),
    ("local x = require(\"os\")", .error("no module")),
    ("local x = package.loaded", .error("package")),
    ("getmetatable(\"\").__index = nil", .error("")),
    ("rawset(string, \"rep\", nil)", .error("")),
  ]

  private static let harmless: [(String, Fate)] = [
    ("local x = \"10\" + 1 assert(x == 11 and -\"2\" == -2 and \"7\" // 2 == 3)", .harmless),
    ("local ok, e = pcall(error, { code = 1 }) assert(not ok and e.code == 1)", .harmless),
    ("local ok = pcall(function() x = 1 end) assert(not ok)", .harmless),
    (
      "do local c <close> = setmetatable({}, { __close = function() end }) end",
      .error("__close")
    ),
    ("assert((\"hello\"):match(\"^(h)(.-)o$\") == \"h\")", .harmless),
    (
      "local s = \"\" for k in pairs { b = 1, a = 2, 3 } do s = s .. k end assert(s == \"1ab\")",
      .harmless
    ),
    ("assert(not tostring({}):find(\"0x\"))", .harmless),
  ]

  @Test(arguments: endless + library + errors + harmless)
  func endsAsWrittenDown(script: String, fate: Fate) throws {
    let text = "return function(call) \(script) return ANY end"
    var bench = try Workbench(
      ["s.lua": text, "good.lua": "return function(call) return dn \"7001\" end"],
      limits: Self.limits
    )
    let step = bench.strategies.start("s", facts: Workbench.facts())
    switch (fate, step) {
    case (.instructions, .failed(.instructions)), (.memory, .failed(.memory)),
      (.harmless, .finished(.any)):
      break
    case (.error(let part), .failed(.error(let message))):
      #expect(message.contains(part), "\(message)")
    default: Issue.record("\(script): \(step)")
    }
    // The generation serves others as before, and nothing of the run is left.
    let other = bench.strategies.start("good", facts: Workbench.facts(2))
    #expect(other == .finished(.dn("7001")))
    #expect(bench.strategies.liveCount == 0)
  }

  @Test(.timeLimit(.minutes(15)), arguments: endless.map(\.0).filter { !$0.contains("__pairs") })
  func aWatchedStepEndsToo(script: String) throws {
    var bench = try Workbench(
      "return function(call) \(script) return ANY end",
      budget: .watched(milliseconds: 10)
    )
    let step = bench.strategies.start("s", facts: Workbench.facts())
    #expect(step == .failed(.instructions))
  }

  @Test func generationsComeAndGoWithoutALeak() throws {
    let before = Generation.byteCountEverywhere
    for number in 0..<1_000 {
      let file = ["s.lua": "return function(call) call:wait(\(number)) return ANY end"]
      var bench = try Workbench(file)
      _ = bench.strategies.start("s", facts: Workbench.facts())
      bench.strategies.install(try Workbench.generation(file, fingerprint: "\(number)"))
      bench.strategies.cancel(Workbench.facts().connID)
      #expect(bench.strategies.generations.count == 1)
    }
    // Other tests hold generations of their own meanwhile; a leak would be a thousand times one.
    #expect(Generation.byteCountEverywhere - before < 50 << 20)
  }

  /// An error out of a hook leaves a coroutine without hooks: it must not serve the next call.
  @Test("The budget holds for the next calls too")
  func budgetOfTheNextCall() throws {
    var bench = try Workbench("return function(call) while true do end end", limits: Self.limits)
    for number in 1...3 {
      let facts = Workbench.facts(UInt64(number))
      #expect(bench.strategies.start("s", facts: facts) == .failed(.instructions))
    }
  }

  @Test func aCallStaysOnItsGeneration() throws {
    var bench = try Workbench("return function(call) call:wait(1) return dn \"1\" end")
    let first = Workbench.facts(1)
    _ = bench.strategies.start("s", facts: first)
    bench.strategies.install(
      try Workbench.generation(
        ["s.lua": "return function(call) return dn \"2\" end"],
        fingerprint: "new"
      )
    )
    #expect(bench.strategies.start("s", facts: Workbench.facts(2)) == .finished(.dn("2")))
    #expect(bench.strategies.generations.count == 2)
    let step = bench.strategies.resume(first.connID, with: .done, context: first.context)
    #expect(step == .finished(.dn("1")))
    #expect(bench.strategies.generations.map(\.fingerprint) == ["new"])
  }
}
