// Who is this? Challenges and checks of digest authentication, for REGISTER and INVITE alike.
//
// Passwords are not kept: only the HA1 hashes of each user, of both algorithms and for both
// spellings of the name (`7001` and `7001@realm`), computed once.
//
// Invariants:
//   * `accepted` needs, in this order: well-formed parameters, a known user, the right response, a
//     nonce of ours that is young, and a nonce-count not used before.
//   * The nonce is judged after the response (RFC 7616 3.3 `stale`), so nothing a stranger sends is
//     stored.
//   * An unknown user costs the same hashing as a known one and is answered in the same way.
//   * Who has shown too many wrong passwords is not listened to for a while (`GuessBook`), and who
//     proves his comes no more often than `userRate` (`RateBook`); both tables have a fixed size.
// Source: RFC 3261 22, RFC 7616, RFC 8760; RFC 2069 for credentials without qop.

public import Engine

/// One user who can prove who he is.
public struct DigestAccount: Sendable {
  /// The user's name; for a phone, its DN.
  public var user: String
  /// The password in clear text; only its hashes are kept.
  public var password: String

  /// Makes an account.
  public init(user: String, password: String) {
    self.user = user
    self.password = password
  }
}

/// How challenges are made.
public struct DigestSettings: Sendable {
  /// The protection domain; the site's `sip.domain`.
  public var realm: String
  /// The key of the nonces: unpredictable, and drawn anew at every start.
  public var secret: [UInt8]
  /// How long a nonce may be used.
  public var nonceLifetime: Duration = .seconds(300)
  /// How many used nonces are remembered; nil gives four for each account, and 8192 at least.
  public var nonceRecordCount: Int?
  /// What everybody is offered; nil goes by the client's User-Agent.
  public var offer: DigestOffer?
  /// A text that clients hand back; not needed by us.
  public var opaque: String?
  /// After how many wrong passwords for one user a sender is locked out; 0: never.
  ///
  /// Ten times as many for different users lock him out for all.
  public var guessesMax: UInt32 = 10
  /// How long wrong passwords are remembered, and a lock-out lasts.
  public var lockout: Duration = .seconds(60)
  /// How many requests with a right password a user may send in a second, and at once; 0: any.
  public var userRate: UInt32 = 20
  /// How many of them at once.
  public var userBurst: UInt32 = 100
  /// How many senders and users are remembered for these limits.
  public var bookCount = 8192

  /// Makes settings with the usual lifetime.
  public init(realm: String, secret: [UInt8]) {
    self.realm = realm
    self.secret = secret
  }
}

/// Makes challenges and judges credentials.
public struct DigestAuthenticator: ~Copyable, Sendable {
  private struct Proof: Sendable {
    var user: String
    var sha256: [UInt8]
    var md5: [UInt8]

    func secret(of algorithm: DigestAlgorithm) -> [UInt8] {
      switch algorithm {
      case .sha256: sha256
      case .md5: md5
      }
    }
  }

  private let realm: String
  private let opaque: String?
  private let offer: DigestOffer?
  private var proofs: [String: Proof] = [:]
  private let nobody: Proof
  private var nonces: NonceBook
  private var guesses: GuessBook
  private var users: RateBook
  private let guessesMax: UInt32
  private let keys: TokenSource
  private var hash: DigestHash
  private var action = Action()

  /// Hashes the passwords and opens the nonce book.
  ///
  /// - Throws: `DigestUnavailable` when libcrypto has no MD5 or no SHA-256.
  public init(_ settings: DigestSettings, accounts: [DigestAccount]) throws(DigestUnavailable) {
    var hash = try DigestHash()
    realm = settings.realm
    opaque = settings.opaque
    offer = settings.offer
    guessesMax = settings.guessesMax
    guesses = GuessBook(lockout: settings.lockout, placeCount: settings.bookCount)
    users = RateBook(
      rate: settings.userRate,
      burst: settings.userBurst,
      placeCount: settings.bookCount
    )
    keys = TokenSource(secret: Self.words(of: settings.secret))
    nobody = Self.proof(DigestAccount(user: "", password: ""), "", settings.realm, &hash)
    for account in accounts {
      for name in [account.user, "\(account.user)@\(settings.realm)"] {
        proofs[name] = Self.proof(account, name, settings.realm, &hash)
      }
    }
    nonces = NonceBook(
      secret: settings.secret,
      realm: settings.realm,
      lifetime: settings.nonceLifetime,
      recordCount: settings.nonceRecordCount ?? max(8192, accounts.count * 4)
    )
    self.hash = hash
  }

