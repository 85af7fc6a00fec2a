import Engine
import TestSupport
import Testing

@Suite("Limits are events or answers, never crashes")
struct LimitTests {
  typealias Script = ScriptedStrategies.Script

  static func desk(
    _ change: (inout Limits) -> Void,
    _ script: @escaping Script = { _, _ in .finished(.queue("9000")) }
  ) -> Desk {
    var plan = Sites.floor(agents: 0, defaults: [.queue("9000")])
    change(&plan.limits)
    return Desk(plan, ["s": script])
  }

  @Test func callsMax() {
    var desk = Self.desk { $0.callsMax = 3 }
    for call: UInt64 in 1...4 { desk.offer(call, at: "9000") }
    #expect(desk.refusals == [503])
    #expect(desk.last(.error)?.errorMessage?.contains("callsMax") == true)
    desk.hangUp(2)
    desk.offer(5, at: "9000")
    #expect(desk.waiting(in: "9000") == [1, 3, 5])
  }

  @Test func queueLengthMax() {
    var desk = Self.desk { $0.queueLengthMax = 2 }
    for call: UInt64 in 1...3 { desk.offer(call, at: "9000") }
    #expect(desk.refusals == [486])
    #expect(desk.last(.error)?.errorMessage?.contains("queueLengthMax") == true)
    #expect(desk.waiting(in: "9000") == [1, 2])
  }

  @Test func userDataBytesMax() {
    var desk = Self.desk({ $0.userDataBytesMax = 10 }) { _, answers in
      switch answers.last {
      case nil: .requested(.attach([KeyValue("key", "12345678")]))
      case .invalid: .requested(.attach([KeyValue("key", "1234567")]))
      default: .finished(.queue("9000"))
      }
    }
    desk.offer(1, at: "8000")
    #expect(desk.count(.attachedDataChanged) == 1)
    #expect(desk.last(.queued)?.userData?["key"] == "1234567")
    var offer = CallOffer(ConnID(2), at: "9000")
    offer.userData = UserData([KeyValue("key", "12345678")])
    desk.line(.offered(offer))
    #expect(desk.refusals == [513])
  }

  @Test func notesMax() {
    var desk = Self.desk({ $0.notesMax = 2 }) { _, answers in
      answers.count < 4 ? .requested(.note("\(answers.count)")) : .finished(.queue("9000"))
    }
    desk.offer(1, at: "8000")
    #expect(desk.picture.calls.first?.notes == ["0", "1"])
    #expect(desk.state(ofCall: 1) == "queued")
  }

  @Test func targetsMax() {
    var desk = Self.desk({ $0.targetsMax = 2 }) { _, answers in
      guard case .invalid(let text)? = answers.last else {
        return .requested(.select(Selection([.any(.none), .any(.none), .any(.none)])))
      }
      return .failed(.error(text))
    }
    desk.offer(1, at: "8000")
    #expect(desk.last(.routeUsed)?.reason("MESSAGE")?.contains("more than 2") == true)
  }

  @Test func stepsAtOnce() {
    var desk = Self.desk({ $0.strategyStepsAtOnceMax = 50 }) { _, _ in .requested(.random) }
    desk.offer(1, at: "8000")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "steps")
    #expect(desk.shard.strategies.liveCount == 0)
    #expect(desk.state(ofCall: 1) == "queued")
  }

  @Test func stepsInAll() {
    var desk = Self.desk({ $0.strategyStepsMax = 50 }) { _, _ in
      .requested(.wait(.milliseconds(10)))
    }
    desk.offer(1, at: "8000")
    desk.advance(.milliseconds(499))
    #expect(desk.count(.routeUsed) == 0)
    desk.advance(.milliseconds(1))
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "steps")
    #expect(desk.shard.strategies.liveCount == 0)
  }

  @Test func waitingStepsAreNotAtOnce() {
    var desk = Self.desk({ $0.strategyStepsAtOnceMax = 3 }) { _, answers in
      answers.count < 20 ? .requested(.wait(.milliseconds(10))) : .finished(.queue("9000"))
    }
    desk.offer(1, at: "8000")
    desk.advance(.seconds(1))
    #expect(desk.last(.routeUsed)?.routeType == .direct)
  }

  @Test func attemptsMax() {
    var plan = Sites.floor(agents: 5, defaults: [.queue("9000")])
    plan.limits.attemptsMax = 2
    var desk = Desk(plan, ["s": { _, _ in .requested(.route(.any(.none), ringTimeout: nil)) }])
    desk.offer(1, at: "8000")
    desk.fail(ConnID(1), .busy)
    desk.fail(ConnID(1), .busy)
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "attempts")
    #expect(desk.last(.routeUsed)?.thirdPartyDN == "9000")
  }

  @Test func skillExpressionsMax() {
    var desk = Self.desk({ $0.skillExpressionsMax = 2 }) { _, answers in
      answers.count < 9
        ? .requested(.loggedInAgents(AgentFilter(skills: "s\(answers.count) > 0")))
        : .finished(.queue("9000"))
    }
    desk.offer(1, at: "8000")
    #expect(desk.state(ofCall: 1) == "queued")
  }

  @Test func drainingRefusesNewCallsAndLetsTheOthersEnd() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.offer(2, at: "9000")
    desk.signal(.control(.drain))
    desk.offer(3, at: "9000")
    #expect(desk.commands.last == .reject(ConnID(3), status: 503))
    desk.answer(ConnID(1))
    desk.hangUp(1)
    #expect(desk.offeredCalls == [1, 2])
  }
}

