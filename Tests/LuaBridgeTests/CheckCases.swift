/// The snippets of `CheckDiagnosticsTests`, by what they show.
enum CheckCases {
  typealias Case = CheckDiagnosticsTests.Case

  private static let noTarget =
    "error: this path ends without a target: the call goes to the default route"
  private static let nothing =
    "warning: this path ends without a target: the call goes to the default route"
  private static let waits =
    "call:select without a timeout waits until it has a target"

  private static func never(_ what: String, _ truth: String) -> String {
    "warning: this \(what) never runs: the condition is always \(truth)"
  }

  /// Bodies of the strategy function; their first column is 23.
  static let bodies: [Case] = names + members + arguments + options + flow

  static let names: [Case] = [
    Case("return ANY"),
    Case("return ANT", "1:30: error: undefined name 'ANT', did you mean 'ANY'?"),
    Case("return Queue '9000'", "1:30: error: undefined name 'Queue', did you mean 'queue'?"),
    Case("return xyzzy", "1:30: error: undefined name 'xyzzy'"),
    Case(
      "local target = ANY return tagret",
      "1:49: error: undefined name 'tagret', did you mean 'target'?"
    ),
    Case("do local t = ANY end return t", "1:51: error: undefined name 't'"),
    Case("local io = ANY return io"),
    Case("io.write('x') return ANY", "1:23: error: 'io' is not available in strategies"),
    Case(
      "x = 1 return ANY",
      "1:23: error: assignment to global 'x': globals are read-only, use local x"
    ),
    Case(
      "function f() end return ANY",
      "1:32: error: assignment to global 'f': globals are read-only, use local function f"
    ),
    Case(
      "string.format = nil return ANY",
      "1:23: error: 'string.format' cannot be assigned: globals are read-only"
    ),
    Case(
      "local s = string.fromat('') return ANY",
      "1:40: error: 'string' has no field 'fromat', did you mean 'string.format'?"
    ),
    Case("local t = {} t.x = 1 return t.y"),
    Case("local _ENV = {} return anything"),
    Case("local s = share { a = 1 } return dn(s)"),
    Case("local p = 1 local s = share { a = p, [1] = 0, b = 0.5 } return dn(s)"),
    Case("return dn(share { a = 0, b = 0 })", "1:39: error: the parts of share add up to nothing"),
    Case(
      "return dn(share { a = -1, b = 'x' })",
      "1:45: error: a part of share cannot be negative",
      "1:53: error: a part of share expects a number, got a string"
    ),
    Case("return dn(share(5))", "1:39: error: share expects a table, got a number"),
    Case("local t = local_time('UTC') if t.hour > 8 then return ANY end return ANY"),
    Case("local t = local_time('UTC', 0).date call:note(t) return ANY"),
    Case("local t = local_time() return ANY", "1:33: error: local_time expects a time zone"),
    Case(
      "local t = local_time(1, 'x') return ANY",
      "1:44: error: local_time expects a string, got a number",
      "1:47: error: the instant of local_time expects a number, got a string"
    ),
    Case(
      "local t = local_time('Europe/Lodnon') return ANY",
      "1:44: error: unknown time zone \"Europe/Lodnon\", did you mean \"Europe/London\"?"
    ),
    Case(
      "local t = local_time('Mars') return ANY",
      "1:44: error: unknown time zone \"Mars\": write a name such as \"Europe/London\""
    ),
    Case(
      "local t = local_time('UTC').hours return ANY",
      "1:51: error: a local time has no field 'hours', did you mean 'hour'?"
    ),
    Case(
      "local t = local_time('UTC') if t.mounth == 1 then return ANY end return ANY",
      "1:56: error: a local time has no field 'mounth', did you mean 'month'?"
    ),
    Case("state.count = (state.count or 0) + 1 state['a b'] = nil return ANY"),
    Case(
      "state.list = {} return ANY",
      "1:36: error: state keeps texts, numbers and booleans only"
    ),
    Case(
      "state[1] = 2 return ANY",
      "1:29: error: state[...] expects a string, got a number"
    ),
    Case(
      "function state.f() end return ANY",
      "1:32: error: state keeps texts, numbers and booleans only"
    ),
    Case("state.set('x') return ANY"),
    Case("state:set('x') return ANY", "1:29: error: state has no functions: write state.key"),
    Case(
      "state = 1 return ANY",
      "1:23: error: assignment to global 'state': globals are read-only, use local state"
    ),
    Case(
      "call:keep_place(call.ani, 3600) if call:take_place(call.ani) then return ANY end return ANY"
    ),
    Case(
      "call:keep_place('k') return ANY",
      "1:28: error: call:keep_place expects a key and seconds"
    ),
    Case("call:keep_place('k', -1) return ANY", "1:44: error: call:keep_place cannot be negative"),
    Case(
      "call:take_place(1) return ANY",
      "1:39: error: call:take_place expects a string, got a number"
    ),
  ]

