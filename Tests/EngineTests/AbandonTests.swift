import Engine
import TestSupport
import Testing

@Suite("A caller hangs up, in every state (DOMAIN 2.4)")
struct AbandonTests {
  struct Stage: Sendable, CustomTestStringConvertible {
    var state: String
    var request: StrategyRequest?
    var target: Target?
    var at: DN = "8000"
    var ready = true
    var rings = false
    var event: String
    var testDescription: String { "\(state) at \(at.number)" }
  }

  static let stages = [
    Stage(state: "consulting", request: .header("Subject"), event: "abandoned@8000"),
    Stage(state: "waiting", request: .wait(.seconds(9)), event: "abandoned@8000"),
    Stage(
      state: "selecting",
      request: .select(Selection([.any(.none)], timeout: .seconds(9))),
      ready: false,
      event: "abandoned@8000"
    ),
    Stage(state: "selecting", target: .any(.none), ready: false, event: "abandoned@8000"),
    Stage(state: "queued", target: .queue("9000"), ready: false, event: "abandoned@9000"),
    Stage(state: "queued", at: "9000", ready: false, event: "abandoned@9000"),
    Stage(
      state: "diverting",
      request: .route(.any(.none), ringTimeout: nil),
      event: "abandoned@8000"
    ),
    Stage(state: "diverting", target: .any(.none), event: "abandoned@8000"),
    Stage(state: "diverting", at: "9000", event: "abandoned@9000"),
    Stage(state: "ringing", target: .any(.none), rings: true, event: "abandoned@7001"),
    Stage(state: "ringing", at: "9000", rings: true, event: "abandoned@7001"),
    Stage(
      state: "ringing",
      request: .route(.any(.none), ringTimeout: nil),
      rings: true,
      event: "abandoned@7001"
    ),
  ]

  @Test("It is announced once, nothing is left, and the agent is untouched", arguments: stages)
  func abandon(_ stage: Stage) {
    var desk = Desk(
      Sites.floor(agents: 1, ready: stage.ready),
      [
        "s": { _, _ in
          if let request = stage.request { .requested(request) } else { .finished(stage.target) }
        }
      ]
    )
    desk.offer(1, at: stage.at)
    if stage.rings { desk.ring(ConnID(1)) }
    #expect(desk.state(ofCall: 1) == stage.state)
    desk.forget()
    desk.hangUp(1)
    #expect(desk.story == [stage.event])
    #expect(desk.last(.abandoned)?.callState == .ok)
    #expect(desk.last(.abandoned)?.thisQueue == stage.at || stage.target == .queue("9000"))
    #expect(desk.picture.calls.isEmpty)
    #expect(desk.picture.reservations.isEmpty)
    #expect(desk.shard.strategies.liveCount == 0)
    #expect(desk.shard.nextDeadline == nil)
    #expect(desk.state(of: "1001") == (stage.ready ? "ready" : "logged_out"))
    #expect(desk.picture.queues[0].agentsAvailable == (stage.ready ? 1 : 0))
    // What was on its way comes too late.
    desk.ring(ConnID(1))
    desk.line(.answered(ConnID(1), attempt: 1))
    desk.line(.diversionFailed(ConnID(1), attempt: 1, .noAnswer))
    desk.line(.header(ConnID(1), "late"))
    desk.hangUp(1)
    #expect(desk.story == [stage.event])
  }

  @Test func anAbandonWhileRingingFreesTheAgentForTheNextInLine() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.offer(2, at: "9000")
    desk.ring(ConnID(1))
    desk.hangUp(1)
    #expect(desk.offeredCalls == [1, 2])
  }

  @Test func aReleaseInConversationIsNoAbandon() {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.answer(ConnID(1))
    desk.line(.released(ConnID(1), by: .target))
    #expect(desk.count(.abandoned) == 0)
    #expect(desk.count(.released) == 1)
    #expect(desk.state(of: "1001") == "ready")
  }
}
