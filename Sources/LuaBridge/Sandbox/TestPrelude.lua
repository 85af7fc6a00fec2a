-- What tests get besides what strategies get: describe, it, world, assert and their kin.
-- Whatever needs the engine is a yield of an operation, the place in the test and values, and is
-- answered by true and values or by false and a text, which is raised at that place.
-- TestOperation.swift knows the same numbers. Returns the function that runs one test.

local core = ...
local yield, kind, where, tag = core.yield, core.kind, core.where, core.tag

local BEGIN, LIST, DONE = 100, 101, 102
local WORLD, CALL, ADVANCE, CALL_FIELD, HANG_UP, DIGITS = 110, 111, 112, 113, 114, 115
local AGENT, DN, PHONE, QUEUE_FIELD, AGENT_FIELD, WORLD_FIELD = 116, 117, 118, 119, 120, 121
local ATTACH = 122
local ROUTED, QUEUED, DEFAULTED, REJECTED, ANSWERED, WAITING = 130, 131, 132, 133, 134, 135
local EVENTS, NOTE, SNAPSHOT, ENDED = 136, 137, 138, 139

local PASSED, FAILED, SKIPPED = 0, 1, 2

local tests, block, running, skip_reason = nil, nil, false, nil
local SKIP = {}

-- MARK: Talking to the engine

local function settle(place, fine, ...)
  if fine then return ... end
  error(place .. tostring((...)), 0)
end

local function ask(operation, place, ...)
  if not running then error(place .. "a world is possible only inside it(…)", 0) end
  return settle(place, yield(operation, place, ...))
end

local function wrong(place, text) error(place .. text, 0) end

-- MARK: Values as text

local show

local function show_table(value, depth)
  if depth > 3 then return "{ … }" end
  local parts, count = {}, #value
  for index = 1, count do parts[index] = show(value[index], depth + 1) end
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > count then
      local name = type(key) == "string" and key:match("^[%a_][%w_]*$") or "[" .. show(key) .. "]"
      parts[#parts + 1] = name .. " = " .. show(item, depth + 1)
    end
  end
  if #parts == 0 then return "{}" end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function show(value, depth)
  if type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(c)
      if c == "\n" then return "\\n" end
      if c == '"' or c == "\\" then return "\\" .. c end
      return string.format("\\%d", c:byte())
    end) .. '"'
  end
  if type(value) ~= "table" then return tostring(value) end
  local name = tag(value)
  if name == "call" or name == "world" then return tostring(value) end
  return show_table(value, depth or 0)
end

local function same(a, b, depth)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" or depth > 16 then return false end
  for key, value in pairs(a) do
    if not same(value, b[key], depth + 1) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- MARK: Blocks

local function new_block(name, outer)
  return { name = name, outer = outer, before = {}, after = {} }
end

local function open(what, place)
  if running then wrong(place, what .. " does not belong inside a test") end
  tests = tests or {}
  block = block or new_block(nil, nil)
end

local function check_body(what, name, body, place)
  if type(name) ~= "string" then
    wrong(place, what .. " expects a text and a function, got " .. show(name))
  end
  if type(body) ~= "function" then
    wrong(place, what .. ' "' .. name .. '" expects a function, got ' .. show(body))
  end
end

function describe(name, body)
  local place = where(2)
  open("describe", place)
  check_body("describe", name, body, place)
  local outer = block
  block = new_block(name, outer)
  body()
  block = outer
end

local function full_name(name)
  local around = block
  while around and around.name do
    name = around.name .. " " .. name
    around = around.outer
  end
  return name
end