  static let members: [Case] = [
    Case("if call.ani == '4420' or call.now == 5 then return ANY end return ANY"),
    Case(
      "if call.ani == 4420 then return ANY end return ANY",
      "1:26: warning: call.ani is a string and never equals a number: put the number in quotes"
    ),
    Case(
      "local d = call.dnis if 8000 ~= d then return ANY end return ANY",
      "1:46: warning: call.dnis is a string and never equals a number: put the number in quotes"
    ),
    Case(
      "if call.dnis >= 8000 then return ANY end return ANY",
      "1:26: error: call.dnis is a string and cannot be compared with a number: use tonumber"
    ),
    Case("return dn(call.ani .. call.dnis .. call.user_data.x .. call:header('X'))"),
    Case(
      "return dn(call.anii)",
      "1:38: error: the call has no field 'anii', did you mean call.ani?"
    ),
    Case(
      "return dn(call['anii'])",
      "1:37: error: the call has no field 'anii', did you mean call.ani?"
    ),
    Case(
      "call:rout(ANY) return ANY",
      "1:28: error: the call has no method 'rout', did you mean call:route?"
    ),
    Case("call:frobnicate() return ANY", "1:28: error: the call has no method 'frobnicate'"),
    Case("call:treat { music = 'hold' } return ANY"),
    Case(
      "call:treat { musik = 'hold' } return ANY",
      "1:36: error: call:treat has no treatment 'musik', did you mean 'music'?"
    ),
    Case(
      "call.route(ANY) return ANY",
      "1:28: error: 'route' is called with a colon: write call:route(...)"
    ),
    Case("call.route(call, ANY) return ANY"),
    Case(
      "return dn(call:ani())",
      "1:38: error: call.ani is a fact, not a method: write call.ani"
    ),
    Case(
      "call.ani = '1' return ANY",
      "1:28: error: call.ani cannot be set: the call's facts are read-only"
    ),
    Case(
      "call.vip = true return ANY",
      "1:28: error: call.vip cannot be set: keep data with call:attach { vip = value }"
    ),
    Case(
      "call.user_data.vip = true return ANY",
      "1:38: error: call.user_data cannot be set: keep data with call:attach { vip = value }"
    ),
    Case(
      "queues['9000'].waiting = 0 return ANY",
      "1:23: error: 'queues' cannot be assigned: globals are read-only"
    ),
    Case("queues['9000'].list().x = 0 return ANY"),
    Case(
      "local c = call c:rout(ANY) return ANY",
      "1:40: error: the call has no method 'rout', did you mean call:route?"
    ),
    Case(
      "local q = queues['9000'] return dn(q.wating)",
      "1:60: error: a queue has no field 'wating', did you mean 'waiting'?"
    ),
    Case(
      "local q = queue return q '9009'",
      "1:48: error: unknown queue \"9009\", did you mean \"9000\"?"
    ),
    Case(
      "local function f(c) c:frob() end f(call) return ANY",
      "1:45: error: the call has no method 'frob'"
    ),
    Case(
      "local function f(n, c) if n then f(nil, c) end c.ani = 1 end f(2, call) return ANY",
      "1:72: error: call.ani cannot be set: the call's facts are read-only"
    ),
    Case("local function f(c) c:frob() end f(call) f({}) return ANY"),
    Case("local function f(c) c:frob() end f(call) return ANY, f"),
    Case("local function f(call) call:treat {} end f(0) return ANY"),
    Case("local function f(call) call:frob() end f({}) return ANY"),
    Case(
      "do local call = {} call:frob() end return ANY",
      "1:32: warning: local 'call' hides the call of the strategy: give it another name"
    ),
    Case(
      "for _, call in ipairs {} do end return ANY",
      "1:30: warning: local 'call' hides the call of the strategy: give it another name"
    ),
    Case("local function f() return 1 end return ANY", "1:38: warning: unused local function 'f'"),
    Case("local x, y = 1, 2 return ANY", "1:29: warning: unused local 'x'"),
    Case("local x, y = ANY, 2 return x"),
    Case("local _ignored = 1 return ANY"),
    Case(
      "call = other(call) return call:frob()",
      "1:30: error: undefined name 'other'"
    ),
    Case("if queues['9000'].waiting > 3 then return ANY end return queue '9000'"),
    Case(
      "if queues['9003'].waiting > 3 then return ANY end return ANY",
      "1:33: error: unknown queue \"9003\", did you mean \"9000\"?"
    ),
    Case("local w = queues['9000'].expected_wait return ANY"),
    Case(
      "local w = queues['9000'].wating return ANY",
      "1:48: error: a queue has no field 'wating', did you mean 'waiting'?"
    ),
    Case(
      "local w = queues[9000].waiting return ANY",
      "1:40: error: queues[...] expects a string, got a number: write \"9000\""
    ),
    Case("local n = agents.available { skills = 'sales' } return ANY"),
    Case(
      "local n = agents.avialable() return ANY",
      "1:40: error: agents has no function 'avialable', did you mean agents.available?"
    ),
    Case(
      "local n = agents.logged_in { skill = 'sales' } return ANY",
      "1:52: error: agents.logged_in has no field 'skill', did you mean 'skills'?"
    ),
  ]

