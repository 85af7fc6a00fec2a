import Engine
import SIPGlue
import Testing

/// A registrar with a phone that knows how to answer a challenge.
final class Office {
  private var registrar: Registrar
  private var answered: UInt32 = 0

  static let extensions = [
    RegistrarExtension("7001", password: "demo"),
    RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:5090"),
    RegistrarExtension("7003"),
    RegistrarExtension("7004", password: "other"),
    RegistrarExtension("7005", password: "both", contact: "sip:7005@127.0.0.1:5095"),
  ]

  init(
    _ extensions: [RegistrarExtension] = Office.extensions,
    configure: (inout RegistrarSettings) -> Void = { _ in }
  ) throws {
    var settings = RegistrarSettings()
    configure(&settings)
    registrar = try Registrar(
      extensions: extensions,
      digest: DigestSettings(realm: "demo.local", secret: Array("a secret of the test".utf8)),
      settings: settings
    )
  }

  var nextDeadline: Instant? { registrar.nextDeadline }
  var fixedDNs: [DN] { registrar.fixedDNs }

  func binding(_ dn: DN, at seconds: Double) -> Binding? {
    registrar.binding(of: dn, at: .at(seconds))
  }

  func binding(_ dn: DN, at instant: Instant) -> Binding? { registrar.binding(of: dn, at: instant) }

  func contact(_ dn: DN, rank: Int, at seconds: Double) -> Binding? {
    registrar.contact(of: dn, rank: rank, at: .at(seconds))
  }

  func advance(to seconds: Double) -> [RegistrationChange] { advance(to: .at(seconds)) }

  func advance(to instant: Instant) -> [RegistrationChange] {
    var changes: [RegistrationChange] = []
    registrar.advance(to: instant, into: &changes)
    return changes
  }

  func handle(_ request: RegisterRequest, at seconds: Double = 0) -> RegisterOutcome {
    registrar.handle(request, at: .at(seconds))
  }

  func handle(_ request: RegisterRequest, at instant: Instant) -> RegisterOutcome {
    registrar.handle(request, at: instant)
  }

  func admit(_ credentials: [Credentials]) -> Admission {
    registrar.admit(credentials, userAgent: nil, at: .zero)
  }

  /// Sends the request, answers the challenge, and gives the second reply.
  func login(
    _ request: RegisterRequest,
    as user: String? = nil,
    password: String = "demo",
    at seconds: Double = 0
  ) throws -> RegisterOutcome {
    guard case .unauthorized(let challenges) = handle(request, at: seconds).reply else {
      Issue.record("no challenge")
      return RegisterOutcome(.badRequest)
    }
    var client = DigestClient(username: user ?? request.dn.number, password: password)
    client.realm = "demo.local"
    answered += 1
    var second = request
    second.credentials = [client.answer(challenges[Int(answered % 2)])]
    return handle(second, at: seconds)
  }
}

extension RegisterRequest {
  /// The request of seed 000's shape.
  static func of(
    _ dn: DN = "7001",
    callID: String = "a",
    cseq: UInt32 = 1,
    expires: UInt32? = 60,
    contacts: [RegisterContact] = [RegisterContact("sip:7001@10.1.33.4:5060")]
  ) -> RegisterRequest {
    var request = RegisterRequest(dn: dn, host: "10.1.14.175", callID: callID, cseq: cseq)
    request.contacts = contacts
    request.expires = expires
    return request
  }

  func with(_ change: (inout RegisterRequest) -> Void) -> RegisterRequest {
    var copy = self
    change(&copy)
    return copy
  }
}

private let uri = "sip:7001@10.1.33.4:5060"

private func granted(_ uri: String, _ expires: UInt32) -> RegisterReply {
  .registered([GrantedContact(uri, expires: expires)])
}

@Suite("The registrar's door")
struct RegistrarDoorTests {
  @Test func theFirstRequestIsChallengedAndChangesNothing() throws {
    let office = try Office()
    let outcome = office.handle(.of())
    #expect(outcome.reply.status == 401)
    #expect(outcome.changes.isEmpty)
    #expect(office.binding("7001", at: 0) == nil)
    #expect(office.nextDeadline == nil)
  }

