import Engine
import SIPGlue
import Service
import Testing

/// Reads the text of a site file as `serve` does, without a disk.
private func load(
  _ text: String,
  strategies: [String]? = ["sales", "any"],
  secrets: [String: String] = [:]
) -> SiteFile.Loaded {
  SiteFile.read(Array(text.utf8), file: "site.lua", strategies: strategies) { secrets[$0] }
}

/// A site with everything that is needed, and room for one more section.
private func site(_ more: String) -> String {
  """
  return {
    sip = { listen = { "udp:127.0.0.1:5060" }, domain = "demo.local" },
    extensions = { ["7001"] = { password = "demo" } },
    agents = { ["1001"] = { skills = { sales = 7 }, extension = "7001" } },
  \(more)
  }
  """
}

@Suite("The site file")
struct SiteTests {
  /// The sample of SURFACE 3, word for word.
  static let sample = """
    ---@type Site
    return {
      name = "demo",
      sip = {
        listen  = { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" },
        domain  = "demo.local",                 -- realm of digest authentication, host of our From
        trusted = { "127.0.0.0/8" },            -- peers that may send calls without digest
      },
      http = { listen = "127.0.0.1:8080" },
      extensions = {
        ["7001"] = { password = "demo" },
        ["7002"] = { contact = "sip:7002@127.0.0.1:5090" },    -- fixed address, no registration
      },
      agents = {
        ["1001"] = { name = "Ana",  skills = { sales = 7, english = 9 } },
        ["1002"] = { name = "Bela", skills = { support = 5 }, extension = "7002", login = "auto" },
      },
      queues = {
        ["9000"] = { name = "support", agents = "support > 0", ring_timeout = 15, wrap_up = 5 },
      },
      routing_points = {
        ["8000"] = { strategy = "sales", timeout = 30, default = { "queue:9000", "dn:7002" },
          divert = "bridge" },
      },
      trunks = { carrier = { uri = "sip:127.0.0.1:5070", numbers = { "+4420*" } } },
    }
    """

