internal import Engine
internal import LuaBridge
internal import SIPGlue

// How phones register, how fixed contacts are watched, and how strangers are kept out.
extension SiteReader {
  /// The options of `sip` that concern phones and strangers.
  static var phoneOptions: [String] { ["registrations", "monitor", "defence"] }

  mutating func readPhoneOptions(_ fields: [String: LuaValue]) {
    readRegistrations(fields["registrations"])
    if fields["monitor"] != nil {
      site.monitor = monitor(fields["monitor"], at: ["sip", "monitor"])
    }
    readDefence(fields["defence"])
  }

  private mutating func readRegistrations(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "registrations"]
    let known = [
      "min_expires", "expires", "max_expires", "contacts", "service_route", "flow_timer",
    ]
    guard node != nil, let fields = fields(of: node, at: path, known: known) else { return }
    var settings = site.registrar
    func place(_ key: String) -> [TableKey] { path + [.name(key)] }
    if let least = count(fields["min_expires"], at: place("min_expires"), within: 1...3_600) {
      settings.minExpires = UInt32(least)
    }
    if let usual = count(fields["expires"], at: place("expires"), within: 1...31_536_000) {
      settings.defaultExpires = UInt32(usual)
    }
    if let most = count(fields["max_expires"], at: place("max_expires"), within: 1...31_536_000) {
      settings.maxExpires = UInt32(most)
    }
    if let contacts = count(fields["contacts"], at: place("contacts"), within: 1...16) {
      settings.contactsMax = contacts
    }
    if let seconds = count(fields["flow_timer"], at: place("flow_timer"), within: 0...3_600) {
      settings.flowTimer = UInt32(seconds)
    }
    settings.serviceRoutes = texts(fields["service_route"], at: place("service_route"))
    for route in settings.serviceRoutes where !SIPPlan.isRoute(route) {
      report(
        place("service_route"),
        "service_route: \"\(route)\" is not a route such as \"<sip:192.0.2.1;lr>\""
      )
    }
    let isInOrder =
      settings.minExpires <= settings.defaultExpires
      && settings.defaultExpires <= settings.maxExpires
    if !isInOrder {
      report(path, "min_expires, expires and max_expires must not fall")
    }
    site.registrar = settings
  }

  /// How a fixed contact is asked whether it is there.
  mutating func monitor(_ node: LuaValue?, at path: [TableKey]) -> MonitorPlan? {
    let known = ["interval", "failures", "recovery"]
    guard let fields = fields(of: node, at: path, known: known) else { return nil }
    var plan = MonitorPlan()
    if let given = seconds(fields["interval"], at: path + ["interval"], within: 1...3_600) {
      plan.interval = given
      plan.recovery = given
    }
    if let given = count(fields["failures"], at: path + ["failures"], within: 1...100) {
      plan.failures = given
    }
    if let given = seconds(fields["recovery"], at: path + ["recovery"], within: 1...3_600) {
      plan.recovery = given
    }
    return plan
  }

  /// The monitor of an extension: its own table, `false` for none, else the site's.
  mutating func monitor(
    ofExtension node: LuaValue?,
    at path: [TableKey],
    hasContact: Bool
  ) -> MonitorPlan? {
    guard let node else { return hasContact ? site.monitor : nil }
    if case .boolean(false) = node { return nil }
    if !hasContact { report(path, "monitor is for an extension with a contact only") }
    return monitor(node, at: path)
  }

  private mutating func readDefence(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "defence"]
    let known = ["rate", "burst", "guesses", "lockout", "user_rate", "scanners"]
    guard node != nil, let fields = fields(of: node, at: path, known: known) else { return }
    var settings = site.defence
    func place(_ key: String) -> [TableKey] { path + [.name(key)] }
    if let rate = count(fields["rate"], at: place("rate"), within: 0...1_000_000) {
      settings.rate = UInt32(rate)
      settings.burst = UInt32(rate) * 2
    }
    if let burst = count(fields["burst"], at: place("burst"), within: 1...2_000_000) {
      settings.burst = UInt32(burst)
    }
    if let guesses = count(fields["guesses"], at: place("guesses"), within: 0...10_000) {
      settings.guessesMax = UInt32(guesses)
    }
    if let lockout = seconds(fields["lockout"], at: place("lockout"), within: 1...86_400) {
      settings.lockout = lockout
    }
    if let rate = count(fields["user_rate"], at: place("user_rate"), within: 0...100_000) {
      settings.userRate = UInt32(rate)
    }
    if let scanners = text(fields["scanners"], at: place("scanners")) {
      switch scanners {
      case "drop": settings.dropsScanners = true
      case "answer": settings.dropsScanners = false
      default: report(place("scanners"), "scanners must be \"drop\" or \"answer\"")
      }
    }
    site.defence = settings
  }
}
