// A switch with several addresses: what comes by one socket is answered by it, and every request
// names the address of the socket that it leaves by.

import Engine
import Foundation
import SIPGlue
import Testing

/// Peers on both families around a switch that listens on 127.0.0.1, ::1 and 192.0.2.1, and by TCP.
private final class Families {
  let world: StreamWorld
  private var rows: [UInt64: DialogRow] = [:]
  private var count = 0

  static let outside: UInt32 = 0xC633_6405

  init(_ change: (inout SIPPlan) -> Void = { _ in }) throws {
    let plan = StreamWorld.plan { plan in
      plan.listeners = [
        SIPListener(.udp, host: "127.0.0.1", port: 5060),
        SIPListener(.udp, host: "::1", port: 5061),
        SIPListener(.tcp, host: "::1", port: 5062),
        SIPListener(.udp, host: "192.0.2.1", port: 5063),
      ]
      plan.extensions = [
        RegistrarExtension("7001"),
        RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7002"),
        RegistrarExtension("7006", contact: "sip:7006@[::1]:7006"),
        RegistrarExtension("7007", contact: "sip:7007@198.51.100.5:7007"),
      ]
      plan.trusted = ["127.0.0.0/8", "198.51.100.0/24", "::1"].compactMap { AddressRange($0) }
      change(&plan)
    }
    world = try StreamWorld(plan)
    world.line.keepsDialogs = true
  }

  /// A phone of 7001 that had registered at one of our sockets in an earlier process.
  func restore(bySocket socket: UInt64) {
    var binding = Binding(
      uri: "sip:7001@127.0.0.1:7009",
      received: nil,
      expiresAt: Instant(nanoseconds: 60_000_000_000),
      callID: "r",
      cseq: 1
    )
    binding.socket = socket
    let isKnown = world.line.restore(binding, of: "7001")
    #expect(isKnown)
  }

  static func v4(_ port: UInt16, _ address: UInt32 = 0x7F00_0001, by socket: UInt64) -> Endpoint {
    var endpoint = Endpoint(ipv4: address, port: port)
    endpoint.connection = socket
    return endpoint
  }

  static func v6(_ port: UInt16, by socket: UInt64 = 2) -> Endpoint {
    var endpoint = Endpoint(ipv6: 0, 1, port: port)
    endpoint.connection = socket
    return endpoint
  }

  func say(_ text: String, from peer: Endpoint) {
    let time = world.instant
    text.withByteView { world.line.receive($0, from: peer, at: time) }
    world.take()
    keep()
  }

  private func keep() {
    _ = world.line.takeDialogs(at: world.instant) { change in
      switch change {
      case .gone(let id): rows[id] = nil
      case .kept(var row):
        row.message = row.message ?? rows[row.id]?.message
        rows[row.id] = row
      }
    }
  }

  /// Another process goes on with what was kept.
  func restart() throws {
    keep()
    let plan = world.line.sitePlan
    world.line = try SIPSwitch(plan: plan, start: 1_900_000_000_000_000_000, secret: (3, 4))
    world.line.keepsDialogs = true
    let sorted = rows.values.sorted { $0.id < $1.id }
    _ = world.line.restore(sorted, at: world.instant) { _ in true }
    world.take()
  }

  /// A request of somebody whose URI has this host and port.
  func request(_ method: String, _ place: String, to: String? = nil, extra: String = "") -> String {
    count += 1
    let number = method == "ACK" || method == "CANCEL" ? 1 : count
    let branch = method == "CANCEL" ? "x1" : "x\(count)"
    return StreamWorld.request(
      method,
      via: "UDP \(place)",
      branch: branch,
      to: to ?? "<sip:8000@127.0.0.1>",
      contact: "<sip:4420@\(place)>",
      number: number,
      extra: extra
    )
  }

