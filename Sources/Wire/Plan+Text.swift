// A plan as the `site` object of a recording (SURFACE 3 and 6).
//
// The members are named as in the site file. What belongs to the line side (addresses, passwords)
// is not in a plan: `in_service` stands for an extension that has a fixed contact. What is as it is
// by default is left out. Agents, queues and the like keep the order in which they are written,
// which is the order of the plan: the JSON library keeps it.

public import Engine

extension JSONWriter {
  /// Writes a plan as one object.
  public mutating func value(_ plan: borrowing Plan) {
    let plan = copy plan
    beginObject()
    member("name", plan.name)
    section("extensions", plan.extensions, \.dn.number) { writer, entry in
      if entry.startsInService { writer.member("in_service", true) }
    }
    section("agents", plan.agents, \.id.text) { $0.members($1) }
    section("groups", plan.groups, \.name) { writer, group in
      if !group.agents.isEmpty { writer.member("agents", group.agents.map(\.text)) }
      if let skills = group.skills { writer.member("skills", skills) }
    }
    section("places", plan.places, \.name) { writer, place in
      writer.member("extensions", place.extensions.map(\.number))
    }
    section("queues", plan.queues, \.dn.number) { $0.members($1) }
    section("virtual_queues", plan.virtualQueues, \.dn.number) { writer, queue in
      if !queue.name.isEmpty { writer.member("name", queue.name) }
    }
    section("routing_points", plan.routingPoints, \.dn.number) { $0.members($1) }
    section("trunks", plan.trunks, \.self) { _, _ in }
    member(plan.noAnswer)
    if plan.logsOutOnOutOfService { member("logout_on_out_of_service", true) }
    if plan.reservations != .collect(window: .zero) {
      key("reservation")
      value(plan.reservations)
    }
    if let aging = plan.priorityAging { member("priority_aging", aging) }
    members(plan.limits)
    endObject()
  }

  private mutating func section<Entry>(
    _ name: StaticString,
    _ entries: [Entry],
    _ id: KeyPath<Entry, String>,
    _ members: (inout JSONWriter, Entry) -> Void
  ) {
    guard !entries.isEmpty else { return }
    key(name)
    beginObject()
    for entry in entries {
      key(entry[keyPath: id])
      beginObject()
      members(&self, entry)
      endObject()
    }
    endObject()
  }

  private mutating func members(_ agent: AgentPlan) {
    if !agent.name.isEmpty { member("name", agent.name) }
    if !agent.skills.isEmpty {
      key("skills")
      beginObject()
      for skill in agent.skills {
        key(skill.name)
        value(Int64(skill.level))
      }
      endObject()
    }
    if let dn = agent.extensionDN { member("extension", dn.number) }
    if agent.logsInAutomatically { member("login", "auto") }
    if let wrapUp = agent.wrapUp { member("wrap_up", wrapUp) }
    member(agent.noAnswer)
  }

  private mutating func members(_ queue: QueuePlan) {
    let usual = QueuePlan(queue.dn)
    if !queue.name.isEmpty { member("name", queue.name) }
    if let agents = queue.agents { member("agents", agents) }
    if let timeout = queue.ringTimeout { member("ring_timeout", timeout) }
    if queue.wrapUp != usual.wrapUp { member("wrap_up", queue.wrapUp) }
    if queue.divertOn == .answer { member("divert_on", "answer") }
    if let limit = queue.lengthMax { member("limit", UInt64(limit)) }
    if let overflow = queue.overflow {
      key("overflow")
      siteTarget(overflow)
    }
    member(queue.noAnswer)
  }

  private mutating func members(_ point: RoutingPointPlan) {
    let usual = RoutingPointPlan(point.dn, strategy: point.strategy)
    member("strategy", point.strategy.text)
    if point.timeout != usual.timeout { member("timeout", point.timeout) }
    if !point.defaults.isEmpty {
      key("default")
      beginArray()
      for target in point.defaults { siteTarget(target) }
      endArray()
    }
    if point.divert == .redirect { member("divert", "redirect") }
    if point.redirectBlackout != usual.redirectBlackout {
      member("redirect_blackout", point.redirectBlackout)
    }
    if let timeout = point.ringTimeout { member("ring_timeout", timeout) }
    if point.divertOn == .answer { member("divert_on", "answer") }
    if point.defaultOrder == .roundRobin { member("default_order", "round_robin") }
    if point.defaultRedirectionLimit != usual.defaultRedirectionLimit {
      member("default_redirection_limit", UInt64(point.defaultRedirectionLimit))
    }
    member(point.noAnswer)
  }

