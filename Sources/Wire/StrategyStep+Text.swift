// What strategies did, as text. Steps are recorded too, so that a replay can do without Lua.

internal import Engine

extension JSONWriter {
  mutating func members(_ step: borrowing StrategyStep, of call: ConnID) {
    switch step {
    case .requested(let request):
      name("strategy.requested")
      self.call(call)
      members(request)
    case .finished(let target):
      name("strategy.finished")
      self.call(call)
      if let target { member("target", target) }
    case .failed(let failure):
      name("strategy.failed")
      self.call(call)
      members(failure)
    }
  }

  private mutating func members(_ request: borrowing StrategyRequest) {
    key("request")
    switch request {
    case .select(let selection): members(selection)
    case .route(let target, let timeout):
      literal("route")
      member("target", target)
      member("timeout", timeout)
    case .wait(let duration):
      literal("wait")
      member("seconds", duration)
    case .priority(let priority):
      literal("priority")
      key("priority")
      value(Int64(priority))
    case .attach(let pairs):
      literal("attach")
      key("user_data")
      value(pairs)
    case .note(let text):
      literal("note")
      member("text", text)
    case .exclude(let target):
      literal("exclude")
      member("target", target)
    case .availableAgents(let filter):
      literal("available_agents")
      member("filter", filter)
    case .loggedInAgents(let filter):
      literal("logged_in_agents")
      member("filter", filter)
    case .queueWaiting(let queue):
      literal("queue_waiting")
      member("queue", queue.number)
    case .queueOldestWait(let queue):
      literal("queue_oldest_wait")
      member("queue", queue.number)
    case .queueExpectedWait(let queue):
      literal("queue_expected_wait")
      member("queue", queue.number)
    case .treat(let treatment):
      literal("treat")
      key("treatment")
      value(treatment)
    case .random: literal("random")
    case .header(let name):
      literal("header")
      member("name", name)
    case .share(let parts):
      literal("share")
      member("parts", parts)
    case .state(let name):
      literal("state")
      member("key", name)
    case .setState(let name, let kept):
      literal("set_state")
      member("key", name)
      guard let kept else { return }
      key("value")
      value(kept)
    case .keepPlace(let name, let duration):
      literal("keep_place")
      member("key", name)
      member("seconds", duration)
    case .takePlace(let name):
      literal("take_place")
      member("key", name)
    }
  }

  private mutating func members(_ selection: borrowing Selection) {
    literal("select")
    key("targets")
    beginArray()
    for target in selection.targets { value(target) }
    endArray()
    member("timeout", selection.timeout)
    if selection.rule != .longestIdle { member("by", selection.rule.word) }
    if selection.clears { member("clear", true) }
    if let queue = selection.virtualQueue { member("virtual_queue", queue.number) }
    guard let priority = selection.priority else { return }
    key("priority")
    value(Int64(priority))
  }

  /// Writes a treatment as an object that is named by its kind.
  mutating func value(_ treatment: borrowing Treatment) {
    beginObject()
    switch treatment {
    case .music(let name): member("music", name)
    case .announce(let name): member("announce", name)
    case .silence: member("silence", true)
    case .ringback: member("ringback", true)
    case .collect(let digits, let timeout, let announcement):
      member("collect", UInt64(digits))
      member("timeout", timeout)
      if let announcement { member("prompt", announcement) }
    }
    endObject()
  }

  private mutating func members(_ failure: borrowing StrategyFailure) {
    key("failure")
    switch failure {
    case .error(let message):
      literal("error")
      member("message", message)
    case .instructions: literal("instructions")
    case .memory: literal("memory")
    case .steps: literal("steps")
    case .noSuchStrategy: literal("no_such_strategy")
    case .drained: literal("drained")
    }
  }

  /// Writes a target as an object that is named by its kind.
  mutating func value(_ target: borrowing Target) {
    beginObject()
    switch target {
    case .dn(let dn): member("dn", dn.number)
    case .agent(let agent): member("agent", agent.text)
    case .queue(let queue): member("queue", queue.number)
    case .queues(let queues):
      key("queues")
      beginArray()
      for queue in queues { value(queue.number) }
      endArray()
    case .any(let filter): member("any", filter)
    case .trunk(let name, let number):
      member("trunk", name)
      member("number", number)
    case .reject(let status): member("reject", status)
    case .list(let list):
      key("list")
      beginArray()
      for target in list { value(target) }
      endArray()
    }
    endObject()
  }

  private mutating func member(_ key: StaticString, _ target: borrowing Target) {
    self.key(key)
    value(target)
  }

  private mutating func member(_ key: StaticString, _ duration: Duration?) {
    guard let duration else { return }
    self.key(key)
    seconds(duration)
  }

  private mutating func member(_ key: StaticString, _ filter: borrowing AgentFilter) {
    self.key(key)
    beginObject()
    if let skills = filter.skills { member("skills", skills) }
    if let group = filter.group { member("group", group) }
    member("exclude_agents", filter.excludedAgents.map(\.text))
    member("exclude_dns", filter.excludedDNs.map(\.number))
    endObject()
  }

  private mutating func member(_ key: StaticString, _ texts: [String]) {
    guard !texts.isEmpty else { return }
    self.key(key)
    beginArray()
    for text in texts { value(text) }
    endArray()
  }
}