  static let arguments: [Case] = [
    Case("return dn '7001'"),
    Case("return dn '7009'", "1:33: error: unknown dn \"7009\", did you mean \"7001\"?"),
    Case("return queue '9009'", "1:36: error: unknown queue \"9009\", did you mean \"9000\"?"),
    Case(
      "local n = '9009' return queue(n)",
      "1:53: error: unknown queue \"9009\", did you mean \"9000\"?"
    ),
    Case("local n = '9009' n = n .. '1' return queue(n)"),
    Case("return agent '55'", "1:36: error: unknown agent \"55\""),
    Case(
      "return trunk('carier', '+44')",
      "1:36: error: unknown trunk \"carier\", did you mean \"carrier\"?"
    ),
    Case("return trunk 'carrier'", "1:30: error: trunk expects a number to dial"),
    Case(
      "return trunk('carrier', 44)",
      "1:47: error: the number to dial of trunk expects a string, got a number"
    ),
    Case("return dn(7001)", "1:33: error: dn expects a string, got a number: write \"7001\""),
    Case("return dn(nil)", "1:33: error: dn expects a string, got nil"),
    Case("return dn()", "1:30: error: dn expects a string"),
    Case("return dn(call.user_data.number)"),
    Case("return reject(200)", "1:37: error: reject expects a SIP status from 400 to 699"),
    Case("return reject(486)"),
    Case("return ANY()", "1:30: error: ANY is a target, not a function: write any { ... }"),
    Case("return any { skills = 'sales >= 5 and not english > 2' }"),
    Case(
      "return any { skills = 'sales >= 5 and engish > 2' }",
      "1:61: error: unknown skill \"engish\", did you mean \"english\"?"
    ),
    Case(
      "return any { skills = 'sales >' }",
      "1:52: error: skill expression: a number is missing"
    ),
    Case("return any { skills = 5 }", "1:45: error: skills of any expects a string, got a number"),
    Case("return any 'sales'", "1:34: error: any expects a table, got a string"),
    Case("return any { group = 'night' }"),
    Case(
      "return any { skils = 'sales' }",
      "1:36: error: any has no field 'skils', did you mean 'skills'?"
    ),
    Case(
      "return any { 'sales' }",
      "1:36: error: any takes named values only: write { name = value }"
    ),
    Case("if table_lookup('vip', call.ani) then return ANY end return ANY"),
    Case(
      "if table_lookup('vp', call.ani) then return ANY end return ANY",
      "1:39: error: unknown table \"vp\", did you mean \"vip\"?"
    ),
    Case("return table_lookup 'vip'", "1:30: error: table_lookup expects a key"),
    Case(
      "local h = require 'lib.hour' return ANY",
      "1:41: error: unknown module \"lib.hour\", did you mean \"lib.hours\"?"
    ),
    Case(
      "local h = require(5) return ANY",
      "1:41: error: require expects a string, got a number"
    ),
  ]

