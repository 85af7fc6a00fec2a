// The callers and phones of a recording: how they react to whatever is decided.
//
// Kept is what a caller and a conversation would be like anyhow: patience, talk time, how long a
// phone rings. A phone that was not answered is not answered again when the same call comes to it.
// Invariants: as for `SimulationFloor`; `callers` has an element for each of its slots; `script`
// holds what the line will say about a call, the next thing last.
// Who may change it: `DryRun`.

internal import Engine
internal import Wire

/// A call of a recording on the floor.
struct DryCaller {
  /// Its place in the facts.
  var fact: Int32 = 0
  /// How it ended, and how long it waited, in the recording.
  var end = FactEnd.waiting
  var wait: UInt64 = 0
  /// What the line says later, the next thing last.
  var script: [(due: UInt64, signal: LineSignal)] = []
  /// Which recorded attempts and treatments have had their turn.
  var usedAttempts: UInt64 = 0
  var usedHeard: UInt64 = 0
  var headers = 0
  /// Whether he gives up at some time.
  var hasPatience = false

  /// Another call takes the place of one that is over.
  mutating func begin(_ place: Int32, _ fact: borrowing CallFact, hasPatience: Bool) {
    self.fact = place
    end = fact.end
    wait = fact.wait
    self.hasPatience = hasPatience
    usedAttempts = 0
    usedHeard = 0
    headers = 0
    forgetScript()
  }

  /// The line says nothing more.
  mutating func forgetScript() {
    if !script.isEmpty { script.removeAll(keepingCapacity: true) }
  }
}

struct DryFloor {
  var floor: SimulationFloor
  let facts: Facts
  let draws: Draws
  var result: DryRunResult
  private var callers: [DryCaller] = []
  private var agentNames: [Int32] = []
  /// What the facts call each agent; negative: he is not among them.
  private var agentTargets: [Int32] = []
  /// Calls whose decision record is wanted, by ConnID, and those of them that are over.
  var wanted: [ConnID: Int32] = [:]
  var wantedAndOver: [ConnID] = []
  private let keepsOutcomes: Bool

  init(_ model: DryRunModel, _ floor: SimulationFloor, run: Int, keepsOutcomes: Bool) {
    self.floor = floor
    self.keepsOutcomes = keepsOutcomes
    facts = model.facts
    draws = Draws(model.basis, rule: model.patience, seed: model.seed(ofRun: run))
    result = DryRunResult(report: SimulationReport(types: []))
    if keepsOutcomes {
      result.outcomes = [CallOutcome](repeating: CallOutcome(), count: model.facts.calls.count)
    }
    for agent in floor.agents {
      let name = "agent:" + agent.id
      agentNames.append(result.names.number(of: name))
      agentTargets.append(facts.targets.known(name) ?? -1)
    }
  }

  // MARK: Callers

  /// A call comes; returns its slot.
  mutating func arrive(_ index: Int, isCounted: Bool) -> Int32 {
    let fact = facts.calls[index]
    let patience = draws.patience(of: fact)
    let slot = floor.arrive(
      type: Int(fact.group),
      service: draws.talk(of: fact),
      patience: patience,
      isCounted: isCounted,
      connID: fact.connID
    )
    while callers.count <= Int(slot) { callers.append(DryCaller()) }
    callers[Int(slot)].begin(Int32(index), fact, hasPatience: patience != nil)
    return slot
  }

  private func fact(_ slot: Int32) -> CallFact { facts.calls[Int(callers[Int(slot)].fact)] }

  /// How a call ended in the recording.
  func recordedEnd(_ slot: Int32) -> FactEnd { callers[Int(slot)].end }

