import Engine
import Foundation
import SIPGlue
import Testing

@Suite("The switch under changed bytes")
struct SwitchFuzzTests {
  /// Requests and responses as they come in a real call, with names that lead somewhere.
  private static func seeds(_ world: inout PairWorld) -> [[UInt8]] {
    let caller = world.phone("4420", port: 6000)
    let agent = world.phone("7002", port: 7002)
    agent.behaviour = .answers(after: 0.2)
    let dialog = caller.call(
      "8000",
      headers: "Record-Route: <sip:127.0.0.1:6000;lr>\r\nHistory-Info: <sip:1@a>;index=1\r\n"
        + "P-Asserted-Identity: <sip:1@x>\r\nDiversion: <sip:1@a>;counter=2\r\n",
      at: 0
    )
    world.run(0.1)
    for offer in world.offers {
      world.perform(.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge))
    }
    world.run(2)
    var texts = [dialog.inviteText, dialog.ack ?? ""]
    guard let leg = agent.dialogs.first else { return [] }
    for method in ["BYE", "INFO", "INVITE", "OPTIONS", "UPDATE"] {
      texts.append(
        caller.request(method, dialog, branch: "z9hG4bK\(method)")
          + "Contact: <sip:a@127.0.0.1:6000>\r\nContent-Length: 0\r\n\r\n"
      )
      texts.append(
        agent.request(method, leg, branch: "z9hG4bKa\(method)")
          + "Contact: <sip:a@127.0.0.1:7002>\r\nContent-Length: 0\r\n\r\n"
      )
    }
    for invite in agent.requests("INVITE") {
      for status in [100, 180, 183, 200, 302, 486] {
        texts.append(agent.response(status, to: invite, tag: "other", body: "v=0"))
      }
    }
    texts.append(
      "REGISTER sip:demo.local SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKr\r\n"
        + "From: <sip:7001@x>;tag=a\r\nTo: <sip:7001@x>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n"
        + "Contact: <sip:7001@127.0.0.1:6000>;expires=60, <sip:b@1.2.3.4>;q=0.5\r\n"
        + "Authorization: Digest username=\"7001\", realm=\"demo.local\", nonce=\"x\", uri=\"x\","
        + " response=\"00000000000000000000000000000000\"\r\nContent-Length: 0\r\n\r\n"
    )
    texts += registrations
    return texts.map { Array($0.utf8) }
  }

  /// What a phone sends that nobody asks for a password.
  private static var registrations: [String] {
    let head =
      "Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKp\r\nMax-Forwards: 70\r\n"
      + "From: <sip:7010@x>;tag=p\r\nTo: <sip:7010@x>\r\nCall-ID: p\r\n"
    return [
      "REGISTER sip:demo.local SIP/2.0\r\n" + head + "CSeq: 1 REGISTER\r\nRequire: path\r\n"
        + "Supported: path, outbound\r\nPath: <sip:127.0.0.1:6000;lr;ob>, <sip:1.2.3.4;lr;ob>\r\n"
        + "Contact: <sip:7010@127.0.0.1:6000;x=y>;q=0.7;+sip.instance=\"<urn:a&b>\";reg-id=1,"
        + " <sip:7010@10.0.0.1>;expires=100\r\nContent-Length: 0\r\n\r\n",
      "REGISTER sip:demo.local SIP/2.0\r\n" + head + "CSeq: 1 REGISTER\r\nContact: *\r\n"
        + "Expires: 0\r\nContent-Length: 0\r\n\r\n",
      "SUBSCRIBE sip:7010@demo.local SIP/2.0\r\n" + head + "CSeq: 1 SUBSCRIBE\r\n"
        + "Record-Route: <sip:127.0.0.1:6000;lr>\r\nContact: <sip:w@127.0.0.1:7002>\r\n"
        + "Event: reg;id=7\r\nAccept: application/reginfo+xml\r\nExpires: 600\r\n"
        + "Content-Length: 0\r\n\r\n",
    ]
  }

  /// The same request as if it were a new one: other branch, other number, perhaps another call.
  private static func renew(_ seed: [UInt8], _ round: Int, _ random: inout PairRandom) -> [UInt8] {
    var text = String(decoding: seed, as: UTF8.self)
    guard !text.hasPrefix("SIP/2.0") else { return seed }
    text = text.replacingOccurrences(of: "branch=z9hG4bK", with: "branch=z9hG4bK\(round)")
    text = text.replacingOccurrences(
      of: "CSeq: [0-9]+",
      with: "CSeq: \(round + 10)",
      options: .regularExpression
    )
    if random.next() % 2 == 0 {
      text = text.replacingOccurrences(of: "Call-ID: ", with: "Call-ID: \(round)")
    }
    return Array(text.utf8)
  }

  private static func change(
    _ seed: [UInt8],
    _ other: [UInt8],
    _ random: inout PairRandom
  ) -> [UInt8] {
    var text = seed
    for _ in 0...random.next() % 3 {
      guard !text.isEmpty else { return text }
      let place = Int(random.next() % UInt64(text.count))
      switch random.next() % 7 {
      case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: text.remove(at: place)
      case 2: text.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      case 3: text.removeSubrange(place..<min(text.count, place + Int(random.next() % 40)))
      case 4: text.replaceSubrange(place..<place, with: text[..<place].suffix(60))
      case 5:
        let special = Array("<>\";,:@=%\r\n \\?*[]".utf8)
        text[place] = special[Int(random.next() % UInt64(special.count))]
      default:
        let start = Int(random.next() % UInt64(max(1, other.count)))
        text.replaceSubrange(place..., with: other[start...])
      }
    }
    return text
  }

  @Test(.timeLimit(.minutes(15)), arguments: [UInt64(1), 2, 3, 4])
  func changedMessagesStopNothingAndLeaveNothing(seed: UInt64) throws {
    var plan = PairWorld.plan()
    plan.extensions.append(RegistrarExtension("7010"))
    plan.registrar.contactsMax = 4
    var world = try PairWorld(seed: seed, plan: plan)
    var random = PairRandom(state: seed &* 1_000_003)
    let seeds = Self.seeds(&world)
    var attempt: UInt32 = 0
    world.engine = { signal in
      attempt += 1
      switch signal {
      case .offered(let offer):
        let mode: DivertMode = attempt % 2 == 0 ? .bridge : .redirect
        return [
          .readHeader(offer.connID, "X-Any"),
          .divert(offer.connID, attempt: attempt, to: .dn("7002"), mode: mode),
        ]
      case .diversionFailed(let conn, _, _, _): return [.reject(conn, status: 480)]
      case .ringing, .answered, .diverted, .released, .header, .inService, .outOfService,
        .treatmentApplied, .treatmentEnded, .treatmentNotApplied, .transferred, .attached,
        .held, .retrieved:
        return []
      }
    }
    let ports: [UInt16] = [6000, 7002]
    for round in 0..<2_500 {
      let pick = Int(random.next() % UInt64(seeds.count))
      let other = seeds[Int(random.next() % UInt64(seeds.count))]
      let fresh = Self.renew(seeds[pick], round, &random)
      let text = round % 10 == 0 ? fresh : Self.change(fresh, other, &random)
      world.receive(text, from: ports[round % 2])
      world.run(0.01)
      if round % 500 == 0 { world.signals = [] }
    }
    let counted = world.line.counters
    #expect(counted.calls > 10)
    #expect(counted.malformed > 100)
    #expect(counted.odd > 100)
    #expect(counted.strays > 10)
    #expect(counted.subscribes > 10)
    #expect(counted.notifies > 10)
    // The switch still serves.
    let caller = world.phone("4421", port: 6001)
    let dialog = caller.call("8000", at: world.now)
    world.run(5)
    #expect(dialog.statuses.last == 302 || dialog.statuses.last == 200)
    caller.hangUp(dialog, at: world.now)
    world.engine = nil
    for phone in world.phones.values { phone.dialogs.removeAll() }
    // As long as a registration or a subscription may last.
    world.run(3_700)
    let calls = world.line.callCount
    #expect(calls == 0)
    #expect(world.remains == "")
  }
}
