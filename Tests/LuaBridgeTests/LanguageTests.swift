import Engine
import LuaBridge
import Testing

@Suite("The strategy language")
struct LanguageTests {
  @Test("the smallest strategy returns ANY")
  func any() throws {
    #expect(try ending("return ANY") == .finished(.any(.none)))
  }

  @Test(
    "every target is returned as it was made",
    arguments: [
      ("dn \"7001\"", Target.dn("7001")),
      ("agent \"1001\"", .agent("1001")),
      ("queue \"9000\"", .queue("9000")),
      ("trunk(\"carrier\", \"+44\")", .trunk(name: "carrier", number: "+44")),
      ("reject(486)", .reject(486)),
      ("any { skills = \"sales > 2\" }", .any(AgentFilter(skills: "sales > 2"))),
      ("{ dn \"7001\" }", .dn("7001")),
      ("{ dn \"7001\", agent \"1001\", ANY }", .list([.dn("7001"), .agent("1001"), .any(.none)])),
      (
        "{ trunk(\"carrier\", \"+44\"), queue \"9000\" }",
        .list([.trunk(name: "carrier", number: "+44"), .queue("9000")])
      ),
      (
        "any { exclude = { agent \"1\", dn \"7\" } }",
        .any(AgentFilter(excludedAgents: ["1"], excludedDNs: ["7"]))
      ),
    ]
  )
  func targets(text: String, target: Target) throws {
    #expect(try ending("return \(text)") == .finished(target))
  }

  @Test("a strategy that returns nothing names no target")
  func nothing() throws {
    #expect(try ending("local x = 1") == .finished(nil))
    #expect(try ending("return nil") == .finished(nil))
  }

  @Test("a strategy that returns something else fails and says what")
  func otherResult() throws {
    let message =
      "strategies/s.lua: the strategy returned a string, not a target such as "
      + "dn \"7001\" or ANY"
    #expect(try ending("return \"7001\"") == .failed(.error(message)))
    guard case .failed = try ending("return call") else {
      Issue.record("a call is not a target")
      return
    }
  }

  @Test(
    "a list in which something stands that nothing can follow fails and says where",
    arguments: [
      ("{ queue \"9000\", dn \"7001\" }", "element 1 is a queue"),
      ("{ dn \"7001\", ANY, dn \"7002\" }", "element 2 is ANY"),
      ("{ reject(486), dn \"7002\" }", "element 1 is a refusal"),
    ]
  )
  func misplaced(text: String, words: String) throws {
    let message =
      "strategies/s.lua: the strategy returned a list whose \(words): only the last one can be"
    #expect(try ending("return \(text)") == .failed(.error(message)))
  }

  @Test("call:route takes a list, and asks again with what is left of it")
  func routesAlongAList() throws {
    var bench = try Workbench(
      """
      local list = { dn "7001", agent "1001", queue "9000" }
      return function(call)
        local target, why = call:route(list, { timeout = 5 })
        call:note(tostring(target) .. why)
        return reject(486)
      end
      """
    )
    bench.answer = { request in
      guard case .route(let target, _) = request else { return .done }
      return .failed(target == .queue("9000") ? .busy : .noAnswer)
    }
    #expect(bench.run() == .finished(.reject(486)))
    #expect(bench.notes == ["nilbusy"])
    let asked: [StrategyRequest] = [
      .route(.list([.dn("7001"), .agent("1001"), .queue("9000")]), ringTimeout: .seconds(5)),
      .route(.list([.agent("1001"), .queue("9000")]), ringTimeout: .seconds(5)),
      .route(.queue("9000"), ringTimeout: .seconds(5)),
    ]
    #expect(bench.requests.dropLast() == asked[...])
    bench.answer = { _ in .invalid("no such thing") }
    #expect(bench.run() == .failed(.error("strategies/s.lua:3: no such thing")))
  }

