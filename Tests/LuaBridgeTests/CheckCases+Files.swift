// Cases that are whole files.

extension CheckCases {
  static let files: [Case] = [
    Case("", "1:1: error: a strategy must return a function: return function(call) ... end"),
    Case(
      "local x = 1\n",
      "2:1: error: a strategy must return a function: return function(call) ... end"
    ),
    Case("return", "1:1: error: a strategy must return a function: return function(call) ... end"),
    Case(
      "return {}",
      "1:8: error: a strategy must return a function, got a table without route "
        + "(modules belong below lib/)"
    ),
    Case(
      "return { route = function(call) call:rout(ANY) return ANY end }",
      "1:38: error: the call has no method 'rout', did you mean call:route?"
    ),
    Case(
      "local function go(call) return call.x end\nreturn { route = go, saev = go, save = 5 }",
      "1:37: error: the call has no field 'x'",
      "2:22: error: a strategy's table has no field 'saev', did you mean 'save'?",
      "2:40: error: save of a strategy's table expects a function, got a number"
    ),
    Case(
      "return { route = function(call) end, restore = function(s) return s end }",
      "1:33: error: this path ends without a target: the call goes to the default route"
    ),
    Case("return 'x'", "1:8: error: a strategy must return a function, got a string"),
    Case(
      "local function route(call) return call.x end return route",
      "1:40: error: the call has no field 'x'"
    ),
    Case(
      "local route = function(c) return c:frob() end\nreturn route",
      "1:36: error: the call has no method 'frob'"
    ),
    Case("return require 'lib.hours'"),
    Case("return { route = function(call) return ANY end, save = function() end }"),
    Case(
      "return { route = function(call) return call.x end }",
      "1:45: error: the call has no field 'x'"
    ),
    Case(
      "return { route = 1 }",
      "1:18: error: route of a strategy's table expects a function, got a number"
    ),
    Case(
      "return function(call)\n  return queue \"9009\"\nend",
      "2:16: error: unknown queue \"9009\", did you mean \"9000\"?"
    ),
    Case(
      "return function(call)\n  -- é\n  local s = 'é' return ANT\nend",
      "3:24: error: undefined name 'ANT', did you mean 'ANY'?"
    ),
    Case(
      "return function(call)\n  if call.ani return ANY end\nend",
      "2:15: error: 'then' expected near 'return'"
    ),
    Case(
      "return function(call)\n  return ANY\n",
      "3:1: error: 'end' expected (to close 'function' at line 1) near <eof>"
    ),
    Case(
      "x = 1 y = 2 return function() return ANY end",
      "1:1: error: assignment to global 'x': globals are read-only, use local x",
      "1:7: error: assignment to global 'y': globals are read-only, use local y"
    ),
  ]

  static let modules: [Case] = [
    Case("return {}"),
    Case("local M = {} function M.open(now) return now > 0 end return M"),
    Case(
      "local M = {} function M.open(now) return nw > 0 end return M",
      "1:42: error: undefined name 'nw', did you mean 'now'?"
    ),
    Case("return function(call) return call.x end"),
    Case("return { menu = function(call) call:treat { music = 'a' } end }"),
  ]
}
