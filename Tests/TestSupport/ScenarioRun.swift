import Engine
public import Wire

/// What an engine does with a scenario, and where that is not what the scenario says.
public struct ScenarioRun: ~Copyable {
  /// What one input caused.
  public struct Outcome: Sendable {
    /// The events, as objects.
    public var events: [JSONValue] = []
    /// The line commands, as objects.
    public var commands: [JSONValue] = []
    /// What the strategy got back before this step; nil: this is no step that follows an answer.
    public var answer: String?
    /// The timer that was due; nil: none.
    public var timer: String?
  }

  /// The scenario.
  public let scenario: Scenario
  /// What each input caused, in order.
  public private(set) var outcomes: [Outcome] = []
  /// `file:line: what is wrong`.
  public private(set) var problems: [String] = []
  /// The names of the kinds that occurred: `LineSignal.offered`, `TimerKind.reservation`, ….
  public private(set) var marks: [String] = []
  /// Every event and every line command as text, for comparisons to the byte.
  public private(set) var transcript: [UInt8] = []

  private var engine: RoutingEngine
  private var now = Instant.zero
  /// Strategies that were started or answered and have not made their step, first come first.
  private var pending: [(call: ConnID, answer: String?)] = []

  /// Runs a scenario.
  public init(_ scenario: Scenario) {
    self.scenario = scenario
    engine = RoutingEngine(plan: scenario.plan, seed: scenario.seed, epoch: Scenario.epoch)
    for step in scenario.steps { perform(step) }
    if let first = pending.first {
      report(scenario.steps.last?.line ?? 1, "the strategy of \(first.call.text) makes no step")
    }
    sweep()
  }

  private mutating func report(_ line: Int, _ problem: String) {
    problems.append("\(scenario.name):\(line): \(problem)")
  }

  // MARK: Running

  private mutating func perform(_ step: Scenario.Step) {
    var outcome = Outcome()
    checkTime(of: step, &outcome)
    mark(step.signal)
    takePending(step, &outcome)
    let (events, commands) = give(step.signal, at: step.at)
    for event in events {
      marks.append("EventKind.\(event.kind)")
      var writer = JSONWriter()
      writer.value(event)
      if let json = object(writer) { outcome.events.append(json) }
    }
    for command in commands {
      marks.append("LineCommand.\(Self.caseName(command))")
      var writer = JSONWriter()
      writer.value(command)
      if let json = object(writer) { outcome.commands.append(json) }
    }
    compareEvents(step, outcome)
    compareCommands(step, outcome)
    if let said = step.answer, said != outcome.answer {
      report(step.line, "expected answer \"\(said)\", got \"\(outcome.answer ?? "none")\"")
    }
    if let said = step.timer, said != outcome.timer {
      report(step.line, "expected timer \(said), got \(outcome.timer ?? "none")")
    }
    outcomes.append(outcome)
  }

  private mutating func object(_ writer: borrowing JSONWriter) -> JSONValue? {
    transcript += writer.bytes
    transcript.append(10)
    return try? JSONValue(parsing: writer.bytes)
  }

  private mutating func checkTime(of step: Scenario.Step, _ outcome: inout Outcome) {
    if step.at < now { report(step.line, "time goes back") }
    if let deadline = engine.nextDeadline {
      let isClock = if case .clock = step.signal { true } else { false }
      if deadline < step.at || (deadline == step.at && isClock) { outcome.timer = engine.nextTimer }
      if deadline < step.at {
        let due = seconds(deadline)
        report(step.line, "a clock line is missing: \(outcome.timer ?? "") is due at \(due)")
      }
      if let timer = outcome.timer, isClock { marks.append("TimerKind.\(timer)") }
    }
    now = max(now, step.at)
  }

  private func seconds(_ instant: Instant) -> String {
    var writer = JSONWriter(capacity: 64)
    writer.seconds(nanoseconds: instant.nanoseconds)
    return writer.text
  }

  /// A strategy's step must be the one that is asked for next; other signals must not come between.
  private mutating func takePending(_ step: Scenario.Step, _ outcome: inout Outcome) {
    guard case .strategy(let call, _, _) = step.signal else {
      if let first = pending.first {
        report(step.line, "the strategy of \(first.call.text) makes no step before this")
        pending.removeAll()
      }
      return
    }
    guard let first = pending.first, first.call == call else {
      let asked = pending.first.map { "of \($0.call.text)" } ?? "at all"
      report(step.line, "no step of \(call.text) is asked for here, but \(asked)")
      pending.removeAll { $0.call == call }
      return
    }
    outcome.answer = first.answer
    pending.removeFirst()
  }

