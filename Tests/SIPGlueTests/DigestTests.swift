import Engine
import SIPGlue
import Testing

/// What a phone does with a challenge.
struct DigestClient {
  var username = "7001"
  var realm = "demo.local"
  var password = "demo"
  var method = "REGISTER"
  var uri = "sip:demo.local"
  var cnonce = "0a4f113b"

  /// Answers with `qop=auth`.
  func answer(_ challenge: Challenge, nc: UInt32 = 1) -> Credentials {
    answer(nonce: challenge.nonce, algorithm: challenge.algorithm, nc: nc)
  }

  func answer(nonce: String, algorithm: DigestAlgorithm, nc: UInt32) -> Credentials {
    let count = String(nc, radix: 16)
    let padded = String(repeating: "0", count: 8 - count.count) + count
    let middle = [nonce, padded, cnonce, "auth"]
    var result = credentials(nonce: nonce, algorithm: algorithm, middle: middle)
    result.qop = "auth"
    result.nc = padded
    result.cnonce = cnonce
    return result
  }

  /// Answers in the form of RFC 2069.
  func oldAnswer(_ challenge: Challenge) -> Credentials {
    credentials(nonce: challenge.nonce, algorithm: challenge.algorithm, middle: [challenge.nonce])
  }

  private func credentials(
    nonce: String,
    algorithm: DigestAlgorithm,
    middle: [String]
  ) -> Credentials {
    let secret = hex(algorithm, [username, realm, password])
    let action = hex(algorithm, [method, uri])
    let response = hex(algorithm, [secret] + middle + [action])
    var result = Credentials(
      method: method,
      username: username,
      realm: realm,
      nonce: nonce,
      answer: DigestAnswer(uri: uri, response: response)
    )
    result.algorithm = algorithm.rawValue
    return result
  }

  /// The hash itself is held to the vectors of the RFCs below.
  private func hex(_ algorithm: DigestAlgorithm, _ fields: [String]) -> String {
    guard var hash = try? DigestHash() else { return "" }
    let text = hash.hex(algorithm, of: fields.map { Array($0.utf8) })
    return String(decoding: text, as: UTF8.self)
  }
}

/// An authenticator that tests can hold and copy the reference of.
final class Gate {
  private var authenticator: DigestAuthenticator

  init(
    realm: String = "demo.local",
    accounts: [DigestAccount] = [
      DigestAccount(user: "7001", password: "demo"), DigestAccount(user: "7002", password: "other"),
    ],
    configure: (inout DigestSettings) -> Void = { _ in }
  ) throws {
    var settings = DigestSettings(realm: realm, secret: Array("a secret of the test".utf8))
    configure(&settings)
    authenticator = try DigestAuthenticator(settings, accounts: accounts)
  }

  func challenges(for userAgent: String? = "phone/1.0", at seconds: Double = 0) -> [Challenge] {
    authenticator.challenges(for: userAgent, at: .at(seconds))
  }

  func verify(_ credentials: Credentials, at seconds: Double = 0) -> DigestVerdict {
    authenticator.verify(credentials, at: .at(seconds))
  }

  func verify(_ credentials: Credentials, at instant: Instant) -> DigestVerdict {
    authenticator.verify(credentials, at: instant)
  }

  func admit(_ credentials: [Credentials], at seconds: Double = 0) -> Admission {
    authenticator.admit(credentials, userAgent: "phone/1.0", at: .at(seconds))
  }
}

extension Instant {
  /// An instant in seconds after the epoch.
  static func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: UInt64(seconds * 1_000_000_000))
  }
}

