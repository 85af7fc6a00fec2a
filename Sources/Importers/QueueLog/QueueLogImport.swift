// Asterisk's queue_log: an event a line, in the order in which the events happened.
//
// States of a call: waiting, talking, over. Invariants: a call is over exactly once; `members` says
// where an agent is signed in. Who may change it: the one import that runs.
// Source: Asterisk's documentation of queue_log; docs/import.md, "queue-log".

/// Imports queue logs.
struct QueueLogImport {
  private struct Open {
    var number: UInt64
    var queue: String
    var entered: Int64
    var isAnswered = false
  }

  private struct Staff {
    /// Queues, and "" for a log-in that is not for one queue.
    var memberships: Set<String> = []
    var pausedIn: Set<String> = []
    var isPausedEverywhere = false
    var wasPaused = false
    var isPaused: Bool {
      let queues = memberships.subtracting([""])
      return isPausedEverywhere
        || (!pausedIn.isEmpty && (queues.isEmpty || queues.isSubset(of: pausedIn)))
    }
  }

  private var open: [String: Open] = [:]
  private var dials: [String: String] = [:]
  private var dialled: [String: String] = [:]
  private var staff: [String: Staff] = [:]
  private var first = Int64.max
  private var last: Int64 = 0
  private var merged: [String: String] = [:]

  /// Reads all files of a request, the oldest first.
  static func run(
    _ request: ImportRequest,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    var files: [(path: String, begins: Int64)] = []
    for path in request.files { files.append((path, try QueueLogFile(path, request).begins())) }
    var state = QueueLogImport()
    for (path, _) in files.sorted(by: { $0.begins < $1.begins }) {
      var file = try QueueLogFile(path, request)
      try file.read(&collector, progress) { (line, collector) throws(ImportError) in
        try state.take(line, &collector)
      }
    }
    try state.finish(&collector)
  }

  // MARK: Lines

  private mutating func take(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    first = min(first, line.at)
    last = max(last, line.at)
    collector.sees(line.at)
    collector.report.count(line.event)
    switch line.event {
    case "ENTERQUEUE": try enters(line, &collector)
    case "CONNECT": try connects(line, &collector)
    case "RINGNOANSWER": try fails(line, "no_answer", &collector)
    case "RINGCANCELED": try fails(line, "cancelled", &collector)
    case "AGENTDUMP": try fails(line, "rejected", &collector)
    case "SYSCOMPAT": try fails(line, "unreachable", &collector)
    case "COMPLETEAGENT": try ends(line, by: "target", "", &collector)
    case "COMPLETECALLER": try ends(line, by: "caller", "", &collector)
    case "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER":
      try ends(line, by: "target", "transferred", &collector)
    case "ABANDON": try ends(line, by: "caller", "abandoned", &collector)
    case "EXITWITHTIMEOUT": try ends(line, by: "line", "timeout", &collector)
    case "EXITWITHKEY": try ends(line, by: "line", "key", &collector)
    case "EXITEMPTY": try ends(line, by: "line", "empty", &collector)
    case "QUEUESTART": try restarts(line, &collector)
    case "DID": try dialled(line, &collector)
    case "ADDMEMBER", "REMOVEMEMBER", "AGENTLOGIN", "AGENTCALLBACKLOGIN", "AGENTLOGOFF",
      "AGENTCALLBACKLOGOFF":
      try signs(line, &collector)
    case "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL": try pauses(line, &collector)
    case "OUTDIAL": try dials(line, &collector)
    default: if line.event.hasPrefix("OUT") { try hangsUp(line, &collector) }
    }
  }

  private mutating func enters(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    if let before = open[line.call] { try isLost(before, &collector) }
    if open.count >= ImportLimits.openCallsMax { try loseOldest(&collector) }
    let number = collector.newCall()
    open[line.call] = Open(number: number, queue: line.queue, entered: line.at)
    var fact = Fact(.offered, at: line.at, call: number)
    fact.dn = line.queue.isEmpty ? "queue" : line.queue
    (fact.first, fact.second) = (line.caller, dialled.removeValue(forKey: line.call) ?? "")
    fact.data = ["call_id", line.call]
    if !line.position.isEmpty { fact.data += ["position", line.position] }
    try collector.add(fact)
  }

