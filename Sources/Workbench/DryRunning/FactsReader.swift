// The first pass over a recording: what is known of each call.
//
// What a model or another system has recorded has no steps of strategies: its signals say
// everything. In what a server has recorded, milliseconds pass between a decision and what the line
// says: there an engine runs along, trusts the steps, and tells when and what it decided.

internal import Engine
public import Journal
internal import Wire

/// Reads what a recording says about its calls.
public enum FactsReader {
  /// Reads a recording once, or twice when only its steps show that it is a server's.
  ///
  /// - Parameters:
  ///   - head: Its first line.
  ///   - kept: Receives the lines that come from outside, whatever is decided.
  ///   - open: Gives it from its beginning.
  /// - Returns: What is known of each call.
  /// - Throws: What is wrong with a line, or what cannot be read.
  public static func read(
    _ head: RecordingHead,
    keeping kept: any KeptLines,
    _ open: () throws -> any RecordingReader
  ) throws -> Facts {
    if head.engine.isEmpty {
      var pass = SignalPass(head, try open(), kept)
      if let facts = try pass.run() { return facts }
      kept.removeAll()
    }
    var exact = EnginePass(head, try open(), kept)
    return try exact.run()
  }
}

/// Lines on their way to where they are kept.
private struct Keeper {
  private let kept: any KeptLines
  private var lines: [UInt8] = []

  private static let roomMax = 1 << 16

  init(_ kept: any KeptLines) {
    self.kept = kept
    lines.reserveCapacity(2 * Self.roomMax)
  }

  mutating func keep(_ scanner: borrowing RecordingScanner) {
    scanner.keep(in: &lines)
    if lines.count >= Self.roomMax { flush() }
  }

  mutating func flush() {
    kept.append(lines)
    lines.removeAll(keepingCapacity: true)
  }
}

/// Everything from signals, for recordings whose line answers in the instant in which it is asked.
private struct SignalPass {
  private var scanner: RecordingScanner
  private var fold: FactsFold
  /// The numbers of agents and of groups, which come again and again.
  private var agents = TextMemo<Int32>(bits: 14)
  private var groups = TextMemo<Int32>(bits: 8)
  private var keeper: Keeper

  init(_ head: RecordingHead, _ reader: any RecordingReader, _ kept: any KeptLines) {
    keeper = Keeper(kept)
    scanner = RecordingScanner(reader)
    fold = FactsFold(head.plan, size: reader.size)
  }

  /// The facts; nil when there are steps of strategies.
  mutating func run() throws -> Facts? {
    while try scanner.advance() {
      guard scanner.number > 1 else { continue }
      switch scanner.kind {
      case .empty: continue
      case .event: try event()
      case .signal, .other:
        let opening = try scanner.openSignal()
        try scanner.scanOn()
        if opening?.name == nil, scanner.has("event") {
          try event()
        } else if try signal(opening) == .step {
          return nil
        }
      }
    }
    keeper.flush()
    return fold.finish()
  }

  private mutating func event() throws {
    fold.noteEvents()
    try scanner.checkEnd()
    guard let (event, call) = try scanner.openEvent() else {
      throw scanner.trouble("\"event\" is missing")
    }
    guard let call else { return }
    switch event {
    case .established: if let target = try answerer() { fold.isAt(call, target) }
    // For a call whose line said nothing: the engine ended it.
    case .released: fold.ended(call)
    case .other: break
    }
  }

  /// The number of whom `EventEstablished` names.
  private mutating func answerer() throws -> Int32? {
    let key = scanner.agentAtEnd
    if let key, let number = agents[key] { return number }
    try scanner.scanOn()
    if let agent = scanner.string("AgentID") {
      let number = fold.number(ofTarget: "agent:" + agent)
      if let key { agents[key] = number }
      return number
    }
    return scanner.string("ThisDN").map { fold.number(ofTarget: "dn:" + $0) }
  }

  private enum Found {
    case signal
    case step
  }

  private mutating func signal(_ opening: RecordedOpening?) throws -> Found {
    guard let opening else {
      guard !scanner.has("recording") else {
        throw scanner.trouble("a second head: a file holds one recording")
      }
      throw scanner.trouble("neither a signal (\"at\", \"signal\") nor an event (\"event\")")
    }
    guard fold.advance(to: opening.at) else {
      throw scanner.trouble("earlier than the line before: signals stand in order of time")
    }
    if opening.signal.isFromOutside { keeper.keep(scanner) }
    switch opening.signal {
    case .strategy: return .step
    case .clock: break
    case .other: try otherSignal(scanner.name(of: opening))
    case .offered, .ringing, .answered, .diverted, .diversionFailed, .released, .header,
      .treatmentApplied, .treatmentEnded, .treatmentNotApplied, .transferred, .attached,
      .held, .retrieved, .otherOfCall:
      guard let call = opening.call ?? scanner.connID("call") else {
        throw scanner.trouble("\"call\" is not 16 hexadecimal digits")
      }
      try callSignal(opening, call)
    }
    return .signal
  }

