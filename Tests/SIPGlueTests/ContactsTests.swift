import Engine
import Foundation
import SIPGlue
import Testing

/// A registrar that lets trusted peers register, several contacts each.
private func makeOffice(_ contactsMax: Int) throws -> Office {
  try Office([RegistrarExtension("7001")]) { $0.contactsMax = contactsMax }
}

/// A REGISTER of a trusted peer with one contact.
private func register(
  _ uri: String,
  callID: String,
  cseq: UInt32 = 1,
  q: UInt16? = nil,
  expires: UInt32 = 60,
  change: (inout RegisterRequest) -> Void = { _ in }
) -> RegisterRequest {
  var request = RegisterRequest(dn: "7001", host: "demo.local", callID: callID, cseq: cseq)
  request.contacts = [RegisterContact(uri, expires: expires, q: q)]
  request.trusted = true
  change(&request)
  return request
}

/// A contact with device and flow.
private func flow(_ device: String, _ flow: UInt32) -> (inout RegisterRequest) -> Void {
  { request in
    request.supportsOutbound = true
    request.contacts[0].instance = "<urn:uuid:\(device)>"
    request.contacts[0].flow = flow
    request.source = PeerAddress(host: "192.0.2.9", port: 4711)
  }
}

extension Office {
  fileprivate func uris(at seconds: Double) -> [String] {
    (0..<9).compactMap { contact("7001", rank: $0, at: seconds)?.uri }
  }
}

@Suite("A DN with several contacts")
struct ContactsTests {
  @Test func thePreferredContactIsFirstAndOfEqualsTheNewest() throws {
    let office = try makeOffice(4)
    #expect(
      office.handle(register("sip:a@h1", callID: "1", q: 500)).changes == [.inService("7001")]
    )
    let changes = office.handle(register("sip:b@h2", callID: "2", q: 900)).changes
    #expect(changes == [.contactChanged("7001")])
    _ = office.handle(register("sip:c@h3", callID: "3", q: 500))
    #expect(office.uris(at: 1) == ["sip:b@h2", "sip:c@h3", "sip:a@h1"])
    _ = office.handle(register("sip:a@h1", callID: "1", cseq: 2, q: 1000))
    #expect(office.uris(at: 1) == ["sip:a@h1", "sip:b@h2", "sip:c@h3"])
  }

  @Test func theReplyListsAllWithTheSendersOwnFirst() throws {
    let office = try makeOffice(4)
    _ = office.handle(register("sip:b@h2", callID: "2", q: 900, expires: 600))
    let reply = office.handle(register("sip:a@h1", callID: "1", q: 100), at: 10).reply
    let expected = [
      GrantedContact("sip:a@h1", expires: 60), GrantedContact("sip:b@h2", expires: 590),
    ]
    #expect(reply == .registered(expected))
  }

  @Test func theDNIsOutWhenTheLastContactHasEnded() throws {
    let office = try makeOffice(4)
    _ = office.handle(register("sip:a@h1", callID: "1", expires: 30))
    _ = office.handle(register("sip:b@h2", callID: "2", expires: 60))
    #expect(office.advance(to: 30) == [.contactChanged("7001")])
    #expect(office.uris(at: 30) == ["sip:b@h2"])
    #expect(office.nextDeadline == .at(60))
    #expect(office.advance(to: 60) == [.outOfService("7001")])
    #expect(office.nextDeadline == nil)
  }

  @Test func thoseThatWereHeardOfLongestAgoMakeRoom() throws {
    let office = try makeOffice(2)
    for (number, host) in ["h1", "h2"].enumerated() {
      _ = office.handle(register("sip:a@\(host)", callID: host), at: Double(number))
    }
    _ = office.handle(register("sip:a@h1", callID: "h1", cseq: 2), at: 5)
    _ = office.handle(register("sip:a@h3", callID: "h3"), at: 6)
    #expect(Set(office.uris(at: 7)) == ["sip:a@h1", "sip:a@h3"])
  }

  @Test func aStarRemovesAllOfThem() throws {
    let office = try makeOffice(4)
    _ = office.handle(register("sip:a@h1", callID: "1"))
    _ = office.handle(register("sip:b@h2", callID: "2"))
    var star = RegisterRequest(dn: "7001", host: "demo.local", callID: "3", cseq: 1)
    star.wildcard = true
    star.expires = 0
    star.trusted = true
    let outcome = office.handle(star, at: 1)
    #expect(outcome.reply == .registered([]))
    #expect(outcome.changes == [.outOfService("7001")])
  }

  @Test func twoFlowsOfADeviceAreTwoContactsAndEachIsReachedWhereItCameFrom() throws {
    let office = try makeOffice(4)
    let first = office.handle(register("sip:a@10.0.0.1", callID: "1", change: flow("x", 1)))
    #expect(first.usesOutbound)
    _ = office.handle(register("sip:a@10.0.0.1", callID: "2", change: flow("x", 2)))
    #expect(office.uris(at: 1).count == 2)
    // After a restart the device has another address: the same flow, not a third contact.
    _ = office.handle(register("sip:a@10.0.0.2", callID: "3", change: flow("x", 1)))
    #expect(office.uris(at: 1) == ["sip:a@10.0.0.2", "sip:a@10.0.0.1"])
    let peer = PeerAddress(host: "192.0.2.9", port: 4711)
    #expect(office.contact("7001", rank: 0, at: 1)?.received == peer)
    let gone = register("sip:a@10.0.0.2", callID: "3", cseq: 2, expires: 0, change: flow("x", 1))
    _ = office.handle(gone, at: 1)
    #expect(office.uris(at: 1) == ["sip:a@10.0.0.1"])
  }

  @Test func aProxyThatKeepsNoFlowIs439AndOneThatDoesIsGoneThrough() throws {
    let office = try makeOffice(4)
    let bare = register("sip:a@10.0.0.1", callID: "1") { request in
      flow("x", 1)(&request)
      request.isRelayed = true
      request.path = ["<sip:edge.example.com;lr>"]
    }
    #expect(office.handle(bare).reply.status == 439)
    let keeping = register("sip:a@10.0.0.1", callID: "1") { request in
      flow("x", 1)(&request)
      request.isRelayed = true
      request.path = ["<sip:127.0.0.9;lr;ob>"]
    }
    #expect(office.handle(keeping).reply.status == 200)
    let contact = office.contact("7001", rank: 0, at: 1)
    #expect(contact?.path == ["<sip:127.0.0.9;lr;ob>"])
    #expect(contact?.received == nil)
  }
}

