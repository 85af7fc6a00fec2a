-- What scripts call. Every request to the engine is a yield of an operation and plain values;
-- LuaRequest+Decode.swift reads them and knows the same numbers.
-- Errors in arguments are raised at the line of the script: helpers are called by a tail call
-- where they raise with level 2, by a plain call where they raise with level 3.

local core = ...
local yield, target, kind, check = core.yield, core.target, core.kind, core.check
local methods = core.methods

local ROUTE, WAIT, PRIORITY, ATTACH, NOTE, EXCLUDE = 2, 3, 4, 5, 6, 7
local AVAILABLE, LOGGED_IN, WAITING, OLDEST_WAIT, RANDOM, HEADER = 8, 9, 10, 11, 12, 13
local TREAT, EXPECTED_WAIT, SHARE, STATE, SET_STATE = 14, 15, 16, 17, 18
local KEEP_PLACE, TAKE_PLACE = 19, 20

local DN, AGENT, QUEUE, ANY_AGENT, TRUNK, REJECT = 1, 2, 3, 4, 5, 6

local SECONDS_MAX = 86400 * 365

local function describe(value)
  if kind(value) then return "target" end
  return value == nil and "nothing" or type(value)
end

-- Asks the engine; an answer of false and a text is an error in the request.
local function ask(...)
  local answer, reason = yield(...)
  if answer == false and reason then error(reason, 2) end
  return answer, reason
end

local function check_seconds(value, what)
  if math.type(value) == nil then
    error(what .. " expects seconds, got " .. describe(value), 3)
  end
  if not (value >= 0 and value <= SECONDS_MAX) then
    error(what .. " expects seconds between 0 and a year", 3)
  end
end

local function check_name(value, what)
  if type(value) ~= "string" then
    error(what .. " expects a text, got " .. describe(value), 3)
  end
  if value == "" or #value > 256 then
    error(what .. " expects a text of 1 to 256 bytes", 3)
  end
end

-- Targets

function dn(number)
  check_name(number, "dn")
  return target(DN, 0, number)
end

function agent(id)
  check_name(id, "agent")
  return target(AGENT, 0, id)
end

function queue(number)
  check_name(number, "queue")
  return target(QUEUE, 0, number)
end

function trunk(name, number)
  check_name(name, "trunk")
  check_name(number, "trunk")
  return target(TRUNK, 0, name, number)
end

function reject(status)
  if math.type(status) ~= "integer" or status < 400 or status > 699 then
    error("reject expects a SIP status between 400 and 699", 2)
  end
  return target(REJECT, status)
end

ANY = target(ANY_AGENT, 0, "")

-- selection.c
any = core.any

-- The call

local function check_options(options, what, known)
  if options == nil then return {} end
  if type(options) ~= "table" then
    error(what .. " expects options as a table, got " .. describe(options), 3)
  end
  for name in pairs(options) do
    if not known[name] then
      error(what .. " does not know the option '" .. tostring(name) .. "'", 3)
    end
  end
  if options.timeout ~= nil and math.type(options.timeout) == nil then
    error(what .. ": timeout expects seconds, got " .. describe(options.timeout), 3)
  end
  if options.timeout and not (options.timeout >= 0 and options.timeout <= SECONDS_MAX) then
    error(what .. ": timeout expects seconds between 0 and a year", 3)
  end
  return options
end

local function check_self(self)
  local problem = check(self)
  if problem then error(problem, 3) end
end

-- selection.c
methods.select = core.select

local ROUTE_OPTIONS = { timeout = true }
local LIST_MAX = 64
-- What waits or cannot fail has nothing after it.
local LAST_ONLY = { [QUEUE] = "a queue", [ANY_AGENT] = "ANY", [REJECT] = "a refusal" }

