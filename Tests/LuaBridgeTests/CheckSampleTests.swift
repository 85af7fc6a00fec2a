import LuaBridge
import Testing

/// The strategies of SURFACE 4 as users will type them.
@Suite struct CheckSampleTests {
  private let check = StrategyCheck(
    allowedGlobals: ["ipairs", "pairs"],
    site: SiteNames(
      dns: ["7001", "voicemail"],
      queues: ["9000"],
      agents: ["1001"],
      trunks: ["carrier"],
      skills: ["sales", "english"],
      tables: ["vip"]
    ),
    modules: ["lib.hours"]
  )

  @Test func theSmallestStrategyIsClean() {
    let source = """
      -- The smallest strategy: any agent who is free, longest idle first.
      return function(call) return ANY end
      """
    #expect(check.diagnostics(of: source, file: "any.lua") == [])
  }

  private let sales = """
    local hours = require "lib.hours"

    return function(call)
      if not hours.open(call.now) then return dn "voicemail" end
      if call.user_data.vip then call:priority(10) end
      call:treat { music = "hold" }

      local agent, why = call:select(any { skills = "sales >= 5 and english > 2" }, { timeout = 9 })
      if agent then
        call:route(agent)                         -- comes back only when it failed
        call:note("first agent failed")
      end
      return queue "9000"                         -- the wall
    end
    """

  @Test func theSalesStrategyIsClean() {
    #expect(check.diagnostics(of: sales, file: "sales.lua") == [])
  }

  @Test func aVipStrategyIsClean() {
    let source = """
      return function(call)
        local rank = table_lookup("vip", call.ani)
        if rank then
          call:priority(rank)
          call:attach { vip = true }
        end
        for attempt = 1, 3 do
          local target, reason = call:select({ agent "1001", any { exclude = { agent "1001" } } },
            { timeout = 5 })
          if not target then break end
          if call:route(target, { timeout = 10 }) == "rejected" then call:exclude(target) end
        end
        if queues["9000"].waiting > 10 then return trunk("carrier", "+44" .. call.ani) end
        if agents.logged_in() == 0 then return reject(480) end
        return queue "9000"
      end
      """
    #expect(check.diagnostics(of: source, file: "vip.lua") == [])
  }
}