  private mutating func connects(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let call = open[line.call] else { return unknown(line, &collector) }
    guard !call.isAnswered else {
      collector.report.count("second answers of a call (left out)")
      return
    }
    open[line.call]?.isAnswered = true
    let agent = agent(line.member, &collector)
    try rings(line, call, agent, &collector)
    var fact = Fact(.answered, at: line.at, call: call.number)
    (fact.agent, fact.dn) = (agent, phone(line.member))
    fact.first = call.queue
    try collector.add(fact)
  }

  private func rings(
    _ line: QueueLogLine,
    _ call: Open,
    _ agent: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let ring = line.ring, ring > 0, line.at - ring >= call.entered else { return }
    var fact = Fact(.ringing, at: line.at - ring, call: call.number)
    fact.agent = agent
    try collector.add(fact)
  }

  private mutating func fails(
    _ line: QueueLogLine,
    _ reason: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let call = open[line.call], !call.isAnswered else { return unknown(line, &collector) }
    let agent = agent(line.member, &collector)
    try rings(line, call, agent, &collector)
    var fact = Fact(.failed, at: line.at, call: call.number)
    (fact.agent, fact.dn) = (agent, phone(line.member))
    (fact.first, fact.second) = (reason, call.queue)
    try collector.add(fact)
  }

  private mutating func ends(
    _ line: QueueLogLine,
    by: String,
    _ outcome: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let call = open.removeValue(forKey: line.call) else { return unknown(line, &collector) }
    var fact = Fact(.released, at: line.at, call: call.number)
    (fact.first, fact.second, fact.sort) = (by, outcome, line.position)
    if outcome.isEmpty, !call.isAnswered { fact.second = "abandoned" }
    try collector.add(fact)
  }

  private mutating func restarts(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    for call in open.values.sorted(by: { $0.number < $1.number }) {
      var fact = Fact(.released, at: line.at, call: call.number)
      (fact.first, fact.second, fact.isInferred) = ("line", "restart", true)
      try collector.add(fact)
      collector.report.count("calls that a restart of Asterisk ended")
    }
    open.removeAll()
    dials.removeAll()
  }

  private mutating func dialled(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let call = open[line.call] else {
      if dialled.count >= ImportLimits.openCallsMax { dialled.removeAll() }
      dialled[line.call] = line.text
      return
    }
    var fact = Fact(.attached, at: line.at, call: call.number)
    fact.data = ["did", line.text]
    try collector.add(fact)
  }

  private func unknown(_ line: QueueLogLine, _ collector: inout FactCollector) {
    collector.report.count("\(line.event) without a call that waits")
  }

  // MARK: Agents

  private mutating func signs(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let agent = agent(line.member, &collector)
    guard !agent.isEmpty else { return }
    var own = staff[agent] ?? Staff()
    defer { staff[agent] = own }
    let queue = line.event.hasSuffix("MEMBER") ? line.queue : ""
    let isJoin = line.event == "ADDMEMBER" || line.event.hasSuffix("LOGIN")
    var fact = Fact(isJoin ? .join : .leave, at: line.at)
    (fact.agent, fact.dn, fact.first) = (agent, queue, phone(line.member))
    guard !isJoin else {
      guard own.memberships.insert(queue).inserted else { return }
      if own.isPaused { fact.second = "not ready" }
      return try collector.add(fact)
    }
    if own.memberships.remove(queue) == nil {
      // He was there before the file began, or before we knew.
      guard own.memberships.isEmpty else { return }
      var before = fact
      before.kind = .join
      before.at = max(first, line.at - (line.loggedIn ?? line.at))
      before.isInferred = true
      collector.report.count("log-ins before the file begins")
      try collector.add(before, rank: 1)
    }
    if own.memberships.isEmpty {
      fact.dn = ""
      own = Staff()
    } else if queue.isEmpty {
      // The memberships of queues remain.
      return
    }
    try collector.add(fact)
  }