  @Test("line_threads is a whole number from 1 to 8, and divides a udp address")
  func lineThreads() {
    func read(_ value: String, listen: String = "udp:127.0.0.1:5060") -> SiteFile.Loaded {
      load("return { sip = { listen = { \"\(listen)\" },\n  line_threads = \(value) } }")
    }
    #expect(load(site("")).site?.lineThreads == 1)
    for number in [1, 2, 8] {
      let loaded = read("\(number)")
      #expect(loaded.findings.isEmpty)
      #expect(loaded.site?.lineThreads == number)
    }
    for wrong in ["0", "9", "-1", "2.5", "\"2\"", "true"] {
      let loaded = read(wrong)
      #expect(
        loaded.findings.map(\.short) == [
          "site.lua:2: line_threads must be a whole number from 1 to 8"
        ]
      )
    }
    let loaded = read("2", listen: "tcp:127.0.0.1:5060")
    #expect(loaded.site != nil)
    #expect(
      loaded.findings.map(\.message) == ["line_threads: there is no udp address to divide"]
    )
  }

  @Test("A site of 20,000 agents is read")
  func aLargeSiteLoads() throws {
    let text = """
      local extensions, agents = {}, {}
      for number = 1000001, 1020000 do
        local dn = tostring(number)
        extensions[dn] = { contact = "sip:" .. dn .. "@127.0.0.1:5090" }
        agents["a" .. dn] = { name = "Agent " .. dn, extension = dn, login = "auto" }
      end
      return {
        sip = { listen = { "udp:127.0.0.1:5060" }, domain = "demo.local" },
        extensions = extensions,
        agents = agents,
      }
      """
    let loaded = load(text)
    #expect(loaded.findings.isEmpty)
    #expect(loaded.site?.plan.agents.count == 20_000)
  }

  @Test("The sample of the contract loads, with a word about what is not served yet")
  func theSampleLoads() throws {
    let loaded = load(Self.sample)
    let site = try #require(loaded.site)
    #expect(
      loaded.findings.map { $0.short } == [
        "site.lua:9: warning: http is not available yet: 127.0.0.1:8080 is not listened on"
      ]
    )
    let plan = site.plan
    #expect(plan.name == "demo")
    #expect(plan.extensions.map { $0.dn.number } == ["7001", "7002"])
    #expect(plan.extensions.map { $0.startsInService } == [false, true])
    #expect(plan.agents.map { $0.id.text } == ["1001", "1002"])
    #expect(plan.agents[0].skills == [SkillLevel("sales", 7), SkillLevel("english", 9)])
    #expect(plan.agents[1].extensionDN == "7002")
    #expect(plan.agents[1].logsInAutomatically)
    #expect(plan.queues[0].ringTimeout == .seconds(15))
    #expect(plan.queues[0].wrapUp == .seconds(5))
    #expect(plan.queues[0].agents == "support > 0")
    #expect(plan.routingPoints[0].defaults == [.queue("9000"), .dn("7002")])
    #expect(plan.routingPoints[0].divert == .bridge)
    #expect(plan.routingPoints[0].redirectBlackout == .seconds(5))
    #expect(plan.trunks == ["carrier"])
    let line = site.sipPlan(boundTo: [SIPListener(host: "127.0.0.1", port: 5060)])
    #expect(line.domain == "demo.local")
    #expect(line.extensions.map { $0.password } == ["demo", nil])
    #expect(line.trunks.map { $0.numbers } == [["+4420*"]])
    #expect(line.routingPoints == ["8000"])
  }

  @Test(
    "A mistake is reported with its line",
    arguments: [
      ("  extensons = {},", #"5: unknown field "extensons"; did you mean "extensions"?"#),
      ("  name = 7,", "5: name must be text, not a number"),
      (
        "  queues = { [9000] = {} },",
        #"5: write ["9000"] with quotes: names and numbers are text here"#
      ),
      (
        "  queues = { [\"7001\"] = {} },",
        "5: DN 7001 is already an extension; it cannot be a queue too"
      ),
      ("  queues = { q = { wrap_up = -1 } },", "5: wrap_up must be between 0 and 86400 seconds"),
      (
        "  queues = { q = { ring_timeout = 0 } },",
        "5: ring_timeout must be between 1 and 600 seconds"
      ),
      (
        "  queues = { q = { ring_timeout = \"15\" } },",
        "5: ring_timeout must be a number of seconds, not text"
      ),
      (
        "  queues = { q = { agents = \"sales >\" } },",
        "5: agents = \"sales >\": column 8: a whole number expected"
      ),
      (
        "  queues = { q = { agents = \"sales > 8\" } },",
        "5: nobody can serve queue q: no agent satisfies \"sales > 8\""
      ),
      ("  queues = { q = 5 },", "5: q must be a table, not a number"),
      ("  routing_points = { r = {} },", "5: routing point r needs a strategy"),
      (
        "  routing_points = { r = { strategy = \"salse\", default = { \"dn:7001\" } } },",
        "5: there is no strategy \"salse\" (file salse.lua); did you mean \"sales\"?"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"queue:7001\" } } },",
        "5: default: there is no queue 7001"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"dn:7002\" } } },",
        "5: default: there is no DN 7002; did you mean \"7001\"?"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"dn:r\" } } },",
        "5: default: dn:r would send calls back to where they come from"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"trunk:x:1\" } } },",
        "5: default: there is no trunk x"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"reject:200\" } } },",
        "5: default: \"reject:200\": the status must be from 400 to 699"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", default = { \"7001\" } } },",
        "5: default: \"7001\" is not queue:DN, dn:DN, trunk:NAME:NUMBER or reject:STATUS"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", divert = \"bridg\" } },",
        "5: divert must be \"bridge\" or \"redirect\", not \"bridg\"; did you mean \"bridge\"?"
      ),
      (
        "  routing_points = { r = { strategy = \"any\", redirect_blackout = -1 } },",
        "5: redirect_blackout must be between 0 and 3600 seconds"
      ),
      ("  trunks = { t = {} },", "5: trunk t needs a uri"),
      (
        "  queues = { q = { overflow = \"queue:q\" } },",
        "5: overflow goes round: q → q"
      ),
      ("  queues = { q = { limit = -1 } },", "5: limit must be a whole number from 0 to 1000000"),
      (
        "  queues = { q = { no_answer = { action = \"logoff\" } } },",
        "5: action must be \"none\" or \"not_ready\" or \"logout\", not \"logoff\"; did you mean"
          + " \"logout\"?"
      ),
      (
        "  no_answer = { overflow = { \"dn:9\" } },",
        "5: overflow: there is no DN 9"
      ),
      (
        "  places = { seat = { extensions = { \"7009\" } } },",
        "5: place seat: there is no extension 7009; did you mean \"7001\"?"
      ),
      ("  groups = { g = {} },", "5: group g needs agents = { … } or skills = \"…\""),
      (
        "  groups = { g = { skills = \"a >\" } },",
        "5: skills = \"a >\": column 4: a whole number expected"
      ),
      (
        "  queues = { q = { agents = \"group(tier)\" } },",
        "5: there is no agent group tier"
      ),
      (
        "  reservation = { policy = \"replace\", window = 1 },",
        "5: policy \"replace\" has no window"
      ),
      (
        "  logout_on_out_of_service = 1,",
        "5: logout_on_out_of_service must be true or false, not a number"
      ),
      (
        "  virtual_queues = { [\"7001\"] = {} },",
        "5: DN 7001 is already an extension; it cannot be a virtual queue too"
      ),
      (
        "  trunks = { t = { uri = \"tel:1\" } },",
        "5: uri \"tel:1\" is not a SIP URI: it must start with \"sip:\""
      ),
      (
        "  trunks = { t = { uri = \"sip:127.0.0.1\", numbers = { \"4*4\" } } },",
        "5: \"4*4\" is not a number pattern: digits, +, and at most one * at the end"
      ),
      (
        "  http = { listen = \"8080\" },",
        "5: listen: \"8080\" is not an address such as \"127.0.0.1:8080\""
      ),
    ]
  )
  func aMistakeIsReportedWithItsLine(_ case: (more: String, message: String)) {
    let loaded = load(site(`case`.more))
    #expect(loaded.site == nil)
    let errors = loaded.findings.filter { $0.severity == .error }.map {
      "\($0.line): \($0.message)"
    }
    #expect(errors.contains(`case`.message), "\(errors)")
  }

  @Test("Every option of docs/site.md reaches the engine's plan")
  func everyOption() throws {
    let loaded = load(
      site(
        """
          queues = { q = { limit = 3, overflow = "dn:7001", divert_on = "answer",
            no_answer = { timeout = 9, action = "none", overflow = { "recall", "release" } } } },
          routing_points = { r = { strategy = "any", default = { "queue:q" }, divert_on = "answer",
            default_order = "round_robin", default_redirection_limit = 0 } },
          virtual_queues = { v = { name = "shown" } },
          places = { seat = { extensions = { "7001" } } },
          groups = { tier = { agents = { "1001" }, skills = "sales > 1" } },
          no_answer = { action = "logout" }, logout_on_out_of_service = true,
          reservation = { policy = "collect", window = 0.25 }, priority_aging = 30,
        """
      )
    )
    let plan = try #require(loaded.site?.plan, "\(loaded.findings)")
    #expect(plan.queues.first?.lengthMax == 3)
    #expect(plan.queues.first?.overflow == .dn("7001"))
    #expect(plan.queues.first?.divertOn == .answer)
    let noAnswer = NoAnswerPlan(
      timeout: .seconds(9),
      action: NoAnswerAction.none,
      overflow: [.recall, .release]
    )
    #expect(plan.queues.first?.noAnswer == noAnswer)
    #expect(plan.routingPoints.first?.defaultOrder == .roundRobin)
    #expect(plan.routingPoints.first?.defaultRedirectionLimit == 0)
    #expect(plan.routingPoints.first?.divertOn == .answer)
    #expect(plan.virtualQueues == [VirtualQueuePlan("v", name: "shown")])
    #expect(plan.places == [PlacePlan("seat", extensions: ["7001"])])
    #expect(plan.groups == [AgentGroupPlan("tier", agents: ["1001"], skills: "sales > 1")])
    #expect(plan.noAnswer.action == .logout)
    #expect(plan.logsOutOnOutOfService)
    #expect(plan.reservations == .collect(window: .milliseconds(250)))
    #expect(plan.priorityAging == .seconds(30))
  }

  @Test("Mistakes of addresses and secrets are reported")
  func addressesAndSecrets() {
    let loaded = load(
      """
      return {
        sip = { listen = { "udp:localhost:5060" }, trusted = { "10.0.0.0/33" }, domain = "a b" },
        extensions = {
          ["1"] = { password = "env:POINTSMAN_NOT_SET" },
          ["2"] = { password = "file:gone.txt" },
          ["3"] = { contact = "sip:3@phone.example" },
          ["4"] = { contact = "3@127.0.0.1" },
          ["5"] = { contact = "sip:5@127.0.0.1:99999" },
        },
        agents = { ["1001"] = { extension = "6" }, ["1002"] = { login = "auto" } },
      }
      """
    )
    #expect(
      loaded.findings.filter { $0.severity == .error }.map { "\($0.line): \($0.message)" } == [
        #"2: listen: "udp:localhost:5060" is not an address such as "udp:127.0.0.1:5060""#,
        #"2: trusted: "10.0.0.0/33" is not an address range such as "127.0.0.0/8""#,
        #"2: domain "a b" is not a host name"#,
        "4: environment variable POINTSMAN_NOT_SET is not set",
        "5: secret file gone.txt cannot be read",
        #"6: contact "sip:3@phone.example" cannot be reached: it must be sip: with an IP "#
          + "address (names are not looked up yet)",
        #"7: contact "3@127.0.0.1" is not a SIP URI: it must start with "sip:""#,
        #"8: contact "sip:5@127.0.0.1:99999" has a wrong port"#,
        #"10: agent 1001: there is no extension 6"#,
        #"10: login = "auto" needs an extension to log in at"#,
      ]
    )
  }

  @Test("A secret comes from its file")
  func aSecretComesFromItsFile() throws {
    let text = site("").replacing("\"demo\" } }", with: "\"file:pw\" } }")
    let loaded = load(text, secrets: ["pw": "hidden"])
    #expect(try #require(loaded.site).extensions[0].password == "hidden")
  }

  @Test("Every mistake is reported in one go, in the order of the file")
  func everythingInOneGo() {
    let loaded = load("return {\n  sip = {},\n  nam = 1,\n  queues = 2,\n  agents = 3,\n}")
    #expect(loaded.findings.map { $0.line } == [2, 3, 4, 5])
    #expect(loaded.site == nil)
  }

  @Test("A file that is not Lua, or does not return a table, says so with its line")
  func notASite() {
    #expect(load("return {\n  name = = 1\n}").findings.map { $0.line } == [2])
    #expect(load("error('no')").findings.count == 1)
    #expect(
      load("return 5").findings.map { $0.message } == [
        "the site file must be a table, not a number"
      ]
    )
  }

  @Test("Listening on every address needs to know which one phones shall use")
  func listeningOnEveryAddress() throws {
    let text = site("").replacing("udp:127.0.0.1:5060", with: "udp:0.0.0.0:5060")
    #expect(load(text).site == nil)
    let advertised = text.replacing("domain =", with: "advertise = \"192.0.2.1\", domain =")
    let loaded = load(advertised)
    let site = try #require(loaded.site)
    #expect(
      site.sipPlan(boundTo: [SIPListener(host: "0.0.0.0", port: 5060)]).advertisedHost
        == "192.0.2.1"
    )
    #expect(
      loaded.findings.map { $0.message } == ["udp:0.0.0.0:5060 can be reached from other machines"]
    )
  }
}

