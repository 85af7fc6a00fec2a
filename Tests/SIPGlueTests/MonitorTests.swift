import Engine
import Foundation
import SIPGlue
import Testing

@Suite("A fixed contact is asked whether it is there")
struct MonitorTests {
  private static func world() throws -> PairWorld {
    var plan = PairWorld.plan()
    plan.extensions = [RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7002")]
    plan.extensions[0].monitor = MonitorPlan(
      interval: .seconds(10),
      failures: 2,
      recovery: .seconds(4)
    )
    return try PairWorld(plan: plan)
  }

  @Test func twoQuestionsWithoutAnswerPutItOutAndTheFirstAnswerBringsItBack() throws {
    var world = try Self.world()
    #expect(world.story == ["in 7002"])
    // The first question at 0, the second at 10; at 20 two are unanswered.
    world.run(19.9)
    #expect(world.story == ["in 7002"])
    world.run(0.2)
    #expect(world.story == ["in 7002", "out 7002"])
    let phone = world.phone("7002", port: 7002)
    world.run(5)
    #expect(world.story == ["in 7002", "out 7002", "in 7002"])
    let question = try #require(phone.requests("OPTIONS").first)
    #expect(question.uri == "sip:7002@127.0.0.1:7002")
    world.run(100)
    #expect(world.story.count == 3)
    // About one every ten seconds, each asked once.
    #expect((10...13).contains(phone.requests("OPTIONS").count))
  }

  @Test func oneLostQuestionIsNothing() throws {
    var world = try Self.world()
    world.run(12)
    _ = world.phone("7002", port: 7002)
    world.run(300)
    #expect(world.story == ["in 7002"])
  }

  @Test func nobodyIsCalledWhoIsOut() throws {
    var world = try Self.world()
    world.run(21)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge)]
    }
    world.signals = []
    world.inject(SwitchTests.request("INVITE", extra: SwitchTests.contact), from: 6100)
    world.run(0.1)
    #expect(world.story == ["failed unreachable"])
  }
}
