import Engine
import Foundation
import SIPGlue
import Testing

/// The last flow of seed 002, with the bytes that stand there: an IMS phone calls another one, by
/// TCP, with a tel: URI; we are 10.88.120.110 between them, and the other one speaks UDP.
@Suite("An IMS call across TCP and UDP (seed 002)")
struct SeedInviteTests {
  private static let caller: UInt32 = 0xB600_7B38
  private static let phone: UInt32 = 0xB600_7B3A

  /// What the seed says the length of the session description is.
  private static let body: String = {
    let start =
      "v=0\r\no=rue 3251 3251 IN IP4 182.0.123.56\r\ns=-\r\nc=IN IP4 182.0.123.56\r\nt=0 0\r\n"
    let lines = start + "m=audio 31500 RTP/AVP 107 106 8 0\r\n"
    return lines + "a=x:" + String(repeating: "y", count: 1466 - lines.utf8.count - 6) + "\r\n"
  }()

  /// The header lines of the seed's INVITE that say something about the call, not about the dialog.
  private static let meaning = [
    ("P-Preferred-Service", "urn:urn-7:3gpp-service.ims.icsi.mmtel"),
    (
      "Accept-Contact",
      "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\";video"
    ),
    ("Accept", "application/sdp, application/3gpp-ims+xml"),
    ("P-Access-Network-Info", "3GPP-NR-TDD;utran-cell-id-3gpp=0010100313200001c001"),
    ("P-Early-Media", "supported"), ("P-Preferred-Identity", "<sip:13800011101@one.att.net>"),
  ]

  private static let identity =
    "From: <sip:13800011101@one.att.net>;tag=X6E3R9v\r\n"
    + "To: <tel:13800011103;phone-context=one.att.net>TAG\r\n"
    + "Call-ID: 0rSzxKYZqGFRahidYb8I3Dc3doGY@182.0.123.56\r\n"

  private static func request(
    _ method: String,
    via: String,
    number: Int,
    tag: String = "",
    rest: String = "Content-Length: 0\r\n\r\n"
  ) -> String {
    let target =
      tag.isEmpty ? "tel:13800011103;phone-context=one.att.net" : "sip:10.88.120.110:5060"
    return "\(method) \(target) SIP/2.0\r\n"
      + identity.replacingOccurrences(of: "TAG", with: tag.isEmpty ? "" : ";tag=" + tag)
      + "CSeq: \(number) \(method)\r\nVia: SIP/2.0/\(via)\r\nMax-Forwards: 70\r\n" + rest
  }

  private static let invite = request(
    "INVITE",
    via: "TCP 182.0.123.56:5060;branch=z9hG4bKb4MiHkghekvemEcWZotV2Pm9uu.",
    number: 33302,
    rest: meaning.map { "\($0.0): \($0.1)\r\n" }.joined()
      + "Allow: INVITE,CANCEL,BYE,ACK,REFER,NOTIFY,MESSAGE,INFO,PRACK,UPDATE,OPTIONS\r\n"
      + "Contact: <sip:13800011101@182.0.123.56:5060>;+g.3gpp.srvcc-alerting;+g.3gpp.mid-call;"
      + "+g.3gpp.ps2cs-srvcc-orig-pre-alerting;"
      + "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\";audio;video\r\n"
      + "Content-Type: application/sdp\r\nContent-Length: 1466\r\n\r\n" + body
  )

  private static func world() throws -> StreamWorld {
    var plan = SIPPlan(
      listeners: [
        SIPListener(.udp, host: "10.88.120.110", port: 5060),
        SIPListener(.tcp, host: "10.88.120.110", port: 5060),
      ],
      domain: "one.att.net"
    )
    plan.extensions = [
      RegistrarExtension("13800011101", contact: "sip:13800011101@182.0.123.56:5060"),
      RegistrarExtension("13800011103", contact: "sip:13800011103@182.0.123.58:5060"),
    ]
    if let network = AddressRange("182.0.123.0/24") { plan.trusted = [network] }
    return try StreamWorld(plan)
  }