local function check_list(list)
  if type(list) ~= "table" then
    error("call:route expects a target, got " .. describe(list), 3)
  end
  local count = #list
  if count == 0 then error("call:route expects at least one target", 3) end
  if count > LIST_MAX then error("call:route takes at most " .. LIST_MAX .. " targets", 3) end
  local targets = {}
  for place = 1, count do
    local what = kind(list[place])
    if not what then
      error("call:route expects targets, got " .. describe(list[place]) .. " at " .. place, 3)
    end
    if place < count and LAST_ONLY[what] then
      error("call:route: only the last target can be " .. LAST_ONLY[what]
        .. ", not that at " .. place, 3)
    end
    targets[place] = list[place]
  end
  return targets, count
end

-- One after the other. The engine sees all that are left: in a redirect it names them together.
local function route_list(list, options)
  local targets, count = check_list(list)
  options = check_options(options, "call:route", ROUTE_OPTIONS)
  local answer, reason
  for place = 1, count do
    answer, reason = yield(ROUTE, options.timeout, table.unpack(targets, place, count))
    if answer == false and reason then error(reason, 2) end
  end
  return answer, reason
end

function methods.route(self, to, options)
  check_self(self)
  if not kind(to) then return route_list(to, options) end
  options = check_options(options, "call:route", ROUTE_OPTIONS)
  return ask(ROUTE, options.timeout, to)
end

function methods.wait(self, seconds)
  check_self(self)
  check_seconds(seconds, "call:wait")
  return ask(WAIT, seconds)
end

function methods.priority(self, level)
  check_self(self)
  if math.type(level) ~= "integer" or level < -2147483648 or level > 2147483647 then
    error("call:priority expects a whole number, got " .. describe(level), 2)
  end
  return ask(PRIORITY, level)
end