  private mutating func callSignal(_ opening: RecordedOpening, _ call: ConnID) throws {
    switch opening.signal {
    case .offered:
      guard scanner.has("dn") else { throw scanner.trouble("\"dn\" is missing") }
      // A consult call depends on a conversation, which is recomputed.
      if !scanner.has("consult_of") { fold.offered(call, group: try group()) }
    case .answered: fold.answered(call, by: target)
    case .released: fold.released(call, by: releasedBy)
    case .ringing: fold.rang(call)
    case .diverted: fold.redirected(call)
    case .diversionFailed:
      let word = scanner.string("reason") ?? ""
      let reason = RouteFailure.allCases.first { $0.text == word } ?? .noAnswer
      let status = scanner.integer("status").flatMap { UInt16(exactly: $0) }
      fold.failed(call, reason, status: status, at: target)
    case .header: fold.told(call, header: scanner.string("value"))
    case .treatmentApplied:
      fold.treated(call, scanner.integer("treatment") ?? 0) { $0.applied = $1 }
    case .treatmentEnded:
      let digits = scanner.string("digits")
      let wasInterrupted = scanner.isTrue("interrupted")
      fold.treated(call, scanner.integer("treatment") ?? 0) {
        $0.ended = $1
        $0.digits = digits
        $0.wasInterrupted = wasInterrupted
      }
    case .treatmentNotApplied:
      let reason = scanner.string("reason") ?? ""
      fold.treated(call, scanner.integer("treatment") ?? 0) { heard, _ in heard.reason = reason }
    case .transferred:
      let side = scanner.has("by", "caller") ? CallSide.caller : .target
      if let held = scanner.connID("into") { fold.transferred(held, by: side) }
    case .attached, .held, .retrieved, .strategy, .clock, .other: break
    case .otherOfCall: throw unknownSignal(scanner.name(of: opening))
    }
  }

  private func unknownSignal(_ name: String) -> JSONError {
    scanner.trouble("unknown signal \"\(name)\"")
  }

  private var releasedBy: ReleasedBy {
    if scanner.has("by", "caller") { return .caller }
    if scanner.has("by", "target") { return .target }
    return scanner.has("by", "line") ? .line : .caller
  }

  /// The number of the callers' group: of his type, or of the DN at which he called.
  private mutating func group() throws -> Int32 {
    if !scanner.has("user_data"), let key = scanner.shortText("dn") {
      if let number = groups[key] { return number }
      let number = fold.number(ofGroup: scanner.string("dn") ?? "")
      groups[key] = number
      return number
    }
    guard let dn = scanner.string("dn") else { throw scanner.trouble("\"dn\" is missing") }
    return fold.number(ofGroup: scanner.string("type", in: "user_data") ?? dn)
  }

  /// Who is named in an import's line.
  private var target: String? {
    if let agent = scanner.string("agent") { return "agent:" + agent }
    return scanner.string("dn").map { fold.name(ofDN: $0) }
  }

  private mutating func otherSignal(_ name: String) throws {
    switch name {
    case "agent.login", "agent.logout", "agent.ready", "agent.not_ready":
      guard let agent = scanner.string("agent") else {
        throw scanner.trouble("\"agent\" is missing")
      }
      switch name {
      case "agent.login": fold.loggedIn(agent, dn: scanner.string("dn"))
      case "agent.logout" where !scanner.has("queue"): fold.loggedOut(agent)
      default: fold.mentioned(agent)
      }
    case "dn.in_service", "dn.out_of_service", "dn.register", "dn.unregister":
      if let dn = scanner.string("dn") { fold.noteSwitched(dn) }
    case "control.start": fold.noteStart()
    case "control.strategies", "control.strategy_lost", "control.drain", "control.alarm": break
    default: throw unknownSignal(name)
    }
  }
}

/// Everything from an engine that goes through the recording once more.
private struct EnginePass: ~Copyable {
  private var scanner: RecordingScanner
  private var fold: FactsFold
  private var engine: RoutingEngine
  private var outbox = Outbox()
  private var unknown: [String] = []
  private var keeper: Keeper