@Suite("Signals that come late, twice, out of order or of nothing are harmless")
struct CrossingTests {
  @Test func unknownCallsChangeNothing() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    let before = desk.picture
    let events = desk.events
    for call in [ConnID(99), ConnID(0), ConnID(.max)] {
      desk.line(.ringing(call, attempt: 1))
      desk.line(.answered(call, attempt: 1))
      desk.line(.diverted(call, attempt: 1))
      desk.line(.diversionFailed(call, attempt: 1, .busy))
      desk.line(.released(call, by: .caller))
      desk.line(.header(call, "x"))
      desk.signal(.strategy(call, .finished(.any(.none))))
    }
    #expect(desk.picture == before)
    #expect(desk.events == events)
  }

  @Test func signalsOfAnotherAttemptChangeNothing() {
    var desk = Desk(Sites.floor(agents: 2))
    desk.offer(1, at: "9000")
    desk.fail(ConnID(1), .busy)
    let before = desk.picture
    for attempt: UInt32 in [0, 1, 3, .max] {
      desk.line(.ringing(ConnID(1), attempt: attempt))
      desk.line(.answered(ConnID(1), attempt: attempt))
      desk.line(.diversionFailed(ConnID(1), attempt: attempt, .noAnswer))
      desk.line(.diverted(ConnID(1), attempt: attempt))
    }
    #expect(desk.picture == before)
  }

  @Test func answeredTwiceIsAnsweredOnce() {
    var desk = Desk(Sites.floor(agents: 2))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    desk.answer(ConnID(1))
    desk.ring(ConnID(1))
    desk.fail(ConnID(1), .busy)
    #expect(desk.count(.ringing) == 1)
    #expect(desk.count(.established) == 1)
    #expect(desk.state(of: "1001") == "busy")
    #expect(desk.diverts.count == 1)
  }

  @Test func anAnswerWithoutRingingImpliesIt() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.answer(ConnID(1))
    #expect(desk.story.suffix(3) == ["diverted@9000", "ringing@7001", "established@7001"])
  }

  @Test func anAnswerThatCrossesTheRingTimeoutComesTooLate() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.advance(.seconds(15))
    desk.line(.answered(ConnID(1), attempt: 1))
    #expect(desk.count(.established) == 0)
    #expect(desk.waiting(in: "9000") == [1])
  }

  @Test func theSameConnIDTwiceIsRefusedAsAnError() {
    var desk = Desk(Sites.floor(agents: 0))
    desk.offer(1, at: "9000")
    desk.offer(1, at: "9000")
    #expect(desk.count(.error) == 1)
    #expect(desk.waiting(in: "9000") == [1])
    #expect(desk.refusals.isEmpty)
  }

  @Test func callsToDNsThatNobodyKnowsAreRefused() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(2, at: "1234")
    #expect(desk.refusals == [404])
    #expect(desk.picture.calls.isEmpty)
  }

  @Test func outOfServiceWhileRingingLeavesTheOfferAlone() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.line(.outOfService("7001"))
    #expect(desk.state(ofCall: 1) == "ringing")
    desk.answer(ConnID(1))
    desk.hangUp(1)
    #expect(desk.picture.queues[0].agentsAvailable == 0)
    #expect(desk.picture.agents[0].state == "ready")
  }
}