  private mutating func member(_ plan: NoAnswerPlan) {
    guard plan != NoAnswerPlan() else { return }
    key("no_answer")
    beginObject()
    if let timeout = plan.timeout { member("timeout", timeout) }
    if let action = plan.action { member("action", "\(action.siteWord)") }
    if let overflow = plan.overflow {
      key("overflow")
      beginArray()
      for step in overflow {
        switch step {
        case .recall: value("recall")
        case .defaultRoute: value("default")
        case .release: value("release")
        case .target(let target): siteTarget(target)
        }
      }
      endArray()
    }
    endObject()
  }

  private mutating func value(_ policy: ReservationPolicy) {
    beginObject()
    switch policy {
    case .replace: member("policy", "replace")
    case .collect(let window):
      member("policy", "collect")
      member("window", window)
    }
    endObject()
  }

  private mutating func members(_ limits: Limits) {
    let changed = Limits.siteMembers().filter {
      limits[keyPath: $0.path] != Limits.standard[keyPath: $0.path]
    }
    let times = Limits.siteTimes().filter {
      limits[keyPath: $0.path] != Limits.standard[keyPath: $0.path]
    }
    guard !changed.isEmpty || !times.isEmpty else { return }
    key("limits")
    beginObject()
    for limit in changed { member(limit.name, UInt64(limits[keyPath: limit.path])) }
    for limit in times { member(limit.name, limits[keyPath: limit.path]) }
    endObject()
  }

  /// A target as the site file spells it; what it has no spelling for is an object.
  private mutating func siteTarget(_ target: Target) {
    if let text = target.siteText { value(text) } else { value(target) }
  }

  private mutating func member(_ key: StaticString, _ duration: Duration) {
    self.key(key)
    seconds(duration)
  }

  private mutating func member(_ key: StaticString, _ texts: [String]) {
    self.key(key)
    beginArray()
    for text in texts { value(text) }
    endArray()
  }
}

extension NoAnswerAction {
  fileprivate var siteWord: StaticString {
    switch self {
    case .none: "none"
    case .notReady: "not_ready"
    case .logout: "logout"
    }
  }
}

/// A limit's name in the site file, and where it is kept.
private typealias LimitMember<Value> = (name: StaticString, path: WritableKeyPath<Limits, Value>)

extension Limits {
  fileprivate static func siteMembers() -> [LimitMember<Int>] {
    [
      ("calls", \.callsMax), ("queue_length", \.queueLengthMax), ("attempts", \.attemptsMax),
      ("user_data_bytes", \.userDataBytesMax), ("notes", \.notesMax),
      ("exclusions", \.exclusionsMax), ("targets", \.targetsMax),
      ("strategy_steps", \.strategyStepsMax),
      ("strategy_steps_at_once", \.strategyStepsAtOnceMax), ("shares", \.sharesMax),
      ("share_parts", \.sharePartsMax), ("state_keys", \.stateKeysMax),
      ("state_bytes", \.stateBytesMax), ("kept_places", \.keptPlacesMax),
    ]
  }

  fileprivate static func siteTimes() -> [LimitMember<Duration>] {
    [
      ("reservation_expiry", \.reservationExpiry), ("refusal_back_off", \.refusalBackOff),
      ("direct_ring_timeout", \.directRingTimeout), ("generation_drain", \.generationDrain),
    ]
  }
}

extension Target {
  /// The target as the site file and people spell it; nil: only an object can say it.
  public var siteText: String? {
    switch self {
    case .dn(let dn): "dn:\(dn.number)"
    case .agent(let agent): "agent:\(agent.text)"
    case .queue(let queue): "queue:\(queue.number)"
    case .trunk(let name, let number): "trunk:\(name):\(number)"
    case .reject(let status): "reject:\(status)"
    case .any(.none): "any"
    case .any, .queues, .list: nil
    }
  }

