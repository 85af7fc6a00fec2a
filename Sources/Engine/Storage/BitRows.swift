/// Rows of bits of equal width, one row per slot.
///
/// With up to 64 bits a row is one word; the width grows when more bits are needed.
package struct BitRows: Sendable, Codable {
  package private(set) var words = 1
  private var bits: [UInt64] = []

  package init(words: Int = 1) { self.words = words }

  package var count: Int { bits.count / words }

  /// Adds empty rows until there are so many.
  package mutating func grow(to rows: Int) {
    let missing = rows * words - bits.count
    if missing > 0 { bits.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// Makes every row so many words wide.
  package mutating func widen(to wider: Int) {
    guard wider > words else { return }
    var copy = [UInt64](repeating: 0, count: count * wider)
    for row in 0..<count {
      for word in 0..<words { copy[row * wider + word] = bits[row * words + word] }
    }
    bits = copy
    words = wider
  }

  package func word(_ row: Int32, _ word: Int) -> UInt64 { bits[Int(row) * words + word] }

  /// Sets the first word of a row.
  package mutating func setWord(_ row: Int32, _ value: UInt64) { bits[Int(row) * words] = value }

  package func has(_ bit: Int32, _ row: Int32) -> Bool {
    bits[Int(row) * words + Int(bit >> 6)] & (1 << UInt64(bit & 63)) != 0
  }

  package mutating func set(_ bit: Int32, _ row: Int32, _ isSet: Bool = true) {
    let word = Int(row) * words + Int(bit >> 6)
    let mask: UInt64 = 1 << UInt64(bit & 63)
    if isSet { bits[word] |= mask } else { bits[word] &= ~mask }
  }

  package mutating func clear(_ row: Int32) {
    for word in 0..<words { bits[Int(row) * words + word] = 0 }
  }

  package mutating func copy(_ row: Int32, from other: borrowing BitRows, _ otherRow: Int32) {
    for word in 0..<words { bits[Int(row) * words + word] = other.word(otherRow, word) }
  }

  package mutating func add(_ row: Int32, from other: borrowing BitRows, _ otherRow: Int32) {
    for word in 0..<words { bits[Int(row) * words + word] |= other.word(otherRow, word) }
  }

  /// Sets a row to what it should be: the bits of three rows together.
  ///
  /// Returns whether it changed. Negative rows count as empty.
  package mutating func combine(
    _ row: Int32,
    own: borrowing BitRows,
    _ left: Int32,
    _ right: Int32
  ) -> Bool {
    var changed = false
    for word in 0..<words {
      var union = own.word(row, word)
      if left >= 0 { union |= bits[Int(left) * words + word] }
      if right >= 0 { union |= bits[Int(right) * words + word] }
      if bits[Int(row) * words + word] != union {
        bits[Int(row) * words + word] = union
        changed = true
      }
    }
    return changed
  }
}

/// What is asked of a row of bits.
package protocol BitQuestion {
  func isMet(by rows: borrowing BitRows, _ row: Int32) -> Bool

  /// The same of a row that is one word wide.
  func isMet(by word: UInt64) -> Bool
}

/// Whether one bit is set.
package struct OneBit: BitQuestion {
  private let word: Int
  private let mask: UInt64

  package init(_ bit: Int32) {
    word = Int(bit >> 6)
    mask = 1 << UInt64(bit & 63)
  }

  package func isMet(by rows: borrowing BitRows, _ row: Int32) -> Bool {
    rows.word(row, word) & mask != 0
  }

  package func isMet(by word: UInt64) -> Bool { word & mask != 0 }
}

/// Whether a bit is set that is set in a given row too.
package struct CommonBit: BitQuestion {
  /// Nil: the row is one word wide.
  private let rows: BitRows?
  private let row: Int32
  private let first: UInt64

  package init(_ rows: borrowing BitRows, _ row: Int32) {
    self.rows = rows.words > 1 ? copy rows : nil
    self.row = row
    first = rows.word(row, 0)
  }

  package func isMet(by word: UInt64) -> Bool { word & first != 0 }

  package func isMet(by other: borrowing BitRows, _ otherRow: Int32) -> Bool {
    guard let rows else { return isMet(by: other.word(otherRow, 0)) }
    for word in 0..<min(rows.words, other.words)
    where rows.word(row, word) & other.word(otherRow, word) != 0 { return true }
    return false
  }
}