@Suite("Digest hashes")
struct DigestHashTests {
  @Test(arguments: [
    (DigestAlgorithm.md5, "d41d8cd98f00b204e9800998ecf8427e"),
    (.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
  ])
  func theHashOfNothingIsTheKnownOne(algorithm: DigestAlgorithm, expected: String) throws {
    var hash = try DigestHash()
    let text = hash.hex(algorithm, of: [[]])
    #expect(String(decoding: text, as: UTF8.self) == expected)
  }

  @Test func fieldsAreJoinedByColonsAndTheContextIsReused() throws {
    var hash = try DigestHash()
    let joined = hash.hex(.md5, of: [[97], [], [98, 99]])
    let whole = hash.hex(.md5, of: [Array("a::bc".utf8)])
    #expect(joined == whole)
    let other = hash.hex(.sha256, of: [Array("abc".utf8)])
    #expect(
      String(decoding: other, as: UTF8.self)
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
  }

  @Test func theSealIsTheOneOfRFC4231() throws {
    let hash = try DigestHash()
    let seal = hash.seal(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
    let text = seal.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(text == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func emptyValuesAreNeverEqual() {
    #expect(!DigestHash.areEqual([], []))
    #expect(!DigestHash.areEqual([1], [1, 2]))
    #expect(!DigestHash.areEqual([1, 2], [1, 3]))
    #expect(DigestHash.areEqual([1, 2], [1, 2]))
  }
}

@Suite("Digest vectors of the RFCs")
struct DigestVectorTests {
  /// A foreign nonce with the right response is `stale`, with a wrong one `wrongPassword`: so the
  /// verdict tells whether we computed what the RFC prints.
  private func verdict(
    password: String,
    realm: String,
    nonce: String,
    response: String,
    configure: (inout Credentials) -> Void
  ) throws -> DigestVerdict {
    let gate = try Gate(
      realm: realm,
      accounts: [DigestAccount(user: "Mufasa", password: password)]
    )
    var credentials = Credentials(
      method: "GET",
      username: "Mufasa",
      realm: realm,
      nonce: nonce,
      answer: DigestAnswer(uri: "/dir/index.html", response: response)
    )
    configure(&credentials)
    return gate.verify(credentials)
  }

  @Test(arguments: [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ("sha-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
  ])
  func theExampleOfRFC7616(algorithm: String, response: String) throws {
    for (password, expected) in [
      ("Circle of Life", DigestVerdict.stale), ("circle of life", .wrongPassword),
    ] {
      let found = try verdict(
        password: password,
        realm: "http-auth@example.org",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        response: response
      ) {
        $0.algorithm = algorithm
        $0.qop = "auth"
        $0.nc = "00000001"
        $0.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
      }
      #expect(found == expected)
    }
  }

  @Test func theExampleOfRFC2617() throws {
    let found = try verdict(
      password: "Circle Of Life",
      realm: "testrealm@host.com",
      nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
      response: "6629fae49393a05397450978507c4ef1"
    ) {
      $0.qop = "auth"
      $0.nc = "00000001"
      $0.cnonce = "0a4f113b"
    }
    #expect(found == .stale)
  }

  @Test func theExampleOfRFC2069AsCorrectedByItsErratum() throws {
    let found = try verdict(
      password: "CircleOfLife",
      realm: "testrealm@host.com",
      nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
      response: "1949323746fe6a43ef61f9606e7febea"
    ) { _ in }
    #expect(found == .stale)
  }
}

@Suite("Digest authentication")
struct DigestAuthenticatorTests {
  private let client = DigestClient()

  @Test func theStrongerAlgorithmIsOfferedFirst() throws {
    let challenges = try Gate().challenges()
    #expect(challenges.map(\.algorithm) == [.sha256, .md5])
    let nonce = try #require(challenges.first?.nonce)
    #expect(
      challenges.map(\.headerValue) == [
        "Digest realm=\"demo.local\", nonce=\"\(nonce)\", algorithm=SHA-256, qop=\"auth\"",
        "Digest realm=\"demo.local\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\"",
      ]
    )
  }

  @Test(
    arguments: [
      (nil, .md5First), ("", .md5First), ("Genesys-Softphone/8.5.400.10", .strongestFirst),
      ("baresip v1.0.0 (x86_64/linux)", .md5Only), ("baresip v3.11.0 (x86_64/Linux)", .md5Only),
      ("baresip v3.12.0 (x86_64/Linux)", .strongestFirst), ("baresip v4.0.0", .strongestFirst),
      ("baresip", .md5Only), ("Baresip x", .md5Only), ("baresipper v1.0.0", .strongestFirst),
      ("sofia-sip/1.12.11devel", .md5Only), ("Telepathy-SofiaSIP/1.1 sofia-sip/1.12", .md5Only),
      ("FreeSWITCH-mod_sofia/1.10.6-release-18-1ff9d0a60e~64bit", .md5Only),
    ] as [(String?, DigestOffer)]
  )
  func clientsThatGiveUpAtSHA256AreSparedIt(userAgent: String?, expected: DigestOffer) throws {
    #expect(DigestOffer(userAgent: userAgent) == expected)
    let gate = try Gate()
    #expect(gate.challenges(for: userAgent).map(\.algorithm) == expected.algorithms)
    let strict = try Gate { $0.offer = .strongestFirst }
    #expect(strict.challenges(for: userAgent).map(\.algorithm) == [.sha256, .md5])
  }

  @Test func ofTwoAnswersToOneChallengeOneIsJudged() throws {
    let gate = try Gate()
    let challenges = gate.challenges()
    let both = challenges.map { client.answer($0) }
    #expect(gate.admit(both) == .admitted(user: "7001"))
    #expect(gate.admit(challenges.map { client.answer($0, nc: 2) }) == .admitted(user: "7001"))
    var unknown = client.answer(challenges[0], nc: 3)
    unknown.algorithm = "SHA-512-256"
    let mixed = [unknown, client.answer(challenges[1], nc: 3)]
    #expect(gate.admit(mixed) == .admitted(user: "7001"))
  }

  @Test func opaqueAndStaleAreWrittenAndQuotesEscaped() throws {
    var challenge = try Gate(realm: "a\"b") { $0.opaque = "o\\p" }.challenges()[1]
    challenge.nonce = "n"
    challenge.stale = true
    #expect(
      challenge.headerValue
        == #"Digest realm="a\"b", nonce="n", opaque="o\\p", stale=true, algorithm=MD5, qop="auth""#
    )
  }

  @Test(arguments: DigestAlgorithm.allCases, ["7001", "7001@demo.local"])
  func theRightPasswordIsAccepted(algorithm: DigestAlgorithm, username: String) throws {
    let gate = try Gate()
    let challenge = try #require(gate.challenges().first { $0.algorithm == algorithm })
    var client = DigestClient()
    client.username = username
    #expect(gate.verify(client.answer(challenge)) == .accepted(user: "7001"))
  }

  @Test func anInviteIsJudgedLikeARegister() throws {
    let gate = try Gate()
    var client = DigestClient()
    client.method = "INVITE"
    client.uri = "sip:8000@demo.local"
    let credentials = client.answer(gate.challenges()[0])
    var moved = credentials
    moved.method = "REGISTER"
    #expect(gate.verify(moved) == .wrongPassword)
    #expect(gate.verify(credentials) == .accepted(user: "7001"))
  }

  @Test(arguments: DigestAlgorithm.allCases)
  func aWrongPasswordIsNeverAccepted(algorithm: DigestAlgorithm) throws {
    let gate = try Gate()
    for wrong in ["", "Demo", "demo ", "other", "dem"] {
      let challenge = try #require(gate.challenges().first { $0.algorithm == algorithm })
      var client = DigestClient()
      client.password = wrong
      #expect(gate.verify(client.answer(challenge)) == .wrongPassword)
      #expect(gate.verify(client.oldAnswer(challenge)) == .wrongPassword)
    }
  }

  @Test func everyChangedDigitOfTheResponseIsNoticed() throws {
    let gate = try Gate()
    let right = client.answer(gate.challenges()[0])
    for index in right.response.indices {
      var wrong = right
      let other = right.response[index] == "0" ? "1" : "0"
      wrong.response.replaceSubrange(index...index, with: other)
      #expect(gate.verify(wrong) == .wrongPassword)
    }
    // None of these spent the nonce.
    #expect(gate.verify(right) == .accepted(user: "7001"))
  }

  @Test func aStrangerAndAForeignRealmAreUnknown() throws {
    let gate = try Gate()
    var stranger = client
    stranger.username = "6666"
    #expect(gate.verify(stranger.answer(gate.challenges()[0])) == .unknownUser)
    var foreign = client
    foreign.realm = "elsewhere.example"
    #expect(gate.verify(foreign.answer(gate.challenges()[0])) == .unknownUser)
    var nobody = DigestClient(username: "nobody", password: "")
    nobody.realm = "demo.local"
    #expect(gate.verify(nobody.answer(gate.challenges()[0])) == .unknownUser)
  }

  @Test func unusableParametersAreMalformed() throws {
    let gate = try Gate()
    let good = client.answer(gate.challenges()[0])
    let spoilers: [(inout Credentials) -> Void] = [
      { $0.username = "" }, { $0.nonce = "" }, { $0.uri = "" }, { $0.response = "" },
      { $0.response += "0" }, { $0.algorithm = "MD5-sess" }, { $0.algorithm = "SHA-512-256" },
      { $0.algorithm = "MD5" },  // a SHA-256 response has the wrong length for it
      { $0.qop = "auth-int" }, { $0.qop = "" }, { $0.nc = nil }, { $0.nc = "1" },
      { $0.nc = "0000000g" }, { $0.nc = "00000000" }, { $0.cnonce = nil }, { $0.cnonce = "" },
    ]
    for spoil in spoilers {
      var bad = good
      spoil(&bad)
      #expect(gate.verify(bad) == .malformed)
      #expect(gate.admit([bad]) == .malformed)
    }
    #expect(gate.verify(good) == .accepted(user: "7001"))
  }

  @Test func theSameResponseIsNotAcceptedTwice() throws {
    let gate = try Gate()
    let credentials = client.answer(gate.challenges()[0])
    #expect(gate.verify(credentials) == .accepted(user: "7001"))
    #expect(gate.verify(credentials) == .replayed)
    #expect(gate.verify(credentials) == .replayed)
  }

  @Test func aCountUsedWithOneAlgorithmIsUsedForTheOther() throws {
    let gate = try Gate()
    let challenges = gate.challenges()
    #expect(gate.verify(client.answer(challenges[0])) == .accepted(user: "7001"))
    #expect(gate.verify(client.answer(challenges[1])) == .replayed)
  }

  @Test func withoutQopANonceServesOnce() throws {
    let gate = try Gate()
    let first = gate.challenges()[1]
    #expect(gate.verify(client.oldAnswer(first)) == .accepted(user: "7001"))
    #expect(gate.verify(client.oldAnswer(first)) == .replayed)
    #expect(gate.verify(client.answer(first, nc: 7)) == .replayed)
    let second = gate.challenges()[1]
    #expect(gate.verify(client.answer(second)) == .accepted(user: "7001"))
    #expect(gate.verify(client.oldAnswer(second)) == .replayed)
  }

  @Test func aNonceIsStaleFromItsLifetimeOnToTheNanosecond() throws {
    let gate = try Gate { $0.nonceLifetime = .seconds(30) }
    let challenge = gate.challenges(at: 5)[0]
    let end = Instant.at(35)
    let before = Instant(nanoseconds: end.nanoseconds - 1)
    #expect(gate.verify(client.answer(challenge, nc: 1), at: before) == .accepted(user: "7001"))
    #expect(gate.verify(client.answer(challenge, nc: 2), at: end) == .stale)
    #expect(gate.verify(client.answer(challenge, nc: 3), at: 4.9) == .stale)
    // A wrong password is not told that only its nonce is at fault.
    var wrong = client
    wrong.password = "guess"
    #expect(gate.verify(wrong.answer(challenge, nc: 4), at: end) == .wrongPassword)
  }

  @Test func admissionAnswersEveryVerdict() throws {
    let gate = try Gate()
    let first = try challenged(gate.admit([]))
    #expect(first.allSatisfy { !$0.stale })
    var foreign = client
    foreign.realm = "proxy.example"
    let own = client.answer(first[0])
    #expect(gate.admit([foreign.answer(first[0]), own]) == .admitted(user: "7001"))
    let replayed = try challenged(gate.admit([own]))
    #expect(replayed.allSatisfy { $0.stale })
    #expect(replayed[0].nonce != first[0].nonce)
    let stale = try challenged(gate.admit([client.answer(replayed[0])], at: 301))
    #expect(stale.allSatisfy { $0.stale })
    var wrong = client
    wrong.password = "guess"
    let refused = try challenged(gate.admit([wrong.answer(stale[0])], at: 301))
    #expect(refused.allSatisfy { !$0.stale })
    let foreignOnly = try challenged(gate.admit([foreign.answer(refused[0])], at: 301))
    #expect(foreignOnly.allSatisfy { !$0.stale })
  }

  private func challenged(_ admission: Admission) throws -> [Challenge] {
    guard case .challenged(let challenges) = admission else {
      Issue.record("not challenged: \(admission)")
      return []
    }
    try #require(challenges.count == 2)
    return challenges
  }
}