  /// Reads the spelling of the site file; a trunk's number may also follow a slash.
  public init?(siteText text: String) {
    if text == "any" {
      self = .any(.none)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return nil }
    let rest = String(parts[1])
    switch parts[0] {
    case "dn": self = .dn(DN(rest))
    case "agent": self = .agent(AgentID(rest))
    case "queue": self = .queue(DN(rest))
    case "trunk":
      let names = rest.split(maxSplits: 1) { $0 == ":" || $0 == "/" }
      guard names.count == 2 else { return nil }
      self = .trunk(name: String(names[0]), number: String(names[1]))
    case "reject":
      guard let status = UInt16(rest) else { return nil }
      self = .reject(status)
    default: return nil
    }
  }
}

// MARK: Reading

extension Plan {
  /// Reads a plan from the `site` object of a recording.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - unknown: Receives the names of members that have no meaning here.
  /// - Throws: Which member is missing or wrong.
  public init(_ json: JSONValue, unknown: inout [String]) throws(JSONError) {
    var fields = try Fields(json)
    self.init(name: try fields.optionalString("name") ?? "site")
    extensions = try fields.section("extensions") { name, fields throws(JSONError) in
      _ = fields.take("password")
      let isFixed = fields.take("contact") != nil
      return ExtensionPlan(
        DN(name),
        startsInService: try fields.optionalBool("in_service") ?? isFixed
      )
    }
    agents = try fields.section("agents") { name, fields throws(JSONError) in
      try fields.agent(name)
    }
    groups = try fields.section("groups") { name, fields throws(JSONError) in
      AgentGroupPlan(
        name,
        agents: try fields.strings("agents").map { AgentID($0) },
        skills: try fields.optionalString("skills")
      )
    }
    places = try fields.section("places") { name, fields throws(JSONError) in
      PlacePlan(name, extensions: try fields.strings("extensions").map { DN($0) })
    }
    queues = try fields.section("queues") { name, fields throws(JSONError) in
      try fields.queue(name)
    }
    virtualQueues = try fields.section("virtual_queues") { name, fields throws(JSONError) in
      VirtualQueuePlan(DN(name), name: try fields.optionalString("name") ?? "")
    }
    routingPoints = try fields.section("routing_points") { name, fields throws(JSONError) in
      try fields.routingPoint(name)
    }
    trunks = try fields.section("trunks") { name, fields throws(JSONError) in
      _ = fields.take("uri")
      _ = fields.take("numbers")
      return name
    }
    noAnswer = try fields.noAnswer()
    logsOutOnOutOfService = try fields.optionalBool("logout_on_out_of_service") ?? false
    if let policy = try fields.reservationPolicy() { reservations = policy }
    priorityAging = try fields.optionalDuration("priority_aging")
    limits = try fields.limits()
    for lineSide in ["sip", "http"] { _ = fields.take(lineSide) }
    unknown.append(contentsOf: fields.untaken)
  }
}

extension Fields {
  fileprivate mutating func section<Entry>(
    _ key: String,
    _ read: (String, inout Fields) throws(JSONError) -> Entry
  ) throws(JSONError) -> [Entry] {
    guard let value = take(key) else { return [] }
    guard let members = value.members else { throw JSONError("\"\(key)\" is not an object") }
    var entries: [Entry] = []
    for member in members {
      do {
        var fields = try Fields(member.value)
        entries.append(try read(member.key, &fields))
        note(fields.untaken)
      } catch {
        throw JSONError("\(key), \(member.key): \(error.message)")
      }
    }
    return entries
  }

  fileprivate mutating func agent(_ id: String) throws(JSONError) -> AgentPlan {
    var agent = AgentPlan(AgentID(id), name: try optionalString("name") ?? "")
    for member in take("skills")?.members ?? [] {
      guard let level = member.value.integer, let level = Int32(exactly: level) else {
        throw JSONError("skill \"\(member.key)\" is not a whole number")
      }
      agent.skills.append(SkillLevel(member.key, level))
    }
    agent.extensionDN = try optionalString("extension").map { DN($0) }
    agent.logsInAutomatically = try optionalString("login") == "auto"
    agent.wrapUp = try optionalDuration("wrap_up")
    agent.noAnswer = try noAnswer()
    return agent
  }