  private static func say(_ text: String, from address: UInt32, to world: StreamWorld) {
    let time = world.instant
    Array(text.utf8).withUnsafeBytes {
      world.line.receive($0, fromIPv4: address, port: 5060, at: time)
    }
    world.take()
  }

  /// What the phone says to our INVITE.
  private static func answer(_ status: Int, to text: String) -> String {
    StreamWorld.answer(status, to: text, contact: "sip:13800011103@182.0.123.58:5060")
  }

  @Test func theCallIsMadeAndEnded() throws {
    let world = try Self.world()
    let connection = try #require(world.connect(5060, Self.caller))
    world.say(Self.invite, on: connection)
    #expect(world.sent.map { $0.message?.status } == [100])
    world.divert(to: "13800011103")
    // Too large for a datagram: by TCP first (RFC 3261 18.1.1), where nobody listens.
    let attempt = try #require(world.sent.last)
    #expect(attempt.to.transport == .tcp && attempt.deed == .open)
    world.lose(attempt.to.connection)
    world.run(0.1)
    let sent = try #require(world.sent.last)
    #expect(sent.to == Endpoint(ipv4: Self.phone, port: 5060))
    let out = try #require(sent.message)
    #expect(out.startLine == "INVITE sip:13800011103@182.0.123.58:5060 SIP/2.0")
    #expect(out["from"].hasPrefix("<sip:13800011101@one.att.net>;tag="))
    #expect(out["to"] == "<sip:13800011103@182.0.123.58:5060>")
    #expect(out["via"].hasPrefix("SIP/2.0/UDP 10.88.120.110:5060;"))
    #expect(out["contact"] == "<sip:13800011103@10.88.120.110:5060>")
    #expect(out["cseq"] == "1 INVITE")
    #expect(!out.callID.contains("182.0.123.56"))
    for (name, value) in Self.meaning { #expect(out.all(name.lowercased()) == [value], "\(name)") }
    #expect(out["content-length"] == "1466")
    #expect(out.body == Self.body)

    // 100 is ours to keep, 180 and 200 go to the caller, on his connection.
    for status in [100, 180, 200] {
      Self.say(Self.answer(status, to: sent.text), from: Self.phone, to: world)
    }
    let heard = world.sent.filter { $0.to.connection == connection }.compactMap(\.message)
    #expect(heard.map(\.status) == [100, 180, 200])
    let answer = try #require(heard.last)
    #expect(answer["to"].hasPrefix("<tel:13800011103;phone-context=one.att.net>;tag="))
    #expect(answer["cseq"] == "33302 INVITE")
    #expect(world.sent.last { $0.text.hasPrefix("ACK") }?.to == sent.to)

    // The ACK comes by UDP, as the seed notes; the BYE by TCP.
    let ack = Self.request(
      "ACK",
      via: "UDP 182.0.123.56:5060;branch=z9hG4bKack",
      number: 33302,
      tag: answer.toTag
    )
    Self.say(ack, from: Self.caller, to: world)
    let repeats = world.sent.count
    world.run(10)
    #expect(world.sent.count == repeats)
    let bye = Self.request(
      "BYE",
      via: "TCP 182.0.123.56:5060;branch=z9hG4bKbye",
      number: 33303,
      tag: answer.toTag
    )
    world.say(bye, on: connection)
    let passed = try #require(world.sent.last { $0.text.hasPrefix("BYE") })
    #expect(passed.to == sent.to)
    Self.say(Self.answer(200, to: passed.text), from: Self.phone, to: world)
    let last = world.sent.last { $0.to.connection == connection }?.message
    #expect(last?.status == 200 && last?.method == "BYE")
    world.run(70)
    #expect(world.isIdle)
  }
}