function methods.attach(self, data)
  check_self(self)
  if type(data) ~= "table" then
    error("call:attach expects a table such as { key = \"value\" }, got " .. describe(data), 2)
  end
  local list = {}
  for key, value in pairs(data) do
    if type(key) ~= "string" or key == "" then
      error("call:attach expects texts as keys, got " .. describe(key), 2)
    end
    local t = type(value)
    if t ~= "string" and t ~= "number" and t ~= "boolean" then
      error("call:attach: the value of '" .. key .. "' is a " .. describe(value), 2)
    end
    list[#list + 1] = key
    list[#list + 1] = tostring(value)
  end
  if #list == 0 then return true end
  if #list > 256 then error("call:attach takes at most 128 pairs at once", 2) end
  local answer, reason = yield(ATTACH, table.unpack(list))
  if answer == false then error(reason, 2) end
  core.attach(table.unpack(list))
  return answer
end

local NOTE_MAX = 1000

function methods.note(self, text)
  check_self(self)
  local t = type(text)
  if t ~= "string" and t ~= "number" then
    error("call:note expects a text, got " .. describe(text), 2)
  end
  -- A note shall not fail a call: what is too long is cut.
  return ask(NOTE, string.sub(tostring(text), 1, NOTE_MAX))
end

function methods.exclude(self, who)
  check_self(self)
  local k = kind(who)
  if k ~= DN and k ~= AGENT then
    error("call:exclude expects a dn or an agent, got " .. describe(who), 2)
  end
  return ask(EXCLUDE, who)
end

-- The place in line is kept for so long after the call ends; 0 gives it up.
function methods.keep_place(self, key, seconds)
  check_self(self)
  check_name(key, "call:keep_place")
  check_seconds(seconds, "call:keep_place")
  return ask(KEEP_PLACE, key, seconds)
end

function methods.take_place(self, key)
  check_self(self)
  check_name(key, "call:take_place")
  return ask(TAKE_PLACE, key)
end

function methods.header(self, name)
  check_self(self)
  check_name(name, "call:header")
  return ask(HEADER, name)
end

local TREATMENTS = { music = 1, announce = 2, collect = 3, silence = 4, ringback = 5 }
local COLLECT_FIELDS = { digits = true, timeout = true, announce = true }

-- What `collect` says: how many digits, for how long, after which announcement.
local function check_collect(fields)
  if type(fields) ~= "table" or kind(fields) then
    error("call:treat: collect expects a table such as { digits = 4 }, got " .. describe(fields), 3)
  end
  for name in pairs(fields) do
    if not COLLECT_FIELDS[name] then
      error("call:treat: collect does not know '" .. tostring(name) .. "'", 3)
    end
  end
  local digits, timeout, announce = fields.digits, fields.timeout, fields.announce
  if math.type(digits) ~= "integer" or digits < 1 or digits > 64 then
    error("call:treat: digits expects a whole number from 1 to 64", 3)
  end
  if timeout ~= nil and (math.type(timeout) == nil or not (timeout >= 0 and timeout <= 3600)) then
    error("call:treat: timeout expects seconds between 0 and an hour", 3)
  end
  if announce ~= nil and (type(announce) ~= "string" or announce == "" or #announce > 256) then
    error("call:treat: announce expects a name, got " .. describe(announce), 3)
  end
  return digits, timeout, announce
end

function methods.treat(self, treatment)
  check_self(self)
  if type(treatment) ~= "table" or kind(treatment) then
    error("call:treat expects a table such as { music = \"hold\" }, got " .. describe(treatment), 2)
  end
  local name, value = nil, nil
  for key, given in pairs(treatment) do
    if not TREATMENTS[key] then error("call:treat does not know '" .. tostring(key) .. "'", 2) end
    if name then error("call:treat takes one treatment, not " .. name .. " and " .. key, 2) end
    name, value = key, given
  end
  if not name then error("call:treat expects music, announce, collect, silence or ringback", 2) end
  local code = TREATMENTS[name]
  if name == "collect" then
    local digits, timeout, announce = check_collect(value)
    return ask(TREAT, code, announce, digits, timeout)
  end
  if name == "silence" or name == "ringback" then
    if value ~= true then error("call:treat: " .. name .. " expects true", 2) end
    return ask(TREAT, code)
  end
  if type(value) ~= "string" or value == "" or #value > 256 then
    error("call:treat: " .. name .. " expects a name, got " .. describe(value), 2)
  end
  return ask(TREAT, code, value)
end

-- The world

local function check_filter(value, what)
  if value == nil then return ANY end
  if kind(value) == ANY_AGENT then return value end
  if kind(value) or type(value) ~= "table" then
    error(what .. " expects ANY, any { } or nothing, got " .. describe(value), 3)
  end
  return nil
end

agents = {}

function agents.available(which)
  local wanted = check_filter(which, "agents.available")
  if not wanted then wanted = core.filter(which, "agents.available") end
  return ask(AVAILABLE, wanted)
end

function agents.logged_in(which)
  local wanted = check_filter(which, "agents.logged_in")
  if not wanted then wanted = core.filter(which, "agents.logged_in") end
  return ask(LOGGED_IN, wanted)
end

local function read_only() error("queues cannot be changed by a script", 2) end

queues = setmetatable({}, {
  __index = function(_, number)
    if type(number) ~= "string" then
      error('queues expects a text, as in queues["9000"], got ' .. describe(number), 2)
    end
    if #number > 256 then error("queues expects a text of at most 256 bytes", 2) end
    return setmetatable({}, {
      __index = function(_, field)
        if field == "waiting" then return ask(WAITING, number) end
        if field == "oldest_wait" then return ask(OLDEST_WAIT, number) end
        if field == "expected_wait" or field == "expected_wait_low"
          or field == "expected_wait_high"
        then
          local mean, low, high = yield(EXPECTED_WAIT, number)
          if mean == false then error(low, 2) end
          if field == "expected_wait_low" then return low end
          return field == "expected_wait" and mean or high
        end
        error("a queue does not know '" .. tostring(field) .. "'", 2)
      end,
      __newindex = read_only,
    })
  end,
})

function table_lookup(name, key)
  check_name(name, "table_lookup")
  if type(key) == "number" then key = tostring(key) end
  if type(key) ~= "string" then
    error("table_lookup expects a text as key, got " .. describe(key), 2)
  end
  local row = core.lookup(name, key)
  if row == false then
    error("there is no table '" .. name .. "': strategies/data/" .. name .. ".csv or .json", 2)
  end
  return row
end

-- A whole number from 0 to `limit`, every one equally likely; nil and a text where nobody is asked.
local function below(limit)
  local mask = limit
  for _, shift in ipairs { 1, 2, 4, 8, 16, 32 } do mask = mask | (mask >> shift) end
  while true do
    local bits, reason = yield(RANDOM)
    if not bits then return nil, reason end
    if not math.ult(limit, bits & mask) then return bits & mask end
  end
end

function random(low, high)
  if low == nil then
    local bits, reason = yield(RANDOM)
    if not bits then error(reason, 2) end
    return (bits >> 11) * 0x1p-53
  end
  if high == nil then low, high = 1, low end
  low, high = math.tointeger(low), math.tointeger(high)
  if not low or not high then error("random expects whole numbers", 2) end
  if low > high then error("random: the interval is empty", 2) end
  local offset, reason = below(high - low)
  if not offset then error(reason, 2) end
  return low + offset
end

math.random = random

local SHARE_PARTS_MAX, SHARE_PART_MAX = 64, 1e9

-- The parts of a table as texts for the engine, with their weights in millionths.
local function share_parts(parts)
  if type(parts) ~= "table" or kind(parts) then
    error("share expects a table such as { a = 70, b = 30 }, got " .. describe(parts), 3)
  end
  local list, keys, sum = {}, {}, 0
  for key, part in pairs(parts) do
    local name = tostring(key)
    if type(key) ~= "string" and math.type(key) ~= "integer" then
      error("share: a part is named by a text or a whole number, not by " .. describe(key), 3)
    end
    if keys[name] ~= nil then error("share: two parts are called '" .. name .. "'", 3) end
    if math.type(part) == nil or not (part >= 0 and part <= SHARE_PART_MAX) then
      error("share: the part of '" .. name .. "' must be a number from 0 to 1e9", 3)
    end
    local weight = math.floor(part * 1000000 + 0.5)
    sum = sum + weight
    keys[name] = key
    list[#list + 1] = name
    list[#list + 1] = weight
  end
  if #list > 2 * SHARE_PARTS_MAX then
    error("share takes at most " .. SHARE_PARTS_MAX .. " parts", 3)
  end
  if sum == 0 then error("share: the parts add up to nothing", 3) end
  return list, keys
end

-- A key of the table, each as often as its share says: never a whole pick away from it.
function share(parts)
  local list, keys = share_parts(parts)
  local name, reason = yield(SHARE, table.unpack(list))
  if not name then error(reason, 2) end
  return keys[name]
end

local STATE_KEY_MAX = 256

local function check_state_key(key)
  if type(key) ~= "string" then
    error("state expects texts as keys, got " .. describe(key), 3)
  end
  if key == "" or #key > STATE_KEY_MAX then
    error("state expects keys of 1 to " .. STATE_KEY_MAX .. " bytes", 3)
  end
end

-- What the strategy keeps from call to call, and through a reload.
state = core.state(
  function(_, key)
    check_state_key(key)
    return ask(STATE, key)
  end,
  function(_, key, value)
    check_state_key(key)
    local t = type(value)
    if value ~= nil and t ~= "string" and t ~= "number" and t ~= "boolean" then
      error("state keeps texts, numbers, booleans and nil, not a " .. describe(value), 2)
    end
    if t == "number" and (value ~= value or value == math.huge or value == -math.huge) then
      error("state keeps finite numbers only", 2)
    end
    return ask(SET_STATE, key, value)
  end
)

-- The date and the time of day somewhere, at `call.now` or at another instant.
function local_time(zone, instant)
  check_name(zone, "local_time")
  if instant ~= nil and math.type(instant) == nil then
    error("local_time expects an instant such as call.now, got " .. describe(instant), 2)
  end
  local time, problem = core.local_time(zone, instant)
  if time then return time end
  if problem == "call" then
    error("local_time: no call is running, so there is no now: local_time(zone, instant)", 2)
  end
  if problem == "instant" then
    error("local_time: the instant is not in the years 1 to 9999", 2)
  end
  error(
    "local_time: there is no time zone '" .. zone .. '\': write a name such as "Europe/London"', 2
  )
end
