import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Bridged calls")
struct BridgeTests {
  @Test func aCallIsOfferedRungAnsweredAndReleasedByTheCaller() throws {
    var world = try PairWorld()
    let caller = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    let dialog = caller.call("8000", at: world.now)
    world.run(0.1)
    let offer = try #require(world.offers.first)
    #expect(offer.dn == "8000")
    #expect(offer.ani == "4420")
    #expect(offer.dnis == "8000")
    #expect(dialog.statuses == [100])
    world.perform(.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(5)
    #expect(world.story == ["in 7002", "in 7003", "in 7004", "in 7009", "ringing", "answered"])
    #expect(dialog.statuses == [100, 180, 200])
    let invite = try #require(agent.requests("INVITE").first)
    #expect(invite.uri == "sip:7002@127.0.0.1:7002")
    #expect(invite["from"].hasPrefix("\"The 4420\" <sip:4420@demo.local>;tag="))
    #expect(invite.body == caller.sdp)
    #expect(invite["max-forwards"] == "69")
    #expect(invite["diversion"] == "<sip:8000@demo.local>;reason=unconditional;counter=1")
    #expect(
      invite["history-info"]
        == "<sip:8000@demo.local>;index=1, <sip:7002@127.0.0.1:7002;cause=302>;index=1.1;mp=1"
    )
    #expect(invite.callID != dialog.callID)
    #expect(dialog.bodies == [agent.sdp])
    #expect(agent.requests("ACK").count == 1)
    caller.hangUp(dialog, at: world.now)
    world.run(1)
    #expect(world.story.last == "released caller")
    #expect(agent.requests("BYE").count == 1)
    #expect(agent.openDialogs == 0)
    world.run(70)
    #expect(world.remains == "")
  }
}