  @Test func trustDoesNotReplaceAPassword() throws {
    let office = try Office()
    #expect(office.handle(RegisterRequest.of().with { $0.trusted = true }).reply.status == 401)
  }

  @Test func aWrongPasswordNeverLogsIn() throws {
    let office = try Office()
    for password in ["", "Demo", "other", "demo1"] {
      for trusted in [false, true] {
        let outcome = try office.login(
          RegisterRequest.of().with { $0.trusted = trusted },
          password: password
        )
        #expect(outcome.reply.status == 401)
        #expect(outcome.changes.isEmpty)
      }
    }
    #expect(office.binding("7001", at: 0) == nil)
  }

  @Test func aWrongPasswordLeavesTheRealPhoneAlone() throws {
    let office = try Office()
    _ = try office.login(.of())
    let before = office.binding("7001", at: 1)
    let theft = RegisterRequest.of(
      callID: "thief",
      contacts: [RegisterContact("sip:7001@6.6.6.6")]
    )
    #expect(try office.login(theft, password: "guess", at: 1).reply.status == 401)
    let removal = RegisterRequest.of(callID: "thief", expires: 0, contacts: []).with {
      $0.wildcard = true
    }
    #expect(try office.login(removal, password: "guess", at: 1).reply.status == 401)
    #expect(office.binding("7001", at: 1) == before)
  }

  @Test func anotherUsersPasswordIsForbidden() throws {
    let office = try Office()
    let outcome = try office.login(.of(), as: "7004", password: "other")
    #expect(outcome == RegisterOutcome(.forbidden))
    #expect(office.binding("7001", at: 0) == nil)
  }

  @Test func theUserMayNameTheRealm() throws {
    let outcome = try Office().login(.of(), as: "7001@demo.local")
    #expect(outcome.reply.status == 200)
  }

  @Test func aReplayedRequestIsChallengedAsStale() throws {
    let office = try Office()
    guard case .unauthorized(let challenges) = office.handle(.of()).reply else {
      Issue.record("no challenge")
      return
    }
    let first = RegisterRequest.of().with {
      $0.credentials = [DigestClient().answer(challenges[0])]
    }
    #expect(office.handle(first).reply.status == 200)
    // The thief repeats the credentials with his own contact.
    let replay = first.with {
      $0.callID = "thief"
      $0.contacts = [RegisterContact("sip:7001@6.6.6.6")]
    }
    guard case .unauthorized(let again) = office.handle(replay, at: 1).reply else {
      Issue.record("the replay was not refused")
      return
    }
    #expect(again.allSatisfy { $0.stale })
    #expect(office.binding("7001", at: 1)?.uri == uri)
    // The honest phone goes on with the old nonce and the next count.
    let refresh = first.with {
      $0.cseq = 2
      $0.credentials = [DigestClient().answer(challenges[0], nc: 2)]
    }
    #expect(office.handle(refresh, at: 2).reply.status == 200)
  }

  @Test func aStaleNonceIsReplacedAndThenServed() throws {
    let office = try Office()
    guard case .unauthorized(let old) = office.handle(.of()).reply else {
      Issue.record("no challenge")
      return
    }
    let late = RegisterRequest.of().with { $0.credentials = [DigestClient().answer(old[0])] }
    guard case .unauthorized(let new) = office.handle(late, at: 300).reply else {
      Issue.record("not stale")
      return
    }
    #expect(new.allSatisfy { $0.stale })
    let again = late.with { $0.credentials = [DigestClient().answer(new[0])] }
    #expect(office.handle(again, at: 300).reply.status == 200)
  }

  @Test func malformedCredentialsAreABadRequest() throws {
    let office = try Office()
    guard case .unauthorized(let challenges) = office.handle(.of()).reply else {
      Issue.record("no challenge")
      return
    }
    var credentials = DigestClient().answer(challenges[0])
    credentials.nc = "x"
    let request = RegisterRequest.of().with { $0.credentials = [credentials] }
    #expect(office.handle(request) == RegisterOutcome(.badRequest))
  }

