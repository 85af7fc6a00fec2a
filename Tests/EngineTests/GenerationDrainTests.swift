import Engine
import TestSupport
import Testing

@Suite("A generation that is not current has a limited time to end")
struct GenerationDrainTests {
  /// Waits for an agent for ever.
  private static let patient: [StrategyName: ScriptedStrategies.Script] = [
    "s": { _, _ in .requested(.select(Selection([.any(.none)]))) }
  ]

  private static func desk(drain: Duration = .seconds(10), agents: Int = 0) -> Desk {
    var plan = Sites.floor(agents: agents, defaults: [.queue("9000")], ready: false)
    plan.routingPoints[0].timeout = .seconds(600)
    plan.limits.generationDrain = drain
    return Desk(plan, patient)
  }

  private static func install(_ fingerprint: String, _ desk: inout Desk) {
    desk.signal(.control(.strategies(fingerprint: fingerprint)))
  }

  @Test func itsCallsTakeTheDefaultRouteWhenItsTimeIsUp() {
    var desk = Self.desk()
    Self.install("one", &desk)
    desk.offer(1, at: "8000")
    desk.advance(.seconds(100))
    #expect(desk.state(ofCall: 1) == "selecting", "a current generation has all the time")
    Self.install("two", &desk)
    desk.advance(.seconds(9))
    #expect(desk.state(ofCall: 1) == "selecting")
    desk.advance(.seconds(1))
    #expect(desk.state(ofCall: 1) == "queued")
    let used = desk.last(.routeUsed)
    #expect(used?.routeType == .default)
    #expect(used?.reason("DEFAULT") == "drained")
    #expect(used?.reason("MESSAGE") == "generation drained")
    #expect(used?.extensions?.contains(KeyValue("GENERATION", "one")) == true)
    #expect(desk.shard.strategies.liveCount == 0)
  }

  @Test func eachGenerationHasATimeOfItsOwn() {
    var desk = Self.desk()
    for number in 1...3 {
      Self.install("g\(number)", &desk)
      desk.offer(UInt64(number), at: "8000")
      desk.advance(.seconds(4))
    }
    // Replaced at 4 and at 8 seconds; it is 12 now.
    let states = { (desk: borrowing Desk) in
      (1...3).map { desk.state(ofCall: UInt64($0)) == "queued" }
    }
    #expect(states(desk) == [false, false, false])
    desk.advance(.seconds(2))
    #expect(states(desk) == [true, false, false])
    desk.advance(.seconds(4))
    #expect(states(desk) == [true, true, false])
    desk.advance(.seconds(100))
    #expect(states(desk) == [true, true, false], "the current one is not ended")
  }

  @Test func nothingIsPendingForAGenerationWithoutCalls() {
    var desk = Self.desk()
    desk.offer(1, at: "8000")
    Self.install("two", &desk)
    desk.hangUp(1)
    #expect(desk.shard.nextDeadline == nil)
    for number in 0..<100 { Self.install("g\(number)", &desk) }
    #expect(desk.shard.nextDeadline == nil)
  }

  @Test func aPhoneThatRingsIsLeftToRing() {
    var plan = Sites.floor(agents: 1, defaults: [.queue("9000")])
    plan.limits.generationDrain = .seconds(5)
    plan.limits.ringTimeout = .seconds(20)
    var desk = Desk(
      plan,
      ["s": { _, _ in .requested(.route(.agent("1001"), ringTimeout: nil)) }]
    )
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    Self.install("two", &desk)
    desk.advance(.seconds(6))
    #expect(desk.state(ofCall: 1) == "ringing")
    desk.answer(ConnID(1))
    #expect(desk.state(ofCall: 1) == "established")
    #expect(desk.shard.nextDeadline == nil)
  }

  @Test func whoRangInVainTakesTheDefaultRouteThen() {
    var plan = Sites.floor(agents: 1, defaults: [.queue("9000")])
    plan.limits.generationDrain = .seconds(5)
    var desk = Desk(
      plan,
      ["s": { _, _ in .requested(.route(.agent("1001"), ringTimeout: nil)) }]
    )
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    Self.install("two", &desk)
    desk.advance(.seconds(6))
    desk.fail(ConnID(1), .busy)
    #expect(desk.state(ofCall: 1) == "queued")
    #expect(desk.last(.routeUsed)?.reason("DEFAULT") == "drained")
  }

  @Test func aRequestForARouteSaysWhichStrategyAndGenerationDecide() {
    var desk = Self.desk()
    Self.install("one", &desk)
    desk.offer(1, at: "8000")
    let marks = [KeyValue("STRATEGY", "s"), KeyValue("GENERATION", "one")]
    #expect(desk.last(.routeRequest)?.extensions == marks)
    #expect(desk.picture.calls.map(\.generation) == ["one"])
  }
}