local function add(name, body, place)
  tests[#tests + 1] = { name = full_name(name), body = body, block = block, place = place }
end

function it(name, body)
  local place = where(2)
  open("it", place)
  if body == nil and type(name) == "string" then return add(name, nil, place) end
  check_body("it", name, body, place)
  add(name, body, place)
end

-- Not yet: a test that is only named, or one that gives up with a reason.
function pending(name)
  local place = where(2)
  if running then
    skip_reason = name ~= nil and tostring(name) or nil
    error(SKIP, 0)
  end
  open("pending", place)
  add(tostring(name), nil, place)
end

function before_each(body)
  local place = where(2)
  open("before_each", place)
  check_body("before_each", "", body, place)
  block.before[#block.before + 1] = body
end

function after_each(body)
  local place = where(2)
  open("after_each", place)
  check_body("after_each", "", body, place)
  block.after[#block.after + 1] = body
end

-- cases { { name = "…", … }, … } ("what {name} does", function(case) … end)
function cases(rows)
  local place = where(2)
  open("cases", place)
  if type(rows) ~= "table" then wrong(place, "cases expects a list of tables") end
  return function(name, body)
    check_body("cases", name, body, place)
    for index, row in ipairs(rows) do
      local title, count = name:gsub("{([%a_][%w_]*)}", function(field)
        local value = type(row) == "table" and row[field]
        if value == nil then return nil end
        return type(value) == "string" and value or show(value)
      end)
      if count == 0 then
        local own = type(row) == "table" and row.name or show(row)
        title = title .. ": " .. tostring(own or index)
      end
      add(title, function() body(row) end, place)
    end
  end
end

-- MARK: Objects

local function unknown(place, what, field)
  wrong(place, what .. " does not know '" .. tostring(field) .. "'")
end

local function read_only(what)
  return function() error(what .. " cannot be set: use its methods", 2) end
end

local function check_self(self, what, name, place)
  if tag(self) ~= what then
    wrong(place, what .. ":" .. name .. " needs ':'")
  end
end

local CALL_FIELDS = {
  state = true, target = true, notes = true, user_data = true, defaulted = true, reason = true,
  events = true, queue = true, position = true, agent = true, ani = true, dnis = true, id = true,
  status = true, story = true, treatment = true, waited = true,
}

local call_methods = {}

function call_methods.hangup(self)
  local place = where(2)
  check_self(self, "call", "hangup", place)
  ask(HANG_UP, place, self[2], self[3], "caller")
  return self
end

-- Whoever the caller talks with hangs up.
function call_methods.target_hangs_up(self)
  local place = where(2)
  check_self(self, "call", "target_hangs_up", place)
  ask(HANG_UP, place, self[2], self[3], "target")
  return self
end

function call_methods.answer_treatment(self, fields)
  local place = where(2)
  check_self(self, "call", "answer_treatment", place)
  ask(DIGITS, place, self[2], self[3], fields or {})
  return self
end

function call_methods.attach(self, data)
  local place = where(2)
  check_self(self, "call", "attach", place)
  ask(ATTACH, place, self[2], self[3], data)
  return self
end

local function new_call(world, number)
  return setmetatable({ "call", world, number }, {
    __index = function(self, field)
      if call_methods[field] then return call_methods[field] end
      local place = where(2)
      if not CALL_FIELDS[field] then unknown(place, "a call", field) end
      return ask(CALL_FIELD, place, world, number, field)
    end,
    __newindex = read_only("a call"),
    __tostring = function() return "call " .. number end,
  })
end

local AGENT_ACTS = { ready = true, not_ready = true, login = true, logout = true }
local AGENT_FIELDS = { state = true, dn = true, call = true, calls_taken = true }

local function new_agent(world, id)
  return setmetatable({ "agent", world, id }, {
    __index = function(_, name)
      local place = where(2)
      if AGENT_FIELDS[name] then
        local value = ask(AGENT_FIELD, place, world, id, name)
        if name == "call" and value then return new_call(world, value) end
        return value
      end
      if not AGENT_ACTS[name] then unknown(place, "an agent of the world", name) end
      return function(self, argument)
        local at = where(2)
        check_self(self, "agent", name, at)
        ask(AGENT, at, world, id, name, argument)
        return self
      end
    end,
    __newindex = read_only("an agent"),
  })
end

local DN_ACTS = { in_service = true, out_of_service = true }

local function new_dn(world, number)
  return setmetatable({ "dn", world, number }, {
    __index = function(_, name)
      if not DN_ACTS[name] then unknown(where(2), "a DN of the world", name) end
      return function(self)
        local at = where(2)
        check_self(self, "dn", name, at)
        ask(DN, at, world, number, name)
        return self
      end
    end,
    __newindex = read_only("a DN"),
  })
end

local QUEUE_FIELDS = { waiting = true, oldest_wait = true, agents = true, available = true }

local function new_queue(world, number)
  return setmetatable({ "queue", world, number }, {
    __index = function(_, field)
      local place = where(2)
      if not QUEUE_FIELDS[field] then unknown(place, "a queue of the world", field) end
      return ask(QUEUE_FIELD, place, world, number, field)
    end,
    __newindex = read_only("a queue"),
  })
end

local WORLD_FIELDS = { now = true, elapsed = true, events = true }
local world_methods = {}

local function check_name(value, what, place)
  if kind(value) and value.name then return value.name end
  if type(value) == "string" then return value end
  return wrong(place, what .. " expects a number or an id as text, got " .. show(value))
end

function world_methods.call(self, fields)
  local place = where(2)
  check_self(self, "world", "call", place)
  return new_call(self[2], ask(CALL, place, self[2], fields or {}))
end

function world_methods.advance(self, seconds)
  local place = where(2)
  check_self(self, "world", "advance", place)
  if math.type(seconds) == nil or not (seconds >= 0 and seconds <= 86400 * 366) then
    wrong(place, "world:advance expects seconds, got " .. show(seconds))
  end
  ask(ADVANCE, place, self[2], seconds)
  return self
end

function world_methods.agent(self, id)
  local place = where(2)
  check_self(self, "world", "agent", place)
  return new_agent(self[2], check_name(id, "world:agent", place))
end

function world_methods.dn(self, number)
  local place = where(2)
  check_self(self, "world", "dn", place)
  return new_dn(self[2], check_name(number, "world:dn", place))
end

function world_methods.queue(self, number)
  local place = where(2)
  check_self(self, "world", "queue", place)
  return new_queue(self[2], check_name(number, "world:queue", place))
end

-- world:phone("7001") { answers_after = 3 }
function world_methods.phone(self, number)
  local place = where(2)
  check_self(self, "world", "phone", place)
  local name = check_name(number, "world:phone", place)
  return function(fields)
    local at = where(2)
    if type(fields) ~= "table" then
      wrong(at, "world:phone expects a table, got " .. show(fields))
    end
    ask(PHONE, at, self[2], name, fields)
    return self
  end
end

function world(fields)
  local place = where(2)
  if fields ~= nil and (type(fields) ~= "table" or kind(fields)) then
    wrong(place, "world expects a table such as { agents = { … } }, got " .. show(fields))
  end
  local number = ask(WORLD, place, fields or {})
  return setmetatable({ "world", number }, {
    __index = function(self, field)
      if world_methods[field] then return world_methods[field] end
      local at = where(2)
      if not WORLD_FIELDS[field] then unknown(at, "a world", field) end
      return ask(WORLD_FIELD, at, self[2], field)
    end,
    __newindex = read_only("a world"),
    __tostring = function() return "world " .. number end,
  })
end

-- MARK: Assertions

local asserts = {}

local function note_of(note) return note == nil and "" or tostring(note) .. ": " end

function asserts.equal(expected, actual, note)
  if expected == actual then return end
  wrong(where(2), note_of(note) .. "expected " .. show(expected) .. ", got " .. show(actual))
end

function asserts.not_equal(expected, actual, note)
  if expected ~= actual then return end
  wrong(where(2), note_of(note) .. "expected anything but " .. show(expected))
end

function asserts.same(expected, actual, note)
  if same(expected, actual, 0) then return end
  wrong(where(2), note_of(note) .. "expected " .. show(expected) .. ", got " .. show(actual))
end

function asserts.truthy(value, note)
  if value then return end
  wrong(where(2), note_of(note) .. "expected something true, got " .. show(value))
end

function asserts.falsy(value, note)
  if not value then return end
  wrong(where(2), note_of(note) .. "expected nil or false, got " .. show(value))
end

function asserts.is_true(value, note)
  if value == true then return end
  wrong(where(2), note_of(note) .. "expected true, got " .. show(value))
end

function asserts.is_false(value, note)
  if value == false then return end
  wrong(where(2), note_of(note) .. "expected false, got " .. show(value))
end

function asserts.is_nil(value, note)
  if value == nil then return end
  wrong(where(2), note_of(note) .. "expected nil, got " .. show(value))
end

function asserts.is_not_nil(value, note)
  if value ~= nil then return end
  wrong(where(2), note_of(note) .. "expected anything but nil")
end

-- The function must raise an error, and its text must fit the pattern.
function asserts.error_matches(body, pattern)
  local place = where(2)
  if type(body) ~= "function" then
    wrong(place, "assert.error_matches expects a function, got " .. show(body))
  end
  local fine, problem = pcall(body)
  if fine then wrong(place, "expected an error, got none") end
  if pattern ~= nil and not tostring(problem):find(pattern) then
    wrong(place, "expected an error like " .. show(pattern) .. ", got " .. show(problem))
  end
end

asserts.has_error = asserts.error_matches

local function about(operation, name, count)
  asserts[name] = function(call, ...)
    local place = where(2)
    if tag(call) ~= "call" then
      wrong(place, "assert." .. name .. " expects a call of world:call { }, got " .. show(call))
    end
    if select("#", ...) < count then
      wrong(place, "assert." .. name .. " expects a call and what is expected of it")
    end
    ask(operation, place, call[2], call[3], ...)
    return call
  end
end

about(ROUTED, "routed", 1)
about(QUEUED, "queued", 0)
about(DEFAULTED, "defaulted", 0)
about(REJECTED, "rejected", 0)
about(ANSWERED, "answered", 0)
about(WAITING, "waiting", 0)
about(ENDED, "ended", 0)
about(EVENTS, "events", 1)
about(NOTE, "note", 1)
about(SNAPSHOT, "snapshot", 1)

-- The spellings of busted.
asserts.are = { equal = asserts.equal, same = asserts.same }
asserts.are_equal, asserts.are_same, asserts.equals = asserts.equal, asserts.same, asserts.equal
asserts.is = { truthy = asserts.truthy, falsy = asserts.falsy }

assert = setmetatable(asserts, {
  __call = function(_, value, message, ...)
    if value then return value, message, ... end
    error(message == nil and where(2) .. "assertion failed!" or message, 0)
  end,
  __index = function(_, name) wrong(where(2), "there is no assert." .. tostring(name)) end,
})

-- MARK: Running

-- Nothing when it went well, SKIP when it gave up, else a text.
local function attempt(body)
  local fine, problem = pcall(body)
  if fine then return nil end
  if rawequal(problem, SKIP) then return SKIP end
  return problem == nil and "error object is nil" or tostring(problem)
end

local function run(test)
  local chain, around = {}, test.block
  while around do
    table.insert(chain, 1, around)
    around = around.outer
  end
  local problem = nil
  for _, one in ipairs(chain) do
    for _, hook in ipairs(one.before) do problem = problem or attempt(hook) end
  end
  problem = problem or attempt(test.body)
  for index = #chain, 1, -1 do
    for _, hook in ipairs(chain[index].after) do
      local later = attempt(hook)
      problem = problem or later
    end
  end
  if problem == nil then return PASSED end
  if rawequal(problem, SKIP) then return SKIPPED, skip_reason end
  return FAILED, problem
end

return function()
  local number = yield(BEGIN)
  if number == 0 then
    local list = {}
    for index, test in ipairs(tests or {}) do
      list[index] = { name = test.name, place = test.place, pending = test.body == nil }
    end
    return yield(LIST, list)
  end
  running = true
  yield(DONE, run(tests[number]))
  running = false
end
