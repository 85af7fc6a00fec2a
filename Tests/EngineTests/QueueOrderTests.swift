import Engine
import TestSupport
import Testing

@Suite("Queues are strictly FIFO (ADR 0004)")
struct QueueOrderTests {
  @Test(
    "Fifty calls and three agents: abandon in the middle, one agent who does not answer",
    .timeLimit(.minutes(15))
  )
  func fiftyCalls() {
    var desk = Desk(Sites.floor(agents: 3))
    for call in 1...50 { desk.offer(UInt64(call), at: "9000") }
    #expect(desk.offeredCalls == [1, 2, 3])
    #expect(desk.waiting(in: "9000") == Array(4...50))
    desk.hangUp(25)
    desk.ring(ConnID(1))
    desk.ring(ConnID(2))
    desk.ring(ConnID(3))
    desk.answer(ConnID(1))
    desk.answer(ConnID(2))
    // Agent 1003 does not answer: not ready; call 3 is first again and gets the next agent.
    desk.advance(.seconds(15))
    #expect(desk.state(of: "1003") == "not_ready")
    #expect(desk.waiting(in: "9000").first == 3)
    var answered: [UInt64] = [1, 2]
    var talking: [UInt64] = [1, 2]
    while let next = talking.first {
      talking.removeFirst()
      let before = desk.offeredCalls.count
      desk.hangUp(next)
      for call in desk.offeredCalls.dropFirst(before) {
        desk.ring(ConnID(call))
        desk.answer(ConnID(call))
        answered.append(call)
        talking.append(call)
      }
    }
    #expect(answered == Array(1...24) + Array(26...50))
    #expect(desk.count(.abandoned) == 1)
    #expect(desk.picture.calls.isEmpty)
  }

  @Test func priorityDoesNotReorderAQueue() {
    var desk = Desk(
      Sites.floor(agents: 1, ready: false),
      [
        "s": { facts, answers in
          answers.isEmpty
            ? .requested(.priority(Int32(facts.connID.value))) : .finished(.queue("9000"))
        }
      ]
    )
    for call: UInt64 in 1...5 { desk.offer(call, at: "8000") }
    #expect(desk.waiting(in: "9000") == [1, 2, 3, 4, 5])
    desk.login("1001")
    desk.ready("1001")
    #expect(desk.offeredCalls == [1])
  }

  @Test func anAgentOfTwoQueuesTakesTheEarlierTicketOfBoth() {
    var plan = Sites.floor(agents: 1, ready: false)
    plan.queues.append(QueuePlan("9001"))
    var desk = Desk(plan)
    desk.offer(1, at: "9001")
    desk.offer(2, at: "9000")
    desk.offer(3, at: "9001")
    desk.offer(4, at: "9000")
    desk.login("1001")
    desk.ready("1001")
    for call: UInt64 in 1...3 {
      desk.answer(ConnID(call))
      desk.hangUp(call)
    }
    #expect(desk.offeredCalls == [1, 2, 3, 4])
  }

  @Test func aCallTakesItsTicketWhenItEntersTheQueue() {
    var desk = Desk(
      Sites.floor(agents: 1, ready: false),
      [
        "s": { _, answers in
          answers.isEmpty ? .requested(.wait(.seconds(5))) : .finished(.queue("9000"))
        }
      ]
    )
    desk.offer(1, at: "8000")
    desk.offer(2, at: "9000")
    desk.advance(.seconds(5))
    #expect(desk.waiting(in: "9000") == [2, 1])
  }

  @Test func onlyAgentsOfTheQueueServeIt() {
    var plan = Sites.floor(agents: 3)
    plan.agents[1].skills = [SkillLevel("sales", 3)]
    plan.queues.append(QueuePlan("9001", agents: "sales > 2"))
    var desk = Desk(plan)
    desk.offer(1, at: "9001")
    desk.offer(2, at: "9001")
    #expect(desk.diverts.map(\.dn) == ["7002"])
    #expect(desk.picture.queues[1].agentsLoggedIn == 1)
  }

  @Test func aCallerIsNeverOfferedToHimself() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000", ani: "7001")
    desk.offer(2, at: "9000")
    #expect(desk.offeredCalls == [2])
    #expect(desk.waiting(in: "9000") == [1])
  }
}
