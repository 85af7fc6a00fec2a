// Where the members of a JSON object stand in its bytes.
//
// Texts are searched eight bytes at a time; nothing is copied, and nothing is allocated once the
// array of members has grown.

/// A member of an object, as ranges of the bytes in which it stands.
struct JSONMember {
  enum Kind: UInt8 {
    case number
    /// A text; the range leaves its quotes out.
    case text
    /// A text with escapes in it; the range has its quotes.
    case escaped
    case nested
    case word
  }

  private let keyStart: UInt32
  private let keyEnd: UInt32
  private let valueStart: UInt32
  private let valueEnd: UInt32
  let kind: Kind

  init(key: Range<Int>, value: Range<Int>, kind: Kind) {
    keyStart = UInt32(truncatingIfNeeded: key.lowerBound)
    keyEnd = UInt32(truncatingIfNeeded: key.upperBound)
    valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
    valueEnd = UInt32(truncatingIfNeeded: value.upperBound)
    self.kind = kind
  }

  /// The name, without its quotes.
  var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }

  var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}

/// The members of an object, in memory that is used again.
struct JSONMembers {
  private var places = [JSONMember](repeating: Self.none, count: 32)
  private(set) var count = 0

  private static let none = JSONMember(key: 0..<0, value: 0..<0, kind: .word)

  subscript(index: Int) -> JSONMember { places[index] }

  mutating func removeAll() { count = 0 }

  mutating func append(_ member: JSONMember) {
    if count == places.count { grow() }
    places[count] = member
    count += 1
  }

  private mutating func grow() {
    places.append(contentsOf: [JSONMember](repeating: Self.none, count: places.count))
  }

  /// Finds members in some bytes, as `Span.scan` does, and keeps them.
  mutating func scan(
    _ bytes: Span<UInt8>,
    _ at: inout Int,
    _ end: Int,
    upTo last: StaticString?
  ) -> Bool {
    while true {
      if count == places.count { grow() }
      var taken = count
      var free = places.mutableSpan
      let found = bytes.scan(&at, end, upTo: last, into: &free, &taken)
      count = taken
      switch found {
      case .isDone: return true
      case .isBroken: return false
      case .isFull: continue
      }
    }
  }
}

/// How a search for members ends.
enum JSONScanEnd {
  case isDone
  case isBroken
  /// There is no room for more members.
  case isFull
}

extension Span<UInt8> {
  /// Goes into an object, before its first member.
  ///
  /// - Parameters:
  ///   - at: Where the object begins, then where its first member begins; negative: it has none.
  ///   - end: Where the line ends.
  /// - Returns: Whether there are members; nil: it is no object.
  func begin(_ at: inout Int, _ end: Int) -> Bool? {
    skipBlanks(&at, end)
    guard at < end, self[at] == UInt8(ascii: "{") else { return nil }
    at += 1
    skipBlanks(&at, end)
    guard at < end, self[at] == UInt8(ascii: "}") else { return true }
    at = -1
    return false
  }

  /// Finds members, up to the one of that name or to the end of the object, which ends the range.
  ///
  /// - Parameters:
  ///   - next: Where the first one begins, then where the next one begins; negative: there is none.
  ///   - end: Where the range ends.
  ///   - last: The name; nil: to the end.
  ///   - members: Receives them.
  ///   - count: How many of its places are taken.
  /// - Returns: Whether everything was in order.
  func scan(
    _ next: inout Int,
    _ end: Int,
    upTo last: StaticString?,
    into members: inout MutableSpan<JSONMember>,
    _ count: inout Int
  ) -> JSONScanEnd {
    var at = next
    while count < members.count {
      skipBlanks(&at, end)
      guard at < end, self[at] == UInt8(ascii: "\"") else { return .isBroken }
      var key = 0..<0
      guard scanText(&at, end, &key) == .text else { return .isBroken }
      skipBlanks(&at, end)
      guard at < end, self[at] == UInt8(ascii: ":") else { return .isBroken }
      at += 1
      skipBlanks(&at, end)
      guard at < end else { return .isBroken }
      var value = at..<at
      guard let kind = scanValue(&at, end, &value) else { return .isBroken }
      members[count] = JSONMember(key: key, value: value, kind: kind)
      count += 1
      skipBlanks(&at, end)
      guard at < end else { return .isBroken }
      let sign = self[at]
      at += 1
      if sign == UInt8(ascii: "}") {
        next = -1
        return at == end ? .isDone : .isBroken
      }
      guard sign == UInt8(ascii: ",") else { return .isBroken }
      next = at
      if let last, isEqual(key, last) { return .isDone }
    }
    return .isFull
  }

