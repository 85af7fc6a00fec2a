import Engine
import SIPGlue
import Testing

@Suite("A call to an extension itself")
struct DirectCallTests {
  /// A call from outside to 7002, who does this.
  private static func called(_ behaviour: PairBehaviour, headers: String = "") throws
    -> (PairMessage, [Int], LineSignal?)
  {
    var world = try PairWorld()
    world.engine = { signal in
      switch signal {
      case .offered(let offer):
        [.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge)]
      case .diversionFailed(let conn, _, _, let status): [.reject(conn, status: status ?? 500)]
      default: []
      }
    }
    let caller = world.phone("4420", port: 6000)
    let phone = world.phone("7002", port: 7002)
    phone.behaviour = behaviour
    let dialog = caller.call("7002", headers: headers, at: 0)
    world.run(1)
    let failure = world.signals.last { if case .diversionFailed = $0 { true } else { false } }
    return (try #require(phone.requests("INVITE").first), dialog.statuses, failure)
  }

  @Test(
    "The engine is told what the phone has said, and the caller what the engine says",
    arguments: [
      (488, .rejected), (403, .rejected), (415, .rejected), (606, .rejected), (603, .rejected),
      (401, .rejected), (400, .rejected), (420, .rejected), (302, .rejected),
      (404, RouteFailure.unreachable),
    ]
  )
  func refusal(said: Int, failure: RouteFailure) throws {
    let (_, statuses, signal) = try Self.called(.refuses(said))
    #expect(statuses == [100, said])
    guard case .diversionFailed(_, 1, failure, UInt16(said)) = signal else {
      Issue.record("the engine was told \(signal as Any)")
      return
    }
  }

  @Test func nothingIsDiverted() throws {
    let (invite, _, _) = try Self.called(.rings)
    #expect(invite["diversion"] == "")
    #expect(
      invite["history-info"]
        == "<sip:7002@demo.local>;index=1, <sip:7002@127.0.0.1:7002>;index=1.1;rc=1"
    )
  }

  @Test func whatWasDivertedBeforeStays() throws {
    let (invite, _, _) = try Self.called(.rings, headers: "Diversion: <sip:1@x>;reason=unknown\r\n")
    #expect(invite.all("diversion") == ["<sip:1@x>;reason=unknown"])
  }

  @Test func aRoutedCallHearsWhatTheEngineSays() throws {
    var pair = try PairBridge(.refuses(488))
    pair.world.perform(.reject(pair.conn, status: 603))
    pair.world.run(0.1)
    #expect(pair.dialog.statuses == [100, 603])
  }
}