  /// Makes one challenge for each algorithm that the client can cope with, all with one new nonce.
  public mutating func challenges(
    for userAgent: String?,
    at now: Instant,
    stale: Bool = false
  ) -> [Challenge] {
    let nonce = nonces.issue(at: now, with: hash)
    return (offer ?? DigestOffer(userAgent: userAgent)).algorithms.map {
      Challenge(realm: realm, nonce: nonce, algorithm: $0, opaque: opaque, stale: stale)
    }
  }

  /// Decides from all credentials of a request, of which those for other realms are not ours to
  /// judge.
  ///
  /// A replayed response is answered like a stale nonce: the honest client, whose count went wrong,
  /// comes back with the new nonce without asking its user; the other one cannot. Of several
  /// credentials for our realm (libre answers each challenge) one is judged, as they all use the
  /// same count.
  ///
  /// - Parameters:
  ///   - credentials: all that the request carries.
  ///   - userAgent: the request's User-Agent header, for the challenge.
  ///   - source: the sender's address, for which guesses are counted; empty: they are not.
  ///   - now: the present instant.
  /// - Returns: the user, or how to answer.
  public mutating func admit(
    _ credentials: [Credentials],
    userAgent: String?,
    source: String = "",
    at now: Instant
  ) -> Admission {
    let own = credentials.filter { $0.realm == realm }
    let usable = own.first { DigestAlgorithm(headerValue: $0.algorithm) != nil }
    guard let chosen = usable ?? own.first else {
      return .challenged(challenges(for: userAgent, at: now))
    }
    let admission = source.withByteView { source in
      chosen.method.withByteView { method in
        chosen.withFields {
          admit($0, of: method, userAgent: userAgent, source: source, at: now)
        }
      }
    }
    return admission ?? .malformed
  }

  /// The same for the only credentials that a request carries, or none.
  ///
  /// - Parameters:
  ///   - fields: the credentials; nil: there are none.
  ///   - method: the request's method.
  ///   - userAgent: asked for only when a challenge is made.
  ///   - source: the sender's address, for which guesses are counted; empty: they are not.
  ///   - now: the present instant.
  /// - Returns: the user, or how to answer.
  mutating func admit(
    _ fields: DigestFields?,
    of method: ByteView,
    userAgent: @autoclosure () -> String?,
    source: ByteView,
    at now: Instant
  ) -> Admission {
    guard let fields, isOwn(fields.realm) else {
      return .challenged(challenges(for: userAgent(), at: now))
    }
    let counts = !source.isEmpty && guessesMax > 0
    let pair = counts ? keys.hash(source, fields.username, 1) : 0
    let all = counts ? keys.hash(source, .empty, 1) : 0
    if counts, let left = lockout(pair, all, at: now) { return .lockedOut(left) }
    switch verify(fields, of: method, at: now) {
    case .accepted(let user):
      if counts { guesses.forget(pair) }
      let key = user.withByteView { keys.hash(.empty, $0, 1) }
      return users.admit(key, at: now) ? .admitted(user: user) : .tooMany(1)
    case .stale, .replayed:
      return .challenged(challenges(for: userAgent(), at: now, stale: true))
    case .wrongPassword, .unknownUser:
      if counts {
        guesses.note(pair, limit: guessesMax, at: now)
        guesses.note(all, limit: guessesMax * 10, at: now)
      }
      return .challenged(challenges(for: userAgent(), at: now))
    case .malformed: return .malformed
    }
  }

  private func isOwn(_ name: ByteView) -> Bool { realm.withByteView { $0.equals(name) } }

  /// The seconds for which a sender is not listened to; nil when he is.
  private func lockout(_ pair: UInt64, _ all: UInt64, at now: Instant) -> UInt32? {
    let left =
      guesses.lockedOut(pair, after: guessesMax, at: now)
      ?? guesses.lockedOut(all, after: guessesMax * 10, at: now)
    return left.map { UInt32(clamping: $0.components.seconds + 1) }
  }

