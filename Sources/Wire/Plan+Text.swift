// A plan from the `site` object of a recording's first line. Its members are named as in the site
// file (SURFACE 3); agents, queues and the rest keep the order in which they are written.

public import Engine

extension Plan {
  /// Reads a plan.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - unknown: Receives the names of members that mean nothing here.
  /// - Throws: Which member is missing or wrong.
  public init(_ json: JSONValue, unknown: inout [String]) throws(JSONError) {
    var fields = try Fields(json)
    self.init(name: try fields.optionalString("name") ?? "site")
    for entry in try fields.entries("extensions") { try add(extension: entry, &fields) }
    for entry in try fields.entries("agents") { try add(agent: entry, &fields) }
    for entry in try fields.entries("queues") { try add(queue: entry, &fields) }
    for entry in try fields.entries("routing_points") { try add(routingPoint: entry, &fields) }
    for entry in try fields.entries("virtual_queues") {
      var members = try Fields(entry.value)
      let name = try members.optionalString("name") ?? ""
      virtualQueues.append(VirtualQueuePlan(DN(entry.key), name: name))
    }
    for entry in try fields.entries("places") {
      var members = try Fields(entry.value)
      let list = try members.strings("extensions").map { DN($0) }
      places.append(PlacePlan(entry.key, extensions: list))
    }
    for entry in try fields.entries("groups") {
      var members = try Fields(entry.value)
      let list = try members.strings("agents").map { AgentID($0) }
      let skills = try members.optionalString("skills")
      groups.append(AgentGroupPlan(entry.key, agents: list, skills: skills))
    }
    trunks = try fields.entries("trunks").map { $0.key }
    noAnswer = try fields.noAnswer()
    logsOutOnOutOfService = try fields.optionalBool("logout_on_out_of_service") ?? false
    priorityAging = try fields.optionalDuration("priority_aging")
    if let value = fields.take("reservation") {
      var members = try Fields(value)
      let isReplace = try members.optionalString("policy") == "replace"
      let window = try members.optionalDuration("window") ?? .zero
      reservations = isReplace ? .replace : .collect(window: window)
    }
    unknown.append(contentsOf: fields.untaken)
  }

  private mutating func add(
    extension entry: JSONValue.Member,
    _ outer: inout Fields
  ) throws(JSONError) {
    var members = try Fields(entry.value)
    let isFixed = try members.optionalString("contact") != nil
    _ = members.take("password")
    extensions.append(ExtensionPlan(DN(entry.key), startsInService: isFixed))
    outer.note(members.untaken)
  }

  private mutating func add(agent entry: JSONValue.Member, _ outer: inout Fields) throws(JSONError)
  {
    var members = try Fields(entry.value)
    var agent = AgentPlan(AgentID(entry.key), name: try members.optionalString("name") ?? "")
    for skill in try members.entries("skills") {
      agent.skills.append(SkillLevel(skill.key, Int32(clamping: skill.value.integer ?? 0)))
    }
    agent.extensionDN = try members.optionalString("extension").map { DN($0) }
    agent.logsInAutomatically = try members.optionalString("login") == "auto"
    agent.wrapUp = try members.optionalDuration("wrap_up")
    agent.noAnswer = try members.noAnswer()
    agents.append(agent)
    outer.note(members.untaken)
  }

  private mutating func add(queue entry: JSONValue.Member, _ outer: inout Fields) throws(JSONError)
  {
    var members = try Fields(entry.value)
    var queue = QueuePlan(DN(entry.key), name: try members.optionalString("name") ?? "")
    queue.agents = try members.optionalString("agents")
    queue.ringTimeout = try members.optionalDuration("ring_timeout") ?? queue.ringTimeout
    queue.wrapUp = try members.optionalDuration("wrap_up") ?? .zero
    queue.lengthMax = try members.optionalNumber("limit")
    queue.overflow = try members.optionalString("overflow").flatMap { Target(siteText: $0) }
    if try members.optionalString("divert_on") == "answer" { queue.divertOn = .answer }
    queue.noAnswer = try members.noAnswer()
    queues.append(queue)
    outer.note(members.untaken)
  }

  private mutating func add(
    routingPoint entry: JSONValue.Member,
    _ outer: inout Fields
  ) throws(JSONError) {
    var members = try Fields(entry.value)
    let strategy = StrategyName(try members.string("strategy"))
    var point = RoutingPointPlan(DN(entry.key), strategy: strategy)
    point.timeout = try members.optionalDuration("timeout") ?? point.timeout
    point.defaults = try members.strings("default").compactMap { Target(siteText: $0) }
    if try members.optionalString("divert") == "redirect" { point.divert = .redirect }
    if try members.optionalString("divert_on") == "answer" { point.divertOn = .answer }
    if try members.optionalString("default_order") == "round_robin" {
      point.defaultOrder = .roundRobin
    }
    point.defaultRedirectionLimit = try members.optionalNumber("default_redirection_limit") ?? 4
    point.ringTimeout = try members.optionalDuration("ring_timeout") ?? point.ringTimeout
    let blackout = try members.optionalDuration("redirect_blackout")
    point.redirectBlackout = blackout ?? point.redirectBlackout
    point.noAnswer = try members.noAnswer()
    routingPoints.append(point)
    outer.note(members.untaken)
  }
}

extension Target {
  /// A target as the site file writes it: `dn:7001`, `queue:9000`, `trunk:NAME:NUMBER`,
  /// `reject:486`; nil: it is none of these.
  public init?(siteText text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("dn", 2): self = .dn(DN(parts[1]))
    case ("queue", 2): self = .queue(DN(parts[1]))
    case ("trunk", 3): self = .trunk(name: parts[1], number: parts[2])
    case ("reject", 2):
      guard let status = UInt16(parts[1]) else { return nil }
      self = .reject(status)
    default: return nil
    }
  }
}

extension Fields {
  /// The members of an object; absent means empty.
  mutating func entries(_ key: String) throws(JSONError) -> [JSONValue.Member] {
    guard let value = take(key) else { return [] }
    guard let members = value.members else { throw JSONError("\"\(key)\" is not an object") }
    return members
  }

  /// The options for phones that are not answered.
  mutating func noAnswer() throws(JSONError) -> NoAnswerPlan {
    var plan = NoAnswerPlan()
    guard let value = take("no_answer") else { return plan }
    var members = try Fields(value)
    plan.timeout = try members.optionalDuration("timeout")
    switch try members.optionalString("action") {
    case "none": plan.action = NoAnswerAction.none
    case "not_ready": plan.action = .notReady
    case "logout": plan.action = .logout
    default: break
    }
    plan.overflow = try members.optionalStrings("overflow").map { steps in
      steps.compactMap { text -> NoAnswerOverflow? in
        switch text {
        case "recall": .recall
        case "default": .defaultRoute
        case "release": .release
        default: Target(siteText: text).map { .target($0) }
        }
      }
    }
    note(members.untaken)
    return plan
  }
}
