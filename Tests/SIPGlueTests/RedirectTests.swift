import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Redirected calls")
struct RedirectTests {
  @Test func theCallerIsToldWhereToGoAndTheCallIsGone() throws {
    var pair = try PairBridge(.rings, diverts: false)
    pair.world.perform(.divert(pair.conn, attempt: 7, to: .dn("7002"), mode: .redirect))
    #expect(pair.world.signals == [.diverted(pair.conn, attempt: 7)])
    let calls = pair.world.line.callCount
    #expect(calls == 0)
    pair.world.run(1)
    let answer = try #require(pair.dialog.responses.last)
    #expect(answer.status == 302)
    #expect(answer["contact"] == "<sip:7002@127.0.0.1:7002>")
    #expect(answer["diversion"] == "<sip:8000@demo.local>;reason=unconditional;counter=1")
    #expect(
      answer["history-info"]
        == "<sip:8000@demo.local>;index=1, <sip:7002@127.0.0.1:7002;cause=302>;index=1.1;mp=1"
    )
    #expect(!answer.toTag.isEmpty)
    #expect(pair.agent.received.isEmpty)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aTrunkGetsTheNumber() throws {
    var pair = try PairBridge(.rings, diverts: false)
    let destination = Destination.trunk(name: "carrier", number: "+442071234")
    pair.world.perform(.divert(pair.conn, attempt: 1, to: destination, mode: .redirect))
    pair.world.run(1)
    #expect(pair.dialog.responses.last?["contact"] == "<sip:+442071234@127.0.0.1:7003>")
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func severalPlacesAreNamedWithFallingShares() throws {
    var pair = try PairBridge(.rings, diverts: false)
    let trunk = Destination.trunk(name: "carrier", number: "+442071234")
    // Nobody is registered at 7001: it is left out.
    pair.world.perform(.alsoName(pair.conn, attempt: 3, [.dn("7001"), .dn("7003"), trunk]))
    pair.world.perform(.divert(pair.conn, attempt: 3, to: .dn("7002"), mode: .redirect))
    #expect(pair.world.signals == [.diverted(pair.conn, attempt: 3)])
    pair.world.run(1)
    let answer = try #require(pair.dialog.responses.last)
    #expect(answer.status == 302)
    #expect(
      answer.all("contact") == [
        "<sip:7002@127.0.0.1:7002>;q=1.000", "<sip:7003@127.0.0.1:7003>;q=0.900",
        "<sip:+442071234@127.0.0.1:7003>;q=0.800",
      ]
    )
    #expect(answer["history-info"].contains("<sip:7002@127.0.0.1:7002;cause=302>"))
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func severalPlacesWithoutAnAddressFailTogether() throws {
    var pair = try PairBridge(.rings, diverts: false)
    pair.world.perform(.alsoName(pair.conn, attempt: 1, [.dn("7009")]))
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7001"), mode: .redirect))
    #expect(pair.world.signals == [.diversionFailed(pair.conn, attempt: 1, .unreachable)])
    // What was named is forgotten with its attempt.
    pair.world.perform(.divert(pair.conn, attempt: 2, to: .dn("7002"), mode: .redirect))
    pair.world.run(1)
    #expect(pair.dialog.responses.last?.all("contact") == ["<sip:7002@127.0.0.1:7002>"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test(arguments: [
    (Destination.dn("7999"), RouteFailure.noSuchTarget), (.dn("9000"), .noSuchTarget),
    (.dn("7001"), .unreachable), (.dn("7009"), .unreachable),
    (.trunk(name: "carrier", number: "+33"), .noSuchTarget),
    (.trunk(name: "nobody", number: "+4420"), .noSuchTarget),
  ])
  func aDestinationWithoutAnAddressFailsAtOnce(
    destination: Destination,
    failure: RouteFailure
  ) throws {
    for mode in [DivertMode.redirect, .bridge] {
      var pair = try PairBridge(.rings, diverts: false)
      pair.world.perform(.divert(pair.conn, attempt: 1, to: destination, mode: mode))
      #expect(pair.world.signals == [.diversionFailed(pair.conn, attempt: 1, failure)])
      pair.world.perform(.reject(pair.conn, status: 486))
      pair.finish()
      #expect(pair.dialog.statuses.last == 486)
      #expect(pair.world.remains == "")
    }
  }

  @Test func whoIsSentToANameFindsTheAddressHimself() throws {
    var pair = try PairBridge(.rings, diverts: false)
    // There is no DNS: we cannot go there ourselves.
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7004"), mode: .bridge))
    #expect(pair.world.signals == [.diversionFailed(pair.conn, attempt: 1, .unreachable)])
    pair.world.perform(.divert(pair.conn, attempt: 2, to: .dn("7004"), mode: .redirect))
    pair.world.run(1)
    let answer = try #require(pair.dialog.responses.last)
    #expect(answer.all("contact") == ["<sip:7004@phones.example.com>"])
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func earlierDiversionsAreContinued() throws {
    var world = try PairWorld()
    let caller = world.phone("4420", port: 6000)
    let dialog = caller.call(
      "8000",
      headers: "History-Info: <sip:1@a>;index=1, <sip:8000@b>;index=1.1\r\n"
        + "Diversion: <sip:1@a>;reason=user-busy;counter=2\r\n",
      at: 0
    )
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .redirect))
    world.run(1)
    #expect(
      dialog.responses.last?.all("history-info") == [
        "<sip:1@a>;index=1, <sip:8000@b>;index=1.1",
        "<sip:7002@127.0.0.1:7002;cause=302>;index=1.1.1;mp=1.1",
      ]
    )
  }

  @Test func aLostRedirectIsRepeatedUntilAcknowledged() throws {
    for seed in UInt64(1)...20 {
      var world = try PairWorld(seed: seed)
      world.wire = PairWire(loss: 0.3, duplication: 0.2, jitter: 0.2)
      let caller = world.phone("4420", port: 6000)
      world.engine = {
        guard case .offered(let offer) = $0 else { return [] }
        return [.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .redirect)]
      }
      let dialog = caller.call("8000", at: 0)
      world.run(140)
      #expect(world.offers.count <= 1, "seed \(seed)")
      #expect(dialog.statuses.last == 302, "seed \(seed)")
      #expect(world.remains == "", "seed \(seed)")
    }
  }
}
