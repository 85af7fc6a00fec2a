import Engine
import SIPGlue
import Testing

@Suite("A call to an extension itself")
struct DirectCallTests {
  /// A call from outside to 7002, who does this.
  private static func called(_ behaviour: PairBehaviour, headers: String = "") throws
    -> (PairMessage, [Int])
  {
    var world = try PairWorld()
    world.engine = { signal in
      switch signal {
      case .offered(let offer):
        [.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge)]
      // The engine knows nothing better about a phone that will not (`failDirectCall`).
      case .diversionFailed(let conn, _, let failure):
        [.reject(conn, status: failure == .rejected ? 603 : 480)]
      default: []
      }
    }
    let caller = world.phone("4420", port: 6000)
    let phone = world.phone("7002", port: 7002)
    phone.behaviour = behaviour
    let dialog = caller.call("7002", headers: headers, at: 0)
    world.run(1)
    return (try #require(phone.requests("INVITE").first), dialog.statuses)
  }

  @Test(
    "The caller hears the phone's own refusal where it says something to him",
    arguments: [
      (488, 488), (403, 403), (415, 415), (606, 606), (603, 603), (401, 480), (400, 480),
      (420, 480), (302, 480), (404, 480),
    ]
  )
  func refusal(said: Int, heard: Int) throws {
    let (_, statuses) = try Self.called(.refuses(said))
    #expect(statuses == [100, heard])
  }

  @Test func nothingIsDiverted() throws {
    let (invite, _) = try Self.called(.rings)
    #expect(invite["diversion"] == "")
    #expect(
      invite["history-info"]
        == "<sip:7002@demo.local>;index=1, <sip:7002@127.0.0.1:7002>;index=1.1;rc=1"
    )
  }

  @Test func whatWasDivertedBeforeStays() throws {
    let (invite, _) = try Self.called(.rings, headers: "Diversion: <sip:1@x>;reason=unknown\r\n")
    #expect(invite.all("diversion") == ["<sip:1@x>;reason=unknown"])
  }

  @Test func aRoutedCallHearsWhatTheEngineSays() throws {
    var pair = try PairBridge(.refuses(488))
    pair.world.perform(.reject(pair.conn, status: 603))
    pair.world.run(0.1)
    #expect(pair.dialog.statuses == [100, 603])
  }
}
