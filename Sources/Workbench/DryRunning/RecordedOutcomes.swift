// What really happened, in the words in which runs are reported.

internal import Engine

extension DryRunResult {
  /// The recording itself as if it were a run.
  ///
  /// Its calls, waits and ends are facts. When agents were busy is added up from conversations and
  /// log-ins, as far as these are in the recording; wrap-up is not.
  static func recorded(_ model: DryRunModel) -> DryRunResult {
    let facts = model.facts
    let types = facts.groups.texts.map { CallerType($0, at: "") }
    var floorModel = SimulationModel(
      plan: Plan(name: "recorded"),
      types: types,
      arrivals: ArrivalProfile([])
    )
    floorModel.threshold = model.threshold
    var floor = SimulationFloor(floorModel)
    let last = facts.calls.last?.offered ?? facts.end
    var course = DayCourse(from: facts.begin, to: last)
    course.add(from: facts.begin, to: last, waiting: 0, busy: 0, staff: 0)
    floor.course = course
    var result = DryRunResult(report: SimulationReport(types: []))
    result.names = facts.targets
    result.outcomes.reserveCapacity(facts.calls.count)
    for fact in facts.calls {
      var call = SimulatedCall()
      call.offered = fact.offered
      call.answered = fact.offered + fact.wait
      call.type = Int32(fact.group)
      call.isCounted = true
      call.hasWaited = fact.wait > fact.pick
      floor.now = fact.offered + fact.wait
      let end = fact.end.asRun(wait: fact.wait)
      floor.count(call, end)
      var outcome = CallOutcome(wait: fact.wait, end: end)
      if end == .answered || end == .gone { outcome.target = fact.target }
      result.outcomes.append(outcome)
      floor.course?.add(waitFrom: fact.offered, to: fact.offered + fact.wait)
      floor.total.add(Double(fact.wait) / 1e9, to: .waitingSeconds)
      if fact.end.isAnswered { floor.total.add(Double(fact.talk) / 1e9, to: .busySeconds) }
    }
    floor.total.add(Double(last - min(last, facts.begin)) / 1e9, to: .seconds)
    floor.total.add(facts.staffSeconds, to: .staffSeconds)
    result.report = floor.report(types: types.map(\.name), wasStopped: false)
    result.report.samples = []
    result.course = floor.course
    return result
  }
}

extension FactEnd {
  /// What a run calls this end.
  func asRun(wait: UInt64) -> SimulatedEnd {
    switch self {
    case .answered, .talking: .answered
    case .abandoned: .abandoned
    case .failed: wait == 0 ? .rejected : .gone
    case .refused: .rejected
    case .redirected: .gone
    case .waiting: .unanswerable
    }
  }
}

extension DayCourse {
  /// Takes in the wait of one call.
  mutating func add(waitFrom start: UInt64, to end: UInt64) {
    add(from: start, to: end, waiting: 1, busy: 0, staff: 0, countsTime: false)
  }
}