  @Test func anUnknownDNIsNotFoundBeforeAnyChallenge() throws {
    let office = try Office()
    #expect(office.handle(.of("7999")) == RegisterOutcome(.notFound))
    #expect(office.handle(.of("")) == RegisterOutcome(.notFound))
    #expect(RegisterReply.notFound.status == 404)
  }

  @Test func aForeignHostIsNotFoundWhenHostsAreListed() throws {
    let office = try Office { $0.hosts = ["demo.local"] }
    #expect(office.handle(.of()) == RegisterOutcome(.notFound))
    #expect(office.handle(RegisterRequest.of().with { $0.host = "demo.local" }).reply.status == 401)
  }

  @Test func anExtensionWithoutAPasswordIsForTrustedPeersOnly() throws {
    let office = try Office()
    let request = RegisterRequest.of("7003")
    #expect(office.handle(request) == RegisterOutcome(.forbidden))
    let outcome = office.handle(request.with { $0.trusted = true })
    #expect(outcome == RegisterOutcome(granted(uri, 60), changes: [.inService("7003")]))
  }

  @Test(arguments: ["7002", "7005"] as [DN])
  func aFixedContactIsInServiceAndCannotBeRegistered(dn: DN) throws {
    let office = try Office()
    #expect(office.fixedDNs == ["7002", "7005"])
    let before = try #require(office.binding(dn, at: 0))
    #expect(before.expiresAt == nil)
    let outcome = office.handle(RegisterRequest.of(dn).with { $0.trusted = true })
    #expect(outcome == RegisterOutcome(.forbidden))
    #expect(office.advance(to: 1_000_000).isEmpty)
    #expect(office.binding(dn, at: 1_000_000) == before)
    #expect(office.nextDeadline == nil)
  }

  @Test func theUserOfAFixedContactMayStillCall() throws {
    let office = try Office()
    guard case .challenged(let challenges) = office.admit([]) else {
      Issue.record("no challenge")
      return
    }
    var client = DigestClient(username: "7005", password: "both")
    client.method = "INVITE"
    #expect(office.admit([client.answer(challenges[0])]) == .admitted(user: "7005"))
  }

  @Test func everyReplyHasItsCode() {
    let replies: [RegisterReply] = [
      .registered([]), .badRequest, .unauthorized([]), .forbidden, .notFound,
      .intervalTooBrief(minExpires: 10), .outOfOrder, .contactTooLong,
    ]
    #expect(replies.map(\.status) == [200, 400, 401, 403, 404, 423, 500, 513])
    #expect(Set(replies.map(\.phrase)).count == replies.count)
  }
}

@Suite("Registrations")
struct RegistrarBindingTests {
  @Test func sixtySecondsAreGrantedAsAskedAndTheDNComesIntoService() throws {
    let office = try Office()
    let outcome = try office.login(.of(), at: 10)
    #expect(outcome == RegisterOutcome(granted(uri, 60), changes: [.inService("7001")]))
    let binding = try #require(office.binding("7001", at: 10))
    #expect(binding.uri == uri)
    #expect(binding.expiresAt == .at(70))
    #expect(office.nextDeadline == .at(70))
  }

  @Test(
    arguments: [
      (nil, nil, 300), (10, nil, 10), (3600, nil, 3600), (3601, nil, 3600), (.max, nil, 3600),
      (60, 120, 120), (nil, 45, 45), (0, 45, 45), (5, 45, 45),
    ] as [(UInt32?, UInt32?, UInt32)]
  )
  func theGrantedTimeIsWhatWasAskedWithinTheLimits(
    header: UInt32?,
    parameter: UInt32?,
    expected: UInt32
  ) throws {
    let request = RegisterRequest.of(
      expires: header,
      contacts: [RegisterContact(uri, expires: parameter)]
    )
    let office = try Office()
    #expect(try office.login(request).reply == granted(uri, expected))
    #expect(office.binding("7001", at: 0)?.expiresAt == .at(Double(expected)))
  }

  @Test func tooBriefIsRefusedWithTheLeast() throws {
    let office = try Office()
    let outcome = try office.login(.of(expires: 9))
    #expect(outcome == RegisterOutcome(.intervalTooBrief(minExpires: 10)))
    #expect(office.binding("7001", at: 0) == nil)
    _ = try office.login(.of(cseq: 2))
    let again = try office.login(.of(cseq: 3, expires: 1), at: 1)
    #expect(again.reply.status == 423)
    #expect(office.binding("7001", at: 1)?.expiresAt == .at(60))
  }

