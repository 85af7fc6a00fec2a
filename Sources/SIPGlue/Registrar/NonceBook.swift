// Nonces that need no memory until they are used, and cannot be used twice.
//
// A nonce is 64 hexadecimal digits: the instant of issue (8 bytes), a serial number (8 bytes) and
// the first half of an HMAC-SHA-256 over instant, serial and realm (16 bytes). Issuing one stores
// nothing, so a flood of unauthenticated requests costs no memory and pushes nobody out.
//
// States of a nonce: unused → used (it has a record) → stale (too old, or its record was dropped).
// Invariants:
//   * The table has a fixed number of records; the serial number chooses the slot.
//   * A slot only ever moves to a larger serial. So a nonce whose record was dropped finds a
//     younger one in its slot and is stale for ever: forgetting can never re-admit a replay. Where
//     nonces are used in the order of issue, this drops the oldest first.
//   * Only `redeem` writes, and it is called after the password was proved.
// The secret must be drawn anew at every start: a new process has an empty table.
// Source: RFC 7616 3.3 (nonce), 3.4 (nc), 5.4 and 5.5 (limited use, replay).

package import Engine

/// What a nonce that came with a correct response is worth.
package enum NonceVerdict: Sendable, Equatable {
  /// Ours, young enough, and this count was not seen before.
  case fresh
  /// Not ours, too old, or forgotten: the client must take a new one.
  case stale
  /// This count was seen before with this nonce.
  case replayed
}

/// Issues nonces and remembers which counts were used with them.
package struct NonceBook: Sendable {
  fileprivate struct Record: Sendable {
    var serial: UInt64 = 0  // 0: vacant
    /// The other parts of the nonce, which were ours when it was used first.
    var issued: UInt64 = 0
    var mac: (UInt64, UInt64) = (0, 0)
    var highest: UInt32 = 0
    /// Bit i is set when the count `highest - i` was used.
    var used: UInt64 = 0
  }

  private static let macCount = 16
  private static let byteCount = 16 + macCount

  private let secret: [UInt8]
  private let realm: [UInt8]
  private let lifetime: Duration
  private var records: [Record]
  private var lastSerial: UInt64 = 0

  /// Prepares an empty book.
  ///
  /// - Parameters:
  ///   - secret: the key of the MAC, unpredictable and new at every start.
  ///   - realm: nonces are valid in this realm only.
  ///   - lifetime: from this age on, a nonce is stale.
  ///   - recordCount: how many used nonces are remembered; rounded up to a power of two.
  package init(secret: [UInt8], realm: String, lifetime: Duration, recordCount: Int) {
    self.secret = secret
    self.realm = Array(realm.utf8)
    self.lifetime = lifetime
    var size = 1
    while size < recordCount { size *= 2 }
    records = Array(repeating: Record(), count: size)
  }

  /// Makes a new nonce; two are never the same.
  package mutating func issue(at now: Instant, with hash: borrowing DigestHash) -> String {
    lastSerial += 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    Self.append(now.nanoseconds, to: &bytes)
    Self.append(lastSerial, to: &bytes)
    bytes += mac(of: bytes, with: hash)
    return String(decoding: Hex.encode(bytes), as: UTF8.self)
  }

  /// Judges a nonce and uses up the given count.
  ///
  /// The caller has checked the response first, so that a stranger can neither fill the table nor
  /// spend somebody else's counts.
  ///
  /// - Parameters:
  ///   - nonce: the text as the client sent it.
  ///   - count: the nonce-count; nil in the RFC 2069 form, in which a nonce serves once.
  ///   - now: the present instant.
  ///   - hash: computes the MAC.
  /// - Returns: `fresh` once for each count.
  package mutating func redeem(
    _ nonce: String,
    count: UInt32?,
    at now: Instant,
    with hash: borrowing DigestHash
  ) -> NonceVerdict {
    nonce.withByteView { redeem($0, count: count, at: now, with: hash) }
  }

  /// The same for a nonce as bytes.
  mutating func redeem(
    _ nonce: ByteView,
    count: UInt32?,
    at now: Instant,
    with hash: borrowing DigestHash
  ) -> NonceVerdict {
    guard nonce.count == Self.byteCount * 2, let instant = nonce.hexadecimal(from: 0, count: 16),
      let serial = nonce.hexadecimal(from: 16, count: 16),
      let high = nonce.hexadecimal(from: 32, count: 16),
      let low = nonce.hexadecimal(from: 48, count: 16)
    else { return .stale }
    let slot = Int(truncatingIfNeeded: serial) & (records.count - 1)
    let record = records[slot]
    // A nonce that is in use was ours when it came first: it is compared, in constant time.
    let isKnown =
      record.serial == serial && serial != 0
      && (record.issued ^ instant | record.mac.0 ^ high | record.mac.1 ^ low) == 0
    guard isKnown || isOurs(instant, serial, (high, low), with: hash) else { return .stale }
    let issued = Instant(nanoseconds: instant)
    // A serial that was not given out yet is another process's with the same secret.
    guard issued <= now, now - issued < lifetime, serial <= lastSerial else { return .stale }

    if record.serial > serial { return .stale }
    if record.serial < serial {
      var first = Record(serial: serial, issued: instant, mac: (high, low))
      first.highest = count ?? .max
      first.used = count == nil ? .max : 1
      records[slot] = first
      return .fresh
    }
    guard let count else { return .replayed }
    return records[slot].use(count) ? .fresh : .replayed
  }

  private func isOurs(
    _ instant: UInt64,
    _ serial: UInt64,
    _ proof: (UInt64, UInt64),
    with hash: borrowing DigestHash
  ) -> Bool {
    var bytes: [UInt8] = []
    for word in [instant, serial, proof.0, proof.1] { Self.append(word, to: &bytes) }
    return DigestHash.areEqual(Array(bytes[16...]), mac(of: Array(bytes[..<16]), with: hash))
  }

  private func mac(of head: [UInt8], with hash: borrowing DigestHash) -> [UInt8] {
    Array(hash.seal(head + realm, key: secret).prefix(Self.macCount))
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }
}

extension NonceBook.Record {
  /// Marks a count as used; false when it was used before, or is too far back to tell.
  ///
  /// The window lets two requests overtake each other on the way, as UDP allows.
  fileprivate mutating func use(_ count: UInt32) -> Bool {
    if count > highest {
      let step = count - highest
      used = step < 64 ? used << UInt64(step) | 1 : 1
      highest = count
      return true
    }
    let back = highest - count
    guard back < 64, used & (1 << UInt64(back)) == 0 else { return false }
    used |= 1 << UInt64(back)
    return true
  }
}