  @inline(__always)
  private func skipBlanks(_ at: inout Int, _ end: Int) {
    while at < end, self[at] == 32 || self[at] == 9 { at += 1 }
  }

  @inline(__always)
  private func scanValue(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    let first = self[at]
    if first == UInt8(ascii: "\"") { return scanText(&at, end, &value) }
    if first &- 48 < 10 {
      let start = at
      at += 1
      while at < end, !endsValue(self[at]) { at += 1 }
      value = start..<at
      return .number
    }
    return scanOtherValue(&at, end, &value)
  }

  @inline(never)
  private func scanOtherValue(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    if self[at] == UInt8(ascii: "{") || self[at] == UInt8(ascii: "[") {
      return scanNested(&at, end, &value)
    }
    let start = at
    while at < end, !endsValue(self[at]) { at += 1 }
    value = start..<at
    guard start < at else { return nil }
    if self[start] == UInt8(ascii: "-") { return .number }
    let isWord = isEqual(value, "true") || isEqual(value, "false") || isEqual(value, "null")
    return isWord ? .word : nil
  }

  private func scanNested(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    let start = at
    var depth = 0
    while at < end {
      switch self[at] {
      case UInt8(ascii: "\""):
        var inside = 0..<0
        guard scanText(&at, end, &inside) != nil else { return nil }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      at += 1
      if depth == 0 {
        value = start..<at
        return .nested
      }
    }
    return nil
  }

  private func endsValue(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == 32
  }

  /// Goes from a quote to behind the one that ends the text; nil: there is none.
  @inline(__always)
  private func scanText(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    let start = at
    var hasEscapes = false
    at += 1
    while true {
      skipPlainText(&at, end)
      guard at < end else { return nil }
      switch self[at] {
      case UInt8(ascii: "\""):
        at += 1
        value = hasEscapes ? start..<at : start + 1..<at - 1
        return hasEscapes ? .escaped : .text
      case UInt8(ascii: "\\"):
        hasEscapes = true
        at += 2
      default: return nil
      }
    }
  }

  /// Goes to the next quote, backslash or control character, eight bytes at a time.
  @inline(__always)
  func skipPlainText(_ at: inout Int, _ end: Int) {
    while at + 8 <= end {
      let word = word(at: at)
      let quote = word ^ 0x2222_2222_2222_2222
      let slash = word ^ 0x5C5C_5C5C_5C5C_5C5C
      // The upper bit of each byte that is zero, or below 32; above the first, some too many.
      let ones: UInt64 = 0x0101_0101_0101_0101
      let found =
        (quote &- ones) & ~quote | (slash &- ones) & ~slash | (word &- ones << 5) & ~word
      let marks = found & 0x8080_8080_8080_8080
      if marks != 0 {
        at += marks.trailingZeroBitCount >> 3
        return
      }
      at += 8
    }
    while at < end {
      let byte = self[at]
      if byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
      at += 1
    }
  }

  /// Eight bytes, the first of them lowest.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// The value of a digit; nil: there is something else.
  @inline(__always)
  func digit(at index: Int) -> UInt64? {
    let value = self[index] &- 48
    return value < 10 ? UInt64(value) : nil
  }

  /// Whether some bytes are this text.
  @inline(__always)
  func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
    range.count == text.utf8CodeUnitCount && has(text, at: range.lowerBound)
  }

  /// Whether this text begins there; a literal of at least eight bytes is compared by words.
  @inline(__always)
  func has(_ text: StaticString, at start: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard start + length <= count else { return false }
    return text.withUTF8Buffer { text in
      var place = 0
      while place + 8 <= length {
        let wanted = unsafe UnsafeRawBufferPointer(text).loadUnaligned(
          fromByteOffset: place,
          as: UInt64.self
        )
        guard word(at: start + place) == UInt64(littleEndian: wanted) else { return false }
        place += 8
      }
      while place < length {
        guard unsafe self[start + place] == text[place] else { return false }
        place += 1
      }
      return true
    }
  }
}
