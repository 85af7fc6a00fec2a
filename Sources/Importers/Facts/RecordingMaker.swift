internal import Engine
internal import Wire

// The second pass: facts in the order of time become the lines of a recording.
//
// What is concluded may lie in the past of the fact that it follows from; therefore the lines go
// through a sorter of their own. Invariants: a call is live from its offer to its end; a ConnID is
// `firstConnID` plus the call's number. Who may change it: `Import.run`. Source: docs/recording.md.

/// Makes the lines of a recording from facts.
struct RecordingMaker: ~Copyable {
  private struct Live {
    var kind: Int?
    var offered: Int64
    var agent: Int?
    var attempt: UInt64 = 1
  }

  private static let firstConnID: UInt64 = 0x0D0E_0000_0000_0000

  private var collector: FactCollector
  private var lines: TimeSorter
  private var writer = JSONWriter()
  private var presence: Presence
  private var live: [UInt64: Live] = [:]
  private let epoch: Int64
  private var logins = 0
  private var breaks = 0

  init(_ collector: consuming FactCollector, besides place: String, sortLimit: Int) {
    presence = Presence(collector)
    // The second in which it began: a recording's times are then easy to read.
    epoch = collector.first / 1_000_000_000 * 1_000_000_000
    self.collector = collector
    lines = TimeSorter(besides: place, limit: sortLimit)
  }

  /// Writes the recording.
  ///
  /// - Parameters:
  ///   - output: Where.
  ///   - head: Writes the first line, when everything that it says is known.
  ///   - goesOn: Hears how far it is, from 0 to 1, and says whether to go on.
  /// - Returns: The report.
  /// - Throws: When it cannot be written.
  mutating func write(
    to output: ImportOutput,
    head: (borrowing ImportReport, Plan, UInt64) -> [UInt8],
    goesOn: (Double) -> Bool
  ) throws(ImportError) -> ImportReport {
    var facts = collector
    var done = 0
    func tell(_ part: Double, of count: UInt64) throws(ImportError) {
      done += 1
      if done % 8_192 == 0, !goesOn(part + 0.5 * Double(done) / Double(max(1, count))) {
        throw ImportError("stopped while the recording was written")
      }
    }
    let count = facts.count
    try facts.drain { (fact) throws(ImportError) in
      try tell(0, of: count)
      try take(fact)
    }
    for (agent, instant) in presence.ends() {
      try logout(agent, at: instant, isInferred: true)
    }
    finishReport()
    let plan = collector.plan
    try output.write(head(collector.report, plan, UInt64(epoch)))
    done = 0
    let written = lines.count
    try lines.drain { (_, line) throws(ImportError) in
      try tell(0.5, of: written)
      try output.write(line)
    }
    return collector.report
  }

  private mutating func finishReport() {
    collector.report.signals = Int(lines.count)
    collector.report.agents = collector.agents.count
    collector.report.queues = collector.queues.map {
      ImportReport.Count(name: $0.dn, count: $0.calls)
    }
    collector.report.span = UInt64(collector.first)..<UInt64(max(collector.first, collector.last))
    if logins > 0 {
      collector.report.inferred.append(
        "\(logins) log-ins from what agents did: there from the first call to the last, "
          + "a pause of 4 hours ends a shift"
      )
    }
    if breaks > 0 {
      collector.report.inferred.append(
        "\(breaks) breaks: pauses of more than 120 s in which a caller whom the agent serves "
          + "waited for more than 3 s"
      )
    }
    for (queue, work) in presence.work.enumerated() where work.count >= 10 && work.sum > 0 {
      // To a tenth of a second.
      let mean = (work.sum / work.count + 50_000_000) / 100_000_000 * 100_000_000
      collector.setWorkAfterCalls(.nanoseconds(mean), ofQueue: queue)
      collector.report.inferred.append(
        "after-call work of \(mean / 1_000_000_000).\(mean / 100_000_000 % 10) s in "
          + "\(collector.queues[queue].dn): the mean of \(work.count) pauses of up to 120 s that "
          + "began while a caller waited"
      )
    }
  }

  // MARK: Facts

