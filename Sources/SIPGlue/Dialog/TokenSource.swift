// Where tags, branches and Call-IDs come from: SipHash-1-3 of a counter under a secret key.
//
// Whoever sees any number of them cannot tell the next one (RFC 3261 19.3 asks for 32 bits of
// randomness in a tag), and in a test they are the same in every run. The same function hashes what
// comes from outside, so that nobody can choose keys that collide.

/// A keyed generator of 64-bit tokens.
struct TokenSource: Sendable {
  private let key: (UInt64, UInt64)
  private var counter: UInt64 = 0

  init(secret: (UInt64, UInt64)) { key = secret }

  /// The next token; never 0.
  mutating func next() -> SIPToken {
    repeat {
      counter &+= 1
      var state = SipHash(key)
      state.absorb(counter)
      let value = state.finish()
      if value != 0 { return SIPToken(value) }
    } while true
  }

  /// A keyed hash of two numbers; never 0.
  func hash(_ first: UInt64, _ second: UInt64) -> UInt64 {
    var state = SipHash(key)
    state.absorb(first)
    state.absorb(second)
    return max(1, state.finish())
  }

  /// A keyed hash of two texts and a number; never 0.
  func hash(_ first: ByteView, _ second: ByteView, _ number: UInt32) -> UInt64 {
    var state = SipHash(key)
    state.absorb(first)
    state.absorb(second)
    state.absorb(UInt64(number))
    return max(1, state.finish())
  }
}

/// The state of SipHash with one compression and three finalisation rounds.
private struct SipHash {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  init(_ key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    v0 ^= word
  }

  /// Absorbs a text and its length.
  mutating func absorb(_ text: ByteView) {
    unsafe text.withUnsafeBytes { bytes in
      var index = 0
      while index + 8 <= bytes.count {
        absorb(unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        index += 8
      }
      var rest = UInt64(bytes.count) << 56
      var shift: UInt64 = 0
      while index < bytes.count {
        rest |= unsafe UInt64(bytes[index]) << shift
        shift += 8
        index += 1
      }
      absorb(rest)
    }
  }

  mutating func finish() -> UInt64 {
    v2 ^= 0xff
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  private mutating func round() {
    v0 = v0 &+ v1
    v1 = (v1 << 13 | v1 >> 51) ^ v0
    v0 = v0 << 32 | v0 >> 32
    v2 = v2 &+ v3
    v3 = (v3 << 16 | v3 >> 48) ^ v2
    v0 = v0 &+ v3
    v3 = (v3 << 21 | v3 >> 43) ^ v0
    v2 = v2 &+ v1
    v1 = (v1 << 17 | v1 >> 47) ^ v2
    v2 = v2 << 32 | v2 >> 32
  }
}