  fileprivate mutating func queue(_ dn: String) throws(JSONError) -> QueuePlan {
    var queue = QueuePlan(DN(dn), name: try optionalString("name") ?? "")
    queue.agents = try optionalString("agents")
    queue.ringTimeout = try optionalDuration("ring_timeout")
    if let wrapUp = try optionalDuration("wrap_up") { queue.wrapUp = wrapUp }
    queue.divertOn = try divertOn()
    queue.lengthMax = try optionalNumber("limit")
    if let overflow = take("overflow") { queue.overflow = try siteTarget(overflow) }
    queue.noAnswer = try noAnswer()
    return queue
  }

  fileprivate mutating func routingPoint(_ dn: String) throws(JSONError) -> RoutingPointPlan {
    var point = RoutingPointPlan(DN(dn), strategy: StrategyName(try string("strategy")))
    if let timeout = try optionalDuration("timeout") { point.timeout = timeout }
    if take("default") != nil {
      for element in try elements("default") { point.defaults.append(try siteTarget(element)) }
    }
    if try optionalString("divert") == "redirect" { point.divert = .redirect }
    if let blackout = try optionalDuration("redirect_blackout") {
      point.redirectBlackout = blackout
    }
    point.ringTimeout = try optionalDuration("ring_timeout")
    point.divertOn = try divertOn()
    if try optionalString("default_order") == "round_robin" { point.defaultOrder = .roundRobin }
    if let limit = try optionalNumber("default_redirection_limit", as: Int.self) {
      point.defaultRedirectionLimit = limit
    }
    point.noAnswer = try noAnswer()
    return point
  }

  private mutating func divertOn() throws(JSONError) -> DivertOn {
    switch try optionalString("divert_on") {
    case nil, "ringing": return .ringing
    case "answer": return .answer
    case let word?: throw JSONError("\"divert_on\" is \"\(word)\", not ringing or answer")
    }
  }

  fileprivate mutating func noAnswer() throws(JSONError) -> NoAnswerPlan {
    guard let json = take("no_answer") else { return NoAnswerPlan() }
    var fields = try Fields(json)
    defer { note(fields.untaken) }
    var plan = NoAnswerPlan(timeout: try fields.optionalDuration("timeout"))
    if json["action"] != nil {
      plan.action = try fields.word(
        "action",
        of: [NoAnswerAction.none, .notReady, .logout].map { ($0, $0.siteWord) }
      )
    }
    guard json["overflow"] != nil else { return plan }
    var steps: [NoAnswerOverflow] = []
    for element in try fields.elements("overflow") {
      switch element.string {
      case "recall": steps.append(.recall)
      case "default": steps.append(.defaultRoute)
      case "release": steps.append(.release)
      case .some, nil: steps.append(.target(try fields.siteTarget(element)))
      }
    }
    plan.overflow = steps
    return plan
  }

  fileprivate mutating func reservationPolicy() throws(JSONError) -> ReservationPolicy? {
    guard let json = take("reservation") else { return nil }
    var fields = try Fields(json)
    defer { note(fields.untaken) }
    switch try fields.string("policy") {
    case "replace": return .replace
    case "collect": return .collect(window: try fields.optionalDuration("window") ?? .zero)
    case let word: throw JSONError("\"policy\" is \"\(word)\", not collect or replace")
    }
  }

  fileprivate mutating func limits() throws(JSONError) -> Limits {
    var limits = Limits.standard
    guard let json = take("limits") else { return limits }
    var fields = try Fields(json)
    defer { note(fields.untaken) }
    for limit in Limits.siteMembers() {
      if let number = try fields.optionalNumber("\(limit.name)", as: Int.self) {
        limits[keyPath: limit.path] = number
      }
    }
    for limit in Limits.siteTimes() {
      if let time = try fields.optionalDuration("\(limit.name)") {
        limits[keyPath: limit.path] = time
      }
    }
    return limits
  }

  fileprivate mutating func siteTarget(_ json: JSONValue) throws(JSONError) -> Target {
    guard let text = json.string else { return try target(json) }
    guard let target = Target(siteText: text) else {
      throw JSONError(
        "\"\(text)\" is not dn:DN, queue:DN, agent:ID, any, trunk:NAME:NUMBER or reject:STATUS"
      )
    }
    return target
  }
}