  static let options: [Case] = [
    Case(
      "call:exclude(queue '9000') return ANY",
      "1:36: error: call:exclude expects a dn or an agent, got queue"
    ),
    Case(
      "call:exclude({ agent '1001' }) return ANY",
      "1:36: error: call:exclude expects a target, got a table"
    ),
    Case("return any { exclude = { agent '1001', dn '7001' }, skills = nil }"),
    Case("return any { exclude = agent '1001' }"),
    Case(
      "return any { exclude = { ANY } }",
      "1:48: error: exclude of any expects a dn or an agent, got ANY"
    ),
    Case(
      "return any { exclude = { '1001' } }",
      "1:48: error: exclude of any expects a target, got a string: write dn \"1001\""
    ),
    Case("local n = agents.available(ANY) + agents.logged_in(any {}) return ANY"),
    Case(
      "local n = agents.available(queue '9000') return ANY",
      "1:50: error: agents.available expects ANY, any { ... } or a table, got queue"
    ),
    Case(
      "local n = agents.available('sales') return ANY",
      "1:50: error: agents.available expects ANY, any { ... } or a table, got a string"
    ),
    Case("return reject()", "1:30: error: reject expects a SIP status"),
    Case("call:priority(1.5) return ANY", "1:37: error: call:priority expects a whole number"),
    Case("call:attach { a = 1, b = true, ['c'] = call.ani } return ANY"),
    Case(
      "call:attach { 'x' } return ANY",
      "1:37: error: call:attach takes named values only: write { name = value }"
    ),
    Case(
      "call:attach { a = {} } return ANY",
      "1:41: error: call:attach keeps texts, numbers and booleans only"
    ),
    Case("return call:select({})", "1:42: error: call:select expects at least one target"),
    Case("return call:select(ANY, { timeout = nil })"),
    Case("return call:select(ANY, { timeout = 20, priority = 3, by = 'longest_idle' })"),
    Case("return call:select({ agent '1001', dn '7001' }, { timeout = 20 })"),
    Case(
      "return call:select({ agent '1001', queue '9000' }, { timeout = 20 })",
      "1:58: error: call:select cannot wait for a queue: return it, or write "
        + "call:route(queue \"9000\")"
    ),
    Case(
      "return call:select(reject(486))",
      "1:42: error: call:select cannot wait for a refusal: return it"
    ),
    Case(
      "return call:select(dn '9000')",
      "1:42: error: call:select waits for extensions only, and \"9000\" is none: return dn \"9000\""
    ),
    Case(
      "return call:select({ agent '1001', agent '1001' })",
      "1:58: warning: agent \"1001\" is in this list already (line 1): one of them is enough"
    ),
    Case(
      "return call:select({ ANY, agent '1001' })",
      "1:49: warning: agent \"1001\" makes no difference: ANY, before it, takes every agent"
    ),
    Case(
      "call:exclude(agent '1001') return call:select(agent '1001')",
      "1:69: error: agent \"1001\" can never be chosen: call:exclude on line 1 keeps the call "
        + "away from it"
    ),
    Case("if call.ani == '1' then call:exclude(agent '1001') end return call:select(agent '1001')"),
    Case(
      "return dn '8000'",
      "1:33: error: dn \"8000\" can never be reached: it is a routing point, where strategies start"
    ),
    Case(
      "return queue '9002'",
      "1:36: error: nobody can serve queue \"9002\": no agent of the site satisfies \"x > 1\""
    ),
    Case(
      "return any { skills = 'sales > 9' }",
      "1:45: error: no agent of the site satisfies \"sales > 9\": this target can never be chosen "
        + "(sales is at most 9)"
    ),
    Case(
      "return any { skills = 'sales > 5 and sales < 3' }",
      "1:45: error: \"sales > 5 and sales < 3\" holds for nobody, whatever his skills: "
        + "this target can never be chosen"
    ),
    Case(
      "return dn(tostring(agents.available { skills = 'sales > 9' }))",
      "1:70: warning: no agent of the site satisfies \"sales > 9\": the answer is always 0 "
        + "(sales is at most 9)"
    ),
    Case(
      "return any { group = 'nights' }",
      "1:44: error: unknown agent group \"nights\", did you mean \"night\"?"
    ),
    Case(
      "return any { skills = 'group(nigt) and sales' }",
      "1:52: error: unknown agent group \"nigt\", did you mean \"night\"?"
    ),
    Case("return any { skills = 'group(night) and sales' }"),
    Case("return dn('7001', '7002')", "1:41: error: dn takes 1 argument, got 2"),
    Case("call:wait(1, 2) return ANY", "1:36: error: call:wait takes 1 argument, got 2"),
    Case(
      "return call:select(ANY, { virtual_queue = '9109', timeout = 1 })",
      "1:65: error: unknown virtual queue \"9109\", did you mean \"9100\"?"
    ),
    Case("return dn(queues['9100'].waiting)"),
    Case(
      "if call.user_data.vip == 1 then return ANY end return ANY",
      "1:26: warning: call.user_data.vip is a string and never equals a number: put the number "
        + "in quotes"
    ),
    Case(
      "return call:select({ '1001' })",
      "1:44: error: call:select expects a target, got a string: write dn \"1001\""
    ),
    Case("return call:select()", "1:35: error: call:select expects a target"),
    Case(
      "return call:select(ANY, { timeot = 20 })",
      "1:49: error: call:select has no option 'timeot', did you mean 'timeout'?"
    ),
    Case(
      "return call:select(ANY, { timeout = -20 })",
      "1:59: error: timeout of call:select cannot be negative"
    ),
    Case(
      "return call:select(ANY, { timeout = '20' })",
      "1:59: error: timeout of call:select expects a number, got a string"
    ),
    Case(
      "return call:select(ANY, 20)",
      "1:47: error: call:select expects its options as a table: { timeout = ... }, got a number"
    ),
    Case("return call:select(ANY, { clear = true })"),
    Case("return call:select(ANY, { by = 'random', virtual_queue = '9100' })"),
    Case(
      "return call:select(ANY, { by = 'longest_idel' })",
      "1:54: error: unknown selection rule \"longest_idel\", did you mean \"longest_idle\"?"
    ),
    Case(
      "call:route('7001') return ANY",
      "1:34: error: call:route expects a target, got a string: write dn \"7001\""
    ),
    Case(
      "call:route(dn, { timeout = 1 }) return ANY",
      "1:34: error: call:route expects a target, 'dn' is a function: write dn \"...\""
    ),
    Case("call:route { dn '7001', agent '1001', queue '9001' } return ANY"),
    Case("return { dn '7001', ANY }"),
    Case("call:route {} return ANY", "1:34: error: call:route expects at least one target"),
    Case(
      "call:route { queue '9001', dn '7001' } return ANY",
      "1:36: error: call:route: queue \"9001\" can only be the last of a list"
    ),
    Case(
      "return { dn '7001', ANY, dn '7002' }",
      "1:43: error: the return of a strategy: ANY can only be the last of a list"
    ),
    Case(
      "call:route(ANY, { priority = 1 }) return ANY",
      "1:41: error: call:route has no option 'priority'"
    ),
    Case("call:wait(-1) return ANY", "1:33: error: call:wait cannot be negative"),
    Case("call:wait('1') return ANY", "1:33: error: call:wait expects a number, got a string"),
    Case("call:wait() return ANY", "1:28: error: call:wait expects seconds"),
    Case("call:wait(call.user_data.seconds) return ANY"),
    Case(
      "call:priority 'high' return ANY",
      "1:37: error: call:priority expects a number, got a string"
    ),
    Case("call:attach 'x' return ANY", "1:35: error: call:attach expects a table, got a string"),
    Case(
      "call:note(5) call:note {} return ANY",
      "1:46: error: call:note expects a string, got a table"
    ),
    Case("call:exclude(agent '1001') return ANY"),
  ]