@Suite("Several addresses of a site")
struct SiteAddressTests {
  private func listening(_ listen: String, _ more: String = "") -> SiteFile.Loaded {
    load(site("").replacing("\"udp:127.0.0.1:5060\" }", with: "\(listen) }\(more)"))
  }

  @Test("All are listened on, in their order, and each family has its own advertised address")
  func advertised() throws {
    let loaded = listening(
      "\"udp:0.0.0.0:5060\", \"udp:127.0.0.1:5070\", \"udp:[::]:5060\", \"tcp:[::1]:5060\"",
      ", advertise = { \"192.0.2.1\", \"2001:db8::1\" }"
    )
    let site = try #require(loaded.site)
    let listeners = site.sipListeners
    #expect(listeners.map(\.host) == ["0.0.0.0", "127.0.0.1", "::", "::1"])
    let own = site.sipPlan(boundTo: listeners).listeners
    #expect(own.map(\.host) == ["192.0.2.1", "127.0.0.1", "2001:db8::1", "::1"])
    #expect(own.map(\.port) == [5060, 5070, 5060, 5060])
  }

  @Test(
    "What cannot be is said",
    arguments: [
      ("\"udp:[::]:5060\", \"udp:0.0.0.0:5060\"", ", advertise = \"192.0.2.1\"", "every IPv6"),
      ("\"udp:0.0.0.0:5060\", \"udp:127.0.0.1:5060\"", ", advertise = \"192.0.2.1\"", "partly"),
      ("\"udp:127.0.0.1:5060\"", ", advertise = \"::2\"", "no address of the family"),
      (
        "\"udp:127.0.0.1:5060\"", ", advertise = { \"192.0.2.1\", \"192.0.2.2\" }",
        "second one of its family"
      ),
      (
        (1...33).map { "\"udp:127.0.0.1:\(5_000 + $0)\"" }.joined(separator: ", "), "",
        "33 addresses, at most 32"
      ),
    ]
  )
  func impossible(listen: String, more: String, part: String) {
    let loaded = listening(listen, more)
    #expect(loaded.site == nil)
    let errors = loaded.findings.filter { $0.severity == .error }.map(\.message)
    #expect(errors.count == 1 && errors[0].contains(part), "\(errors)")
  }

