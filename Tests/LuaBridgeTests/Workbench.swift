import Engine
import LuaBridge
import Testing

/// A tiny loop around `LuaStrategies`: loads sources, answers requests, keeps what was asked.
struct Workbench: ~Copyable {
  var strategies: LuaStrategies
  var requests: [StrategyRequest] = []
  var answer: (StrategyRequest) -> StrategyAnswer = Workbench.plain
  var context = ResumeContext(now: 1_763_683_200_000_000_000, attempts: 0)

  init(
    _ files: [String: String],
    limits: Limits = .standard,
    budget: LuaStrategies.Budget = .counted
  ) throws {
    strategies = LuaStrategies(
      try Workbench.generation(files, limits: limits),
      limits: limits,
      budget: budget
    )
  }

  /// One strategy named `s`.
  init(
    _ text: String,
    limits: Limits = .standard,
    budget: LuaStrategies.Budget = .counted
  ) throws {
    try self.init(["s.lua": text], limits: limits, budget: budget)
  }

  static func source(_ files: [String: String], fingerprint: String = "f") -> StrategySource {
    StrategySource(
      fingerprint: fingerprint,
      files: files.map { StrategySource.File(path: $0.key, bytes: Array($0.value.utf8)) }
    )
  }

  static func generation(
    _ files: [String: String],
    fingerprint: String = "f",
    limits: Limits = .standard
  ) throws -> Generation {
    try Generation(source(files, fingerprint: fingerprint), limits: limits)
  }

  static func plain(_ request: StrategyRequest) -> StrategyAnswer {
    switch request {
    case .select, .route: .failed(.timeout)
    case .wait, .priority, .attach, .note, .exclude: .done
    case .availableAgents, .loggedInAgents, .queueWaiting: .count(3)
    case .queueOldestWait: .duration(.milliseconds(1_500))
    case .queueExpectedWait:
      .expectedWait(ExpectedWait(mean: .seconds(60), low: .seconds(20), high: .seconds(110)))
    case .treat(.collect): .treated(TreatmentResult(digits: "42"))
    case .treat: .treated(TreatmentResult())
    case .random: .bits(0x8000_0000_0000_0000)
    case .share(let parts): .text(parts.last { $0.weight > 0 }?.name)
    case .state: .value(nil)
    case .setState, .keepPlace: .done
    case .takePlace: .noSuchPlace
    case .header(let name): .text(name == "Subject" ? "hello" : nil)
    }
  }

  static func facts(_ id: UInt64 = 0x006c_0246_2a16_1006) -> CallFacts {
    var facts = CallFacts(
      connID: ConnID(id),
      uuid: CallUUID(high: 1, middle: 2, low: 35),
      ani: "+4420",
      dnis: "8000",
      routingPoint: "8000"
    )
    facts.entered = 1_763_683_199_000_000_000
    facts.context = ResumeContext(now: 1_763_683_200_000_000_000, attempts: 0)
    facts.userData = UserData([KeyValue("vip", "yes"), KeyValue("segment", "gold")])
    return facts
  }

  /// Runs a strategy to its end, answering each request at once.
  mutating func run(_ name: StrategyName = "s", _ facts: CallFacts = facts()) -> StrategyStep {
    requests = []
    var step = strategies.start(name, facts: facts)
    while case .requested(let request) = step {
      requests.append(request)
      step = strategies.resume(facts.connID, with: answer(request), context: context)
    }
    return step
  }

  /// The notes that the strategy left.
  var notes: [String] {
    requests.compactMap { request in
      guard case .note(let text) = request else { return nil }
      return text
    }
  }
}

/// Runs the body of a strategy and returns how it ended.
func ending(
  _ body: String,
  limits: Limits = .standard,
  budget: LuaStrategies.Budget = .counted
) throws -> StrategyStep {
  var bench = try Workbench(
    "return function(call)\n" + body + "\nend",
    limits: limits,
    budget: budget
  )
  return bench.run()
}

/// Runs the body of a strategy and returns the notes that it left.
func notes(_ body: String) throws -> [String] {
  var bench = try Workbench("return function(call)\n" + body + "\nend")
  let step = bench.run()
  guard case .finished = step else { return ["\(step)"] }
  return bench.notes
}
