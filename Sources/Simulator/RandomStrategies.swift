public import Engine

/// A runtime whose strategies ask for random things; it watches the contract as it does so.
public struct RandomStrategies: StrategyRuntime {
  /// A suspended run.
  public struct Run: Sendable {
    /// What it waits for.
    public var pending: StrategyRequest
  }

  /// The suspended runs.
  public private(set) var runs: [ConnID: Run] = [:]
  /// The targets that runs returned, by call.
  public private(set) var returned: [ConnID: Target] = [:]
  private var exclusions: [ConnID: [Target]] = [:]
  /// The targets of earlier selections that still stand, by call.
  private var kept: [ConnID: [Target]] = [:]
  private let isPlain: Bool
  /// What a call's stay at its routing point is counted as, by call.
  public internal(set) var stays: [ConnID: Int] = [:]
  private var lastStay = 0
  /// The stays whose places a call has taken over.
  public internal(set) var inherited: [ConnID: [Int]] = [:]
  /// The stays whose places are kept, by key, with their own.
  var keptStays: [String: (call: ConnID, stays: [Int])] = [:]
  /// What the strategies keep, as they have set it.
  var values: [StrategyName: [String: StateValue]] = [:]
  var names: [ConnID: StrategyName] = [:]
  /// The picks of the one allocation that strategies ask for, by strategy.
  var picks: [StrategyName: [Int]] = [:]
  /// The last call whose records were moved: it happens once per transfer.
  private var moved: (ConnID, ConnID)?
  /// Breaches of the contract of `StrategyRuntime`.
  public internal(set) var breaches: [String] = []
  /// The steps made since somebody took them, for a journal.
  public private(set) var steps: [(call: ConnID, step: StrategyStep)] = []
  /// Whether `steps` is filled.
  public var keepsSteps = false
  /// What every run returns at once, if it is set.
  var always: Target?
  var random: SplitMix64
  private let dns: [DN]
  private let agents: [AgentID]

  /// What the strategy of a call excluded.
  public func excluded(by call: ConnID) -> [Target] { exclusions[call] ?? [] }

  /// How many runs are suspended.
  public var liveCount: Int { runs.count }

  /// What a call's selections wait for, the pending one included.
  public func targets(of call: ConnID) -> [Target] {
    guard case .select(let selection) = runs[call]?.pending else { return [] }
    return (selection.clears ? [] : kept[call] ?? []) + selection.targets
  }

  init(seed: UInt64, dns: [DN], agents: [AgentID], isPlain: Bool = true) {
    self.isPlain = isPlain
    random = SplitMix64(seed: seed)
    self.dns = dns
    self.agents = agents
  }

  /// Starts a run.
  public mutating func start(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    noted(firstStep(strategy, facts: facts), of: facts.connID)
  }

  private mutating func noted(_ step: StrategyStep, of call: ConnID) -> StrategyStep {
    if keepsSteps { steps.append((call, step)) }
    return step
  }

  private mutating func firstStep(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    if runs[facts.connID] != nil { breaches.append("started twice") }
    returned[facts.connID] = nil
    exclusions[facts.connID] = nil
    kept[facts.connID] = nil
    inherited[facts.connID] = nil
    lastStay += 1
    stays[facts.connID] = lastStay
    names[facts.connID] = strategy
    guard strategy != "missing" else { return .failed(.noSuchStrategy) }
    if let always { return end(facts.connID, with: always) }
    return step(of: facts.connID)
  }

