// Targets, requests and answers as a strategy's author writes them: in decision records, in the
// stories of tests.

public import Engine

extension Target {
  /// The target as a strategy writes it.
  public var luaText: String {
    switch self {
    case .dn(let dn): "dn \"\(dn.number)\""
    case .agent(let agent): "agent \"\(agent.text)\""
    case .queue(let queue): "queue \"\(queue.number)\""
    case .queues(let queues):
      "{ " + queues.map { "queue \"\($0.number)\"" }.joined(separator: ", ") + " }"
    case .any(let filter): filter.luaText
    case .trunk(let name, let number): "trunk(\"\(name)\", \"\(number)\")"
    case .reject(let status): "reject(\(status))"
    case .list(let list): "{ " + list.map(\.luaText).joined(separator: ", ") + " }"
    }
  }
}

extension AgentFilter {
  /// The filter as a strategy writes it.
  public var luaText: String {
    var fields: [String] = []
    if let skills { fields.append("skills = \"\(skills)\"") }
    if let group { fields.append("group = \"\(group)\"") }
    let excluded =
      excludedAgents.map { "agent \"\($0.text)\"" } + excludedDNs.map { "dn \"\($0.number)\"" }
    if !excluded.isEmpty { fields.append("exclude = { \(excluded.joined(separator: ", ")) }") }
    return fields.isEmpty ? "ANY" : "any { \(fields.joined(separator: ", ")) }"
  }
}

extension Duration {
  /// The duration as `20 s` or `0.5 s`.
  var text: String { secondsText + " s" }

  /// Seconds with as many digits as they need, three at most.
  public var secondsText: String {
    let milliseconds = (nanosecondsClamped + 500_000) / 1_000_000
    let whole = milliseconds / 1_000
    var fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return fraction.isEmpty ? "\(whole)" : "\(whole).\(fraction)"
  }
}

extension StrategyRequest {
  /// The request in a line, as it stands in a strategy.
  public var luaText: String {
    switch self {
    case .select(let selection): selection.luaText
    case .route(let target, let timeout):
      "route " + target.luaText + (timeout.map { ", timeout \($0.text)" } ?? "")
    case .wait(let duration): "wait \(duration.text)"
    case .priority(let level): "priority \(level)"
    case .attach(let pairs):
      "attach " + pairs.map { "\($0.key) = \"\($0.value)\"" }.joined(separator: ", ")
    case .note(let text): "note \"\(text)\""
    case .exclude(let target): "exclude \(target.luaText)"
    case .availableAgents(let filter): "agents.available(\(filter.luaText))"
    case .loggedInAgents(let filter): "agents.logged_in(\(filter.luaText))"
    case .queueWaiting(let queue): "queues[\"\(queue.number)\"].waiting"
    case .queueOldestWait(let queue): "queues[\"\(queue.number)\"].oldest_wait"
    case .queueExpectedWait(let queue): "queues[\"\(queue.number)\"].expected_wait"
    case .treat(let treatment): "treat \(treatment.luaText)"
    case .random: "random()"
    case .share(let parts): "share " + parts.map(\.luaText).joined(separator: ", ")
    case .state(let key): "state.\(key)"
    case .setState(let key, let value): "state.\(key) = \(value?.luaText ?? "nil")"
    case .keepPlace(let key, let duration): "keep_place \"\(key)\" for \(duration.text)"
    case .takePlace(let key): "take_place \"\(key)\""
    case .header(let name): "header \"\(name)\""
    }
  }
}

extension Selection {
  fileprivate var luaText: String {
    var parts = ["select " + targets.map(\.luaText).joined(separator: ", ")]
    if let timeout { parts.append("timeout \(timeout.text)") }
    if rule != .longestIdle { parts.append("by \(rule.word)") }
    if let priority { parts.append("priority \(priority)") }
    if clears { parts.append("clear") }
    if let virtualQueue { parts.append("virtual queue \(virtualQueue.number)") }
    return parts.joined(separator: ", ")
  }
}

extension Treatment {
  /// The treatment as a strategy writes it, without braces.
  public var luaText: String {
    switch self {
    case .music(let name): "music \"\(name)\""
    case .announce(let name): "announce \"\(name)\""
    case .silence: "silence"
    case .ringback: "ringback"
    case .collect(let digits, let timeout, let announcement):
      "collect \(digits) digits" + (timeout.map { ", timeout \($0.text)" } ?? "")
        + (announcement.map { ", after \"\($0)\"" } ?? "")
    }
  }
}

extension StrategyAnswer {
  /// The answer as the strategy sees it; nil: there is nothing to tell.
  public var luaText: String? {
    switch self {
    case .done: nil
    case .selected(let target): target.luaText
    case .failed(let failure): "nil, \"\(failure.word)\""
    case .count(let count): "\(count)"
    case .duration(let duration): duration.secondsText
    case .expectedWait(let wait): wait.mean.secondsText
    case .treated(let result): result.digits.map { "\"\($0)\"" }
    case .notTreated(let reason): "nil, \"\(reason)\""
    case .bits: nil
    case .text(let text): text.map { "\"\($0)\"" } ?? "nil"
    case .value(let value): value?.luaText ?? "nil"
    case .noSuchPlace: "nil, \"no_such_place\""
    case .invalid(let message): "error: \(message)"
    }
  }
}

extension StateValue {
  /// The value as a strategy writes it.
  fileprivate var luaText: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .integer(let integer): "\(integer)"
    case .number(let bits): "\(Double(bitPattern: bits))"
    case .boolean(let truth): "\(truth)"
    }
  }
}

extension StrategyFailure {
  /// Why the strategy failed, for people.
  public var luaText: String {
    switch self {
    case .error(let message): message
    case .instructions: "the instruction budget of a step is used up"
    case .memory: "the memory budget is used up"
    case .steps: "the budget of requests is used up"
    case .noSuchStrategy: "there is no such strategy"
    case .drained: "its generation was drained"
    }
  }
}

extension SharePart {
  /// The part with its weight: `a = 70`.
  fileprivate var luaText: String {
    "\(name) = \(Duration.milliseconds(weight / 1_000).secondsText)"
  }
}