  /// A request of a phone in the dialog that our INVITE has made.
  func request(
    _ method: String,
    _ place: String,
    answering invite: StreamWorld.Sent,
    extra: String = ""
  ) -> String {
    request(method, place, to: invite.message?["from"] ?? "", extra: extra)
      .replacing("<sip:4420@test>;tag=a", with: "\(invite.message?["to"] ?? "");tag=t")
      .replacing("call@test", with: invite.message?.callID ?? "")
  }

  var last: StreamWorld.Sent? { world.sent.last }

  func sent(_ start: String) -> StreamWorld.Sent? { world.sent.last { $0.text.hasPrefix(start) } }

  /// What contradicts the socket that it left by, of all that was sent.
  var contradictions: [String] {
    let own = ["127.0.0.1:5060", "[::1]:5061", "192.0.2.1:5063"]
    return world.sent.compactMap { sent in
      guard let message = sent.message, sent.to.transport == .udp else { return nil }
      guard (1...3).contains(sent.to.connection) else { return "no socket: \(sent.text)" }
      let address = own[Int(sent.to.connection) - 1]
      let isV6 = sent.to.family == .ipv6
      var isRight = isV6 == address.hasPrefix("[")
      if message.isRequest, !message["via"].hasPrefix("SIP/2.0/UDP \(address);") { isRight = false }
      // The Contacts in an answer to REGISTER are the phone's.
      let contact = message.method == "REGISTER" ? "" : message["contact"]
      if !contact.isEmpty, !contact.hasSuffix("@\(address)>") { isRight = false }
      return isRight ? nil : sent.text
    }
  }
}

@Suite("A switch with several addresses")
struct AddressTests {
  private typealias Sides = (caller: Endpoint, place: String, dn: DN, phone: Endpoint, at: String)

  private static let v4 = (Families.v4(6100, by: 1), "127.0.0.1:6100")
  private static let v6 = (Families.v6(6100), "[::1]:6100")

  /// From each family to the other.
  private static let crossings: [Sides] = [
    (v4.0, v4.1, "7006", Families.v6(7006), "sip:7006@[::1]:7006"),
    (v6.0, v6.1, "7002", Families.v4(7002, by: 1), "sip:7002@127.0.0.1:7002"),
  ]

  @Test("A call crosses the families, is changed and ended by either side", arguments: 0..<2)
  func crossing(index: Int) throws {
    let sides = Self.crossings[index]
    let families = try Families()
    families.say(families.request("INVITE", sides.place), from: sides.caller)
    families.world.divert(to: sides.dn)
    let invite = try #require(families.last)
    #expect(invite.to == sides.phone)
    for status in [180, 200] {
      let text = StreamWorld.answer(status, to: invite.text, contact: sides.at)
      families.say(text, from: sides.phone)
    }
    let success = try #require(families.sent("SIP/2.0 200"))
    #expect(success.to == sides.caller)
    let to = success.message?["to"] ?? ""
    families.say(families.request("ACK", sides.place, to: to), from: sides.caller)
    // The caller offers anew, and the phone is asked.
    families.say(families.request("INVITE", sides.place, to: to), from: sides.caller)
    let again = try #require(families.sent("INVITE"))
    #expect(again.to == sides.phone && again.text != invite.text)
    let agreed = StreamWorld.answer(200, to: again.text, contact: sides.at)
    families.say(agreed.replacing(";tag=t;tag=t", with: ";tag=t"), from: sides.phone)
    let second = try #require(families.sent("SIP/2.0 200"))
    #expect(second.to == sides.caller && second.text != success.text)
    families.say(families.request("ACK", sides.place, to: to), from: sides.caller)
    try families.restart()
    families.say(families.request("BYE", sides.place, to: to), from: sides.caller)
    let bye = try #require(families.sent("BYE"))
    #expect(bye.to == sides.phone)
    families.say(StreamWorld.answer(200, to: bye.text, contact: sides.at), from: sides.phone)
    families.world.run(64)
    #expect(families.world.isIdle)
    #expect(families.contradictions == [])
  }