  @Test func aBindingEndsAtTheGrantedNanosecondAndNotBefore() throws {
    let office = try Office()
    _ = try office.login(.of(), at: 0.000000007)
    let end = Instant(nanoseconds: 60_000_000_007)
    let before = Instant(nanoseconds: 60_000_000_006)
    #expect(office.nextDeadline == end)
    #expect(office.advance(to: before).isEmpty)
    #expect(office.binding("7001", at: before)?.uri == uri)
    // Even before anybody advances, an ended binding is not handed out.
    #expect(office.binding("7001", at: end) == nil)
    #expect(office.advance(to: end) == [.outOfService("7001")])
    #expect(office.advance(to: end).isEmpty)
    #expect(office.nextDeadline == nil)
  }

  @Test func aRefreshKeepsTheDNWithoutAWord() throws {
    let office = try Office()
    _ = try office.login(.of())
    for round in 1...20 {
      let now = Double(round) * 59
      #expect(office.advance(to: now).isEmpty)
      let outcome = try office.login(.of(cseq: UInt32(round + 1)), at: now)
      #expect(outcome == RegisterOutcome(granted(uri, 60)))
      #expect(try #require(office.nextDeadline) <= .at(now + 60))
    }
    #expect(office.advance(to: 20 * 59 + 59.999).isEmpty)
    #expect(office.advance(to: 20 * 59 + 60) == [.outOfService("7001")])
  }

  @Test func aShorterRefreshEndsEarlier() throws {
    let office = try Office()
    _ = try office.login(.of(expires: 3600))
    _ = try office.login(.of(cseq: 2, expires: 20), at: 5)
    #expect(office.nextDeadline == .at(25))
    #expect(office.advance(to: 24.9).isEmpty)
    #expect(office.advance(to: 25) == [.outOfService("7001")])
  }

  @Test func aRefreshThatComesAtTheEndFindsTheDNGone() throws {
    let office = try Office()
    _ = try office.login(.of())
    let outcome = try office.login(.of(cseq: 2), at: 60)
    // The first half of `login`, the challenge, has reported the end already.
    #expect(outcome.changes == [.inService("7001")])
    #expect(office.advance(to: 60).isEmpty)
  }

  @Test func theEndIsReportedEvenByARefusedRequest() throws {
    let office = try Office()
    _ = try office.login(.of())
    let outcome = office.handle(.of(cseq: 2), at: 61)
    #expect(outcome.reply.status == 401)
    #expect(outcome.changes == [.outOfService("7001")])
  }

  @Test(arguments: ["a", "b"])
  func anotherPhoneReplacesTheFirstWithoutLeavingService(callID: String) throws {
    let office = try Office()
    _ = try office.login(.of(cseq: 500))
    let other = "sip:7001@10.1.33.99:5062"
    let request = RegisterRequest.of(
      callID: callID,
      cseq: callID == "a" ? 501 : 1,
      contacts: [RegisterContact(other)]
    )
    let outcome = try office.login(request, at: 1)
    #expect(outcome == RegisterOutcome(granted(other, 60), changes: [.contactChanged("7001")]))
    #expect(office.binding("7001", at: 1)?.uri == other)
    #expect(office.advance(to: 60.5).isEmpty)
    #expect(office.advance(to: 61) == [.outOfService("7001")])
  }

  @Test func aRestartedPhoneAtTheSameAddressIsARefresh() throws {
    let office = try Office()
    _ = try office.login(.of(cseq: 500))
    let outcome = try office.login(.of(callID: "b", cseq: 1), at: 1)
    #expect(outcome == RegisterOutcome(granted(uri, 60)))
    #expect(office.binding("7001", at: 1)?.callID == "b")
  }

