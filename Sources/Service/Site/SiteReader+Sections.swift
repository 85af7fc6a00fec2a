internal import Engine
internal import LuaBridge
internal import SIPGlue

// One method per section of the file.
extension SiteReader {
  mutating func readSIP(_ node: LuaValue?) {
    let known =
      ["listen", "domain", "trusted", "advertise", "tls", "line_threads"]
      + Self.phoneOptions + Self.callOptions
    guard let fields = fields(of: node, at: ["sip"], known: known) else {
      if node == nil { report([], "sip is missing: say where to listen") }
      return
    }
    readTLS(fields["tls"])
    readListeners(fields["listen"])
    readAdvertised(fields["advertise"])
    readLineThreads(fields["line_threads"])
    site.domain = text(fields["domain"], at: ["sip", "domain"]) ?? "pointsman.local"
    if !SIPText.isHost(site.domain) {
      report(["sip", "domain"], "domain \"\(site.domain)\" is not a host name")
    }
    for range in texts(fields["trusted"], at: ["sip", "trusted"]) {
      guard let network = Network(range) else {
        report(
          ["sip", "trusted"],
          "trusted: \"\(range)\" is not an address range such as \"127.0.0.0/8\""
        )
        continue
      }
      if network.prefixLength == 0 {
        report(["sip", "trusted"], "trusted: \"\(range)\" is everybody", severity: .warning)
      }
      site.trusted.append(network)
    }
    readPhoneOptions(fields)
    readCallOptions(fields)
  }

  /// How many addresses a site may listen on.
  private static let listenersMax = 32