@Suite("Several contacts on the wire")
struct ContactsWireTests {
  private static func world() throws -> PairWorld {
    var plan = PairWorld.plan()
    plan.extensions.append(RegistrarExtension("7010"))
    plan.registrar.contactsMax = 4
    plan.registrar.serviceRoutes = ["<sip:edge.demo.local;lr>"]
    var world = try PairWorld(plan: plan)
    world.signals = []
    return world
  }

  private static func register(_ port: UInt16, _ parameters: String, extra: String = "") -> String {
    "REGISTER sip:demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP 127.0.0.1:\(port);branch=z9hG4bKr\(port)\r\nMax-Forwards: 70\r\n"
      + "From: <sip:7010@demo.local>;tag=a\r\nTo: <sip:7010@demo.local>\r\n"
      + "Call-ID: r\(port)\r\nCSeq: 1 REGISTER\r\n"
      + "Contact: <sip:7010@127.0.0.1:\(port)>\(parameters)\r\n\(extra)Content-Length: 0\r\n\r\n"
  }

  @Test func theReplyHasParametersPathAndServiceRoute() throws {
    var world = try Self.world()
    let text = Self.register(
      6110,
      ";audio;+sip.instance=\"<urn:uuid:1>\";reg-id=1;expires=60",
      extra: "Supported: path, outbound\r\nPath: <sip:127.0.0.1:6200;lr;ob>\r\n"
    )
    let answer = SwitchTests.ask(text, of: &world, from: 6110)
    #expect(answer?.status == 200)
    let contact =
      "<sip:7010@127.0.0.1:6110>;expires=60;audio;+sip.instance=\"<urn:uuid:1>\";reg-id=1"
    #expect(answer?["contact"] == contact)
    #expect(answer?["path"] == "<sip:127.0.0.1:6200;lr;ob>")
    #expect(answer?["service-route"] == "<sip:edge.demo.local;lr>")
    #expect(answer?["require"] == "outbound")
  }