  @Test("A caller who gives up cancels the phone of the other family", arguments: 0..<2)
  func cancelled(index: Int) throws {
    let sides = Self.crossings[index]
    let families = try Families()
    families.say(families.request("INVITE", sides.place), from: sides.caller)
    families.world.divert(to: sides.dn)
    let invite = try #require(families.last)
    families.say(StreamWorld.answer(180, to: invite.text, contact: sides.at), from: sides.phone)
    families.say(families.request("CANCEL", sides.place), from: sides.caller)
    let cancel = try #require(families.sent("CANCEL"))
    #expect(cancel.to == sides.phone)
    #expect(cancel.message?["via"] == invite.message?["via"])
    families.say(StreamWorld.answer(200, to: cancel.text, contact: sides.at), from: sides.phone)
    families.say(StreamWorld.answer(487, to: invite.text, contact: sides.at), from: sides.phone)
    #expect(families.sent("ACK")?.to == sides.phone)
    #expect(families.sent("SIP/2.0 487")?.to == sides.caller)
    #expect(families.contradictions == [])
  }

  @Test(
    "Of two sockets of one family the one that was spoken to goes on, also after a restart",
    arguments: [false, true]
  )
  func twoOfOneFamily(isBehindProxy: Bool) throws {
    let families = try Families()
    // A caller of this machine who has come to the address for others.
    let caller = Families.v4(6100, by: 3)
    let way = isBehindProxy ? "Record-Route: <sip:127.0.0.9:5080;lr>\r\n" : ""
    families.say(families.request("INVITE", "127.0.0.1:6100", extra: way), from: caller)
    #expect(families.last?.to == caller)
    families.world.divert(to: "7002")
    let invite = try #require(families.last)
    let phone = Families.v4(7002, by: 1)
    #expect(invite.to == phone)
    let contact = "sip:7002@127.0.0.1:7002"
    families.say(StreamWorld.answer(200, to: invite.text, contact: contact), from: phone)
    let to = families.sent("SIP/2.0 200")?.message?["to"] ?? ""
    families.say(families.request("ACK", "127.0.0.1:6100", to: to), from: caller)
    try families.restart()
    families.say(families.request("BYE", "127.0.0.1:7002", answering: invite), from: phone)
    let proxy = Families.v4(5080, 0x7F00_0009, by: 3)
    #expect(families.sent("BYE")?.to == (isBehindProxy ? proxy : caller))
    #expect(families.contradictions == [])
  }

  @Test("A phone sends its caller on to the other family, and is told how it goes")
  func sentOn() throws {
    let families = try Families()
    let caller = Families.v4(6100, by: 3)
    families.say(families.request("INVITE", "127.0.0.1:6100"), from: caller)
    families.world.divert(to: "7006")
    let invite = try #require(families.last)
    let phone = Families.v6(7006)
    let contact = "sip:7006@[::1]:7006"
    families.say(StreamWorld.answer(200, to: invite.text, contact: contact), from: phone)
    let to = families.sent("SIP/2.0 200")?.message?["to"] ?? ""
    families.say(families.request("ACK", "127.0.0.1:6100", to: to), from: caller)
    let refer = families.request(
      "REFER",
      "[::1]:7006",
      answering: invite,
      extra: "Refer-To: <sip:7002@demo.local>\r\n"
    )
    families.say(refer, from: phone)
    #expect(families.sent("SIP/2.0 202")?.to == phone)
    #expect(families.sent("NOTIFY")?.to == phone)
    families.world.divert(to: "7002")
    let second = try #require(families.sent("INVITE sip:7002"))
    #expect(second.to == Families.v4(7002, by: 1))
    #expect(families.contradictions == [])
  }