  private static func words(of secret: [UInt8]) -> (UInt64, UInt64) {
    var words: [UInt64] = [0, 0]
    for (index, byte) in secret.enumerated() {
      let word = index / 8 % 2
      words[word] = words[word] << 8 ^ words[word] >> 56 ^ UInt64(byte)
    }
    return (words[0], words[1])
  }

  /// Judges one set of credentials; an accepted one is used up by this.
  public mutating func verify(_ credentials: Credentials, at now: Instant) -> DigestVerdict {
    let verdict = credentials.method.withByteView { method in
      credentials.withFields { verify($0, of: method, at: now) }
    }
    return verdict ?? .malformed
  }

  private mutating func verify(
    _ fields: DigestFields,
    of method: ByteView,
    at now: Instant
  ) -> DigestVerdict {
    guard let form = Form(fields) else { return .malformed }
    guard isOwn(fields.realm) else { return .unknownUser }
    let known = proofs[fields.username.string]
    hashResponse(to: fields, of: method, form, (known ?? nobody).secret(of: form.algorithm))
    let right = DigestHash.areEqual(hash.text.bytes, fields.response)
    guard let known else { return .unknownUser }
    guard right else { return .wrongPassword }
    switch nonces.redeem(fields.nonce, count: form.count, at: now, with: hash) {
    case .fresh: return .accepted(user: known.user)
    case .stale: return .stale
    case .replayed: return .replayed
    }
  }

  /// Computes the response that proves a secret (HA1), in hexadecimal text, into `hash.text`.
  private mutating func hashResponse(
    to fields: DigestFields,
    of method: ByteView,
    _ form: Form,
    _ secret: [UInt8]
  ) {
    hash.text.removeAll()
    hash.text.write(method)
    hash.text.write(":")
    hash.text.write(fields.uri)
    // Phones register again with the same words.
    let isKnown = action.algorithm == form.algorithm && hash.text.bytes.equals(action.text)
    if !isKnown {
      action.algorithm = form.algorithm
      action.text = hash.text.bytes.array
      hash.hashText(by: form.algorithm)
      action.hash = hash.text.bytes.array
    }
    hash.text.removeAll()
    hash.text.write(secret)
    hash.text.write(":")
    hash.text.write(fields.nonce)
    hash.text.write(":")
    if form.count != nil {
      hash.text.write(fields.nonceCount)
      hash.text.write(":")
      hash.text.write(fields.clientNonce)
      hash.text.write(":")
      hash.text.write(fields.qop)
      hash.text.write(":")
    }
    hash.text.write(action.hash)
    hash.hashText(by: form.algorithm)
  }

  private static func proof(
    _ account: DigestAccount,
    _ name: String,
    _ realm: String,
    _ hash: inout DigestHash
  ) -> Proof {
    let fields = [Array(name.utf8), Array(realm.utf8), Array(account.password.utf8)]
    return Proof(
      user: account.user,
      sha256: hash.hex(.sha256, of: fields),
      md5: hash.hex(.md5, of: fields)
    )
  }
}

extension DigestAuthenticator {
  /// The parameters of credentials that had to be understood before anything is computed.
  private struct Form {
    var algorithm: DigestAlgorithm
    /// The nonce-count; nil in the RFC 2069 form.
    var count: UInt32?

    init?(_ fields: DigestFields) {
      guard let algorithm = DigestAlgorithm(fields.algorithm),
        fields.response.count == algorithm.hexCount,
        !fields.username.isEmpty, !fields.nonce.isEmpty, !fields.uri.isEmpty
      else { return nil }
      self.algorithm = algorithm
      guard !fields.qop.isEmpty else { return }
      guard fields.qop.equalsIgnoringCase("auth"), !fields.clientNonce.isEmpty,
        fields.nonceCount.count == 8, let count = fields.nonceCount.hexadecimal(from: 0, count: 8),
        count > 0
      else { return nil }
      self.count = UInt32(count)
    }
  }

  /// The hash of the method and URI that were asked for last.
  private struct Action: Sendable {
    var algorithm = DigestAlgorithm.md5
    var text: [UInt8] = []
    var hash: [UInt8] = []
  }
}