  private mutating func pauses(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let agent = agent(line.member, &collector)
    guard !agent.isEmpty else { return }
    var own = staff[agent] ?? Staff()
    switch line.event {
    case "PAUSEALL": own.isPausedEverywhere = true
    case "UNPAUSEALL": (own.isPausedEverywhere, own.pausedIn) = (false, [])
    case "PAUSE" where line.queue.isEmpty: own.isPausedEverywhere = true
    case "PAUSE": own.pausedIn.insert(line.queue)
    case _ where line.queue.isEmpty: (own.isPausedEverywhere, own.pausedIn) = (false, [])
    default: own.pausedIn.remove(line.queue)
    }
    let (was, isNow) = (own.wasPaused, own.isPaused)
    own.wasPaused = isNow
    staff[agent] = own
    guard was != isNow else {
      if line.event == "PAUSE", !isNow {
        collector.report.count("pauses in one of several queues (he stays ready for all)")
      }
      return
    }
    var fact = Fact(isNow ? .notReady : .ready, at: line.at)
    (fact.agent, fact.first) = (agent, isNow ? line.text : "")
    fact.data = []
    try collector.add(fact)
  }

  private mutating func dials(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let agent = agent(line.member, &collector)
    guard !agent.isEmpty, staff[agent]?.memberships.isEmpty == false else { return }
    if dials.count >= ImportLimits.openCallsMax { dials.removeAll() }
    dials[line.call] = agent
    var fact = Fact(.notReady, at: line.at)
    (fact.agent, fact.first) = (agent, "outbound call")
    try collector.add(fact)
  }

  private mutating func hangsUp(
    _ line: QueueLogLine,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let agent = dials.removeValue(forKey: line.call), let own = staff[agent],
      !own.memberships.isEmpty, !own.isPaused, !dials.values.contains(agent)
    else { return }
    var fact = Fact(.ready, at: line.at)
    fact.agent = agent
    try collector.add(fact)
  }

  // MARK: Names

  /// `SIP/400-0001`, `Local/2001@internal/n`, `Agent/1127`: the number is the agent.
  private mutating func agent(_ member: String, _ collector: inout FactCollector) -> String {
    let name = Self.plain(member)
    guard !name.isEmpty else { return "" }
    if let known = merged[name] {
      if known != member, !known.isEmpty {
        merged[name] = ""
        collector.report.isUnderstood("\(known) and \(member) are one agent, \(name)")
      }
    } else {
      merged[name] = member
    }
    return name
  }

  private static func plain(_ member: String) -> String {
    guard let slash = member.firstIndex(of: "/") else { return member }
    let rest = member[member.index(after: slash)...]
    let name = rest.prefix { $0 != "@" && $0 != "/" && $0 != "-" }
    return name.isEmpty ? member : String(name)
  }

  private func phone(_ member: String) -> String {
    let name = Self.plain(member)
    return name.contains(" ") ? "" : name
  }

  // MARK: The end

  private mutating func isLost(
    _ call: Open,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    var fact = Fact(.released, at: last, call: call.number)
    (fact.first, fact.second) = ("line", "unfinished")
    try collector.add(fact)
  }

  private mutating func loseOldest(_ collector: inout FactCollector) throws(ImportError) {
    let oldest = open.sorted { $0.value.number < $1.value.number }.prefix(open.count / 2)
    for (key, call) in oldest {
      open[key] = nil
      try isLost(call, &collector)
    }
  }

  private mutating func finish(_ collector: inout FactCollector) throws(ImportError) {
    for call in open.values.sorted(by: { $0.number < $1.number }) { try isLost(call, &collector) }
    open.removeAll()
    if collector.agents.contains(where: { !$0.isExplicit }) {
      let names = collector.agents.filter { !$0.isExplicit }.map(\.id)
      collector.report.notInferred.append(
        "when \(names.count) members of the configuration were there (no ADDMEMBER or log-in): "
          + names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
      )
    }
    collector.report.notInferred.append(
      "after-call work (wrapuptime) is not in a queue log; where callers waited it is inferred"
    )
  }
}