  @Test("A phone is called from the socket that it has registered at")
  func registered() throws {
    let families = try Families()
    for (socket, address) in [(1, 0x7F00_0001), (3, Families.outside), (3, 0x7F00_0001)] {
      let phone = Families.v4(7009, UInt32(address), by: UInt64(socket))
      let host = address == 0x7F00_0001 ? "127.0.0.1" : "198.51.100.5"
      let text = StreamWorld.register("sip:7001@\(host):7009", number: families.world.sent.count)
        .replacing("TCP 127.0.0.1:6100", with: "UDP \(host):7009")
      families.say(text, from: phone)
      #expect(families.last?.to == phone)
      families.say(families.request("INVITE", "[::1]:6100"), from: Families.v6(6100))
      families.world.divert(to: "7001")
      let invite = try #require(families.last)
      #expect(invite.text.hasPrefix("INVITE") && invite.to == phone)
      families.say(StreamWorld.answer(486, to: invite.text, contact: "sip:a@b"), from: phone)
      families.say(
        families.request("BYE", "[::1]:6100", to: "<sip:8000@a>;tag=no"),
        from: Families.v6(6100)
      )
    }
    #expect(families.contradictions == [])
  }

  @Test("A phone of an earlier process is called from the socket that it had registered at")
  func registeredBefore() throws {
    for socket: UInt64 in [1, 3] {
      let families = try Families()
      families.restore(bySocket: socket)
      families.say(families.request("INVITE", "[::1]:6100"), from: Families.v6(6100))
      families.world.divert(to: "7001")
      #expect(families.last?.to == Families.v4(7009, by: socket))
      #expect(families.contradictions == [])
    }
  }

  @Test("A watcher is told, and a contact is asked, from an address of its family")
  func watchersAndContacts() throws {
    let families = try Families { plan in
      plan.extensions[2].monitor = MonitorPlan(
        interval: .seconds(10),
        failures: 2,
        recovery: .seconds(4)
      )
    }
    let watcher = Families.v6(6300)
    let text = families.request(
      "SUBSCRIBE",
      "[::1]:6300",
      to: "<sip:7001@demo.local>",
      extra: "Event: reg\r\nExpires: 60\r\n"
    )
    families.say(
      text.replacing("SUBSCRIBE sip:8000@127.0.0.1", with: "SUBSCRIBE sip:7001@demo.local"),
      from: watcher
    )
    #expect(families.sent("NOTIFY")?.to == watcher)
    families.world.run(15)
    #expect(families.sent("OPTIONS")?.to == Families.v6(7006))
    #expect(families.contradictions == [])
  }

  @Test("A peer of a family without an address is unreachable at once, and counted")
  func noAddress() throws {
    let families = try Families { plan in
      plan.listeners = [SIPListener(.udp, host: "127.0.0.1", port: 5060)]
    }
    families.say(families.request("INVITE", "127.0.0.1:6100"), from: Families.v4(6100, by: 0))
    families.world.divert(to: "7006")
    // A loopback address does not reach another machine.
    families.world.divert(to: "7007")
    #expect(families.world.failures == [.unreachable, .unreachable])
    #expect(families.world.line.counters.unreached == 2)
    families.world.divert(to: "7002")
    #expect(families.last?.text.hasPrefix("INVITE sip:7002") == true)
    #expect(families.last?.to == Families.v4(7002, by: 0))
  }

  @Test("Who came by an address that is listened on no more is served by the one that is left")
  func addressGone() throws {
    let families = try Families { plan in
      plan.listeners = [SIPListener(.udp, host: "127.0.0.1", port: 5060)]
    }
    families.restore(bySocket: 3)
    families.say(families.request("INVITE", "127.0.0.1:6100"), from: Families.v4(6100, by: 0))
    families.world.divert(to: "7001")
    #expect(families.last?.text.hasPrefix("INVITE sip:7001") == true)
    #expect(families.last?.to == Families.v4(7009, by: 0))
  }