  @Test(arguments: [UInt32(519), 520])
  func anOldRequestOfTheSameCallIDChangesNothing(cseq: UInt32) throws {
    let office = try Office()
    _ = try office.login(.of(cseq: 520))
    let before = office.binding("7001", at: 1)
    let late: [RegisterRequest] = [
      .of(cseq: cseq), .of(cseq: cseq, expires: 0),
      .of(cseq: cseq, contacts: [RegisterContact("sip:7001@10.9.9.9")]),
      RegisterRequest.of(cseq: cseq, expires: 0, contacts: []).with { $0.wildcard = true },
    ]
    for request in late {
      #expect(try office.login(request, at: 1) == RegisterOutcome(.outOfOrder))
      #expect(office.binding("7001", at: 1) == before)
    }
  }

  @Test func expiresZeroEndsTheBindingAndEchoesTheContact() throws {
    for contact in [RegisterContact(uri), RegisterContact(uri, expires: 0)] {
      let office = try Office()
      _ = try office.login(.of())
      let header: UInt32? = contact.expires == nil ? 0 : 60
      let request = RegisterRequest.of(cseq: 2, expires: header, contacts: [contact])
      let outcome = try office.login(request, at: 1)
      #expect(outcome == RegisterOutcome(granted(uri, 0), changes: [.outOfService("7001")]))
      #expect(office.binding("7001", at: 1) == nil)
      #expect(office.advance(to: 100).isEmpty)
    }
  }

  @Test func theStarEndsTheBinding() throws {
    let office = try Office()
    let star = RegisterRequest.of(callID: "z", expires: 0, contacts: []).with { $0.wildcard = true }
    #expect(try office.login(star) == RegisterOutcome(.registered([])))
    _ = try office.login(.of())
    let outcome = try office.login(star, at: 1)
    #expect(outcome == RegisterOutcome(.registered([]), changes: [.outOfService("7001")]))
  }

  @Test func aStarWithAnythingElseIsABadRequest() throws {
    let office = try Office()
    _ = try office.login(.of())
    for expires: UInt32? in [nil, 60] {
      let star = RegisterRequest.of(cseq: 2, expires: expires, contacts: []).with {
        $0.wildcard = true
      }
      #expect(try office.login(star) == RegisterOutcome(.badRequest))
    }
    let both = RegisterRequest.of(cseq: 2, expires: 0).with { $0.wildcard = true }
    #expect(try office.login(both) == RegisterOutcome(.badRequest))
    #expect(office.binding("7001", at: 0) != nil)
  }

  @Test func anOldPhoneCannotLogTheNewOneOut() throws {
    let office = try Office()
    _ = try office.login(.of())
    let other = "sip:7001@10.1.33.99:5062"
    _ = try office.login(.of(callID: "b", contacts: [RegisterContact(other)]), at: 1)
    let outcome = try office.login(.of(cseq: 2, expires: 0), at: 2)
    #expect(outcome == RegisterOutcome(granted(other, 59)))
    #expect(office.binding("7001", at: 2)?.uri == other)
  }

  @Test func leavingTwiceIsHarmless() throws {
    let office = try Office()
    #expect(try office.login(.of(expires: 0)) == RegisterOutcome(granted(uri, 0)))
  }

  @Test func movingInOneRequestIsAChangeOfContact() throws {
    let office = try Office()
    _ = try office.login(.of())
    let other = "sip:7001@10.1.33.5:5060"
    let request = RegisterRequest.of(
      cseq: 2,
      contacts: [RegisterContact(uri, expires: 0), RegisterContact(other)]
    )
    let outcome = try office.login(request)
    #expect(outcome == RegisterOutcome(granted(other, 60), changes: [.contactChanged("7001")]))
  }

  @Test func thePreferredContactIsBoundAndTheFirstAmongEquals() throws {
    let contacts = [
      RegisterContact("sip:7001@1.1.1.1", q: 300), RegisterContact("sip:7001@2.2.2.2"),
      RegisterContact("sip:7001@3.3.3.3", q: 1000), RegisterContact("sip:7001@4.4.4.4", q: 999),
    ]
    let outcome = try Office().login(.of(contacts: contacts))
    #expect(outcome.reply == granted("sip:7001@2.2.2.2", 60))
  }

