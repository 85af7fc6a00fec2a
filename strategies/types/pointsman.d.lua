---@meta
-- What a strategy of Pointsman can reach, for editors with the Lua language server (LuaLS).
-- docs/strategies.md says more. A test holds this file and the implementation against each other.

-- MARK: Targets

---Where a call can go. Two targets that say the same are equal.
---@class Target
---@field kind "dn"|"agent"|"queue"|"any"|"trunk"|"reject" What kind of target it is.
---@field name string? The number, agent ID, queue or trunk that it names; nil for ANY and reject.

---A directory number: an extension of the site.
---```lua
---return dn "7001"
---```
---@param number string
---@return Target
function dn(number) end

---An agent, wherever he is logged in.
---```lua
---return agent "1001"
---```
---@param id string
---@return Target
function agent(id) end

---A queue: from there the call leaves to one of its agents, in order of entry.
---```lua
---return queue "9000"
---```
---@param number string
---@return Target
function queue(number) end

---Any agent who may take the call now.
---```lua
---return ANY
---```
---@type Target
ANY = nil

---What agents must satisfy.
---@class AgentFilter
---@field skills string? A skill expression, such as `sales >= 5 and english > 2`.
---@field group string? An agent group of the site file.
---@field exclude Target|Target[]|nil Agents and DNs that are left out.

---Any agent who satisfies the filter.
---```lua
---return any { skills = "sales >= 5 and english > 2", exclude = { agent "1001" } }
---```
---@param filter AgentFilter
---@return Target
function any(filter) end

---A number outside, through a trunk of the site file.
---```lua
---return trunk("carrier", "+442079460000")
---```
---@param name string
---@param number string
---@return Target
function trunk(name, number) end

---Refuses the call with a SIP status from 400 to 699.
---```lua
---return reject(486)
---```
---@param status integer
---@return Target
function reject(status) end

-- MARK: The call

---Why something did not work out.
---@alias Reason
---| "timeout"
---| "busy"
---| "no_answer"
---| "rejected"
---| "unreachable"
---| "no_such_target"
---| "cancelled"

---Who is chosen among those that are available.
---@alias SelectionRule
---| "longest_idle"
---| "least_occupied"
---| "fewest_calls"
---| "round_robin"
---| "random"
---| "priority_list"

---The options of `call:select`.
---@class SelectOptions
---@field timeout number? How long to wait, in seconds; nil: as long as the routing point does.
---@field by SelectionRule? Who is chosen; `longest_idle` unless another rule is given.
---@field priority integer? The call's priority from now on.
---@field clear boolean? Whether the targets of earlier selections are dropped.
---@field virtual_queue string? The virtual queue that reports this wait.

---The options of `call:route`.
---@class RouteOptions
---@field timeout number? How long the target may ring, in seconds.

---What collects digits.
---@class CollectOptions
---@field digits integer How many, from 1 to 64.
---@field timeout number? How long to wait for them, in seconds.
---@field announce string? What is announced before.

---What the caller hears: one of these.
---@class Treatment
---@field music string? Music, until something else begins.
---@field announce string? An announcement; `call:treat` comes back when it has ended.
---@field collect CollectOptions? Digits; `call:treat` gives them.
---@field silence true? Nothing at all.
---@field ringback true? The ringing tone.

---The call that the strategy decides on.
---@class Call
---@field id string Its ConnID: 16 hexadecimal digits.
---@field uuid string Its CallUUID: 32 characters.
---@field ani string The caller's number; empty when unknown.
---@field dnis string The dialled number; empty when unknown.
---@field routing_point string The routing point that it is at.
---@field now number This moment, in seconds since the Unix epoch.
---@field entered number When it entered the routing point.
---@field attempts integer How many targets have been tried for it.
---@field user_data table<string, string> The attached data; read-only, see `call:attach`.
local Call = {}

---A header of the caller's request, or nil.
---```lua
---if call:header "X-Vip" == "yes" then call:priority(10) end
---```
---@param name string
---@return string?
function Call:header(name) end

---Waits until one of the targets is available and reserves it.
---```lua
---local who, why = call:select(any { skills = "sales > 2" }, { timeout = 20 })
---if not who then call:note("nobody: " .. why) end
---```
---@param targets Target|Target[]
---@param options SelectOptions?
---@return Target? reserved
---@return Reason? reason
function Call:select(targets, options) end

---Sends the call there; comes back only when that has failed. Of a list one is tried after the
---other, and a caller who is redirected is told all of them at once.
---```lua
---local _, why = call:route(dn "7001", { timeout = 15 })
---call:note("7001 did not take it: " .. why)
---call:route { dn "7002", dn "7003" }
---```
---@param target Target|Target[]
---@param options RouteOptions?
---@return nil
---@return Reason reason
function Call:route(target, options) end

---Waits.
---```lua
---call:wait(2.5)
---```
---@param seconds number
function Call:wait(seconds) end

---Lets the caller hear something, or collects digits.
---```lua
---local digits, why = call:treat { collect = { digits = 4, timeout = 5, announce = "pin" } }
---call:note(digits or why)
---```
---@param treatment Treatment
---@return string|true|nil digits
---@return string? reason
function Call:treat(treatment) end