  @Test("What is too large for a datagram, and goes as one, leaves where its dialog is")
  func tooLarge() throws {
    let families = try Families()
    let phone = Families.v4(7009, by: 3)
    let text = StreamWorld.register("sip:7001@127.0.0.1:7009")
      .replacing("TCP 127.0.0.1:6100", with: "UDP 127.0.0.1:7009")
    families.say(text, from: phone)
    let body = "v=0\r\n" + String(repeating: "a=x\r\n", count: 300)
    let extra = "Content-Type: application/sdp\r\n"
    for _ in 0..<2 {
      let request = families.request("INVITE", "[::1]:6100", extra: extra)
        .replacing("Length: 0\r\n\r\n", with: "Length: \(body.utf8.count)\r\n\r\n\(body)")
        .replacing("call@test", with: "call\(families.world.sent.count)@test")
      families.say(request, from: Families.v6(6100))
      families.world.divert(to: "7001")
      if let stream = families.last?.to, stream.transport == .tcp {
        families.world.lose(stream.connection)
      }
      let invite = try #require(families.last)
      #expect(invite.text.hasPrefix("INVITE sip:7001") && invite.to == phone)
      #expect(invite.message?["via"].hasPrefix("SIP/2.0/UDP 192.0.2.1:5063;") == true)
      families.world.run(1)
      #expect(families.last?.text == invite.text && families.last?.to == phone, "repeated")
      families.say(StreamWorld.answer(486, to: invite.text, contact: "sip:a@b"), from: phone)
      families.world.run(40)
    }
    #expect(families.contradictions == [])
  }

  @Test("A ladder names the address that each message came to and left by")
  func ladder() throws {
    let families = try Families()
    families.say(families.request("INVITE", "127.0.0.1:6100"), from: Families.v4(6100, by: 3))
    families.world.divert(to: "7006")
    let offers = families.world.signals.compactMap {
      if case .offered(let offer) = $0 { offer } else { nil }
    }
    let kept = families.world.line.captured(try #require(offers.last).connID)
    let messages = try #require(kept).messages
    #expect(messages.map(\.own.port) == [5063, 5063, 5061])
    #expect(messages.map(\.own.host) == ["192.0.2.1", "192.0.2.1", "::1"])
  }

  @Test("The first address that fits is taken: family before nearness, nearness before order")
  func choice() {
    func endpoint(_ text: String, _ transport: SIPTransport = .udp) -> Endpoint {
      text.withByteView { Endpoint(address: $0, port: 5060)?.by(transport) } ?? .unspecified
    }
    let outer = ["192.0.2.1", "192.0.2.2", "127.0.0.1", "2001:db8::1", "::1", "2001:db8::2"]
    let own = OwnAddresses(outer.map { endpoint($0) } + [endpoint("192.0.2.1", .tcp)])
    let peers = ["198.51.100.1", "127.0.0.2", "2001:db8::9", "::1"]
    #expect(peers.map { own.address(toward: endpoint($0)).connection } == [1, 3, 4, 5])
    #expect(peers.allSatisfy { own.reaches(endpoint($0)) })
    var known = endpoint("127.0.0.2")
    known.connection = 2
    #expect(own.address(toward: known).connection == 2)
    // A number of the other family, or of nobody, as a store may have it from before.
    for number: UInt64 in [4, 7, .max] {
      known.connection = number
      #expect(own.address(toward: known).connection == 3)
    }
    // A proxy of this machine may name a way that leads out.
    var beyond = endpoint("198.51.100.1")
    beyond.connection = 3
    #expect(own.address(toward: beyond).connection == 1)
    #expect(own.address(toward: endpoint("::1", .tcp)) == endpoint("192.0.2.1", .tcp))
    let inner = OwnAddresses([endpoint("127.0.0.1"), endpoint("2001:db8::1", .tls)])
    #expect(peers.map { inner.reaches(endpoint($0)) } == [false, true, false, false])
    #expect(peers.allSatisfy { inner.reaches(endpoint($0, .tls)) })
    #expect(peers.allSatisfy { inner.reaches(endpoint($0, .tcp)) })
    #expect(!OwnAddresses([endpoint("127.0.0.1")]).reaches(endpoint("127.0.0.1", .tls)))
  }
}