  static let flow: [Case] = [
    Case("", "1:24: \(noTarget)"),
    Case("return", "1:23: \(nothing)"),
    Case("return nil", "1:23: \(nothing)"),
    Case("if false then return ANY end return ANY", "1:26: \(never("branch", "false"))"),
    Case("if 1 > 2 then return ANY end return ANY", "1:26: \(never("branch", "false"))"),
    Case("if '1' == 1 then return ANY end return ANY", "1:26: \(never("branch", "false"))"),
    Case(
      "if not true and call.ani then return ANY end return ANY",
      "1:26: \(never("branch", "false"))"
    ),
    Case("if true then return ANY else return dn '7001' end", "1:52: \(never("branch", "true"))"),
    Case(
      "if 1 then return ANY elseif x then end",
      "1:51: \(never("branch", "true"))",
      "1:51: error: undefined name 'x'"
    ),
    Case("while false do call:wait(1) end return ANY", "1:29: \(never("loop", "false"))"),
    Case("local debug = false if debug then return ANY end return ANY"),
    Case(
      "local a = call:select(ANY) if a then return a else return ANY end",
      "1:74: warning: this branch never runs: \(waits)"
    ),
    Case(
      "local a = call:select(ANY, { by = 'random' }) if not a then return ANY end return a",
      "1:72: warning: this branch never runs: \(waits)"
    ),
    Case("local a = call:select(ANY, { timeout = 5 }) if not a then return ANY end return a"),
    Case(
      "local o = { timeout = 5 } local a = call:select(ANY, o) if not a then return ANY end "
        + "return a"
    ),
    Case("local a = call:select(ANY) a = nil if not a then return ANY end return a"),
    Case(
      "call:route(reject(486)) return ANY",
      "1:47: warning: unreachable code: call:route(reject(486)) does not come back"
    ),
    Case(
      "call:route(queue '9000') return ANY",
      "1:48: warning: unreachable code: call:route(queue \"9000\") does not come back"
    ),
    Case("call:route(queue '9001') return ANY"),
    Case("call:route(queue '9000')"),
    Case("if call.ani then return ANY end", "1:55: \(noTarget)"),
    Case("if call.ani then return ANY else return queue '9000' end"),
    Case("if call.ani then return ANY else error('no') end"),
    Case("while true do call:wait(1) end"),
    Case("while true do if call.ani then break end end", "1:68: \(noTarget)"),
    Case("while call.ani do return ANY end", "1:56: \(noTarget)"),
    Case("repeat local a = call:select(ANY) until false"),
    Case("repeat return ANY until true"),
    Case("for i = 1, 3 do return ANY end", "1:54: \(noTarget)"),
    Case("while true do for i = 1, 3 do break end end"),
    Case("while true do goto out end ::out:: return ANY"),
    Case("while true do end return ANY", "1:41: warning: unreachable code"),
    Case("do return ANY end return dn '7001'", "1:41: warning: unreachable code"),
    Case("error('x') return ANY", "1:34: warning: unreachable code"),
    Case("while true do break call:wait(1) end return ANY", "1:43: warning: unreachable code"),
    Case("goto done do return ANY end ::done:: return ANY", "1:33: warning: unreachable code"),
    Case(
      "if call.ani then return ANY else return ANY end call:wait(1) return ANY",
      "1:71: warning: unreachable code"
    ),
    Case("local function f() return end f() return ANY"),
    Case(
      "return '7001'",
      "1:30: error: the return of a strategy expects a target, got a string: write dn \"7001\""
    ),
    Case(
      "return any",
      "1:30: error: the return of a strategy expects a target, 'any' is a function: "
        + "write ANY or any { ... }"
    ),
    Case(
      "return call:select(ANY) or queue '9000'",
      "1:50: warning: this never counts: \(waits)"
    ),
    Case("return call:select(ANY, { timeout = 5 }) or queue '9000'"),
  ]
}