  private mutating func take(_ fact: Fact) throws(ImportError) {
    switch fact.kind {
    case .offered: try offered(fact)
    case .ringing, .answered, .failed: try target(fact)
    case .released: try released(fact)
    case .attached:
      begin(fact.at, "call.attached")
      call(fact.call)
      userData(fact.data)
      try end(fact.at)
    case .join, .leave: try membership(fact)
    case .ready, .notReady: try readiness(fact)
    case .seen: try acts(fact.agent, at: fact.at, talks: false)
    case .inService, .outOfService:
      begin(fact.at, fact.kind == .inService ? "dn.in_service" : "dn.out_of_service")
      member("dn", fact.dn)
      try end(fact.at)
    case .restart: break
    }
  }

  private mutating func offered(_ fact: Fact) throws(ImportError) {
    let kind = collector.number(ofQueue: fact.dn, sort: fact.sort)
    live[fact.call] = Live(kind: kind, offered: fact.at)
    if let kind {
      let live = self.live
      presence.waits(fact.call, kind: kind, at: fact.at) {
        live[$0].map { $0.agent == nil } ?? false
      }
    }
    begin(fact.at, "call.offered")
    call(fact.call)
    member("dn", fact.dn)
    if !fact.first.isEmpty { member("ani", fact.first) }
    if !fact.second.isEmpty { member("dnis", fact.second) }
    userData(fact.data)
    try end(fact.at)
  }

  private mutating func target(_ fact: Fact) throws(ImportError) {
    guard var call = live[fact.call] else { return }
    let agent = fact.agent.isEmpty ? nil : collector.number(ofAgent: fact.agent)
    if fact.kind == .answered {
      try acts(fact.agent, at: fact.at, talks: true)
      if let kind = call.kind {
        presence.waitsNoLonger(kind: kind, since: call.offered, at: fact.at)
      }
      // A call that nobody is known to have answered has left the line all the same.
      call.agent = agent ?? -1
    } else if fact.kind == .failed || agent.map({ presence.isLongAway($0, at: fact.at) }) == true {
      try acts(fact.agent, at: fact.at, talks: false)
    }
    if fact.kind == .ringing, let agent { presence.rings(agent, at: fact.at) }
    begin(
      fact.at,
      fact.kind == .ringing
        ? "call.ringing" : fact.kind == .answered ? "call.answered" : "call.diversion_failed"
    )
    self.call(fact.call)
    writer.key("attempt")
    writer.value(call.attempt)
    if fact.kind == .failed {
      member("reason", fact.first)
      call.attempt += 1
    }
    if !fact.agent.isEmpty { member("agent", fact.agent) }
    if let agent { member("dn", collector.phone(ofAgent: agent)) }
    if fact.kind != .failed, !fact.second.isEmpty { member("previous", fact.second) }
    try end(fact.at)
    live[fact.call] = call
  }

  private mutating func released(_ fact: Fact) throws(ImportError) {
    guard let call = live.removeValue(forKey: fact.call) else { return }
    if let agent = call.agent {
      if agent >= 0 {
        let queue = call.kind.map { collector.kinds[$0].queue }
        let live = self.live
        presence.ends(agent, queue: queue, at: fact.at) {
          live[$0].map { $0.agent == nil } ?? false
        }
      }
    } else if let kind = call.kind {
      presence.waitsNoLonger(kind: kind, since: call.offered, at: fact.at)
    }
    // A call that has no end in the files has none in the recording.
    guard fact.second != "unfinished" else { return }
    begin(fact.at, "call.released")
    self.call(fact.call)
    member("by", fact.first)
    if !fact.second.isEmpty { member("outcome", fact.second) }
    if let position = Int64(fact.sort) {
      writer.key("position")
      writer.value(position)
    }
    if fact.isInferred { inferred() }
    try end(fact.at)
  }

  // MARK: Agents

  /// What follows from an agent's having done something.
  private mutating func acts(_ id: String, at instant: Int64, talks: Bool) throws(ImportError) {
    guard !id.isEmpty, let agent = collector.number(ofAgent: id) else { return }
    let live = self.live
    let conclusions = presence.acts(agent, at: instant, talks: talks) {
      live[$0].map { $0.agent == nil } ?? false
    }
    for conclusion in conclusions {
      switch conclusion {
      case .login(let instant):
        logins += 1
        try login(agent, queue: "", at: instant, isInferred: true)
      case .logout(let instant): try logout(agent, at: instant, isInferred: true)
      case .away(let start, let end):
        breaks += 1
        begin(start, "agent.not_ready")
        member("agent", id)
        member("reason", "break")
        inferred()
        try self.end(start, rank: 3)
        try ready(id, at: end, isInferred: true)
      }
    }
  }