  @Test("A contact and a trunk that no address reaches are warned of")
  func unreached() throws {
    let text = site("trunks = { far = { uri = \"sip:192.0.2.9\" } },")
      .replacing("password = \"demo\"", with: "contact = \"sip:7001@[::1]:5090\"")
    let messages = load(text).findings.map(\.message)
    #expect(
      messages == [
        "no address of sip.listen reaches sip:7001@[::1]:5090",
        "no address of sip.listen reaches sip:192.0.2.9",
      ]
    )
    let both = text.replacing("5060\" }", with: "5060\", \"udp:[::1]:5060\" }")
    #expect(load(both).findings.map(\.message) == [messages[1]])
  }
}

@Suite("Did you mean")
struct SuggestionTests {
  @Test("A slip of the finger is recognised, a different word is not")
  func slips() {
    #expect(Suggestion.nearest(to: "srve", among: ["serve", "check"]) == "serve")
    #expect(Suggestion.nearest(to: "hcek", among: ["serve", "check"]) == "check")
    #expect(Suggestion.nearest(to: "banana", among: ["serve", "check"]) == nil)
    #expect(Suggestion.nearest(to: "", among: ["serve"]) == nil)
    #expect(Suggestion.ending(for: "agnets", among: ["agents"]) == "; did you mean \"agents\"?")
  }
}

