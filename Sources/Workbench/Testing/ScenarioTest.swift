import Engine
import LuaBridge
import Wire

/// A scenario (Tests/Scenarios/README.md) whose strategies really run.
///
/// The steps of strategies that it writes down are not inputs here but expectations: the strategies
/// of the project must make just these.
struct ScenarioTest {
  /// A signal, and everything that must follow it at once.
  private struct Beat {
    var line: Int
    var signal: Signal
    var at: Instant
    var steps: [(line: Int, call: ConnID, step: StrategyStep)] = []
    var events: [(line: Int, members: JSONValue)] = []
    var commands: [(line: Int, members: JSONValue)] = []
  }

  let title: String
  private let file: String
  private let plan: Plan
  private let seed: UInt64
  private let epoch: UInt64
  private var beats: [Beat] = []

  /// What instant zero is in a scenario that does not say it.
  private static let usualEpoch: UInt64 = 1_700_000_000_000_000_000

  /// The folder of strategies that a scenario names in its head; nil: it names none.
  static func folder(namedIn text: String) -> String? {
    let head = text.prefix { $0 != "\n" }
    return (try? JSONValue(parsing: String(head)))?["strategies_folder"]?.string
  }

  init(file: String, text: String) throws(TestMistake) {
    self.file = file
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var unknown: [String] = []
    do throws(JSONError) {
      let head = try JSONValue(parsing: lines.first ?? "")
      guard head["recording"]?.integer == 1, let site = head["site"] else {
        throw JSONError(line: 1, "the first line is no head with recording 1 and a site")
      }
      title = head["title"]?.string ?? "scenario"
      seed = UInt64(clamping: head["seed"]?.integer ?? 1)
      epoch = head["epoch"]?.string.flatMap { nanoseconds(ofTime: $0) } ?? Self.usualEpoch
      plan = try Plan(site, unknown: &unknown)
      for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
        try read(line, index + 1, &unknown)
      }
    } catch {
      throw TestMistake("\(file):\(max(error.line, 1)): \(error.message)")
    }
  }

  private mutating func read(
    _ line: String,
    _ number: Int,
    _ unknown: inout [String]
  ) throws(JSONError) {
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: line)
    } catch {
      throw JSONError(line: number, error.message)
    }
    if json["note"] != nil, json["signal"] == nil { return }
    if json["event"] != nil || json["command"] != nil {
      guard !beats.isEmpty else { throw JSONError(line: number, "no signal comes before it") }
      if json["event"] != nil {
        beats[beats.count - 1].events.append((number, json))
      } else {
        beats[beats.count - 1].commands.append((number, json))
      }
      return
    }
    guard
      case .signal(let signal, let at) =
        try RecordingLine(reading: line, number: number, unknown: &unknown)
    else { throw JSONError(line: number, "neither signal, event, command nor note") }
    if case .strategy(let call, let step, _) = signal {
      guard !beats.isEmpty else { throw JSONError(line: number, "no signal comes before it") }
      beats[beats.count - 1].steps.append((number, call, step))
    } else {
      beats.append(Beat(line: number, signal: signal, at: at))
    }
  }

  // MARK: Running

  /// Runs the scenario; the first thing that is not as written is the mistake.
  func run(_ source: StrategySource, _ collector: CoverageCollector?) throws(TestMistake) {
    let generation: Generation
    do throws(LoadFailure) {
      generation = try Generation(
        source,
        limits: plan.limits,
        keepsCoverage: collector != nil
      )
    } catch {
      throw TestMistake("\(file):1: the strategies do not load:\n\(error.description)")
    }
    defer { collector?.add(generation.lineHits) }
    let strategies = LuaStrategies(generation, limits: plan.limits, budget: .counted)
    var shard = Shard(
      engine: RoutingEngine(plan: plan, seed: seed, epoch: epoch),
      strategies: WatchedStrategies(strategies)
    )
    var now = Instant.zero
    for beat in beats {
      if let deadline = shard.nextDeadline, deadline < beat.at {
        let due = (deadline - .zero).secondsText
        throw wrong(beat.line, "a timer is due at \(due) s, before what the scenario says")
      }
      now = max(now, beat.at)
      var events: [JSONValue] = []
      var commands: [JSONValue] = []
      shard.handle(beat.signal, at: now) { outbox in
        events += outbox.events.map { TestWorld.json(of: $0) }
        commands += outbox.lineCommands.map { Self.json(of: $0) }
      }
      try compare(beat, shard.strategies.takeActs())
      try compare(beat, events: events)
      try compare(beat, commands: commands)
    }
  }

  private func wrong(_ line: Int, _ message: String) -> TestMistake {
    TestMistake("\(file):\(line): \(message)")
  }

  private static func json(of command: LineCommand) -> JSONValue {
    var writer = JSONWriter()
    writer.value(command)
    return (try? JSONValue(parsing: writer.bytes)) ?? .null
  }

  // MARK: Comparing

  private func compare(
    _ beat: Beat,
    _ acts: [(call: ConnID, act: WatchedStrategies.Act)]
  ) throws(TestMistake) {
    var expected = beat.steps[...]
    for (call, act) in acts {
      guard case .stepped(let step, _) = act else { continue }
      let text = Self.text(of: step)
      guard let next = expected.popFirst() else {
        throw wrong(beat.line, "the strategy of \(call.text) \(text), which is not written here")
      }
      guard next.call == call, next.step == step else {
        throw wrong(
          next.line,
          "expected that the strategy of \(next.call.text) \(Self.text(of: next.step)),"
            + " but that of \(call.text) \(text)"
        )
      }
    }
    guard let missing = expected.first else { return }
    throw wrong(
      missing.line,
      "expected that the strategy of \(missing.call.text) \(Self.text(of: missing.step)),"
        + " but it makes no step"
    )
  }

  private static func text(of step: StrategyStep) -> String {
    switch step {
    case .requested(let request): "asks: \(request.luaText)"
    case .finished(let target): "returns \(target?.luaText ?? "nothing")"
    case .failed(let failure): "fails: \(failure.luaText)"
    }
  }

  private func compare(_ beat: Beat, events: [JSONValue]) throws(TestMistake) {
    for (index, expected) in beat.events.enumerated() {
      guard index < events.count else {
        throw wrong(expected.line, "expected \(name(expected.members)), got no further event")
      }
      if let text = difference(expected.members, events[index]) {
        throw wrong(expected.line, "\(name(events[index])): \(text)")
      }
    }
    guard events.count > beat.events.count else { return }
    let line = beat.events.last?.line ?? beat.line
    throw wrong(line, "expected no further event, got \(name(events[beat.events.count]))")
  }

  private func compare(_ beat: Beat, commands: [JSONValue]) throws(TestMistake) {
    var rest = commands[...]
    for expected in beat.commands {
      while let next = rest.first, difference(expected.members, next) != nil {
        rest = rest.dropFirst()
      }
      guard rest.popFirst() != nil else {
        let wanted = expected.members["command"]?.string ?? "a command"
        throw wrong(expected.line, "expected the command \(wanted), which does not come")
      }
    }
  }

  private func name(_ event: JSONValue) -> String { event["event"]?.string ?? "an event" }

  /// The first member that is not as expected; nil: all are.
  private func difference(_ expected: JSONValue, _ actual: JSONValue) -> String? {
    for member in expected.members ?? [] {
      let value = actual[member.key] ?? .null
      guard value != member.value else { continue }
      return "expected \(member.key) \(LuaValue(member.value).short), got \(LuaValue(value).short)"
    }
    return nil
  }
}

extension TestProject.File {
  /// The folder of strategies that a scenario names; nil: it names none, or is none.
  public var strategiesFolder: String? {
    guard path.hasSuffix(".jsonl") else { return nil }
    return ScenarioTest.folder(namedIn: String(decoding: bytes, as: UTF8.self))
  }
}