  private mutating func membership(_ fact: Fact) throws(ImportError) {
    guard let agent = collector.number(ofAgent: fact.agent) else { return }
    // Who signs in to all his queues at once signs in to whatever queues a site gives him.
    let isPartial = collector.agents[agent].isPartial
    if fact.kind == .join {
      let wasThere = presence.isThere(agent)
      guard isPartial || !wasThere else { return }
      presence.isThere(agent, true)
      try login(
        agent,
        queue: isPartial ? fact.dn : "",
        at: fact.at,
        isInferred: fact.isInferred,
        isReady: !wasThere && fact.second != "not ready"
      )
    } else if fact.dn.isEmpty {
      presence.isThere(agent, false)
      try logout(agent, at: fact.at, isInferred: fact.isInferred)
    } else if isPartial {
      begin(fact.at, "agent.logout")
      member("agent", fact.agent)
      member("queue", fact.dn)
      if fact.isInferred { inferred() }
      try end(fact.at)
    }
  }

  private mutating func readiness(_ fact: Fact) throws(ImportError) {
    if let agent = collector.number(ofAgent: fact.agent), !presence.isThere(agent) {
      presence.isThere(agent, true)
      logins += 1
      try login(agent, queue: "", at: fact.at, isInferred: true, isReady: false)
    }
    if let agent = collector.number(ofAgent: fact.agent) { presence.isAway(agent) }
    guard fact.kind == .notReady else {
      return try ready(fact.agent, at: fact.at, isInferred: fact.isInferred, rank: 2)
    }
    begin(fact.at, "agent.not_ready")
    member("agent", fact.agent)
    if fact.second == "after call work" {
      writer.key("work_mode")
      writer.value(UInt64(3))
    }
    if !fact.first.isEmpty { member("reason", fact.first) }
    if fact.isInferred { inferred() }
    try end(fact.at)
  }

  private mutating func login(
    _ agent: Int,
    queue: String,
    at instant: Int64,
    isInferred: Bool,
    isReady: Bool = true
  ) throws(ImportError) {
    begin(instant, "agent.login")
    member("agent", collector.agents[agent].id)
    member("dn", collector.phone(ofAgent: agent))
    if !queue.isEmpty {
      writer.key("queues")
      writer.beginArray()
      writer.value(queue)
      writer.endArray()
    }
    if isInferred { inferred() }
    try end(instant, rank: isInferred ? 1 : 2)
    guard isReady else { return }
    let rank: UInt8 = isInferred ? 1 : 2
    try ready(collector.agents[agent].id, at: instant, isInferred: isInferred, rank: rank)
  }

  private mutating func ready(
    _ agent: String,
    at instant: Int64,
    isInferred: Bool,
    rank: UInt8 = 1
  ) throws(ImportError) {
    begin(instant, "agent.ready")
    member("agent", agent)
    if isInferred { inferred() }
    try end(instant, rank: rank)
  }

  private mutating func logout(
    _ agent: Int,
    at instant: Int64,
    isInferred: Bool
  ) throws(ImportError) {
    begin(instant, "agent.logout")
    member("agent", collector.agents[agent].id)
    if isInferred { inferred() }
    try end(instant, rank: isInferred ? 3 : 2)
  }

  // MARK: Lines

  private mutating func begin(_ instant: Int64, _ signal: StaticString) {
    writer.removeAll()
    writer.beginObject()
    writer.key("at")
    writer.seconds(nanoseconds: UInt64(max(0, instant - epoch)))
    writer.key("signal")
    writer.value("\(signal)")
  }

  private mutating func member(_ key: StaticString, _ text: String) {
    writer.key(key)
    writer.value(text)
  }

  private mutating func inferred() {
    writer.key("inferred")
    writer.value(true)
  }

  private mutating func call(_ number: UInt64) {
    writer.key("call")
    writer.hex(Self.firstConnID + number)
  }

  private mutating func userData(_ data: [String]) {
    guard data.count > 1 else { return }
    writer.key("user_data")
    writer.beginObject()
    for index in stride(from: 0, to: data.count - 1, by: 2) {
      writer.key(data[index])
      writer.value(data[index + 1])
    }
    writer.endObject()
  }

  private mutating func end(_ instant: Int64, rank: UInt8 = 2) throws(ImportError) {
    writer.endObject()
    writer.endLine()
    try lines.add(at: instant, rank: rank, writer.bytes)
  }
}