@Suite("The log of events")
struct EventLogTests {
  private func filled(_ count: UInt64, from first: UInt64, capacity: Int) -> (
    UInt64, UInt64, [UInt64]
  ) {
    var log = EventLog(capacity: capacity)
    for number in first..<first + count {
      var event = Event(.queued, thisDN: "8000")
      event.sequence = number
      log.append(event)
    }
    return (log.oldest, log.last, log.events(from: 0, count: 1_000).map { $0.sequence })
  }

  @Test(
    "Holds the last events in order, whatever number the first one has",
    arguments: [1, 2, 3, 7, 100]
  )
  func holdsTheLast(_ first: UInt64) {
    for count in UInt64(1)...20 {
      let (oldest, last, numbers) = filled(count, from: first, capacity: 3)
      let end = first + count - 1
      let begin = max(first, end >= 2 ? end - 2 : first)
      #expect(last == end)
      #expect(oldest == begin)
      #expect(numbers == Array(begin...end))
    }
  }

  @Test("Reading begins at the number asked for, and stops at the count asked for")
  func reading() {
    var log = EventLog(capacity: 8)
    #expect(log.events(from: 0, count: 5).isEmpty)
    for number in UInt64(1)...12 {
      var event = Event(.queued, thisDN: "8000")
      event.sequence = number
      log.append(event)
    }
    #expect(log.events(from: 7, count: 3).map { $0.sequence } == [7, 8, 9])
    #expect(log.events(from: 1, count: 2).map { $0.sequence } == [5, 6])
    #expect(log.events(from: 13, count: 2).isEmpty)
  }
}
