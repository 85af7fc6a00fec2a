internal import Engine
internal import Journal
internal import LuaBridge
internal import Reactor
internal import SIPGlue
internal import Wire

// What the shard remembers: where it begins, and what leaves only when it is written.
extension ShardLoop {
  /// Gives the switch what it must know of an earlier run.
  static func restore(_ bindings: [StoredBinding], to telephony: inout SIPSwitch) {
    // The last goes first: of the equally preferred, the one put in last is tried first.
    for stored in bindings.reversed() {
      var binding = Binding(
        uri: stored.uri,
        received: stored.host.map { PeerAddress(host: $0, port: stored.port) },
        expiresAt: stored.expires,
        callID: stored.callID,
        cseq: stored.cseq
      )
      binding.q = stored.q
      binding.device = stored.instance.map { Binding.Device(instance: $0, flow: stored.flow) }
      binding.path = stored.path
      binding.parameters = stored.parameters
      binding.since = stored.since
      binding.socket = stored.socket
      _ = telephony.restore(binding, of: stored.dn)
    }
  }

  /// Gives the switch the calls that were alive; returns those that go on.
  static func restore(
    _ dialogs: [StoredDialog],
    of calls: [ConnID],
    to telephony: inout SIPSwitch,
    at now: Instant
  ) -> Set<ConnID> {
    let known = Set(calls)
    let rows = dialogs.compactMap { dialog -> DialogRow? in
      guard let part = DialogRow.Part(rawValue: dialog.part) else { return nil }
      var row = DialogRow(id: dialog.id, part: part, state: dialog.state, body: dialog.body)
      row.conn = dialog.conn
      row.message = dialog.message
      return row
    }
    return Set(telephony.restore(rows, at: now) { known.contains($0) })
  }

  /// What ConnIDs are counted from: the present second, or the one after the last that was used.
  static func firstConnID(after last: ConnID?) -> UInt64 {
    max(Clock.realtime, ((last?.value ?? 0) >> 32 + 1) * 1_000_000_000)
  }

  /// The first signals: of a new server, or of one that goes on.
  mutating func begin() {
    for notice in beginning.notices { reports.post(.report(.warning(notice))) }
    // On the line they are over.
    for call in beginning.calls { feed(.line(.released(call, by: .line)), at: now) }
    if !beginning.calls.isEmpty {
      let count = beginning.calls.count
      let text = "\(count) \(count == 1 ? "call" : "calls") did not outlive the server's end"
      reports.post(.report(.warning(text)))
    }
    if beginning.kept > 0 {
      let count = beginning.kept
      let text = "\(count) \(count == 1 ? "call goes" : "calls go") on where the server's end left"
      reports.post(.report(.warning(text + (count == 1 ? " it" : " them"))))
    }
    for run in beginning.lost {
      feed(.control(.strategyLost(run.call, run.reason)), at: now)
      let text = "call \(run.call.text) takes its default route: \(run.reason)"
      reports.post(.report(.warning(text)))
    }
    feed(.control(.start), at: now)
    let fingerprint = shard.strategies.currentFingerprint
    if fingerprint != beginning.strategies {
      record(beginning.sources)
      let state = beginning.carried?.state
      feed(.control(.strategies(fingerprint: fingerprint, state: state)), at: now)
    }
    if let carried = beginning.carried { carryOver(carried) }
    beginning = Beginning()
  }

  /// Brings the agents of another site's engine to where they were, who was idle longest first.
  private mutating func carryOver(_ carried: CarriedState) {
    for dn in beginning.registered { feed(.line(.inService(dn)), at: now) }
    for agent in carried.agents {
      let present = shard.snapshot(at: now).agents.first { $0.id == agent.id }
      guard let present else { continue }
      let isIn = present.state != "logged_out"
      guard let dn = agent.dn else {
        if isIn { feed(.agent(.logout(agent.id, reference: 0)), at: now) }
        continue
      }
      if !isIn { feed(.agent(.login(agent.id, dn: dn, reference: 0)), at: now) }
      let signal: AgentSignal =
        agent.isReady
        ? .ready(agent.id, reference: 0)
        : .notReady(agent.id, agent.workMode, reason: agent.reason, reference: 0)
      feed(.agent(signal), at: now)
    }
  }

