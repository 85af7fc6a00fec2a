import Engine
import SIPGlue
import Testing

@Suite("The nonce book")
struct NonceTests {
  private final class Desk {
    var book: NonceBook
    private let hash: DigestHash

    init(secret: String = "secret", realm: String = "demo.local", records: Int = 4) throws {
      book = NonceBook(
        secret: Array(secret.utf8),
        realm: realm,
        lifetime: .seconds(300),
        recordCount: records
      )
      hash = try DigestHash()
    }

    func issue(at seconds: Double = 0) -> String { book.issue(at: .at(seconds), with: hash) }

    func redeem(_ nonce: String, _ count: UInt32?, at seconds: Double = 0) -> NonceVerdict {
      book.redeem(nonce, count: count, at: .at(seconds), with: hash)
    }
  }

  @Test func noncesOfOneInstantDiffer() throws {
    let desk = try Desk()
    #expect(Set((0..<1000).map { _ in desk.issue() }).count == 1000)
  }

  @Test func theSameSecretGivesTheSameNonces() throws {
    let (left, right) = (try Desk(), try Desk())
    #expect(
      (0..<5).map { left.issue(at: Double($0)) } == (0..<5).map { right.issue(at: Double($0)) }
    )
  }

  @Test func aNonceOfAnotherSecretOrRealmIsStale() throws {
    let desk = try Desk()
    _ = desk.issue()
    for other in [try Desk(secret: "other"), try Desk(realm: "other")] {
      #expect(desk.redeem(other.issue(), 1) == .stale)
    }
  }

  @Test func aSerialThatWasNotIssuedIsStale() throws {
    let other = try Desk()
    let desk = try Desk()
    #expect(desk.redeem(other.issue(), 1) == .stale)
  }

  @Test func everyChangedDigitMakesANonceStale() throws {
    let desk = try Desk()
    let nonce = desk.issue()
    for index in nonce.indices {
      var forged = nonce
      forged.replaceSubrange(index...index, with: nonce[index] == "0" ? "1" : "0")
      #expect(desk.redeem(forged, 1) == .stale)
    }
    for odd in ["", "00", nonce + "0", String(nonce.dropLast()), String(repeating: "z", count: 64)]
    {
      #expect(desk.redeem(odd, 1) == .stale)
    }
    #expect(desk.redeem(nonce, 1) == .fresh)
  }

  @Test func countsMayOvertakeButNotRepeat() throws {
    let desk = try Desk()
    let nonce = desk.issue()
    for count: UInt32 in [1, 3, 2, 100, 99, 37] { #expect(desk.redeem(nonce, count) == .fresh) }
    for count: UInt32 in [1, 2, 3, 37, 99, 100] { #expect(desk.redeem(nonce, count) == .replayed) }
    // 36 was never used, but it lies 64 behind: too far to tell.
    #expect(desk.redeem(nonce, 36) == .replayed)
    #expect(desk.redeem(nonce, .max) == .fresh)
    #expect(desk.redeem(nonce, .max) == .replayed)
    #expect(desk.redeem(nonce, 101) == .replayed)
  }

  @Test func aForgottenNonceIsStaleForEver() throws {
    let desk = try Desk(records: 4)
    let nonces = (0..<12).map { _ in desk.issue() }
    for nonce in nonces { #expect(desk.redeem(nonce, 1) == .fresh) }
    // The oldest went first: the last four are known, the others are neither accepted nor known.
    for nonce in nonces.suffix(4) {
      #expect(desk.redeem(nonce, 1) == .replayed)
      #expect(desk.redeem(nonce, 2) == .fresh)
    }
    for nonce in nonces.prefix(8) {
      #expect(desk.redeem(nonce, 1) == .stale)
      #expect(desk.redeem(nonce, 2) == .stale)
    }
  }

  @Test func unusedChallengesPushNobodyOut() throws {
    let desk = try Desk(records: 4)
    let nonce = desk.issue()
    #expect(desk.redeem(nonce, 1) == .fresh)
    for _ in 0..<10_000 { _ = desk.issue() }
    #expect(desk.redeem(nonce, 2) == .fresh)
    #expect(desk.redeem(nonce, 1) == .replayed)
  }

  @Test(.timeLimit(.minutes(15)), arguments: [1, 2, 3] as [UInt64])
  func noPairOfNonceAndCountPassesTwice(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let desk = try Desk(records: 8)
    var nonces: [String] = []
    var passed: Set<String> = []
    var fresh = 0
    for step in 0..<5000 {
      if nonces.isEmpty || Int.random(in: 0..<10, using: &random) == 0 {
        nonces.append(desk.issue(at: Double(step) / 10))
      }
      let index = max(0, nonces.count - 1 - Int.random(in: 0..<20, using: &random))
      let count = UInt32.random(in: 1...80, using: &random)
      let verdict = desk.redeem(nonces[index], count, at: Double(step) / 10)
      if verdict == .fresh {
        fresh += 1
        #expect(passed.insert("\(index):\(count)").inserted)
      }
    }
    #expect(fresh > 500)
  }
}

/// SplitMix64, so that a seed names a run.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
