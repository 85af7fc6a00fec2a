import Engine
import SIPGlue
import Service
import Testing

@Suite("What the site file says about phones and strangers")
struct SiteRegistrationTests {
  private func load(_ sip: String, extensions: String = "") -> SiteFile.Loaded {
    let text = """
      return {
        sip = { listen = { "udp:127.0.0.1:5060" }, domain = "demo.local", \(sip) },
        extensions = { ["7002"] = { contact = "sip:7002@127.0.0.1:5090" \(extensions) } },
      }
      """
    return SiteFile.read(Array(text.utf8), file: "site.lua", strategies: []) { _ in nil }
  }

  @Test func registrationsAndDefenceReachTheLineSide() throws {
    let loaded = load(
      """
      registrations = { min_expires = 30, expires = 600, max_expires = 600000, contacts = 4,
        flow_timer = 60,
        service_route = { "<sip:192.0.2.1;lr>" } },
      defence = { rate = 50, guesses = 3, lockout = 120, user_rate = 0, scanners = "answer" },
      """
    )
    let site = try #require(loaded.site)
    let plan = site.sipPlan(boundTo: [SIPListener(host: "127.0.0.1", port: 5060)])
    #expect(plan.registrar.minExpires == 30)
    #expect(plan.registrar.defaultExpires == 600)
    #expect(plan.registrar.maxExpires == 600_000)
    #expect(plan.registrar.contactsMax == 4)
    #expect(plan.registrar.flowTimer == 60)
    #expect(plan.registrar.serviceRoutes == ["<sip:192.0.2.1;lr>"])
    #expect(plan.defence.rate == 50)
    #expect(plan.defence.burst == 100)
    #expect(plan.defence.guessesMax == 3)
    #expect(plan.defence.lockout == .seconds(120))
    #expect(plan.defence.userRate == 0)
    #expect(!plan.defence.dropsScanners)
  }

  @Test func aFixedContactIsWatchedAsItsExtensionSaysElseAsTheSiteSays() throws {
    func monitor(_ sip: String, _ own: String) throws -> MonitorPlan? {
      let site = try #require(load(sip, extensions: own).site)
      let listener = SIPListener(host: "127.0.0.1", port: 5060)
      return site.sipPlan(boundTo: [listener]).extensions[0].monitor
    }
    #expect(try monitor("", "") == nil)
    let general = "monitor = { interval = 20, failures = 3, recovery = 5 },"
    let plan = MonitorPlan(interval: .seconds(20), failures: 3, recovery: .seconds(5))
    #expect(try monitor(general, "") == plan)
    #expect(try monitor(general, ", monitor = false") == nil)
    let own = MonitorPlan(interval: .seconds(60), failures: 2, recovery: .seconds(60))
    #expect(try monitor(general, ", monitor = { interval = 60 }") == own)
  }

  @Test(arguments: [
    ("registrations = { expires = 5 },", "min_expires, expires and max_expires must not fall"),
    ("registrations = { contacts = 0 },", "contacts must be a whole number from 1 to 16"),
    (
      "registrations = { service_route = { \"sip:a\" } },",
      "service_route: \"sip:a\" is not a route such as \"<sip:192.0.2.1;lr>\""
    ),
    ("defence = { scanners = \"yes\" },", "scanners must be \"drop\" or \"answer\""),
    ("monitor = { interval = 0 },", "interval must be between 1 and 3600 seconds"),
  ])
  func mistakesAreFound(text: String, message: String) {
    let errors = load(text).findings.filter { $0.severity == .error }.map(\.message)
    #expect(errors.contains { $0.contains(message) }, "\(errors)")
  }
}
