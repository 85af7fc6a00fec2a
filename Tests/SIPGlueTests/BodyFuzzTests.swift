import Engine
import Foundation
import SIPGlue
import Testing

// The fuzz target of session descriptions: `FUZZ_BODIES` calls (300 where nobody says another
// number), always the same ones. A body is the business of those who talk: whatever it holds goes
// from one side to the other byte by byte, is kept like that, and stops nothing.

@Suite("Session descriptions, whatever they hold")
struct BodyFuzzTests {
  private static let seeds: [[UInt8]] = [
    "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
      + "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n",
    "v=0\no=- 1 2 IN IP6 ::1\ns=x\nt=0 0\nc=IN IP6 ::\na=inactive\nm=audio 0 RTP/AVP 0\n"
      + "m=video 5 RTP/SAVP 99\nc=IN IP4 0.0.0.0\na=recvonly\n",
    "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n--b--",
    "m=\r\nm=audio\r\nm=audio \r\nm=audio 0\r\na=\r\nc=\r\n=\r\nv=0\r\nv=0\r\n\r\n\r\nm=audio 00 x",
    "v=0", "\r\n", "\n\n\n", "v=0\r\nm=audio 1", "SIP/2.0 200 OK\r\nCall-ID: other\r\n\r\n",
  ].map { Array($0.utf8) }

  private final class Line {
    var line: SIPSwitch
    var now = Instant(nanoseconds: 1)
    var sent: [(bytes: [UInt8], port: UInt16)] = []

    init() throws {
      line = try SIPSwitch(
        plan: PairWorld.plan(),
        start: 1_800_000_000_000_000_000,
        secret: (3, 4)
      )
      line.removeSignals()
    }

    func say(_ head: String, _ body: [UInt8], from port: UInt16) {
      let type = body.isEmpty ? "" : "Content-Type: application/sdp\r\n"
      let bytes = Array((head + type + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
      let time = now
      bytes.withUnsafeBytes { line.receive($0, fromIPv4: 0x7F00_0001, port: port, at: time) }
      take()
    }

    func take() { line.drain { self.sent.append(($0, $1)) } }

    /// The last message to a port that begins like that: its text up to the body, and the body.
    func last(_ port: UInt16, _ start: String) -> (head: String, body: [UInt8])? {
      let found = sent.last { $0.port == port && $0.bytes.starts(with: Array(start.utf8)) }
      guard let bytes = found?.bytes else { return nil }
      let mark = Array("\r\n\r\n".utf8)
      let end = bytes.indices.first { bytes[$0...].starts(with: mark) }
      guard let end else { return nil }
      return (String(decoding: bytes[..<end], as: UTF8.self), Array(bytes[(end + 4)...]))
    }
  }

  /// The lines of a request that its response repeats.
  private static func repeated(_ head: String) -> String {
    head.split(separator: "\r\n").dropFirst().filter { line in
      ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].contains { line.hasPrefix($0) }
    }.map { ($0.hasPrefix("To:") && !$0.contains("tag=") ? $0 + ";tag=p" : $0) + "\r\n" }.joined()
  }

  private static func request(_ method: String, _ call: Int, _ number: Int, to: String) -> String {
    "\(method) sip:8000@127.0.0.1 SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK\(call)\(method)\(number)\r\n"
      + "Max-Forwards: 70\r\nFrom: <sip:4420@test>;tag=c\(call)\r\nTo: \(to)\r\n"
      + "Call-ID: body\(call)\r\nCSeq: \(number) \(method)\r\n"
      + "Contact: <sip:4420@127.0.0.1:6000>\r\n"
  }

  @Test(
    "Bodies pass a bridge in both directions unchanged, and stop nothing",
    .timeLimit(.minutes(15))
  )
  func bodies() throws {
    let count = ProcessInfo.processInfo.environment["FUZZ_BODIES"].flatMap { Int($0) } ?? 300
    var mutator = Mutator(seed: 20_261_121)
    let world = try Line()
    func body(_ call: Int, _ place: Int) -> [UInt8] {
      let seed = Self.seeds[(call * 5 + place) % Self.seeds.count]
      return switch (call + place) % 4 {
      case 0: seed
      case 1: mutator.flip(seed)
      default: mutator.mutate(seed)
      }
    }
    var passed = 0
    for call in 0..<count {
      let bodies = (0..<4).map { body(call, $0) }
      world.sent = []
      world.say(Self.request("INVITE", call, 1, to: "<sip:8000@test>"), bodies[0], from: 6000)
      let conn = world.line.signals.compactMap { signal -> ConnID? in
        if case .offered(let offer) = signal { offer.connID } else { nil }
      }.last
      world.line.removeSignals()
      let offered = try #require(conn)
      world.line.perform(
        .divert(offered, attempt: 1, to: .dn("7002"), mode: .bridge),
        at: world.now
      )
      world.take()
      let invite = try #require(world.last(7002, "INVITE"))
      #expect(invite.body == bodies[0])
      let contact = "Contact: <sip:7002@127.0.0.1:7002>\r\n"
      world.say("SIP/2.0 200 OK\r\n" + Self.repeated(invite.head) + contact, bodies[1], from: 7002)
      let answer = try #require(world.last(6000, "SIP/2.0 200"))
      #expect(answer.body == bodies[1])
      let to = answer.head.split(separator: "\r\n").first { $0.hasPrefix("To: ") }?.dropFirst(4)
      let remote = String(try #require(to))
      world.say(Self.request("ACK", call, 1, to: remote), [], from: 6000)

      world.say(Self.request("INVITE", call, 2, to: remote), bodies[2], from: 6000)
      let again = try #require(world.last(7002, "INVITE"))
      if again.head != invite.head {
        #expect(again.body == bodies[2])
        world.say("SIP/2.0 200 OK\r\n" + Self.repeated(again.head) + contact, bodies[3], from: 7002)
        #expect(world.last(6000, "SIP/2.0 200")?.body == bodies[3])
        world.say(Self.request("ACK", call, 2, to: remote), [], from: 6000)
        passed += 1
      }
      let captured = world.line.captured(offered)
      let kept = try #require(captured).messages
      #expect(kept.filter { !$0.isReceived }.map(\.bytes) == world.sent.map(\.bytes))
      world.say(Self.request("BYE", call, 3, to: remote), [], from: 6000)
      let bye = try #require(world.last(7002, "BYE"))
      world.say("SIP/2.0 200 OK\r\n" + Self.repeated(bye.head), [], from: 7002)
      world.line.removeSignals()
    }
    #expect(passed > count * 9 / 10)
    world.now = world.now + .seconds(600)
    world.line.advance(to: world.now)
    let isIdle = world.line.isIdle
    #expect(isIdle)
  }
}