  /// Answers a run.
  public mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    noted(nextStep(call, answer), of: call)
  }

  private mutating func nextStep(_ call: ConnID, _ answer: StrategyAnswer) -> StrategyStep {
    guard let run = runs.removeValue(forKey: call) else {
      breaches.append("resumed a run that is not suspended: \(call.value) \(answer)")
      return .failed(.error("no run"))
    }
    if !Self.fits(answer, run.pending) {
      breaches.append("\(run.pending) was answered with \(answer)")
    }
    remember(call, run.pending, answer)
    if case .select(let selection) = run.pending {
      if case .invalid = answer {
      } else {
        kept[call] = (selection.clears ? [] : kept[call] ?? []) + selection.targets
      }
    }
    if case .selected(let target) = answer, random.next(below: 4) != 0 {
      if random.next(below: 2) == 0 { return end(call, with: target) }
      return suspend(call, .route(target, ringTimeout: nil))
    }
    if case .exclude(let target) = run.pending, case .done = answer {
      exclusions[call, default: []].append(target)
    }
    return step(of: call)
  }

  /// Forgets the steps taken down so far.
  public mutating func forgetSteps() { steps.removeAll(keepingCapacity: true) }

  /// Forgets a run.
  public mutating func cancel(_ call: ConnID) { runs[call] = nil }

  /// Goes on under another ConnID.
  public mutating func rename(_ call: ConnID, to connID: ConnID) {
    guard let run = runs.removeValue(forKey: call) else {
      breaches.append("renamed a run that is not suspended")
      return
    }
    runs[connID] = run
    moveRecords(from: call, to: connID)
  }

  /// What is known of a call's strategy goes with the call, whether its run is over or not.
  mutating func moveRecords(from call: ConnID, to connID: ConnID) {
    guard moved.map({ $0 != (call, connID) }) ?? true else { return }
    moved = (call, connID)
    returned[connID] = returned.removeValue(forKey: call)
    exclusions[connID] = exclusions.removeValue(forKey: call)
    kept[connID] = kept.removeValue(forKey: call)
    stays[connID] = stays.removeValue(forKey: call)
    inherited[connID] = inherited.removeValue(forKey: call)
    names[connID] = names.removeValue(forKey: call)
    for (key, place) in keptStays where place.call == call { keptStays[key]?.call = connID }
  }

  private mutating func suspend(_ call: ConnID, _ request: StrategyRequest) -> StrategyStep {
    runs[call] = Run(pending: request)
    return .requested(request)
  }

  private mutating func end(_ call: ConnID, with target: Target?) -> StrategyStep {
    returned[call] = target
    return .finished(target)
  }

  private mutating func step(of call: ConnID) -> StrategyStep {
    switch random.next(below: 20) {
    case 0: return .failed(.error("by chance"))
    case 1: return .failed(.instructions)
    case 2: return end(call, with: nil)
    case 3, 4, 5: return end(call, with: target())
    default: return suspend(call, request())
    }
  }

  private mutating func request() -> StrategyRequest {
    if !isPlain, random.next(below: 6) == 0 { return keepingRequest() }
    if !isPlain, random.next(below: 8) == 0 {
      switch random.next(below: 4) {
      case 0: return .treat(.music("hold"))
      case 1: return .treat(.announce("welcome"))
      case 2: return .treat(.collect(digits: 1, timeout: .seconds(3), announcement: nil))
      default: return .queueExpectedWait(random.next(below: 3) == 0 ? "9100" : "9000")
      }
    }
    switch random.next(below: 14) {
    case 0, 1, 2, 3:
      let count = 1 + Int(random.next(below: 2))
      let targets = (0..<count).map { _ in target() }
      let timeout = random.next(below: 2) == 0 ? nil : duration()
      let priority = random.next(below: 3) == 0 ? Int32(random.next(below: 3)) : nil
      var selection = Selection(targets, timeout: timeout, priority: priority)
      guard !isPlain else { return .select(selection) }
      if random.next(below: 2) == 0 {
        selection.rule =
          SelectionRule.allCases[Int(random.next(below: UInt64(SelectionRule.allCases.count)))]
      }
      selection.clears = random.next(below: 2) == 0
      switch random.next(below: 5) {
      case 0: selection.virtualQueue = "9100"
      case 1: selection.virtualQueue = "9101"
      case 2 where random.next(below: 6) == 0: selection.virtualQueue = "9000"
      default: break
      }
      return .select(selection)
    case 4, 5: return .route(target(), ringTimeout: random.next(below: 2) == 0 ? nil : duration())
    case 6: return .wait(duration())
    case 7: return .priority(Int32(random.next(below: 3)))
    case 8: return .attach([KeyValue("k\(random.next(below: 3))", "v")])
    case 9: return .note("a note")
    case 10: return .exclude(target())
    case 11: return .header("Subject")
    case 12: return random.next(below: 2) == 0 ? .availableAgents(.none) : .loggedInAgents(.none)
    default: return random.next(below: 2) == 0 ? .queueWaiting("9000") : .random
    }
  }

  private mutating func duration() -> Duration { .milliseconds(random.next(below: 9_000)) }

  private mutating func target() -> Target {
    if !isPlain, random.next(below: 8) == 0 {
      switch random.next(below: 3) {
      case 0: return .queues(["9000", "9001"])
      case 1: return .any(AgentFilter(group: "tier"))
      default: return list()
      }
    }
    return switch random.next(below: 12) {
    case 0, 1, 2: .any(.none)
    case 3: .any(AgentFilter(skills: "sales > 0"))
    case 4: .any(AgentFilter(skills: "sales >", excludedDNs: [pick(dns)]))
    case 5, 6: .dn(pick(dns))
    case 7, 8: .agent(pick(agents))
    case 9: .queue(random.next(below: 2) == 0 ? "9000" : "9001")
    case 10: .trunk(name: random.next(below: 4) == 0 ? "none" : "carrier", number: "4420")
    default: random.next(below: 4) == 0 ? .reject(486) : .queue("9000")
    }
  }

  /// Up to four targets, the last of which may be one that waits.
  private mutating func list() -> Target {
    var list: [Target] = [.dn(pick(dns))]
    if random.next(below: 2) == 0 { list.append(.agent(pick(agents))) }
    if random.next(below: 4) == 0 { list.append(.trunk(name: "carrier", number: "4420")) }
    if random.next(below: 2) == 0 { list.append(.dn(pick(dns))) }
    switch random.next(below: 6) {
    case 0: list.append(.any(.none))
    case 1: list.append(.queue("9000"))
    case 2: list.insert(.queue("9000"), at: 0)
    default: break
    }
    return .list(list)
  }

  private mutating func pick<T>(_ list: [T]) -> T {
    list[Int(random.next(below: UInt64(list.count)))]
  }

  private static func fits(_ answer: StrategyAnswer, _ request: StrategyRequest) -> Bool {
    if case .invalid = answer { return true }
    switch request {
    case .select:
      switch answer {
      case .selected, .failed(.timeout), .failed(.noSuchTarget): return true
      case .done, .failed, .count, .duration, .expectedWait, .treated, .notTreated, .bits, .text,
        .value, .noSuchPlace, .invalid:
        return false
      }
    case .route: if case .failed = answer { return true }
    case .wait, .priority, .attach, .note, .exclude: return answer == .done
    case .random: if case .bits = answer { return true }
    case .header, .share: if case .text = answer { return true }
    case .state: if case .value = answer { return true }
    case .setState, .keepPlace: return answer == .done
    case .takePlace: return answer == .done || answer == .noSuchPlace
    case .availableAgents, .loggedInAgents, .queueWaiting:
      if case .count = answer { return true }
    case .queueOldestWait: if case .duration = answer { return true }
    case .queueExpectedWait: if case .expectedWait = answer { return true }
    case .treat:
      switch answer {
      case .treated, .notTreated: return true
      case .selected, .failed, .done, .count, .duration, .expectedWait, .bits, .text, .value,
        .noSuchPlace, .invalid:
        return false
      }
    }
    return false
  }
}