  /// A call is over.
  mutating func finish(_ slot: Int32, _ end: SimulatedEnd) {
    let call = floor.calls[slot]
    let index = callers[Int(slot)].fact
    let recorded = callers[Int(slot)].end
    let wait = (end == .answered ? call.answered : floor.now) - call.offered
    var isDrawn = false
    // Who would wait for ever had nothing drawn: nobody like him ever gave up.
    if wait > callers[Int(slot)].wait, recorded != .abandoned, recorded != .failed,
      end != .unanswerable, callers[Int(slot)].hasPatience
    {
      result.drawn.patience += 1
      isDrawn = true
      if end == .abandoned { result.drawn.gaveUp += 1 }
    }
    if end == .answered, recorded != .answered {
      result.drawn.talk += 1
      isDrawn = true
    }
    if keepsOutcomes {
      var outcome = CallOutcome(wait: wait, end: end)
      outcome.isDefaulted = call.isDefaulted
      outcome.isDrawn = isDrawn
      if end == .answered || end == .gone, call.target >= 0 { outcome.target = target(of: call) }
      result.outcomes[Int(index)] = outcome
    }
    if !wanted.isEmpty, wanted[call.connID] != nil { wantedAndOver.append(call.connID) }
    callers[Int(slot)].forgetScript()
    floor.end(slot, end)
  }

  private mutating func target(of call: SimulatedCall) -> Int32 {
    if call.agent >= 0 { return agentNames[Int(call.agent)] }
    let name = floor.targets[Int(call.target)].name
    return result.names.number(of: name.hasPrefix("trunk:") ? name : "dn:" + name)
  }

  /// Nobody knows what would have happened: the call leaves.
  mutating func giveUp(_ slot: Int32, _ reason: String) {
    let connID = floor.calls[slot].connID
    note(connID, at: floor.calls[slot].offered, reason)
    finish(slot, .unanswerable)
    floor.reply(.released(connID, by: .line))
  }

  /// Keeps a question that cannot be answered.
  mutating func note(_ call: ConnID, at: UInt64, _ reason: String) {
    guard result.unanswerable.count < DryRunResult.unanswerableListed else { return }
    let question = Unanswerable(call: call.text, at: Double(at) / 1e9, reason: reason)
    result.unanswerable.append(question)
  }

  // MARK: The line

  /// Plans what the line says about a call; what is due at once is said at once.
  private mutating func plan(_ slot: Int32, _ signals: [(delay: UInt64, signal: LineSignal)]) {
    var rest: [(due: UInt64, signal: LineSignal)] = []
    for (delay, signal) in signals {
      if delay == 0, rest.isEmpty {
        floor.reply(signal)
      } else {
        rest.append((floor.now + delay, signal))
      }
    }
    rest.reverse()
    callers[Int(slot)].script = rest
    if let next = rest.last {
      floor.agenda.set(2 * slot + 1, due: next.due)
    } else {
      floor.agenda.remove(2 * slot + 1)
    }
  }

  /// What the line says about a call now.
  mutating func nextOfScript(_ slot: Int32) -> LineSignal? {
    let next = callers[Int(slot)].script.popLast()
    if let after = callers[Int(slot)].script.last {
      floor.agenda.set(2 * slot + 1, due: after.due)
    }
    return next?.signal
  }

  /// Takes in what the engine announces, and carries out what it asks of the line.
  mutating func take(_ outbox: borrowing Outbox) {
    if !outbox.events.isEmpty { floor.note(outbox) }
    for index in outbox.lineCommands.indices {
      // Nearly every command is a diversion: nothing of another one is copied for it.
      if case .divert(let connID, let attempt, let to, let mode) = outbox.lineCommands[index] {
        divert(connID, attempt, to, mode)
      } else {
        perform(outbox.lineCommands[index])
      }
    }
  }

  private mutating func perform(_ command: LineCommand) {
    switch command {
    case .divert(let connID, let attempt, let destination, let mode):
      divert(connID, attempt, destination, mode)
    case .cancelDiversion(let connID, _, _):
      if let slot = floor.calls.slot(of: connID) { callers[Int(slot)].forgetScript() }
      floor.cancelDiversion(connID)
    case .queued, .dequeued, .transfer, .alsoName: break
    case .reject(let connID, _):
      if let slot = floor.calls.slot(of: connID) { finish(slot, .rejected) }
    case .release(let connID):
      if let slot = floor.calls.slot(of: connID) {
        finish(slot, floor.calls[slot].place == .talking ? .answered : .gone)
      }
    case .applyTreatment(let connID, let number, let kind): treat(connID, number, kind)
    case .readHeader(let connID, let name): readHeader(connID, name)
    }
  }

