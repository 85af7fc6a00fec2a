// The first pass over a recording: what is known of each call.
//
// A recording without steps of strategies comes from a model or from another system: its signals
// say everything. One with steps comes from a server, where milliseconds pass between a decision
// and what the line says: there an engine runs along, trusts the steps, and tells when it decided.

internal import Engine
public import Journal
internal import Wire

/// Reads what a recording says about its calls.
public enum FactsReader {
  /// Reads a recording once, or twice when it has steps of strategies.
  ///
  /// - Parameters:
  ///   - head: Its first line.
  ///   - open: Gives it from its beginning.
  /// - Returns: What is known of each call.
  /// - Throws: What is wrong with a line, or what cannot be read.
  public static func read(
    _ head: RecordingHead,
    _ open: () throws -> any RecordingReader
  ) throws -> Facts {
    var pass = SignalPass(head, try open())
    if let facts = try pass.run() { return facts }
    var exact = EnginePass(head, try open())
    return try exact.run()
  }
}

/// Everything from signals, for recordings whose line answers in the instant in which it is asked.
private struct SignalPass {
  private var scanner: RecordingScanner
  private var fold: FactsFold

  init(_ head: RecordingHead, _ reader: any RecordingReader) {
    scanner = RecordingScanner(reader)
    fold = FactsFold(head.plan)
  }

  /// The facts; nil when there are steps of strategies.
  mutating func run() throws -> Facts? {
    while try scanner.advance() {
      guard scanner.number > 1 else { continue }
      switch scanner.kind {
      case .empty: continue
      case .event: try event()
      case .signal, .other:
        try scanner.scan()
        if scanner.has("event") {
          try event()
        } else if try signal() == .step {
          return nil
        }
      }
    }
    return fold.finish()
  }

  private mutating func event() throws {
    fold.noteEvents()
    try scanner.checkEnd()
    try scanner.scan(upTo: "event")
    switch scanner.string("event") {
    case "EventEstablished":
      try scanner.scan()
      guard let call = scanner.connID("ConnID") else { return }
      if let agent = scanner.string("AgentID") {
        fold.isAt(call, "agent:" + agent)
      } else if let dn = scanner.string("ThisDN") {
        fold.isAt(call, "dn:" + dn)
      }
    case "EventReleased":
      // For a call whose line said nothing: the engine ended it.
      try scanner.scan()
      if let call = scanner.connID("ConnID") { fold.ended(call) }
    case nil: throw scanner.trouble("\"event\" is missing")
    default: break
    }
  }

  private enum Found {
    case signal
    case step
  }

  private mutating func signal() throws -> Found {
    guard !scanner.has("recording") else {
      throw scanner.trouble("a second head: a file holds one recording")
    }
    guard let at = scanner.nanoseconds("at"), let name = scanner.string("signal") else {
      throw scanner.trouble("neither a signal (\"at\", \"signal\") nor an event (\"event\")")
    }
    guard fold.advance(to: at) else {
      throw scanner.trouble("earlier than the line before: signals stand in order of time")
    }
    if name.hasPrefix("strategy.") { return .step }
    if name.hasPrefix("call.") {
      guard let call = scanner.connID("call") else {
        throw scanner.trouble("\"call\" is not 16 hexadecimal digits")
      }
      try callSignal(name, call)
    } else {
      try otherSignal(name)
    }
    return .signal
  }

  private mutating func callSignal(_ name: String, _ call: ConnID) throws {
    switch name {
    case "call.offered":
      guard let dn = scanner.string("dn") else { throw scanner.trouble("\"dn\" is missing") }
      if scanner.has("consult_of") {
        fold.consulted(call)
      } else {
        let type = scanner.pairs("user_data")?.first { $0.key == "type" }
        fold.offered(call, group: type?.value ?? dn)
      }
    case "call.ringing": fold.rang(call)
    case "call.answered": fold.answered(call, by: target)
    case "call.diversion_failed":
      let word = scanner.string("reason") ?? ""
      fold.failed(call, RouteFailure.allCases.first { $0.text == word } ?? .noAnswer, at: target)
    case "call.diverted": fold.redirected(call)
    case "call.released":
      switch scanner.string("by") {
      case "target": fold.released(call, by: .target)
      case "line": fold.released(call, by: .line)
      default: fold.released(call, by: .caller)
      }
    case "call.header": fold.told(call, header: scanner.string("value"))
    case "call.treatment_applied":
      fold.treated(call, scanner.integer("treatment") ?? 0) { $0.applied = $1 }
    case "call.treatment_ended":
      let digits = scanner.string("digits")
      let wasInterrupted = scanner.isTrue("interrupted")
      fold.treated(call, scanner.integer("treatment") ?? 0) {
        $0.ended = $1
        $0.digits = digits
        $0.wasInterrupted = wasInterrupted
      }
    case "call.treatment_not_applied":
      let reason = scanner.string("reason") ?? ""
      fold.treated(call, scanner.integer("treatment") ?? 0) { heard, _ in heard.reason = reason }
    case "call.attached", "call.transferred", "call.held", "call.retrieved": break
    default: throw scanner.trouble("unknown signal \"\(name)\"")
    }
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
    case "clock", "control.strategies", "control.strategy_lost", "control.drain",
      "control.alarm":
      break
    default: throw scanner.trouble("unknown signal \"\(name)\"")
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

  init(_ head: RecordingHead, _ reader: any RecordingReader) {
    scanner = RecordingScanner(reader)
    fold = FactsFold(head.plan)
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
        before(signal)
        engine.handle(signal, at: instant, into: &outbox)
        after()
      }
    }
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
      if offer.consultOf != nil {
        fold.consulted(offer.connID)
      } else {
        fold.offered(offer.connID, group: offer.userData["type"] ?? offer.dn.number)
      }
    case .ringing(let call, _): fold.rang(call)
    case .answered(let call, _): fold.answered(call, by: nil)
    case .diverted(let call, _): fold.redirected(call)
    case .diversionFailed(let call, _, let reason): fold.failed(call, reason, at: nil)
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
    case .attached, .transferred, .held, .retrieved: break
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
      case .queued, .dequeued: break
      }
    }
    outbox.removeAll()
  }
}

/// What a treatment is called where two are compared.
enum TreatmentName {
  static func of(_ treatment: Treatment) -> String { "\(treatment)" }
}