  @Test func aCallGoesAlongThePathOfItsContact() throws {
    var world = try Self.world()
    let text = Self.register(6110, ";expires=60", extra: "Path: <sip:127.0.0.1:6200;lr>\r\n")
    _ = SwitchTests.ask(text, of: &world, from: 6110)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [.divert(offer.connID, attempt: 1, to: .dn("7010"), mode: .bridge)]
    }
    world.sent = []
    world.inject(SwitchTests.request("INVITE", extra: SwitchTests.contact), from: 6100)
    world.run(0.1)
    let invite = world.sent.compactMap { PairMessage($0) }.first {
      $0.method == "INVITE" && $0.isRequest
    }
    #expect(invite?["route"] == "<sip:127.0.0.1:6200;lr>")
    #expect(invite?.uri == "sip:7010@127.0.0.1:6110")
  }

  @Test func theNextContactIsCalledWhenOneIsNotThereAndAllAreToldInA302() throws {
    var world = try Self.world()
    _ = SwitchTests.ask(Self.register(6110, ";q=0.9;expires=60"), of: &world, from: 6110)
    _ = SwitchTests.ask(Self.register(6111, ";q=0.5;expires=60"), of: &world, from: 6111)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [.divert(offer.connID, attempt: 1, to: .dn("7010"), mode: .bridge)]
    }
    let caller = world.phone("caller", port: 6100)
    let second = world.phone("second", port: 6111)
    _ = (caller, second)
    world.signals = []
    world.inject(SwitchTests.request("INVITE", extra: SwitchTests.contact), from: 6100)
    // Nobody is at the first contact: it is given up after four seconds.
    world.run(3.5)
    #expect(world.story.isEmpty)
    world.run(2)
    #expect(world.story.contains("ringing"))
    #expect(!world.story.contains { $0.hasPrefix("failed") })
    let bridges = world.line.counters.bridges
    #expect(bridges == 2)
    world.perform(.release(world.offers[0].connID))
    world.run(140)
    let isIdle = world.line.isIdle
    #expect(isIdle)
  }

  @Test func a302ToSeveralPlacesNamesTheContactsOfEachInTheirOrder() throws {
    var world = try Self.world()
    _ = SwitchTests.ask(Self.register(6110, ";q=0.5;expires=60"), of: &world, from: 6110)
    _ = SwitchTests.ask(Self.register(6111, ";q=0.9;expires=60"), of: &world, from: 6111)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [
        .alsoName(offer.connID, attempt: 1, [.dn("7010")]),
        .divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .redirect),
      ]
    }
    let invite = SwitchTests.request("INVITE", extra: SwitchTests.contact)
    let answer = SwitchTests.ask(invite, of: &world)
    #expect(answer?.status == 302)
    #expect(
      answer?.all("contact") == [
        "<sip:7002@127.0.0.1:7002>;q=1.000", "<sip:7010@127.0.0.1:6111>;q=0.900",
        "<sip:7010@127.0.0.1:6110>;q=0.800",
      ]
    )
  }

  @Test func a302NamesAllContactsInTheirOrder() throws {
    var world = try Self.world()
    _ = SwitchTests.ask(Self.register(6110, ";q=0.9;expires=60"), of: &world, from: 6110)
    _ = SwitchTests.ask(Self.register(6111, ";q=0.5;expires=60"), of: &world, from: 6111)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [.divert(offer.connID, attempt: 1, to: .dn("7010"), mode: .redirect)]
    }
    let invite = SwitchTests.request("INVITE", extra: SwitchTests.contact)
    let answer = SwitchTests.ask(invite, of: &world)
    #expect(answer?.status == 302)
    #expect(
      answer?.all("contact") == [
        "<sip:7010@127.0.0.1:6110>", "<sip:7010@127.0.0.1:6111>;q=0.500",
      ]
    )
  }

  @Test func whatARegisterRequiresAndWeDoNotHaveIs420() throws {
    var world = try Self.world()
    let text = Self.register(6110, "", extra: "Require: path, gruu\r\n")
    let answer = SwitchTests.ask(text, of: &world, from: 6110)
    #expect(answer?.status == 420)
    #expect(answer?["unsupported"] == "gruu")
  }
}