  private mutating func give(_ signal: Signal, at now: Instant) -> ([Event], [LineCommand]) {
    var outbox = Outbox()
    engine.handle(signal, at: max(now, self.now), into: &outbox)
    for command in outbox.strategyCommands {
      switch command {
      case .start(_, let facts): pending.append((facts.connID, nil))
      case .resume(let call, let answer, _): pending.append((call, answer.text))
      case .cancel(let call): pending.removeAll { $0.call == call }
      case .rename: break
      }
    }
    return (outbox.events, outbox.lineCommands)
  }

  /// At the end everybody hangs up, and nothing may be left behind (PEERS F 5).
  private mutating func sweep() {
    for call in engine.snapshot(at: now).calls {
      _ = give(.line(.released(call.attributes.connID, by: .line)), at: now)
    }
    // Whoever is left waiting for a wrap-up or a blackout is free when their time has come.
    while let deadline = engine.nextDeadline {
      now = max(now, deadline)
      _ = give(.clock, at: now)
    }
    let line = scenario.steps.last?.line ?? 1
    let picture = engine.snapshot(at: now)
    for call in picture.calls { report(line, "call \(call.attributes.connID.text) is left behind") }
    for left in picture.reservations {
      report(line, "agent \(left.agent.text) is left reserved for \(left.owner.text)")
    }
    for agent in picture.agents where agent.call != nil {
      report(line, "agent \(agent.id.text) is left \(agent.state)")
    }
    for queue in picture.queues where !queue.waiting.isEmpty {
      report(line, "queue \(queue.dn.number) is left with calls")
    }
  }

  // MARK: Comparing

  private mutating func compareEvents(_ step: Scenario.Step, _ outcome: Outcome) {
    for (index, event) in outcome.events.enumerated() {
      guard index < step.events.count else {
        let last = step.events.last?.line ?? step.line
        report(last, "expected no further event, got \(short(event))")
        continue
      }
      let expected = step.events[index]
      guard let difference = difference(expected.members, event) else { continue }
      report(expected.line, "\(difference); got \(short(event))")
    }
    for missing in step.events.dropFirst(outcome.events.count) {
      report(missing.line, "expected \(short(missing.members)), got nothing")
    }
  }

  private mutating func compareCommands(_ step: Scenario.Step, _ outcome: Outcome) {
    var next = 0
    for expected in step.commands {
      var index = next
      while index < outcome.commands.count,
        difference(expected.members, outcome.commands[index]) != nil
      { index += 1 }
      if index < outcome.commands.count {
        next = index + 1
      } else {
        let got = outcome.commands.map { short($0) }.joined(separator: ", ")
        report(expected.line, "expected \(short(expected.members)), got \(got)")
      }
    }
  }

  /// The first member that is not as expected; nil: all are.
  private func difference(_ expected: JSONValue, _ actual: JSONValue) -> String? {
    for member in expected.members ?? [] {
      let value = actual[member.key] ?? .null
      guard value != member.value else { continue }
      return "expected \(member.key) \(member.value.text), got \(value.text)"
    }
    return nil
  }

  private func short(_ json: JSONValue) -> String {
    let dull = ["seq", "time", "CallUUID", "CallID", "Server", "Extensions"]
    return JSONValue.object((json.members ?? []).filter { !dull.contains($0.key) }).text
  }

  // MARK: Marks

  private mutating func mark(_ signal: Signal) {
    switch signal {
    case .line(let signal): marks.append("LineSignal.\(Self.caseName(signal))")
    case .agent(let signal): marks.append("AgentSignal.\(Self.caseName(signal))")
    case .control(let signal): marks.append("ControlSignal.\(Self.caseName(signal))")
    case .clock: break
    case .strategy(_, let step, _):
      marks.append("StrategyStep.\(Self.caseName(step))")
      if case .requested(let request) = step {
        marks.append("StrategyRequest.\(Self.caseName(request))")
      }
    }
    marks.append("Signal.\(Self.caseName(signal))")
  }

  /// The name of an enumeration's case, without what it carries.
  static func caseName(_ value: some Any) -> String {
    let mirror = Mirror(reflecting: value)
    return mirror.children.first?.label ?? "\(value)"
  }
}

extension JSONValue {
  /// The value as JSON text.
  var text: String {
    var writer = JSONWriter()
    writer.value(self)
    return writer.text
  }
}

extension JSONWriter {
  /// Writes a value that was read.
  mutating func value(_ json: JSONValue) {
    switch json {
    case .null: null()
    case .bool(let truth): value(truth)
    case .integer(let number): value(number)
    case .real(let number): value(number)
    case .string(let text): value(text)
    case .array(let elements):
      beginArray()
      for element in elements { value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        key(member.key)
        value(member.value)
      }
      endObject()
    }
  }
}
