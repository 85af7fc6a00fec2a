import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Registrations and digest on the wire")
struct SwitchRegistrationTests {
  /// The answer to a challenge.
  private static func proof(
    _ challenge: String,
    user: String,
    password: String,
    method: String,
    uri: String
  ) throws -> String {
    func field(_ name: String) -> String {
      guard let start = challenge.range(of: name + "=\"") else { return "" }
      let rest = challenge[start.upperBound...]
      return String(rest[..<(rest.firstIndex(of: "\"") ?? rest.endIndex)])
    }
    var hash = try DigestHash()
    func hex(_ texts: [String]) -> String {
      String(decoding: hash.hex(.md5, of: texts.map { Array($0.utf8) }), as: UTF8.self)
    }
    let secret = hex([user, field("realm"), password])
    let action = hex([method, uri])
    let nonce = field("nonce")
    let response = hex([secret, nonce, "00000001", "abc", "auth", action])
    return "Digest username=\"\(user)\", realm=\"\(field("realm"))\", nonce=\"\(nonce)\", "
      + "uri=\"\(uri)\", response=\"\(response)\", algorithm=MD5, qop=auth, nc=00000001, "
      + "cnonce=\"abc\"\r\n"
  }

  private static func register(
    _ dn: String,
    expires: Int,
    sequence: Int,
    extra: String = ""
  ) -> String {
    "REGISTER sip:demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP 127.0.0.1:6100;branch=z9hG4bKreg\(sequence)\r\n"
      + "Max-Forwards: 70\r\nFrom: <sip:\(dn)@demo.local>;tag=a\r\nTo: <sip:\(dn)@demo.local>\r\n"
      + "Call-ID: reg@test\r\nCSeq: \(sequence) REGISTER\r\n"
      + "Contact: <sip:\(dn)@127.0.0.1:6100>\r\nExpires: \(expires)\r\n\(extra)"
      + "Content-Length: 0\r\n\r\n"
  }

  private static func challenge(_ answer: PairMessage?, _ name: String) -> String {
    answer?.all(name).first { $0.contains("MD5") } ?? ""
  }

  @Test func aPhoneRegistersIsCalledAndExpires() throws {
    var world = try PairWorld()
    world.signals = []
    let first = SwitchTests.ask(Self.register("7001", expires: 60, sequence: 1), of: &world)
    #expect(first?.status == 401)
    #expect(world.signals.isEmpty)
    let bad = try Self.proof(
      Self.challenge(first, "www-authenticate"),
      user: "7001",
      password: "wrong",
      method: "REGISTER",
      uri: "sip:demo.local"
    )
    let refused = SwitchTests.ask(
      Self.register("7001", expires: 60, sequence: 2, extra: "Authorization: " + bad),
      of: &world
    )
    #expect(refused?.status == 401)
    let good = try Self.proof(
      Self.challenge(refused, "www-authenticate"),
      user: "7001",
      password: "demo",
      method: "REGISTER",
      uri: "sip:demo.local"
    )
    let accepted = SwitchTests.ask(
      Self.register("7001", expires: 60, sequence: 3, extra: "Authorization: " + good),
      of: &world
    )
    #expect(accepted?.status == 200)
    #expect(accepted?["contact"] == "<sip:7001@127.0.0.1:6100>;expires=60")
    #expect(world.story == ["in 7001"])

    let caller = world.phone("4420", port: 6000)
    let dialog = caller.call("8000", at: world.now)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.last).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7001"), mode: .redirect))
    world.run(0.1)
    #expect(dialog.responses.last?["contact"] == "<sip:7001@127.0.0.1:6100>")