---Sets the call's priority among those that wait at routing points; larger is earlier.
---```lua
---call:priority(10)
---```
---@param level integer
function Call:priority(level) end

---Attaches data that travels with the call.
---```lua
---call:attach { customer = "Northwind", level = 3 }
---```
---@param data table<string, string|number|boolean>
function Call:attach(data) end

---Leaves a note in the call's decision record.
---```lua
---call:note("the first agent failed")
---```
---@param text string|number
function Call:note(text) end

---Never chooses this agent or DN for this call.
---```lua
---call:exclude(agent "1001")
---```
---@param target Target
function Call:exclude(target) end

---Keeps the call's place in line under a key, for so long after the call ends.
---```lua
---call:keep_place(call.ani, 3600)
---```
---@param key string
---@param seconds number 0 gives the place up.
---@return true
function Call:keep_place(key, seconds) end

---Takes over the place that was kept under a key: once, and ahead of all who came later.
---```lua
---if call:take_place(call.ani) then return queue "9000" end
---```
---@param key string
---@return true? taken
---@return "no_such_place"? reason
function Call:take_place(key) end

-- MARK: The world

---What can be known of the agents.
---@class Agents
agents = {}

---How many agents are available now.
---```lua
---if agents.available { skills = "sales > 0" } == 0 then call:note("all are busy") end
---```
---@param filter AgentFilter|Target|nil
---@return integer
function agents.available(filter) end

---How many agents are logged in.
---```lua
---if agents.logged_in() == 0 then return reject(480) end
---```
---@param filter AgentFilter|Target|nil
---@return integer
function agents.logged_in(filter) end

---What can be known of a queue.
---@class QueueFacts
---@field waiting integer How many calls wait.
---@field oldest_wait number How long the first in line has waited, in seconds.
---@field expected_wait number How long who enters now is likely to wait, in seconds.
---@field expected_wait_low number Nine waits of ten are longer.
---@field expected_wait_high number Nine waits of ten are shorter.

---The queues, by number.
---```lua
---if queues["9000"].waiting > 10 then return dn "7002" end
---```
---@type table<string, QueueFacts>
queues = {}

---A key of the table, each as often as its part says: after any number of picks less than one off.
---```lua
---local site = share { vienna = 70, graz = 30 }
---call:note(site)
---```
---@generic K: string|integer
---@param parts table<K, number>
---@return K
function share(parts) end

---A row of `strategies/data/NAME.csv` or `.json`, read-only; nil: there is no such key.
---```lua
---local row = table_lookup("vip", call.ani)
---if row then call:attach { customer = row.customer } end
---```
---@param name string
---@param key string|number
---@return table<string, string|number|boolean>?
function table_lookup(name, key) end

---A number from 0 to below 1; a whole number from 1 to `low`, or from `low` to `high`.
---```lua
---call:note(random(1, 6))
---```
---@param low integer?
---@param high integer?
---@return number
function random(low, high) end

---A date and a time of day.
---@class LocalTime
---@field year integer
---@field month integer 1 to 12.
---@field day integer 1 to 31.
---@field hour integer 0 to 23.
---@field minute integer 0 to 59.
---@field second integer 0 to 59.
---@field wday integer 1 is Monday, 7 is Sunday.
---@field yday integer 1 is the first of January.
---@field offset integer Seconds east of UTC.
---@field zone string The abbreviation, such as `CET`.
---@field date string Such as `2026-11-20`.
---@field is_dst boolean Whether it is summer time.

---The date and the time of day somewhere, at `call.now` or at another instant.
---```lua
---local t = local_time("Europe/London")
---if t.wday > 5 then return queue "9000" end
---```
---@param zone string A name of the time zone database.
---@param instant number? Seconds since the Unix epoch; nil: `call.now`.
---@return LocalTime
function local_time(zone, instant) end

---What the strategy keeps from call to call, and through a reload: texts, numbers, booleans.
---```lua
---state.calls = (state.calls or 0) + 1
---```
---@type table<string, string|number|boolean|nil>
state = {}

---Loads a module below `strategies/`.
---```lua
---local hours = require "lib.hours"
---if not hours.open(call.now) then return reject(480) end
---```
---@param name string
---@return any
function require(name) end

-- MARK: What a strategy returns

---What a call's strategy gives: a target, several queues in all of which the call waits, targets
---that are tried one after the other (a queue, ANY or a refusal only at the end), or nothing (the
---default route).
---@alias Destination Target|Target[]|nil

---What a file may return instead of `function(call)`.
---```lua
---return {
---  route = function(call)
---    state.calls = (state.calls or 0) + 1
---    return ANY
---  end,
---  restore = function(saved)
---    saved.calls = saved.calls or 0
---    return saved
---  end,
---}
---```
---@class Strategy
---@field route fun(call: Call): Destination Decides where a call goes.
---@field save? fun(state: table): table At a reload, the old file: what to hand over.
---@field restore? fun(saved: table): table At a reload, the new file: what to go on with.