// MARK: Reading

extension Fields {
  mutating func step(_ name: String) throws(JSONError) -> StrategyStep? {
    switch name {
    case "strategy.requested": .requested(try request())
    case "strategy.finished": .finished(try optionalTarget("target"))
    case "strategy.failed": .failed(try failure())
    default: nil
    }
  }

  private mutating func request() throws(JSONError) -> StrategyRequest {
    let name = try string("request")
    switch name {
    case "select": return .select(try selection())
    case "route":
      return .route(try target("target"), ringTimeout: try optionalDuration("timeout"))
    case "wait": return .wait(try duration("seconds"))
    case "priority": return .priority(try number("priority"))
    case "attach": return .attach(try pairs("user_data"))
    case "note": return .note(try string("text"))
    case "exclude": return .exclude(try target("target"))
    case "available_agents": return .availableAgents(try filter("filter"))
    case "logged_in_agents": return .loggedInAgents(try filter("filter"))
    case "queue_waiting": return .queueWaiting(DN(try string("queue")))
    case "queue_oldest_wait": return .queueOldestWait(DN(try string("queue")))
    case "queue_expected_wait": return .queueExpectedWait(DN(try string("queue")))
    case "treat": return .treat(try treatment("treatment"))
    case "random": return .random
    case "header": return .header(try string("name"))
    case "share": return .share(try parts("parts"))
    case "state": return .state(try string("key"))
    case "set_state": return .setState(try string("key"), try optionalStateValue("value"))
    case "keep_place": return .keepPlace(try string("key"), try duration("seconds"))
    case "take_place": return .takePlace(try string("key"))
    default: throw JSONError("unknown request \"\(name)\"")
    }
  }

  private mutating func selection() throws(JSONError) -> Selection {
    var targets: [Target] = []
    for element in try elements("targets") { targets.append(try target(element)) }
    var selection = Selection(
      targets,
      timeout: try optionalDuration("timeout"),
      priority: try optionalNumber("priority")
    )
    if let word = try optionalString("by") {
      guard let rule = SelectionRule(word: word) else {
        throw JSONError("\"by\" is no rule: \"\(word)\"")
      }
      selection.rule = rule
    }
    selection.clears = try optionalBool("clear") ?? false
    selection.virtualQueue = try optionalString("virtual_queue").map { DN($0) }
    return selection
  }

  private mutating func treatment(_ key: String) throws(JSONError) -> Treatment {
    guard let value = take(key) else { throw JSONError("\"\(key)\" is missing") }
    var fields = try Fields(value)
    defer { note(fields.untaken) }
    if let name = try fields.optionalString("music") { return .music(name) }
    if let name = try fields.optionalString("announce") { return .announce(name) }
    if try fields.optionalBool("silence") != nil { return .silence }
    if try fields.optionalBool("ringback") != nil { return .ringback }
    return .collect(
      digits: try fields.number("collect"),
      timeout: try fields.optionalDuration("timeout"),
      announcement: try fields.optionalString("prompt")
    )
  }

  private mutating func failure() throws(JSONError) -> StrategyFailure {
    let name = try string("failure")
    switch name {
    case "error": return .error(try string("message"))
    case "instructions": return .instructions
    case "memory": return .memory
    case "steps": return .steps
    case "no_such_strategy": return .noSuchStrategy
    case "drained": return .drained
    default: throw JSONError("unknown failure \"\(name)\"")
    }
  }

  private mutating func optionalTarget(_ key: String) throws(JSONError) -> Target? {
    guard let value = take(key) else { return nil }
    return try target(value)
  }

  private mutating func target(_ key: String) throws(JSONError) -> Target {
    guard let target = try optionalTarget(key) else { throw JSONError("\"\(key)\" is missing") }
    return target
  }

  /// Reads a target; its unknown members count as ours.
  mutating func target(_ json: JSONValue) throws(JSONError) -> Target {
    var fields = try Fields(json)
    defer { note(fields.untaken) }
    if let dn = try fields.optionalString("dn") { return .dn(DN(dn)) }
    if let agent = try fields.optionalString("agent") { return .agent(AgentID(agent)) }
    if let queue = try fields.optionalString("queue") { return .queue(DN(queue)) }
    if json["queues"] != nil { return .queues(try fields.strings("queues").map { DN($0) }) }
    if json["any"] != nil { return .any(try fields.filter("any")) }
    if json["list"] != nil {
      var list: [Target] = []
      for element in try fields.elements("list") { list.append(try target(element)) }
      return .list(list)
    }
    if let name = try fields.optionalString("trunk") {
      return .trunk(name: name, number: try fields.string("number"))
    }
    if let status = try fields.optionalNumber("reject", as: UInt16.self) { return .reject(status) }
    throw JSONError("a target is none of dn, agent, queue, any, trunk, reject, list")
  }

  private mutating func filter(_ key: String) throws(JSONError) -> AgentFilter {
    var fields = try Fields(try object(key))
    defer { note(fields.untaken) }
    return AgentFilter(
      skills: try fields.optionalString("skills"),
      group: try fields.optionalString("group"),
      excludedAgents: try (fields.optionalStrings("exclude_agents") ?? []).map { AgentID($0) },
      excludedDNs: try (fields.optionalStrings("exclude_dns") ?? []).map { DN($0) }
    )
  }
}