  private mutating func divert(
    _ connID: ConnID,
    _ attempt: UInt32,
    _ destination: Destination,
    _ mode: DivertMode
  ) {
    guard let slot = floor.send(connID, attempt, to: destination) else { return }
    callers[Int(slot)].forgetScript()
    let agent = floor.calls[slot].agent
    let target: Int32
    if agent >= 0 {
      target = agentTargets[Int(agent)]
    } else {
      let name = destination.reportName
      target = facts.targets.known(name) ?? -1
      if target < 0, facts.hasSteps || !facts.hasEvents {
        giveUp(slot, "nothing in the recording was sent to \(name.dropFirstPart)")
        return
      }
    }
    if target >= 0, let failed = takeAttempt(slot, target) {
      ringAsRecorded(slot, connID, attempt, failed)
    } else if target >= 0, let absence = facts.absence(of: target, at: floor.now) {
      ringInVain(slot, connID, attempt, absence)
    } else {
      ring(slot, connID, attempt, mode)
    }
  }

  /// Somebody answers, or the line takes the call over.
  private mutating func ring(
    _ slot: Int32,
    _ connID: ConnID,
    _ attempt: UInt32,
    _ mode: DivertMode
  ) {
    let fact = fact(slot)
    if mode == .redirect {
      let delay = fact.end == .redirected ? fact.pick : 0
      plan(slot, [(delay, .diverted(connID, attempt: attempt))])
      return
    }
    let (rang, pick) = draws.pick(of: fact, facts.picks)
    if rang == CallFact.never, pick == 0 {
      // Nothing to plan: a model's phones are like that.
      floor.replies.append(LineReply(.answered, connID, attempt))
      return
    }
    let answer = (delay: pick, signal: LineSignal.answered(connID, attempt: attempt))
    guard rang != CallFact.never else { return plan(slot, [answer]) }
    plan(slot, [(min(rang, pick), .ringing(connID, attempt: attempt)), answer])
  }

  /// The attempt fails as it did, unless the engine takes it back before.
  private mutating func ringAsRecorded(
    _ slot: Int32,
    _ connID: ConnID,
    _ attempt: UInt32,
    _ failed: CallExtras.Attempt
  ) {
    var signals: [(delay: UInt64, signal: LineSignal)] = []
    if failed.rang != CallFact.never {
      signals.append((failed.rang, .ringing(connID, attempt: attempt)))
    }
    if failed.failed != CallFact.never {
      let end = LineSignal.diversionFailed(
        connID,
        attempt: attempt,
        failed.reason,
        status: failed.status
      )
      signals.append((failed.failed, end))
    }
    plan(slot, signals)
  }

  /// The agent was away then: nobody answers his phone.
  private mutating func ringInVain(
    _ slot: Int32,
    _ connID: ConnID,
    _ attempt: UInt32,
    _ absence: Absence
  ) {
    let rings = (delay: UInt64(0), signal: LineSignal.ringing(connID, attempt: attempt))
    guard absence.rings != CallFact.never else { return plan(slot, [rings]) }
    let end = LineSignal.diversionFailed(connID, attempt: attempt, .noAnswer)
    plan(slot, [rings, (absence.rings, end)])
  }

  /// The recorded attempt of this call at the same target that failed, if it has not had its turn.
  private mutating func takeAttempt(_ slot: Int32, _ target: Int32) -> CallExtras.Attempt? {
    guard !facts.extras.isEmpty,
      let attempts = facts.extras[callers[Int(slot)].fact]?.attempts
    else { return nil }
    for (index, attempt) in attempts.prefix(64).enumerated() {
      let bit: UInt64 = 1 << UInt64(index)
      guard attempt.target == target, callers[Int(slot)].usedAttempts & bit == 0 else { continue }
      callers[Int(slot)].usedAttempts |= bit
      return attempt
    }
    return nil
  }