  private mutating func readListeners(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "listen"]
    let before = findings.count
    for text in texts(node, at: path) {
      guard let address = ListenAddress(text) else {
        report(
          path,
          "listen: \"\(text)\" is not an address such as \"udp:127.0.0.1:5060\""
        )
        continue
      }
      if site.listeners.contains(address) {
        report(path, "listen: \"\(text)\" is there twice")
      } else if let other = site.listeners.first(where: { $0.overlaps(address) }) {
        report(path, "listen: \(other.text) and \(text) are partly the same")
      }
      if address.transport == .tls, site.tls == nil {
        report(path, "listen: \"\(text)\" needs a certificate: say which one with sip.tls")
      }
      if !address.isLoopback {
        report(path, "\(text) can be reached from other machines", severity: .warning)
      }
      site.listeners.append(address)
    }
    if site.listeners.isEmpty, findings[before...].allSatisfy({ $0.severity == .warning }) {
      report(path, "listen needs an address: write { \"udp:127.0.0.1:5060\" }")
    }
    if site.listeners.count > Self.listenersMax {
      report(path, "listen: \(site.listeners.count) addresses, at most \(Self.listenersMax) can be")
    }
  }

  private mutating func readLineThreads(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "line_threads"]
    let most = Int64(LineTransports.lineThreadsMax)
    guard let threads = count(node, at: path, within: 1...most) else { return }
    site.lineThreads = threads
    if threads > 1, !site.listeners.contains(where: { $0.transport == .udp }) {
      report(path, "line_threads: there is no udp address to divide", severity: .warning)
    }
  }

  /// Our addresses as others see them; needed when we listen on all addresses of a family.
  private mutating func readAdvertised(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "advertise"]
    let hosts = if case .string(let host) = node { [host] } else { texts(node, at: path) }
    for host in hosts {
      let isVersion6 = IPAddress.isVersion6(host)
      guard isVersion6 || IPAddress.isVersion4(host) else {
        report(path, "advertise: \"\(host)\" is not an IP address")
        continue
      }
      if site.advertisedHosts.contains(where: { $0.contains(":") == isVersion6 }) {
        report(path, "advertise: \"\(host)\" is the second one of its family")
      } else if !site.listeners.contains(where: { $0.isVersion6 == isVersion6 }) {
        report(path, "advertise: listen has no address of the family of \"\(host)\"")
      }
      site.advertisedHosts.append(host)
    }
    for listener in site.listeners where listener.isEverywhere {
      if site.advertisedHosts.contains(where: { $0.contains(":") == listener.isVersion6 }) {
        continue
      }
      let family = listener.isVersion6 ? "IPv6" : "IPv4"
      report(
        ["sip", "listen"],
        "\(listener.text) is every \(family) address: "
          + "say with advertise = \"IP\" which one phones shall use"
      )
    }
  }

  mutating func readHTTP(_ node: LuaValue?) {
    guard let fields = fields(of: node, at: ["http"], known: ["listen"]) else { return }
    guard let text = text(fields["listen"], at: ["http", "listen"]) else { return }
    guard let place = HostAndPort(text) else {
      report(
        ["http", "listen"],
        "listen: \"\(text)\" is not an address such as \"127.0.0.1:8080\""
      )
      return
    }
    site.http = text
    report(
      ["http", "listen"],
      "http is not available yet: \(text) is not listened on",
      severity: .warning
    )
    if !IPAddress.isLoopback(place.host) {
      report(
        ["http", "listen"],
        "\(text) can be reached from other machines",
        severity: .warning
      )
    }
  }

  mutating func readExtensions(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["extensions"]) ?? [] {
      let path: [TableKey] = ["extensions", .name(entry.key)]
      guard checkName(entry.key, what: "a DN", at: path) else { continue }
      var result = Site.Extension(dn: entry.key)
      let known = ["password", "contact", "monitor"]
      if let fields = fields(of: entry.value, at: path, known: known) {
        result.password = secret(fields["password"], at: path + ["password"])
        result.contact = text(fields["contact"], at: path + ["contact"])
        result.monitor = monitor(
          ofExtension: fields["monitor"],
          at: path + ["monitor"],
          hasContact: result.contact != nil
        )
        if fields["password"] == nil, fields["contact"] == nil {
          report(
            path,
            "extension \(entry.key) has no password: only trusted peers can register it",
            severity: .warning
          )
        }
      }
      if let contact = result.contact, let problem = problem(withPeer: contact) {
        report(path + ["contact"], "contact \"\(contact)\" \(problem)")
      } else if let contact = result.contact {
        checkReach(contact, at: path + ["contact"])
      }
      site.extensions.append(result)
    }
  }

  /// What is wrong with a URI that we have to send requests to.
  private func problem(withPeer uri: String) -> String? {
    if let problem = SIPText.problem(withURI: uri) { return problem }
    guard !SIPPlan.isReachable(uri) else { return nil }
    return "cannot be reached: it must be sip: with an IP address (names are not looked up yet)"
  }

  /// Warns when requests to a URI have no address of ours to leave by.
  private mutating func checkReach(_ uri: String, at path: [TableKey]) {
    let own = site.sipListeners
    guard !own.isEmpty, !SIPPlan.isReachable(uri, from: own) else { return }
    report(path, "no address of sip.listen reaches \(uri)", severity: .warning)
  }

  /// A secret: as written, of a variable (`env:NAME`) or of a file (`file:PATH`).
  private mutating func secret(_ node: LuaValue?, at path: [TableKey]) -> String? {
    guard let text = text(node, at: path) else { return nil }
    let found: String?
    if text.hasPrefix("env:") {
      let name = String(text.dropFirst(4))
      found = world.variable(name)
      if found == nil { report(path, "environment variable \(name) is not set") }
    } else if text.hasPrefix("file:") {
      let name = String(text.dropFirst(5))
      found = world.secret(name)
      if found == nil { report(path, "secret file \(name) cannot be read") }
    } else {
      found = text
    }
    if let found, found.isEmpty { report(path, "the password is empty") }
    return found
  }

  mutating func readAgents(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["agents"]) ?? [] {
      let path: [TableKey] = ["agents", .name(entry.key)]
      guard checkName(entry.key, what: "an agent id", at: path) else { continue }
      var result = Site.Agent(id: entry.key)
      let known = ["name", "skills", "extension", "login", "wrap_up", "no_answer"]
      if let fields = fields(of: entry.value, at: path, known: known) {
        result.name = text(fields["name"], at: path + ["name"]) ?? ""
        result.skills = skills(fields["skills"], at: path + ["skills"])
        result.extensionDN = text(fields["extension"], at: path + ["extension"])
        let login = word(fields["login"], at: path + ["login"], among: ["auto", "manual"])
        result.logsInAutomatically = login == "auto"
        let wrapUp = fields["wrap_up"]
        result.wrapUp = seconds(wrapUp, at: path + ["wrap_up"], within: 0...86_400)
        result.noAnswer = noAnswer(fields["no_answer"], at: path + ["no_answer"])
        if result.logsInAutomatically, fields["extension"] == nil {
          report(path + ["login"], "login = \"auto\" needs an extension to log in at")
        }
      }
      site.agents.append(result)
    }
  }

  private mutating func skills(_ node: LuaValue?, at path: [TableKey]) -> [SkillLevel] {
    var result: [SkillLevel] = []
    for entry in entries(of: node, at: path) ?? [] {
      let here = path + [.name(entry.key)]
      guard SIPText.isIdentifier(entry.key) else {
        report(here, "\"\(entry.key)\" cannot be a skill: a letter or _, then letters, digits, _")
        continue
      }
      guard case .integer(let level) = entry.value, (0...1_000_000).contains(level) else {
        report(here, "skill \(entry.key) must be a whole number from 0 to 1000000")
        continue
      }
      result.append(SkillLevel(entry.key, Int32(level)))
    }
    return result
  }

  mutating func readQueues(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["queues"]) ?? [] {
      let path: [TableKey] = ["queues", .name(entry.key)]
      guard checkName(entry.key, what: "a DN", at: path) else { continue }
      var result = Site.Queue(dn: entry.key)
      let known = [
        "name", "agents", "ring_timeout", "wrap_up", "limit", "overflow", "divert_on", "no_answer",
      ]
      if let fields = fields(of: entry.value, at: path, known: known) {
        result.name = text(fields["name"], at: path + ["name"]) ?? ""
        result.agents = text(fields["agents"], at: path + ["agents"])
        let ring = fields["ring_timeout"]
        if let given = seconds(ring, at: path + ["ring_timeout"], within: 1...600) {
          result.ringTimeout = given
        }
        let wrapUp = fields["wrap_up"]
        if let given = seconds(wrapUp, at: path + ["wrap_up"], within: 0...86_400) {
          result.wrapUp = given
        }
        result.limit = count(fields["limit"], at: path + ["limit"], within: 0...1_000_000)
        if let text = text(fields["overflow"], at: path + ["overflow"]) {
          result.overflow = target(text, at: path + ["overflow"])
        }
        result.divertOn = divertOn(fields["divert_on"], at: path + ["divert_on"])
        result.noAnswer = noAnswer(fields["no_answer"], at: path + ["no_answer"])
      }
      site.queues.append(result)
    }
  }

  mutating func readRoutingPoints(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["routing_points"]) ?? [] {
      let path: [TableKey] = ["routing_points", .name(entry.key)]
      guard checkName(entry.key, what: "a DN", at: path) else { continue }
      site.routingPoints.append(routingPoint(entry.key, entry.value, at: path))
    }
  }

  private mutating func routingPoint(
    _ dn: String,
    _ node: LuaValue,
    at path: [TableKey]
  ) -> Site.RoutingPoint {
    var result = Site.RoutingPoint(dn: dn)
    let known = [
      "strategy", "timeout", "default", "divert", "redirect_blackout", "ring_timeout", "divert_on",
      "default_order", "default_redirection_limit", "no_answer",
    ]
    guard let fields = fields(of: node, at: path, known: known) else { return result }
    if let strategy = text(fields["strategy"], at: path + ["strategy"]) {
      result.strategy = strategy
    } else if fields["strategy"] == nil {
      report(path, "routing point \(dn) needs a strategy")
    }
    let timeout = fields["timeout"]
    if let given = seconds(timeout, at: path + ["timeout"], within: 1...86_400) {
      result.timeout = given
    }
    let blackout = fields["redirect_blackout"]
    if let given = seconds(blackout, at: path + ["redirect_blackout"], within: 0...3_600) {
      result.redirectBlackout = given
    }
    let ring = fields["ring_timeout"]
    if let given = seconds(ring, at: path + ["ring_timeout"], within: 1...600) {
      result.ringTimeout = given
    }
    let modes = ["bridge", "redirect"]
    if word(fields["divert"], at: path + ["divert"], among: modes) == "redirect" {
      result.divert = .redirect
    }
    for text in texts(fields["default"], at: path + ["default"]) {
      guard let target = target(text, at: path + ["default"]) else { continue }
      result.defaults.append(target)
    }
    readOptions(fields, of: &result, at: path)
    return result
  }

  /// A target; whether it exists is checked when all is read.
  mutating func target(_ text: String, at path: [TableKey]) -> Target? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch parts[0] {
    case "queue" where parts.count == 2 && !parts[1].isEmpty:
      return .queue(DN(parts[1]))
    case "dn" where parts.count == 2 && !parts[1].isEmpty:
      return .dn(DN(parts[1]))
    case "trunk" where parts.count == 3 && !parts[1].isEmpty && !parts[2].isEmpty:
      return .trunk(name: parts[1], number: parts[2])
    case "reject" where parts.count == 2:
      guard let status = UInt16(parts[1]), (400...699).contains(status) else {
        report(path, "\(name(of: path)): \"\(text)\": the status must be from 400 to 699")
        return nil
      }
      return .reject(status)
    default:
      report(
        path,
        "\(name(of: path)): \"\(text)\" is not queue:DN, dn:DN, trunk:NAME:NUMBER or reject:STATUS"
      )
      return nil
    }
  }

  mutating func readTrunks(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["trunks"]) ?? [] {
      let path: [TableKey] = ["trunks", .name(entry.key)]
      guard checkName(entry.key, what: "a trunk's name", at: path) else { continue }
      var result = Site.Trunk(name: entry.key)
      if let fields = fields(of: entry.value, at: path, known: ["uri", "numbers"]) {
        if let uri = text(fields["uri"], at: path + ["uri"]) {
          result.uri = uri
          if let problem = problem(withPeer: uri) {
            report(path + ["uri"], "uri \"\(uri)\" \(problem)")
          } else {
            checkReach(uri, at: path + ["uri"])
          }
        } else if fields["uri"] == nil {
          report(path, "trunk \(entry.key) needs a uri")
        }
        result.numbers = texts(fields["numbers"], at: path + ["numbers"])
        for pattern in result.numbers where !SIPText.isNumberPattern(pattern) {
          report(
            path + ["numbers"],
            "\"\(pattern)\" is not a number pattern: digits, +, and at most one * at the end"
          )
        }
      }
      site.trunks.append(result)
    }
  }
}
