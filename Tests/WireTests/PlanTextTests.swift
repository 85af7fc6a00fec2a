import Engine
import Testing
import Wire

@Suite("Plans as the site object of a recording")
struct PlanTextTests {
  /// A plan with every member that the text has.
  static let plan: Plan = {
    var plan = Plan(name: "demo")
    plan.extensions = [ExtensionPlan("7002", startsInService: true), ExtensionPlan("7001")]
    var ana = AgentPlan(
      "1002",
      name: "Ana",
      skills: [SkillLevel("sales", 7), SkillLevel("english", 9)],
      extensionDN: "7001",
      logsInAutomatically: true
    )
    ana.wrapUp = .milliseconds(2_500)
    ana.noAnswer = NoAnswerPlan(timeout: .seconds(9), action: NoAnswerAction.none, overflow: [])
    plan.agents = [ana, AgentPlan("1001")]
    plan.groups = [AgentGroupPlan("tier1", agents: ["1001"], skills: "sales > 0")]
    plan.places = [PlacePlan("seat1", extensions: ["7002", "7001"])]
    var queue = QueuePlan(
      "9000",
      name: "support",
      agents: "sales > 0",
      ringTimeout: .seconds(20),
      wrapUp: .seconds(5)
    )
    queue.divertOn = .answer
    queue.lengthMax = 100
    queue.overflow = .trunk(name: "carrier", number: "+4420")
    queue.noAnswer = NoAnswerPlan(
      action: .logout,
      overflow: [.recall, .defaultRoute, .target(.queue("9001")), .release]
    )
    plan.queues = [queue, QueuePlan("9001", ringTimeout: .seconds(15))]
    plan.virtualQueues = [VirtualQueuePlan("9100", name: "sales VQ")]
    var point = RoutingPointPlan(
      "8000",
      strategy: "sales",
      timeout: .seconds(60),
      defaults: [
        .dn("7002"), .queue("9000"), .agent("1001"), .any(.none), .reject(486),
        .any(AgentFilter(skills: "sales > 3", group: "tier1")), .queues(["9000", "9001"]),
      ],
      divert: .redirect
    )
    point.redirectBlackout = .zero
    point.ringTimeout = .seconds(11)
    point.divertOn = .answer
    point.defaultOrder = .roundRobin
    point.defaultRedirectionLimit = 0
    point.noAnswer = NoAnswerPlan(action: .notReady)
    plan.routingPoints = [point, RoutingPointPlan("8001", strategy: "other")]
    plan.trunks = ["carrier"]
    plan.noAnswer = NoAnswerPlan(timeout: .seconds(30))
    plan.logsOutOnOutOfService = true
    plan.reservations = .collect(window: .milliseconds(100))
    plan.priorityAging = .seconds(30)
    plan.limits.callsMax = 7
    plan.limits.reservationExpiry = .seconds(3)
    return plan
  }()

  static func text(_ plan: Plan) -> String {
    var writer = JSONWriter()
    writer.value(plan)
    return writer.text
  }

  static func read(_ text: String) throws -> (plan: Plan, unknown: [String]) {
    var unknown: [String] = []
    let plan = try Plan(try JSONValue(parsing: text), unknown: &unknown)
    return (plan, unknown)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let text = Self.text(Self.plan)
    let (plan, unknown) = try Self.read(text)
    #expect(unknown == [])
    #expect(plan.name == Self.plan.name)
    #expect(plan.extensions == Self.plan.extensions)
    #expect(plan.agents == Self.plan.agents)
    #expect(plan.groups == Self.plan.groups)
    #expect(plan.places == Self.plan.places)
    #expect(plan.queues == Self.plan.queues)
    #expect(plan.virtualQueues == Self.plan.virtualQueues)
    #expect(plan.routingPoints == Self.plan.routingPoints)
    #expect(plan.trunks == Self.plan.trunks)
    #expect(plan.noAnswer == Self.plan.noAnswer)
    #expect(plan.logsOutOnOutOfService)
    #expect(plan.reservations == Self.plan.reservations)
    #expect(plan.priorityAging == Self.plan.priorityAging)
    #expect(plan.limits == Self.plan.limits)
    #expect(Self.text(plan) == text)
  }

  @Test func aPlanOfDefaultsIsItsName() throws {
    #expect(Self.text(Plan()) == #"{"name":"site"}"#)
    let plan = try Self.read("{}").plan
    #expect(plan.limits == .standard && plan.reservations == .collect(window: .zero))
  }

  @Test func replaceIsAPolicyToo() throws {
    var plan = Plan()
    plan.reservations = .replace
    #expect(try Self.read(Self.text(plan)).plan.reservations == .replace)
  }

  @Test func whatBelongsToTheLineSideIsPassedOver() throws {
    let site = """
      {"sip":{},"http":{},"extensions":{"7001":{"password":"x"},"7002":{"contact":"sip:a@b"}},
      "trunks":{"carrier":{"uri":"sip:b","numbers":["+44*"]}},"strategies":1,
      "queues":{"9000":{"agnets":"x"}}}
      """
    let (plan, unknown) = try Self.read(site)
    #expect(plan.extensions.map(\.startsInService) == [false, true])
    #expect(plan.trunks == ["carrier"])
    #expect(unknown.sorted() == ["agnets", "strategies"])
  }

  @Test(arguments: [
    (#"{"queues":{"9000":{"overflow":"9001"}}}"#, "queues, 9000: \"9001\" is not dn:DN"),
    (#"{"queues":{"9000":{"divert_on":"never"}}}"#, "queues, 9000: \"divert_on\" is \"never\""),
    (#"{"routing_points":{"8000":{}}}"#, "routing_points, 8000: \"strategy\" is missing"),
    (#"{"reservation":{"policy":"fair"}}"#, "\"policy\" is \"fair\""),
    (#"{"no_answer":{"action":"sleep"}}"#, "\"action\" is \"sleep\""),
    (#"{"agents":{"1001":{"skills":{"sales":"high"}}}}"#, "agents, 1001: skill \"sales\""),
  ])
  func whatIsWrongIsNamed(site: String, problem: String) throws {
    let error = #expect(throws: JSONError.self) { try Self.read(site) }
    #expect(error?.message.hasPrefix(problem) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["trunk:carrier/+44", "trunk:carrier:+44"])
  func aTrunkIsSpelledEitherWay(text: String) {
    #expect(Target(siteText: text) == .trunk(name: "carrier", number: "+44"))
  }

  @Test(arguments: ["", "dn", "dn:", "trunk:carrier", "reject:x", "skill:sales"])
  func whatIsNoTargetIsRefused(text: String) { #expect(Target(siteText: text) == nil) }
}
