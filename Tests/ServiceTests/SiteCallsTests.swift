import Engine
import SIPGlue
import Service
import Testing

@Suite("What the site file says about calls on the line")
struct SiteCallsTests {
  private func load(_ sip: String) -> SiteFile.Loaded {
    let text = """
      return {
        sip = { listen = { "udp:127.0.0.1:5060" }, domain = "demo.local", \(sip) },
        extensions = { ["7002"] = { contact = "sip:7002@127.0.0.1:5090" } },
      }
      """
    return SiteFile.read(Array(text.utf8), file: "site.lua", strategies: []) { _ in nil }
  }

  private func plan(_ sip: String) throws -> SIPPlan {
    let site = try #require(load(sip).site)
    return site.sipPlan(boundTo: [SIPListener(host: "127.0.0.1", port: 5060)])
  }

  @Test func theOptionsReachTheLineSide() throws {
    let plan = try plan(
      """
      session = { expires = 3600, min = 120 }, follow_redirects = 3, transfers = "both",
      headers = { pass = { "Organization", "P-*" }, strip = { "X-Secret" } },
      """
    )
    #expect(plan.session.interval == 3_600)
    #expect(plan.session.leastInterval == 120)
    #expect(plan.redirectsMax == 3)
    #expect(plan.transfers == .both)
    #expect(plan.headers == HeaderLists(pass: ["Organization", "P-*"], strip: ["X-Secret"]))
  }

  @Test func withoutThemTheStandardCounts() throws {
    let plan = try plan("")
    #expect(plan.session == SessionSettings())
    #expect(plan.redirectsMax == 0)
    #expect(plan.transfers == .called)
    #expect(plan.headers == HeaderLists())
    #expect(try self.plan("session = { expires = 0 },").session.interval == 0)
  }

  @Test(arguments: [
    ("session = { min = 10 },", "min must be a whole number from 90 to 86400"),
    ("session = { expires = 60 },", "expires must be 0 or not less than min (90)"),
    ("session = { refresher = 1 },", "unknown field \"refresher\""),
    ("follow_redirects = true,", "follow_redirects must be a whole number from 0 to 20"),
    ("transfers = \"agents\",", "transfers must be"),
    ("headers = { pass = { \"Via\" } },", "pass: \"Via\" belongs to one side's dialog"),
    ("headers = { strip = { \"*\" } },", "strip: \"*\" belongs to one side's dialog"),
  ])
  func mistakesAreFound(text: String, message: String) {
    let errors = load(text).findings.filter { $0.severity == .error }.map(\.message)
    #expect(errors.contains { $0.contains(message) }, "\(errors)")
  }
}