  init(_ head: RecordingHead, _ reader: any RecordingReader, _ kept: any KeptLines) {
    keeper = Keeper(kept)
    scanner = RecordingScanner(reader)
    fold = FactsFold(head.plan, size: reader.size)
    var plan = head.plan
    plan.limits.decisionsKept = 0
    engine = RoutingEngine(plan: plan, seed: head.seed, epoch: head.epoch, after: head.counters)
    fold.noteSteps()
  }

  mutating func run() throws -> Facts {
    while try scanner.advance() {
      guard scanner.number > 1 else { continue }
      switch scanner.kind {
      case .empty: continue
      case .event:
        try scanner.checkEnd()
        fold.noteEvents()
      case .signal, .other:
        let text = scanner.text
        let line = try RecordingLine(reading: text, number: scanner.number, unknown: &unknown)
        guard case .signal(let signal, let instant) = line else { continue }
        guard fold.advance(to: instant.nanoseconds) else {
          throw scanner.trouble("earlier than the line before: signals stand in order of time")
        }
        if try scanner.openSignal()?.signal.isFromOutside ?? false { keeper.keep(scanner) }
        before(signal)
        engine.handle(signal, at: instant, into: &outbox)
        after()
      }
    }
    keeper.flush()
    var facts = fold.finish()
    for name in unknown where !facts.unknown.contains(name) { facts.unknown.append(name) }
    return facts
  }

  private mutating func before(_ signal: borrowing Signal) {
    switch signal {
    case .line(let line): self.line(line)
    case .agent(.login(let agent, _, _, _, _)), .agent(.logout(let agent, _, _)),
      .agent(.ready(let agent, _, _)), .agent(.notReady(let agent, _, _, _)):
      fold.mentioned(agent.text)
    case .agent(.registerAddress(let dn, _)), .agent(.unregisterAddress(let dn, _)):
      fold.noteSwitched(dn.number)
    case .control(.start): fold.noteStart()
    case .control, .clock, .strategy: break
    }
  }

  private mutating func line(_ line: borrowing LineSignal) {
    switch line {
    case .offered(let offer):
      guard offer.consultOf == nil else { return }
      let group = offer.userData["type"] ?? offer.dn.number
      fold.offered(offer.connID, group: fold.number(ofGroup: group))
    case .ringing(let call, _): fold.rang(call)
    case .answered(let call, _): fold.answered(call, by: nil)
    case .diverted(let call, _): fold.redirected(call)
    case .diversionFailed(let call, _, let reason, let status):
      fold.failed(call, reason, status: status, at: nil)
    case .released(let call, let by): fold.released(call, by: by)
    case .header(let call, let value): fold.told(call, header: value)
    case .treatmentApplied(let call, let number): fold.treated(call, number) { $0.applied = $1 }
    case .treatmentEnded(let call, let number, let result):
      let result = copy result
      fold.treated(call, number) {
        $0.ended = $1
        $0.digits = result.digits
        $0.wasInterrupted = result.wasInterrupted
      }
    case .treatmentNotApplied(let call, let number, let reason):
      let reason = copy reason
      fold.treated(call, number) { heard, _ in heard.reason = reason }
    case .inService(let dn), .outOfService(let dn): fold.noteSwitched(dn.number)
    case .transferred(_, let held, let side): fold.transferred(held, by: side)
    case .attached, .held, .retrieved: break
    }
  }

  private mutating func after() {
    for event in outbox.events {
      guard let agent = event.agentID else { continue }
      if event.kind == .agentLogin { fold.loggedIn(agent.text, dn: event.thisDN.number) }
      if event.kind == .agentLogout { fold.loggedOut(agent.text) }
    }
    for command in outbox.lineCommands {
      switch command {
      case .divert(let call, _, let destination, _):
        fold.sent(call, to: fold.name(of: destination))
      case .cancelDiversion(let call, _, _): fold.failed(call, nil, at: nil)
      case .reject(let call, _), .release(let call): fold.ended(call)
      case .applyTreatment(let call, let number, let kind):
        fold.treats(call, number, TreatmentName.of(kind))
      case .readHeader(let call, let name): fold.asked(call, header: name)
      case .queued, .dequeued, .transfer, .alsoName: break
      }
    }
    outbox.removeAll()
  }
}

/// What a treatment is called where two are compared.
enum TreatmentName {
  static func of(_ treatment: Treatment) -> String { "\(treatment)" }
}
