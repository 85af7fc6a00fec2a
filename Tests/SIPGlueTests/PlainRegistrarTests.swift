import Engine
import SIPGlue
import Testing

/// Two registrars that are told the same: one reads it in place, one by libosip2.
private struct Pair: ~Copyable {
  private var plain: Registrar
  private var whole: Registrar
  private var reader = MessageReader()
  private var random: FuzzGenerator
  private var now = Instant.zero
  private var sequence = 1
  private var challenge: Challenge?
  private var nonceCount: UInt32 = 0
  /// How many requests were plain, and how many of these were granted.
  private(set) var plainCount = 0
  private(set) var grantedCount = 0

  init(seed: UInt64, contactsMax: Int) throws {
    var settings = RegistrarSettings()
    settings.contactsMax = contactsMax
    let extensions = [
      RegistrarExtension("7001"), RegistrarExtension("7002", password: "demo"),
      RegistrarExtension("7003", contact: "sip:7003@127.0.0.1"),
    ]
    let digest = DigestSettings(realm: "demo.local", secret: Array("secret".utf8))
    // Either throws before there is anything to be undone.
    let plain = try Registrar(extensions: extensions, digest: digest, settings: settings)
    let whole = try Registrar(extensions: extensions, digest: digest, settings: settings)
    self.plain = plain
    self.whole = whole
    random = FuzzGenerator(state: seed)
  }

  private mutating func one<Value>(of values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  private mutating func credentials(of dn: String) -> String {
    guard let challenge, one(of: [true, true, true, false]) else { return "" }
    nonceCount += UInt32(Int.random(in: 0...1, using: &random))
    var client = DigestClient()
    client.username = dn
    client.password = one(of: ["demo", "demo", "demo", "wrong"])
    let answer = client.answer(challenge, nc: max(1, nonceCount))
    return "Authorization: Digest username=\"\(dn)\", realm=\"demo.local\", "
      + "nonce=\"\(answer.nonce)\", uri=\"\(answer.uri)\", response=\"\(answer.response)\", "
      + "algorithm=\(challenge.algorithm.rawValue), qop=auth, nc=\(answer.nc ?? ""), "
      + "cnonce=\"\(answer.cnonce ?? "")\"\r\n"
  }

  private mutating func request() -> String {
    let dn = one(of: ["7001", "7001", "7002", "7002", "7002", "7003", "7009"])
    let contact = one(of: [
      "<sip:\(dn)@127.0.0.1:6100>", "<sip:\(dn)@127.0.0.1:6100>",
      "<sip:\(dn)@127.0.0.1:6100>;expires=60", "<sip:\(dn)@127.0.0.1:6100>;q=0.5;foo",
      "<sip:\(dn)@127.0.0.1:6101>", "<sip:\(dn)@127.0.0.1:6101>;expires=0",
      "<sip:\(dn)@127.0.0.1:6100;x=%41>", "*",
    ])
    sequence += Int.random(in: 0...1, using: &random)
    let expires = one(of: ["Expires: 120\r\n", "Expires: 120\r\n", "Expires: 5\r\n", ""])
    return "REGISTER sip:demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/UDP 127.0.0.1:6100;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n"
      + "From: <sip:\(dn)@demo.local>;tag=a\r\nTo: <sip:\(dn)@demo.local>\r\n"
      + "Call-ID: \(one(of: ["a@b", "a@b", "a@b", "c@d"]))\r\nCSeq: \(sequence) REGISTER\r\n"
      + "Contact: \(contact)\r\n\(expires)\(credentials(of: dn))Content-Length: 0\r\n\r\n"
  }

  /// Sends the next request to both; what they differ in, or nil.
  mutating func step() -> String? {
    now = now + .milliseconds(Int64.random(in: 0...40_000, using: &random))
    let text = request()
    let source = Endpoint(ipv4: 0x7F00_0001, port: one(of: [6100, 6100, 6100, 6200]))
    var changes: (plain: [RegistrationChange], whole: [RegistrationChange]) = ([], [])
    plain.advance(to: now, into: &changes.plain)
    whole.advance(to: now, into: &changes.whole)
    guard changes.plain == changes.whole else { return "expiry: \(changes)" }
    let outcomes = Array(text.utf8).withByteView { bytes in
      let received = reader.read(bytes)
      let first = inPlace(received, from: source)
      return (first, Self.tell(&whole, received, from: source, at: now))
    }
    if case .unauthorized(let challenges)? = outcomes.0?.reply {
      challenge = challenges.first
      nonceCount = 0
    }
    if outcomes.0 != outcomes.1 { return "\(text)\n\(outcomes)" }
    for dn in [DN("7001"), DN("7002"), DN("7003")] {
      let (first, second) = (plain.contacts(of: dn, at: now), whole.contacts(of: dn, at: now))
      if first != second { return "\(text)\n\(first)\n\(second)" }
    }
    guard plain.touched == whole.touched, plain.nextDeadline == whole.nextDeadline else {
      return "\(text)\n\(plain.touched) \(whole.touched)"
    }
    plain.forgetTouched()
    whole.forgetTouched()
    return nil
  }

  private mutating func inPlace(_ received: Received, from source: Endpoint) -> RegisterOutcome? {
    guard var request = PlainRegister(received) else {
      return Self.tell(&plain, received, from: source, at: now)
    }
    plainCount += 1
    let host = Array("127.0.0.1".utf8)
    request.source = source
    request.isTrusted = true
    return host.withByteView { host in
      request.sourceHost = host
      let outcome = plain.handle(request, at: now)
      if outcome.reply.status == 200 { grantedCount += 1 }
      return outcome
    }
  }

  private static func tell(
    _ registrar: inout Registrar,
    _ received: Received,
    from source: Endpoint,
    at now: Instant
  ) -> RegisterOutcome? {
    guard var request = RegisterRequest(reading: received) else { return nil }
    request.trusted = true
    request.flow = source
    request.source = PeerAddress(host: "127.0.0.1", port: source.port)
    return registrar.handle(request, at: now)
  }
}

@Suite("A registrar that is read to in place, and one that is not")
struct PlainRegistrarTests {
  @Test("After the same requests they say and keep the same", arguments: [1, 2])
  func theyAgree(contactsMax: Int) throws {
    for seed in UInt64(1)...20 {
      var pair = try Pair(seed: seed, contactsMax: contactsMax)
      var difference: String?
      for _ in 0..<300 where difference == nil { difference = pair.step() }
      let (plain, granted) = (pair.plainCount, pair.grantedCount)
      #expect(difference == nil, "seed \(seed)")
      #expect(plain > 150)
      #expect(granted > 20)
    }
  }
}
