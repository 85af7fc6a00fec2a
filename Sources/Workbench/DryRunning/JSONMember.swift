// Where the members of a JSON object stand in its bytes.
//
// Texts are searched eight bytes at a time; nothing is copied, and nothing is allocated once there
// is room for as many members as a line has.

/// The name of a member: its first eight bytes as a number, how many it has, and all of it.
struct JSONKey: ExpressibleByStringLiteral {
  let word: UInt64
  let count: Int
  let text: StaticString

  /// Made of a literal where it is used, so that the compiler works the number out.
  @inline(__always)
  init(stringLiteral text: StaticString) {
    self.text = text
    count = text.utf8CodeUnitCount
    var word: UInt64 = 0
    for index in 0..<min(8, count) {
      word |= UInt64(unsafe text.utf8Start[index]) &<< UInt64(index &* 8)
    }
    self.word = word
  }
}

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

  /// The first eight bytes of the name.
  let keyWord: UInt64
  private let keyStart: UInt32
  private let keyEnd: UInt32
  private let valueStart: UInt32
  private let valueEnd: UInt32
  let kind: Kind

  init(keyWord: UInt64, key: Range<Int>, value: Range<Int>, kind: Kind) {
    self.keyWord = keyWord
    keyStart = UInt32(truncatingIfNeeded: key.lowerBound)
    keyEnd = UInt32(truncatingIfNeeded: key.upperBound)
    valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
    valueEnd = UInt32(truncatingIfNeeded: value.upperBound)
    self.kind = kind
  }

  /// The name, without its quotes.
  var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }

  var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }

  var keyCount: Int { Int(keyEnd &- keyStart) }
}

/// The members of an object, in memory that is used again.
struct JSONMembers {
  private var places = [JSONMember](repeating: Self.none, count: 32)
  private(set) var count = 0

  private static let none = JSONMember(keyWord: 0, key: 0..<0, value: 0..<0, kind: .word)

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
    upTo last: JSONKey?
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

  /// The first member of that name.
  func first(_ key: JSONKey, in bytes: Span<UInt8>) -> JSONMember? {
    let places = places.span
    for index in 0..<count where places[index].keyWord == key.word {
      let member = places[index]
      guard member.keyCount == key.count else { continue }
      if key.count <= 8 || bytes.has(key.text, at: member.key.lowerBound) { return member }
    }
    return nil
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
    upTo last: JSONKey?,
    into members: inout MutableSpan<JSONMember>,
    _ count: inout Int
  ) -> JSONScanEnd {
    precondition(next >= 0 && end <= self.count)
    var at = next
    while count < members.count {
      skipBlanks(&at, end)
      guard at < end, byte(at) == UInt8(ascii: "\"") else { return .isBroken }
      let start = at &+ 1
      let keyEnd = endOfPlainText(start, end)
      guard keyEnd < end, byte(keyEnd) == UInt8(ascii: "\"") else { return .isBroken }
      at = keyEnd &+ 1
      skipBlanks(&at, end)
      guard at < end, byte(at) == UInt8(ascii: ":") else { return .isBroken }
      at &+= 1
      skipBlanks(&at, end)
      guard at < end else { return .isBroken }
      var value = at..<at
      guard let kind = scanValue(&at, end, &value) else { return .isBroken }
      let word = firstWord(start..<keyEnd)
      members[count] = JSONMember(keyWord: word, key: start..<keyEnd, value: value, kind: kind)
      count += 1
      skipBlanks(&at, end)
      guard at < end else { return .isBroken }
      let sign = byte(at)
      at &+= 1
      if sign == UInt8(ascii: "}") {
        next = -1
        return at == end ? .isDone : .isBroken
      }
      guard sign == UInt8(ascii: ",") else { return .isBroken }
      next = at
      if let last, last.word == word, isEqual(start..<keyEnd, last.text) { return .isDone }
    }
    return .isFull
  }

  @inline(__always)
  private func skipBlanks(_ at: inout Int, _ end: Int) {
    while at < end, byte(at) == 32 || byte(at) == 9 { at &+= 1 }
  }

  @inline(__always)
  private func scanValue(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    let first = byte(at)
    let start = at
    if first == UInt8(ascii: "\"") {
      let textEnd = endOfPlainText(start &+ 1, end)
      guard textEnd < end, byte(textEnd) == UInt8(ascii: "\"") else {
        return scanEscaped(&at, end, &value)
      }
      value = start &+ 1..<textEnd
      at = textEnd &+ 1
      return .text
    }
    guard first &- 48 < 10 else { return scanOtherValue(&at, end, &value) }
    at &+= 1
    while at < end, !endsValue(byte(at)) { at &+= 1 }
    value = start..<at
    return .number
  }

  /// A text in which something stands that ends plain text, and is not its end.
  @inline(never)
  private func scanEscaped(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    let start = at
    at += 1
    while true {
      at = endOfPlainText(at, end)
      guard at < end else { return nil }
      switch byte(at) {
      case UInt8(ascii: "\""):
        at += 1
        value = start..<at
        return .escaped
      case UInt8(ascii: "\\"): at += 2
      default: return nil
      }
    }
  }

  @inline(never)
  private func scanOtherValue(
    _ at: inout Int,
    _ end: Int,
    _ value: inout Range<Int>
  ) -> JSONMember.Kind? {
    if byte(at) == UInt8(ascii: "{") || byte(at) == UInt8(ascii: "[") {
      return scanNested(&at, end, &value)
    }
    let start = at
    while at < end, !endsValue(byte(at)) { at += 1 }
    value = start..<at
    guard start < at else { return nil }
    if byte(start) == UInt8(ascii: "-") { return .number }
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
      switch byte(at) {
      case UInt8(ascii: "\""):
        var inside = 0..<0
        guard scanValue(&at, end, &inside) != nil else { return nil }
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

  @inline(__always)
  private func endsValue(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == 32
  }
}
