import Engine
import TestSupport
import Testing

@Suite("Reservations: one agent, one call (PEERS B2, B3)")
struct ReservationTests {
  static let any: ScriptedStrategies.Script = { _, _ in .finished(.any(.none)) }
  static let select: ScriptedStrategies.Script = { _, answers in
    switch answers.last {
    case nil: .requested(.select(Selection([.any(.none)], timeout: .seconds(25))))
    case .selected(let target): .requested(.route(target, ringTimeout: nil))
    default: .finished(nil)
    }
  }
  /// Selects an agent and then does not route to him.
  static let hold: ScriptedStrategies.Script = { _, answers in
    answers.isEmpty
      ? .requested(.select(Selection([.any(.none)]))) : .requested(.wait(.seconds(25)))
  }

  @Test(
    "Two hundred calls at one instant and one free agent: one ring",
    arguments: [
      "any", "select", "queue",
    ]
  )
  func twoHundredCalls(_ how: String) {
    var desk = Desk(
      Sites.floor(agents: 1),
      ["s": how == "any" ? Self.any : Self.select]
    )
    for call: UInt64 in 1...200 { desk.offer(call, at: how == "queue" ? "9000" : "8000") }
    #expect(desk.offeredCalls == [1])
    #expect(desk.picture.reservations.map(\.owner) == [ConnID(1)])
    #expect(desk.picture.reservations.first?.reason == "diverting")
    #expect(desk.picture.calls.count == 200)
    desk.ring(ConnID(1))
    #expect(desk.picture.reservations.first?.reason == "ringing")
    desk.answer(ConnID(1))
    #expect(desk.picture.reservations.isEmpty)
    desk.hangUp(1)
    #expect(desk.offeredCalls == [1, 2])
  }

  @Test func twoHundredWaitingCallsAndOneAgentWhoGetsReady() {
    var desk = Desk(Sites.floor(agents: 1, ready: false), ["s": Self.select])
    for call: UInt64 in 1...200 { desk.offer(call, at: "8000") }
    desk.login("1001")
    desk.ready("1001")
    #expect(desk.offeredCalls == [1])
    #expect(desk.picture.reservations.count == 1)
  }

  @Test func aSelectionThatIsNotUsedExpires() {
    var desk = Desk(Sites.floor(agents: 1), ["s": Self.hold])
    desk.offer(1, at: "8000")
    #expect(desk.picture.reservations.first?.reason == "selected")
    #expect(
      desk.picture.reservations.first?.expires == desk.picture.time + 10_000_000_000
    )
    desk.offer(2, at: "9000")
    desk.advance(.milliseconds(9_999))
    #expect(desk.diverts.isEmpty)
    #expect(desk.state(of: "1001") == "reserved")
    desk.advance(.milliseconds(1))
    #expect(desk.offeredCalls == [2])
  }

  @Test func aSelectedAgentIsGivenBackWhenTheCallerHangsUp() {
    var desk = Desk(Sites.floor(agents: 1), ["s": Self.hold])
    desk.offer(1, at: "8000")
    desk.offer(2, at: "9000")
    desk.hangUp(1)
    #expect(desk.offeredCalls == [2])
  }

  @Test func aBreakTakesASelectedAgentAwayAndTheStrategyIsTold() {
    var desk = Desk(
      Sites.floor(agents: 1, defaults: [.queue("9000")]),
      [
        "s": { _, answers in
          switch answers.count {
          case 0: .requested(.select(Selection([.any(.none)])))
          case 1: .requested(.wait(.seconds(2)))
          case 2: .requested(.route(.agent("1001"), ringTimeout: nil))
          default: answers.last == .failed(.busy) ? .finished(.reject(486)) : .finished(nil)
          }
        }
      ]
    )
    desk.offer(1, at: "8000")
    desk.notReady("1001")
    #expect(desk.picture.reservations.isEmpty)
    desk.advance(.seconds(2))
    #expect(desk.refusals == [486])
  }

  @Test func anotherSelectionGivesTheFirstAgentBack() {
    var desk = Desk(
      Sites.floor(agents: 2),
      [
        "s": { _, answers in
          switch answers.count {
          case 0: .requested(.select(Selection([.agent("1001")])))
          case 1: .requested(.select(Selection([.agent("1002")])))
          default: .requested(.wait(.seconds(5)))
          }
        }
      ]
    )
    desk.offer(1, at: "8000")
    #expect(desk.picture.reservations.map(\.agent) == ["1002"])
    #expect(desk.state(of: "1001") == "ready")
  }
}