  private mutating func readHeader(_ connID: ConnID, _ name: String) {
    guard let slot = floor.calls.slot(of: connID) else { return }
    let caller = callers[Int(slot)]
    let headers = facts.extras[caller.fact]?.headers ?? []
    if let header = headers.first(where: { $0.name == name }) {
      floor.reply(.header(connID, header.value))
      return
    }
    // Without steps nobody knows which was read; the order is as recorded.
    callers[Int(slot)].headers += 1
    guard caller.headers < headers.count, headers[caller.headers].name.isEmpty else {
      giveUp(slot, "the header \(name) was not read in the recording")
      return
    }
    floor.reply(.header(connID, headers[caller.headers].value))
  }

  private mutating func treat(_ connID: ConnID, _ number: UInt32, _ kind: Treatment) {
    guard let slot = floor.calls.slot(of: connID), floor.calls[slot].place == .waiting else {
      return
    }
    floor.calls[slot].treatment = number
    if let heard = takeHeard(slot, number, TreatmentName.of(kind)) {
      replay(slot, connID, number, heard, kind)
      return
    }
    let applied = (delay: UInt64(0), signal: LineSignal.treatmentApplied(connID, treatment: number))
    switch kind {
    case .music, .silence, .ringback: plan(slot, [applied])
    case .announce:
      result.drawn.announcements += 1
      let end = LineSignal.treatmentEnded(connID, treatment: number, TreatmentResult())
      plan(slot, [applied, (Self.announcement, end)])
    case .collect: giveUp(slot, "this caller was not asked for digits in the recording")
    }
  }

  private mutating func replay(
    _ slot: Int32,
    _ connID: ConnID,
    _ number: UInt32,
    _ heard: CallExtras.Heard,
    _ kind: Treatment
  ) {
    if let reason = heard.reason {
      plan(slot, [(0, .treatmentNotApplied(connID, treatment: number, reason: reason))])
      return
    }
    let begin = heard.applied == CallFact.never ? 0 : heard.applied
    var signals = [(delay: begin, signal: LineSignal.treatmentApplied(connID, treatment: number))]
    if heard.ended != CallFact.never, !kind.isContinuous {
      let outcome = TreatmentResult(digits: heard.digits, wasInterrupted: heard.wasInterrupted)
      signals.append((heard.ended, .treatmentEnded(connID, treatment: number, outcome)))
    } else if !kind.isContinuous {
      // It was cut off by a diversion: it lasts at least so long.
      let end = LineSignal.treatmentEnded(connID, treatment: number, TreatmentResult())
      signals.append((max(begin, Self.announcement), end))
    }
    plan(slot, signals)
  }

  /// What was recorded of the same treatment of this call, if that has not had its turn.
  private mutating func takeHeard(
    _ slot: Int32,
    _ number: UInt32,
    _ what: String
  ) -> CallExtras.Heard? {
    let caller = callers[Int(slot)]
    for (index, heard) in (facts.extras[caller.fact]?.heard ?? []).prefix(64).enumerated() {
      let bit: UInt64 = 1 << UInt64(index)
      guard caller.usedHeard & bit == 0 else { continue }
      guard heard.what.isEmpty ? heard.number == number : heard.what == what else { continue }
      callers[Int(slot)].usedHeard |= bit
      return heard
    }
    return nil
  }

  /// An announcement of which nothing is known takes five seconds.
  private static let announcement: UInt64 = 5_000_000_000
}

extension String {
  /// What stands after the kind of a target's name: `7001` of `dn:7001`, the whole of a trunk's.
  var dropFirstPart: String {
    hasPrefix("dn:") ? "extension " + dropFirst(3) : self
  }
}
