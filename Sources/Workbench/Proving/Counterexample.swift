// The way to a finding, walked once more with the real engine and the real bridge, and written
// down: as a scenario (Tests/Scenarios/README.md) and as a story.

internal import Engine
internal import LuaBridge
public import Simulator
internal import Wire

/// The shortest way to something that must not be.
public struct Counterexample: Sendable {
  /// What happens at the end.
  public let finding: ProofFinding
  /// How many signals lead there, those of the beginning not counted.
  public let signalCount: Int
  /// What happens, one sentence a line.
  public internal(set) var story: [String] = []
  /// Signals, steps of the strategy, commands and events, as lines of a scenario.
  private var lines: [String] = []
  private let plan: Plan
  private let seed: UInt64

  /// Requests that a strategy may make at once in a counterexample that loops.
  private static let stepsAtOnce = 12

  init(
    _ finding: ProofFinding,
    _ setup: ProofSetup,
    _ script: [ProofMoment],
    strategies: consuming LuaStrategies
  ) {
    self.finding = finding
    signalCount = finding.path.count
    seed = finding.start.seed
    var plan = setup.plan
    plan.limits.decisionsKept = Limits.standard.decisionsKept
    // Nobody wants to read two hundred equal requests.
    if finding.kind == .loop {
      plan.limits.strategyStepsAtOnceMax = min(
        plan.limits.strategyStepsAtOnceMax,
        Self.stepsAtOnce
      )
    }
    self.plan = plan
    var story = ProofStory(setup, finding)
    story.begin()
    var engine = RoutingEngine(plan: plan, seed: seed, epoch: setup.epoch)
    for moment in script {
      if let letter = moment.letter {
        story.tell(letter, moment.signal, at: moment.at, timer: engine.nextTimer)
      }
      var pending: [StrategyCommand] = []
      var timer: String?
      if case .clock = moment.signal { timer = engine.nextTimer }
      give(moment.signal, at: moment.at, to: &engine, &pending, &story, timer: timer)
      while !pending.isEmpty {
        let command = pending.removeFirst()
        guard let (call, step, answer) = strategies.carryOut(command) else { continue }
        story.tell(step, after: answer, of: call)
        give(
          .strategy(call, step),
          at: moment.at,
          to: &engine,
          &pending,
          &story,
          answer: answer?.text
        )
      }
    }
    story.end()
    self.story = story.lines
  }

  private mutating func give(
    _ signal: Signal,
    at instant: Instant,
    to engine: inout RoutingEngine,
    _ pending: inout [StrategyCommand],
    _ story: inout ProofStory,
    answer: String? = nil,
    timer: String? = nil
  ) {
    var outbox = Outbox()
    engine.handle(signal, at: instant, into: &outbox)
    pending += outbox.strategyCommands
    var writer = JSONWriter()
    writer.value(signal, at: instant)
    var line = writer.text
    for (name, value) in [("answer", answer), ("timer", timer)] {
      guard let value else { continue }
      var writer = JSONWriter()
      writer.value(value)
      line = "\(line.dropLast()),\"\(name)\":\(writer.text)}"
    }
    lines.append(line)
    for event in outbox.events {
      lines.append(Self.line(of: event))
      story.tell(event)
    }
    for command in outbox.lineCommands {
      var writer = JSONWriter()
      writer.value(command)
      lines.append(writer.text)
      story.tell(command)
    }
  }

  /// Of an event what a reader wants to see.
  private static func line(of event: Event) -> String {
    var writer = JSONWriter()
    writer.value(event)
    guard let json = try? JSONValue(parsing: writer.bytes) else { return writer.text }
    var short = JSONWriter()
    short.beginObject()
    for name in members {
      guard let value = json[name] else { continue }
      short.key(name)
      switch value {
      case .integer(let number): short.value(number)
      case .string(let text): short.value(text)
      case .null, .bool, .real, .array, .object: short.null()
      }
    }
    short.endObject()
    return short.text
  }

  private static let members = [
    "event", "ThisDN", "ConnID", "ThirdPartyDN", "CallState", "RouteType", "AgentID",
    "ErrorMessage",
  ]

  /// The scenario: one JSON object a line.
  ///
  /// - Parameters:
  ///   - site: The site file that the world was taken from.
  ///   - folder: The folder of strategies.
  /// - Returns: The text of the file.
  public func scenario(site: String, folder: String) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("recording")
    writer.value(Int64(1))
    writer.key("title")
    writer.value("\(finding.kind.rawValue): \(finding.detail)")
    writer.key("site_file")
    writer.value(site)
    writer.key("strategies_folder")
    writer.value(folder)
    writer.key("site")
    writer.value(plan)
    writer.key("seed")
    writer.value(seed)
    writer.endObject()
    var text = writer.text + "\n"
    for line in story {
      var writer = JSONWriter()
      writer.beginObject()
      writer.key("note")
      writer.value(line)
      writer.endObject()
      text += writer.text + "\n"
    }
    return text + lines.joined(separator: "\n") + "\n"
  }
}

extension LuaStrategies {
  /// Does what the engine asks, and tells the step that came of it and the answer before it.
  fileprivate mutating func carryOut(
    _ command: StrategyCommand
  ) -> (ConnID, StrategyStep, StrategyAnswer?)? {
    switch command {
    case .start(let name, let facts): return (facts.connID, start(name, facts: facts), nil)
    case .resume(let call, let answer, let context):
      return (call, resume(call, with: answer, context: context), answer)
    case .rename(let call, let connID):
      rename(call, to: connID)
      return nil
    case .cancel(let call):
      cancel(call)
      return nil
    }
  }
}