  @Test("the call's facts are what the engine said")
  func facts() throws {
    let seen = try notes(
      """
      for _, name in ipairs { "id", "uuid", "ani", "dnis", "routing_point", "now", "entered",
                              "attempts" } do
        call:note(name .. "=" .. tostring(call[name]))
      end
      call:note(call.user_data.vip .. call.user_data.segment .. tostring(call.user_data.none))
      for k, v in pairs(call.user_data) do call:note(k .. ":" .. v) end
      call:note(tostring(call))
      call:note(tostring(call.nothing))
      """
    )
    #expect(
      seen == [
        "id=006c02462a161006", "uuid=00000000000100000000000200000013", "ani=+4420", "dnis=8000",
        "routing_point=8000", "now=1763683200.0", "entered=1763683199.0", "attempts=0",
        "yesgoldnil", "segment:gold", "vip:yes", "call 006c02462a161006", "nil",
      ]
    )
  }

  @Test("now and attempts change between steps")
  func contextMoves() throws {
    var bench = try Workbench(
      """
      return function(call)
        local before = call.now
        call:wait(1)
        call:note(call.now - before .. " " .. call.attempts)
      end
      """
    )
    bench.context = ResumeContext(now: 1_763_683_205_000_000_000, attempts: 2)
    #expect(bench.run() == .finished(nil))
    #expect(bench.notes == ["5.0 2"])
  }

  @Test("select, route and the other verbs become requests")
  func verbs() throws {
    var bench = try Workbench(
      """
      return function(call)
        call:select(ANY)
        call:select({ agent "1", any { skills = "a > 1" } }, { timeout = 0.5, priority = 7 })
        call:select(ANY, { by = "longest_idle" })
        call:route(dn "7001")
        call:route(dn "7001", { timeout = 20 })
        call:wait(1.5)
        call:priority(-3)
        call:attach { b = 2, a = "one", c = true }
        call:note "text"
        call:exclude(agent "1")
        call:exclude(dn "2")
        call:note(tostring(agents.available()) .. agents.logged_in { skills = "x > 0" })
        call:note(agents.available(ANY))
        call:note(queues["9000"].waiting .. " " .. queues["9000"].oldest_wait)
        call:note(tostring(call:header "Subject") .. tostring(call:header "Other"))
      end
      """
    )
    #expect(bench.run() == .finished(nil))
    let skills = AgentFilter(skills: "a > 1")
    #expect(
      bench.requests == [
        .select(Selection([.any(.none)])),
        .select(
          Selection([.agent("1"), .any(skills)], timeout: .milliseconds(500), priority: 7)
        ),
        .select(Selection([.any(.none)])),
        .route(.dn("7001"), ringTimeout: nil),
        .route(.dn("7001"), ringTimeout: .seconds(20)),
        .wait(.milliseconds(1_500)),
        .priority(-3),
        .attach([KeyValue("a", "one"), KeyValue("b", "2"), KeyValue("c", "true")]),
        .note("text"),
        .exclude(.agent("1")),
        .exclude(.dn("2")),
        .availableAgents(.none),
        .loggedInAgents(AgentFilter(skills: "x > 0")),
        .note("33"),
        .availableAgents(.none),
        .note("3"),
        .queueWaiting("9000"),
        .queueOldestWait("9000"),
        .note("3 1.5"),
        .header("Subject"),
        .header("Other"),
        .note("hellonil"),
      ]
    )
  }

  @Test("Options and filters may be tables of the file, which are read-only")
  func readOnlyTables() throws {
    var bench = try Workbench(
      """
      local OPTIONS <const> = { timeout = 2, by = "random" }
      local FILTER <const> = { skills = "a > 1", exclude = { dn "7001" } }
      local LIST <const> = { any(FILTER), ANY }
      return function(call) call:select(LIST, OPTIONS) end
      """
    )
    var selection = Selection(
      [.any(AgentFilter(skills: "a > 1", excludedDNs: ["7001"])), .any(.none)],
      timeout: .seconds(2)
    )
    selection.rule = .random
    _ = bench.run()
    #expect(bench.requests == [.select(selection)])
  }

  @Test("select gives the reserved target, or nil and the reason", arguments: RouteFailure.allCases)
  func selectResults(reason: RouteFailure) throws {
    var bench = try Workbench(
      """
      return function(call)
        local who, why = call:select(ANY)
        call:note(tostring(who) .. " " .. tostring(why))
        return who
      end
      """
    )
    bench.answer = { request in
      if case .select = request { return .selected(.dn("7001")) }
      return .done
    }
    #expect(bench.run() == .finished(.dn("7001")))
    #expect(bench.notes == ["dn \"7001\" nil"])
    bench.answer = { request in
      if case .select = request { return .failed(reason) }
      return .done
    }
    #expect(bench.run() == .finished(nil))
    let names: [RouteFailure: String] = [
      .timeout: "timeout", .busy: "busy", .noAnswer: "no_answer", .rejected: "rejected",
      .unreachable: "unreachable", .noSuchTarget: "no_such_target", .cancelled: "cancelled",
    ]
    #expect(bench.notes == ["nil \(names[reason] ?? "?")"])
  }

  @Test("a selected target says its kind and name, and equals one that says the same")
  func selectedTarget() throws {
    var bench = try Workbench(
      """
      return function(call)
        local who = call:select(ANY)
        call:note(who.kind .. " " .. who.name .. " " .. tostring(who == agent "1001"))
        call:note(tostring(who == dn "1001") .. " " .. tostring(who.other))
      end
      """
    )
    bench.answer = { request in
      if case .select = request { return .selected(.agent("1001")) }
      return .done
    }
    #expect(bench.run() == .finished(nil))
    #expect(bench.notes == ["agent 1001 true", "false nil"])
  }

  @Test("what is attached shows in user_data at once")
  func attach() throws {
    let seen = try notes(
      """
      local before = call.user_data
      call:attach { vip = "no", extra = 1 }
      call:note(before.vip .. call.user_data.vip .. call.user_data.extra .. call.user_data.segment)
      call:attach {}
      """
    )
    #expect(seen == ["yesno1gold"])
  }

  @Test("an invalid request is an error at the line that made it")
  func invalid() throws {
    var bench = try Workbench("return function(call)\n\n  call:priority(3)\nend")
    bench.answer = { _ in .invalid("no such thing") }
    #expect(bench.run() == .failed(.error("strategies/s.lua:3: no such thing")))
  }

  @Test(
    "wrong arguments are refused at their line",
    arguments: [
      ("call:route(5)", "call:route expects a target, got number"),
      ("call:route()", "call:route expects a target, got nothing"),
      ("call:route {}", "call:route expects at least one target"),
      ("call:route { dn \"1\", 5 }", "call:route expects targets, got number at 2"),
      (
        "call:route { ANY, dn \"1\" }",
        "call:route: only the last target can be ANY, not that at 1"
      ),
      ("call:route({ dn \"1\" }, 5)", "call:route expects options as a table, got number"),
      ("call.route(ANY)", "a method of call needs ':', as in call:route(target)"),
      ("call:route(ANY, 5)", "call:route expects options as a table, got number"),
      ("call:route(ANY, { tmeout = 5 })", "call:route does not know the option 'tmeout'"),
      ("call:route(ANY, { timeout = {} })", "call:route: timeout expects seconds, got table"),
      ("call:select(\"x\")", "call:select expects a target or a list of targets, got string"),
      ("call:select {}", "call:select expects at least one target"),
      ("call:select { 1 }", "call:select expects targets, got number at 1"),
      ("call:select(ANY, { by = \"fair\" })", "call:select: there is no rule 'fair'"),
      ("call:select(ANY, { clear = 1 })", "call:select: clear expects true or false, got number"),
      ("call:wait(\"a\")", "call:wait expects seconds, got string"),
      ("call:wait(-1)", "call:wait expects seconds between 0 and a year"),
      ("call:wait(0/0)", "call:wait expects seconds between 0 and a year"),
      ("call:priority(1.5)", "call:priority expects a whole number, got number"),
      ("call:attach(1)", "call:attach expects a table such as { key = \"value\" }, got number"),
      ("call:attach { {} }", "call:attach expects texts as keys, got number"),
      ("call:attach { a = {} }", "call:attach: the value of 'a' is a table"),
      ("call:note {}", "call:note expects a text, got table"),
      ("call:exclude(ANY)", "call:exclude expects a dn or an agent, got target"),
      ("call:header(1)", "call:header expects a text, got number"),
      ("call:treat { musik = \"hold\" }", "call:treat does not know 'musik'"),
      ("call:treat { collect = {} }", "call:treat: digits expects a whole number from 1 to 64"),
      ("share {}", "share: the parts add up to nothing"),
      ("share { a = -1 }", "share: the part of 'a' must be a number from 0 to 1e9"),
      ("share { [1.5] = 1 }", "share: a part is named by a text or a whole number, not by number"),
      ("share { [1] = 1, [\"1\"] = 1 }", "share: two parts are called '1'"),
      (
        "local_time \"Mars/Olympus\"",
        "local_time: there is no time zone 'Mars/Olympus': write a name such as \"Europe/London\""
      ),
      (
        "local_time \"../../../etc/passwd\"",
        "local_time: there is no time zone '../../../etc/passwd': "
          + "write a name such as \"Europe/London\""
      ),
      (
        "local_time(\"UTC\", \"now\")",
        "local_time expects an instant such as call.now, got string"
      ),
      ("local_time(\"UTC\", 1e300)", "local_time: the instant is not in the years 1 to 9999"),
      ("local_time(\"UTC\", 0/0)", "local_time: the instant is not in the years 1 to 9999"),
      ("state.x = {}", "state keeps texts, numbers, booleans and nil, not a table"),
      ("state.x = ANY", "state keeps texts, numbers, booleans and nil, not a target"),
      ("state.x = 0/0", "state keeps finite numbers only"),
      ("state[1] = 1", "state expects texts as keys, got number"),
      ("local x = state[\"\"]", "state expects keys of 1 to 256 bytes"),
      ("call:keep_place(1, 2)", "call:keep_place expects a text, got number"),
      ("call:keep_place(\"k\")", "call:keep_place expects seconds, got nothing"),
      ("call:take_place()", "call:take_place expects a text, got nothing"),
      ("local x = queues[\"9\"].length", "a queue does not know 'length'"),
      ("local x = queues[9000]", "queues expects a text, as in queues[\"9000\"], got number"),
      ("queues[\"9\"] = 1", "this table is read-only (field '9')"),
      ("queues[\"9\"].waiting = 1", "queues cannot be changed by a script"),
      ("local x = dn(7001)", "dn expects a text, got number"),
      ("local x = agent \"\"", "agent expects a text of 1 to 256 bytes"),
      ("local x = queue()", "queue expects a text, got nothing"),
      ("local x = trunk(\"a\")", "trunk expects a text, got nothing"),
      ("local x = reject(200)", "reject expects a SIP status between 400 and 699"),
      ("local x = any()", "any expects a table such as { skills = \"sales > 2\" }, got nothing"),
      ("local x = any { group = 1 }", "any: group expects a name, got number"),
      ("local x = any { skils = \"a\" }", "any does not know 'skils'"),
      ("local x = any { skills = 1 }", "any: skills expects an expression, got number"),
      (
        "local x = any { exclude = { 1 } }",
        "any: exclude expects targets such as agent \"1001\", got number"
      ),
      (
        "local x = agents.available(5)",
        "agents.available expects ANY, any { } or nothing, got number"
      ),
      ("local x = random(0)", "random: the interval is empty"),
      ("local x = random(1.5, 2)", "random expects whole numbers"),
      ("call.ani = \"1\"", "call.ani cannot be set: keep data with call:attach { ani = value }"),
      ("ANY.kind = 1", "a target cannot be changed"),
      (
        "local x = table_lookup(\"no\", \"1\")",
        "there is no table 'no': strategies/data/no.csv or .json"
      ),
      ("local x = require \"no\"", "there is no module 'no' below strategies/"),
      ("local x = require \"../x\"", "require takes a name such as \"lib.hours\""),
    ]
  )
  func wrongArguments(text: String, message: String) throws {
    #expect(try ending(text) == .failed(.error("strategies/s.lua:2: " + message)))
  }

  @Test("treatments, rules, groups, virtual queues and several queues reach the engine")
  func theWholeSurface() throws {
    var bench = try Workbench(
      """
      return function(call)
        assert(call:treat { music = "hold" })
        call:note(call:treat { collect = { digits = 2, timeout = 5, announce = "pin" } })
        local q = queues["9000"]
        call:note(q.expected_wait .. " " .. q.expected_wait_low .. " " .. q.expected_wait_high)
        call:select({ any { group = "tier1", skills = "a > 1", exclude = { dn "7001" } }, ANY },
          { by = "round_robin", clear = true, virtual_queue = "9100", timeout = 3, priority = 2 })
        call:note(share { b = 1, a = 1 })
        return { queue "9000", queue "9001" }
      end
      """
    )
    #expect(bench.run() == .finished(.queues(["9000", "9001"])))
    #expect(bench.notes == ["42", "60.0 20.0 110.0", "b"])
    var wanted = Selection(
      [
        .any(AgentFilter(skills: "a > 1", group: "tier1", excludedDNs: ["7001"])), .any(.none),
      ],
      timeout: .seconds(3),
      priority: 2
    )
    wanted.rule = .roundRobin
    wanted.clears = true
    wanted.virtualQueue = "9100"
    #expect(bench.requests.contains(.select(wanted)))
    let pin = Treatment.collect(digits: 2, timeout: .seconds(5), announcement: "pin")
    #expect(bench.requests.contains(.treat(pin)))
  }

  @Test("after a transfer the script sees the held call's identity")
  func rename() throws {
    var bench = try Workbench(
      "return function(call) call:wait(1) call:note(call.id) return ANY end"
    )
    let step = bench.strategies.start("s", facts: Workbench.facts(7))
    #expect(step == .requested(.wait(.seconds(1))))
    bench.strategies.rename(ConnID(7), to: ConnID(255))
    let next = bench.strategies.resume(ConnID(255), with: .done, context: bench.context)
    #expect(next == .requested(.note("00000000000000ff")))
  }

  @Test("random numbers come from the engine and stay in their interval")
  func randomNumbers() throws {
    var bench = try Workbench(
      """
      return function(call)
        call:note(random() .. " " .. math.random() .. " " .. random(10) .. " " .. random(5, 6))
        call:note(random(7, 7))
        for i = 1, 200 do
          local n = random(1, 6)
          if n < 1 or n > 6 then call:note("outside " .. n) end
        end
      end
      """
    )
    var generator = SplitMix64(seed: 7)
    var first = true
    bench.answer = { request in
      guard case .random = request else { return .done }
      if first { return .bits(0x8000_0000_0000_0000) }
      return .bits(generator.next())
    }
    defer { first = false }
    let step = bench.run()
    #expect(step == .finished(nil))
    #expect(bench.notes.count == 2)
    #expect(bench.notes.first == "0.5 0.5 1 5")
    #expect(bench.notes.last == "7")
  }
}
