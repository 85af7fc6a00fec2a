// Targets, requests and answers as a strategy's author writes them.

public import Engine

extension Target {
  /// The target as it is written in a strategy: `dn "7001"`, `any { skills = "sales > 2" }`.
  public var luaText: String {
    switch self {
    case .dn(let dn): "dn \"\(dn.number)\""
    case .agent(let agent): "agent \"\(agent.text)\""
    case .queue(let queue): "queue \"\(queue.number)\""
    case .queues(let list):
      "{ " + list.map { "queue \"\($0.number)\"" }.joined(separator: ", ") + " }"
    case .any(let filter): filter.luaText
    case .trunk(let name, let number): "trunk(\"\(name)\", \"\(number)\")"
    case .reject(let status): "reject(\(status))"
    }
  }
}

extension AgentFilter {
  /// The filter as it is written in a strategy: `ANY`, `any { … }`.
  public var luaText: String {
    var parts: [String] = []
    if let skills { parts.append("skills = \"\(skills)\"") }
    if let group { parts.append("group = \"\(group)\"") }
    let excluded =
      excludedAgents.map { "agent \"\($0.text)\"" } + excludedDNs.map { "dn \"\($0.number)\"" }
    if !excluded.isEmpty { parts.append("exclude = { \(excluded.joined(separator: ", ")) }") }
    return parts.isEmpty ? "ANY" : "any { \(parts.joined(separator: ", ")) }"
  }
}

extension Duration {
  /// Seconds for people: `20`, `2.5`.
  var secondsText: String {
    let (seconds, attoseconds) = components
    let thousandths = attoseconds / 1_000_000_000_000_000
    guard thousandths != 0 else { return String(seconds) }
    var digits = String(1_000 + thousandths).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(seconds).\(digits)"
  }
}

extension StrategyRequest {
  /// The request in the words of the language.
  public var words: String {
    switch self {
    case .select(let selection): selection.words
    case .route(let target, let timeout):
      "route \(target.luaText)" + (timeout.map { ", timeout \($0.secondsText) s" } ?? "")
    case .wait(let duration): "wait \(duration.secondsText) s"
    case .priority(let priority): "priority \(priority)"
    case .attach(let pairs):
      "attach " + pairs.map { "\($0.key) = \"\($0.value)\"" }.joined(separator: ", ")
    case .note(let text): "note: \(text)"
    case .exclude(let target): "exclude \(target.luaText)"
    case .availableAgents(let filter): "how many of \(filter.luaText) are available"
    case .loggedInAgents(let filter): "how many of \(filter.luaText) are logged in"
    case .queueWaiting(let queue): "how many wait in queue \(queue.number)"
    case .queueOldestWait(let queue): "the oldest wait in queue \(queue.number)"
    case .queueExpectedWait(let queue): "the expected wait in queue \(queue.number)"
    case .treat(let treatment): "treat: \(treatment.words)"
    case .random: "a random number"
    case .header(let name): "header \(name)"
    }
  }
}

extension Selection {
  var words: String {
    var text = "select "
    if targets.count == 1 {
      text += targets[0].luaText
    } else {
      text += "{ " + targets.map(\.luaText).joined(separator: ", ") + " }"
    }
    if let timeout { text += ", timeout \(timeout.secondsText) s" }
    if rule != .longestIdle { text += ", by \(rule.word)" }
    if let priority { text += ", priority \(priority)" }
    if clears { text += ", clear" }
    if let virtualQueue { text += ", virtual queue \(virtualQueue.number)" }
    return text
  }
}

extension Treatment {
  var words: String {
    switch self {
    case .music(let name): "music \(name)"
    case .announce(let name): "announce \(name)"
    case .silence: "silence"
    case .ringback: "ringback"
    case .collect(let digits, _, let announcement):
      "collect \(digits) digits" + (announcement.map { " after \($0)" } ?? "")
    }
  }
}

extension StrategyAnswer {
  /// The answer in the words of the language.
  public var words: String {
    switch self {
    case .done: "done"
    case .selected(let target): target.luaText
    case .failed(let failure): "nil, \"\(failure.word)\""
    case .count(let count): String(count)
    case .duration(let duration): "\(duration.secondsText) s"
    case .expectedWait(let wait):
      "\(wait.mean.secondsText) s (\(wait.low.secondsText) to \(wait.high.secondsText))"
    case .treated(let result): result.digits.map { "digits \($0)" } ?? "done"
    case .notTreated(let reason): "nil, \"\(reason)\""
    case .bits: "a number"
    case .text(let text): text.map { "\"\($0)\"" } ?? "nil"
    case .invalid(let message): "error: \(message)"
    }
  }
}

extension StrategyFailure {
  /// The failure in words.
  public var words: String {
    switch self {
    case .error(let message): message
    case .instructions: "the instruction budget was used up"
    case .memory: "the memory budget was used up"
    case .steps: "the budget of requests was used up"
    case .noSuchStrategy: "there is no such strategy"
    }
  }
}