  @Test func aQueryTellsTheSecondsLeftAndChangesNothing() throws {
    let office = try Office()
    let query = RegisterRequest.of(cseq: 1, expires: nil, contacts: [])
    #expect(try office.login(query) == RegisterOutcome(.registered([])))
    _ = try office.login(.of(cseq: 9))
    for (now, left) in [(0.0, UInt32(60)), (0.5, 59), (15, 45), (58.9, 1), (59.999, 1)] {
      #expect(try office.login(query, at: now) == RegisterOutcome(granted(uri, left)))
    }
    #expect(office.binding("7001", at: 59)?.cseq == 9)
    #expect(office.binding("7001", at: 59)?.expiresAt == .at(60))
  }

  @Test func whatWouldNotFitIsRefused() throws {
    let office = try Office()
    let long = "sip:7001@10.1.33.4;x=" + String(repeating: "y", count: 600)
    #expect(
      try office.login(.of(contacts: [RegisterContact(long)])) == RegisterOutcome(.contactTooLong)
    )
    let many = (1...9).map { RegisterContact("sip:7001@10.0.0.\($0)") }
    #expect(try office.login(.of(contacts: many)) == RegisterOutcome(.badRequest))
    let callID = String(repeating: "c", count: 257)
    #expect(try office.login(.of(callID: callID)) == RegisterOutcome(.badRequest))
    #expect(office.binding("7001", at: 0) == nil)
  }

  @Test(arguments: [
    "", "7001", "tel:+4420", "sip:", "sip:7001@", "sip:7001@host:", "sip:7001@host:0",
    "sip:7001@host:65536", "sip:7001@host:x", "sip:7001@[::1", "sip:7001@[::1]x", "sip:7001@h;=1",
    "sip:7001@host\r\nX: y", "sip:7001@ho st", "sip:7001@host>;q=1", "sip:7001@\"host\"",
    "sip:7001@h\u{F6}st",
  ])
  func aContactThatCannotBeCalledIsABadRequest(contact: String) throws {
    let office = try Office()
    let outcome = try office.login(.of(contacts: [RegisterContact(contact)]))
    #expect(outcome == RegisterOutcome(.badRequest))
  }

  @Test(arguments: [
    ("sip:7001@Host.example", "SIP:7001@host.EXAMPLE", true),
    ("sip:7001@host;transport=udp", "sip:7001@host;Transport=UDP", true),
    ("sip:7001@host;ob", "sip:7001@host", true),
    ("sip:7001@[2001:DB8::1]:5060", "sip:7001@[2001:db8::1]:5060", true),
    ("sip:7001@host;transport=udp", "sip:7001@host", false),
    ("sip:7001@host:5060", "sip:7001@host", false),
    ("sip:7001@host", "sips:7001@host", false),
    ("sip:alice@host", "sip:Alice@host", false),
    ("sip:7001@host;line=1", "sip:7001@host;line=2", false),
    ("sip:7001@host", "sip:7001@host?Subject=x", false),
  ])
  func contactsAreComparedByTheRulesOfURIs(bound: String, removed: String, same: Bool) throws {
    let office = try Office()
    _ = try office.login(.of(contacts: [RegisterContact(bound)]))
    let request = RegisterRequest.of(cseq: 2, expires: 0, contacts: [RegisterContact(removed)])
    let outcome = try office.login(request, at: 1)
    #expect(outcome.changes == (same ? [.outOfService("7001")] : []))
  }

  @Test func theSourceIsKeptWhereItDiffersFromTheContact() throws {
    let office = try Office()
    func register(cseq: UInt32, from source: PeerAddress) throws -> RegisterOutcome {
      try office.login(RegisterRequest.of(cseq: cseq).with { $0.source = source })
    }
    _ = try register(cseq: 1, from: PeerAddress(host: "10.1.33.4", port: 5060))
    #expect(office.binding("7001", at: 0)?.received == nil)
    let outside = PeerAddress(host: "192.0.2.7", port: 31_000)
    #expect(try register(cseq: 2, from: outside).changes == [.contactChanged("7001")])
    #expect(office.binding("7001", at: 0)?.received == outside)
    #expect(office.binding("7001", at: 0)?.uri == uri)
    #expect(try register(cseq: 3, from: outside).changes.isEmpty)
  }
}