    world.run(61)
    #expect(world.story == ["in 7001", "diverted", "out 7001"])
    world.run(140)
    #expect(world.remains == "")
  }

  @Test func strangersAreRefusedAndExtensionsChallenged() throws {
    var plan = PairWorld.plan()
    plan.trusted = []
    var world = try PairWorld(plan: plan)
    let stranger = SwitchTests.request("INVITE", extra: SwitchTests.contact)
    #expect(SwitchTests.ask(stranger, of: &world)?.status == 403)

    func invite(_ branch: String, _ extra: String) -> String {
      SwitchTests.request("INVITE", extra: SwitchTests.contact + extra, branch: branch)
        .replacingOccurrences(of: "<sip:4420@test>;tag=a", with: "<sip:7001@test>;tag=b")
    }
    let challenged = SwitchTests.ask(invite("z9hG4bKtwo", ""), of: &world)
    #expect(challenged?.status == 407)
    let proof = try Self.proof(
      Self.challenge(challenged, "proxy-authenticate"),
      user: "7001",
      password: "demo",
      method: "INVITE",
      uri: "sip:8000@127.0.0.1"
    )
    #expect(world.offers.isEmpty)
    let extra = "Proxy-Authorization: " + proof
    let accepted = SwitchTests.ask(
      invite("z9hG4bKthree", extra).replacingOccurrences(of: "CSeq: 1", with: "CSeq: 2"),
      of: &world
    )
    #expect(accepted?.status == 100)
    let offers = world.offers
    #expect(offers.map(\.ani) == ["7001"])
    #expect(offers.first?.type == .internal)
  }

  @Test func whoHidesHisNumberShowsItInHisCredentials() throws {
    var plan = PairWorld.plan()
    plan.trusted = ["127.0.0.2"].compactMap { AddressRange($0) }
    plan.extensions[1] = RegistrarExtension("7002", contact: "sip:7002@127.0.0.2:7002")
    var world = try PairWorld(plan: plan)
    let phone = world.phone("7002", port: 7002)
    func invite(_ sequence: Int, _ extra: String) -> String {
      SwitchTests.request(
        "INVITE",
        extra: SwitchTests.contact + extra,
        branch: "z9hG4bK\(sequence)"
      )
      .replacingOccurrences(
        of: "<sip:4420@test>;tag=a",
        with: "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=b"
      )
      .replacingOccurrences(of: "CSeq: 1", with: "CSeq: \(sequence)")
    }
    let challenged = SwitchTests.ask(invite(1, ""), of: &world)
    #expect(challenged?.status == 407)
    let proof = try Self.proof(
      Self.challenge(challenged, "proxy-authenticate"),
      user: "7001",
      password: "demo",
      method: "INVITE",
      uri: "sip:8000@127.0.0.1"
    )
    #expect(SwitchTests.ask(invite(2, "Proxy-Authorization: " + proof), of: &world)?.status == 100)
    let offers = world.offers
    #expect(offers.map(\.ani) == ["7001"])
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    world.run(0.1)
    let seen = try #require(phone.requests("INVITE").first)
    #expect(seen["from"].hasPrefix("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="))
    #expect(seen["p-asserted-identity"] == "<sip:7001@demo.local>")
  }

  @Test func aRefreshDuringRingingDisturbsNothing() throws {
    var plan = PairWorld.plan()
    plan.extensions.append(RegistrarExtension("7005"))
    var world = try PairWorld(plan: plan)
    world.signals = []
    let phone = world.phone("7005", port: 6100)
    phone.behaviour = .rings
    world.inject(Self.register("7005", expires: 60, sequence: 1), from: 6100)
    world.run(0.1)
    let caller = world.phone("4420", port: 6000)
    let dialog = caller.call("8000", at: world.now)
    world.run(0.1)
    let offers = world.offers
    let conn = try #require(offers.first).connID
    world.perform(.divert(conn, attempt: 1, to: .dn("7005"), mode: .bridge))
    world.run(0.1)
    world.inject(Self.register("7005", expires: 60, sequence: 2), from: 6100)
    world.run(0.1)
    world.inject(Self.register("7005", expires: 0, sequence: 3), from: 6100)
    world.run(0.1)
    #expect(world.story == ["in 7005", "ringing", "out 7005"])
    let leg = try #require(phone.dialogs.first)
    phone.answer(leg, "INVITE" + (leg.invite?.branch ?? ""), at: world.now)
    world.run(0.1)
    #expect(dialog.statuses.last == 200)
    caller.hangUp(dialog, at: world.now)
    world.run(140)
    #expect(world.story == ["in 7005", "ringing", "out 7005", "answered", "released caller"])
    #expect(world.remains == "")
  }
}