  /// Records the sources of a generation that comes into use.
  mutating func record(_ sources: StrategyFiles?) {
    guard line.recorder.isOn, let sources else { return }
    line.recorder.entries.append(.sources(sources))
  }

  /// Says something to the control thread that outsiders will rely on: after the commit.
  mutating func answer(_ report: ShardReport) {
    guard line.recorder.isOn else {
      reports.post(.report(report))
      return
    }
    line.recorder.isAwaited = true
    held.append(report)
  }

  /// Notes what the line side must know in another process.
  private mutating func collect(at now: Instant) {
    line.telephony.takeRegistrations(at: now) { dn, binding in line.recorder.add(dn, binding) }
    let isAwaited = line.telephony.takeDialogs(at: now) { line.recorder.add($0) }
    if isAwaited { line.recorder.isAwaited = true }
  }

  /// Hands this turn to the store, and sends what may leave.
  mutating func deliver(at now: Instant) {
    line.telephony.sayTrying()
    collect(at: now)
    guard let writer else {
      line.send()
      return
    }
    takeImageIfDue(at: now)
    if !line.recorder.entries.isEmpty {
      let group = writer.hand(&line.recorder.entries)
      lastGroup = group ?? lastGroup
      if isOverrun != (group == nil) {
        isOverrun.toggle()
        updateAdmission()
      }
    }
    if line.recorder.isAwaited {
      line.recorder.isAwaited = false
      let mark = CommitMark(group: lastGroup, written: line.written, held: held.count)
      if lastGroup > committed { marks.append(mark) }
    }
    guard !marks.isEmpty else { return release() }
    let standing = writer.standing()
    committed = standing.committed
    // In trouble, what was accepted goes on all the same.
    if standing.trouble != nil { return release() }
    release(upTo: committed)
    if marks.isEmpty { release() } else { writer.hurry() }
  }

  /// Lets everything leave that waits.
  private mutating func release() {
    marks.removeAll(keepingCapacity: true)
    released = line.written
    line.send()
    for report in held { reports.post(.report(report)) }
    held.removeAll(keepingCapacity: true)
  }

  /// Lets leave what waited for a group that is written, or for an earlier one.
  private mutating func release(upTo group: UInt64) {
    let due = marks.prefix { $0.group <= group }
    if let last = due.last {
      released = last.written
      for report in held[..<last.held] { reports.post(.report(report)) }
      held.removeFirst(last.held)
      marks.removeFirst(due.count)
      for index in marks.indices { marks[index].held -= last.held }
    }
    line.send(before: released)
  }

  /// The store has news: a commit, or trouble that begins or ends.
  mutating func hearStore(at now: Instant) {
    guard let standing = writer?.standing() else { return }
    committed = standing.committed
    let isTroubled = standing.trouble != nil
    guard isTroubled != storeIsTroubled else { return }
    storeIsTroubled = isTroubled
    updateAdmission()
    let text =
      standing.trouble.map { "\($0): new calls are refused until it can be written again" }
      ?? "the store can be written again: calls are taken"
    reports.post(.report(.warning(text)))
    feed(.control(.alarm(text)), at: now)
  }

  /// Whether new calls are refused with 503.
  mutating func updateAdmission() {
    line.telephony.isDraining = isStopping || storeIsTroubled || isOverrun
  }

  /// Writes what is left, at the end.
  mutating func closeStore() {
    guard let writer else { return }
    collect(at: now)
    line.recorder.isAwaited = false
    takeLastImage(at: now)
    if !line.recorder.entries.isEmpty { _ = writer.hand(&line.recorder.entries) }
    if let trouble = writer.stop() {
      reports.post(.report(.warning("not everything is stored: \(trouble)")))
    }
    release()
    self.writer = nil
  }
}

/// What one turn made that leaves when a group is written.
struct CommitMark {
  /// The group.
  var group: UInt64
  /// How many datagrams there had been until then, of all that were ever made.
  var written: UInt64
  /// How many of the answers that are held.
  var held: Int
}
