import Engine
import SIPGlue
import Testing

/// RFC 3261 17.2.1: 100 is for callers who would otherwise hear nothing for a while.
@Suite("When a caller is told 100")
struct TryingTests {
  private struct Caller: ~Copyable {
    var line: SIPSwitch
    var now = Instant.zero

    init() throws {
      line = try SIPSwitch(plan: PairWorld.plan(), start: 1_700_000_000_000_000_000, secret: (1, 2))
    }

    /// Sends an INVITE for 8000; returns the call.
    mutating func invite() -> ConnID? {
      let text = SwitchTests.request("INVITE", extra: SwitchTests.contact)
      let moment = now
      Array(text.utf8).withUnsafeBytes {
        line.receive($0, fromIPv4: 0x7F00_0001, port: 6100, at: moment)
      }
      for signal in line.signals { if case .offered(let offer) = signal { return offer.connID } }
      return nil
    }

    /// The first lines of what waits to be sent, and where to.
    mutating func sent() -> [String] {
      var lines: [String] = []
      line.drain { bytes, port in
        let text = String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self)
        lines.append("\(port) \(text)")
      }
      return lines
    }
  }

  @Test func whoHasToWaitIs() throws {
    var caller = try Caller()
    _ = caller.invite()
    let first = caller.sent()
    let second = caller.sent()
    #expect(first == ["6100 SIP/2.0 100 Trying"])
    #expect(second.isEmpty)
  }

  @Test func whoIsAnsweredAtOnceIsNot() throws {
    var caller = try Caller()
    let invited = caller.invite()
    let call = try #require(invited)
    caller.line.perform(.reject(call, status: 486), at: caller.now)
    let sent = caller.sent()
    #expect(sent == ["6100 SIP/2.0 486 Busy Here"])
  }

  @Test func whoIsRefusedIsNot() throws {
    var caller = try Caller()
    caller.line.isDraining = true
    _ = caller.invite()
    let sent = caller.sent()
    #expect(sent == ["6100 SIP/2.0 503 Service Unavailable"])
  }

  @Test func whoIsConnectedToAPhoneIsBeforeThePhoneIsCalled() throws {
    var caller = try Caller()
    let invited = caller.invite()
    let call = try #require(invited)
    let divert = LineCommand.divert(call, attempt: 1, to: .dn("7002"), mode: .bridge)
    caller.line.perform(divert, at: caller.now)
    let sent = caller.sent()
    #expect(sent.first == "6100 SIP/2.0 100 Trying")
    #expect(sent.count == 2)
    #expect(sent.last?.hasPrefix("7002 INVITE sip:7002@127.0.0.1:7002") == true)
  }
}
