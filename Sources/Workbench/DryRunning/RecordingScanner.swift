// Reads the lines of a recording without making a tree of each.
//
// A day has millions of lines of which most are events that nobody needs here. The scanner finds
// where the members of an object begin and end; texts are made of those that are asked for. What it
// cannot take apart is given to the JSON library, which says what is wrong with it.
// Invariants: `line` lies in the chunk that is held; lines are numbered from 1.

internal import Engine
internal import Wire

/// Whole lines of a recording, and where each of them ends.
public struct RecordingChunk: Sendable {
  /// The bytes of the lines, with their line feeds.
  public var bytes: [UInt8] = []
  /// Where each line ends: the index of its line feed.
  public var ends: [Int] = []

  /// Makes an empty chunk.
  public init() {}
}

/// Gives a recording from its beginning to its end, piece by piece.
public protocol RecordingReader: AnyObject {
  /// Replaces a chunk with the next one.
  ///
  /// - Parameter chunk: Receives whole lines.
  /// - Returns: False when there are no more.
  /// - Throws: What cannot be read.
  func read(into chunk: inout RecordingChunk) throws -> Bool
}

/// Takes the lines of a recording apart.
struct RecordingScanner {
  /// What a line is, as far as its first member tells.
  enum LineKind {
    case signal
    case event
    case empty
    case other
  }

  /// A member of the present line.
  private struct Member {
    var key: Range<Int>
    var value: Range<Int>
    var kind: ValueKind
  }

  enum ValueKind: UInt8 {
    case number
    /// A text; the range leaves its quotes out.
    case text
    /// A text with escapes in it; the range has its quotes.
    case escaped
    case nested
    case word
  }

  private let reader: any RecordingReader
  private var chunk = RecordingChunk()
  private var nextLine = 0
  private var line = 0..<0
  private var members: [Member] = []
  /// The number of the present line.
  private(set) var number = 0

  init(_ reader: any RecordingReader) { self.reader = reader }

  /// Goes to the next line; false at the end.
  mutating func advance() throws -> Bool {
    if nextLine == chunk.ends.count {
      nextLine = 0
      guard try reader.read(into: &chunk) else { return false }
    }
    let start = nextLine == 0 ? 0 : chunk.ends[nextLine - 1] + 1
    line = start..<chunk.ends[nextLine]
    if !line.isEmpty, chunk.bytes[line.upperBound - 1] == 13 { line = start..<line.upperBound - 1 }
    nextLine += 1
    number += 1
    return true
  }

  /// The present line as text.
  var text: String { String(decoding: chunk.bytes[line], as: UTF8.self) }

  var kind: LineKind {
    guard line.count > 8 else { return line.isEmpty ? .empty : .other }
    let first = line.lowerBound
    // `{"at":` or `{"seq":` or `{"event":`, which is how both kinds are written.
    guard chunk.bytes[first] == UInt8(ascii: "{"), chunk.bytes[first + 1] == Self.quote else {
      return .other
    }
    switch (chunk.bytes[first + 2], chunk.bytes[first + 3]) {
    case (UInt8(ascii: "a"), UInt8(ascii: "t")): return .signal
    case (UInt8(ascii: "s"), UInt8(ascii: "e")): return .event
    case (UInt8(ascii: "e"), UInt8(ascii: "v")): return .event
    default: return .other
    }
  }

  /// What is wrong with the present line.
  func trouble(_ message: String) -> JSONError { JSONError(line: number, message) }

  /// Whether the present line ends as an object does.
  private var isWhole: Bool {
    line.last.map { chunk.bytes[$0] == UInt8(ascii: "}") || chunk.bytes[$0] == 32 } ?? true
  }

  /// Notices a line that was cut off, without taking it apart.
  ///
  /// - Throws: That it was.
  func checkEnd() throws(JSONError) {
    guard isWhole else { throw trouble("the line is cut off: the file is not complete") }
  }

  // MARK: Members

  /// Takes the present line apart, up to the member of that name or to its end.
  ///
  /// - Throws: That it is no object.
  mutating func scan(upTo last: StaticString? = nil) throws {
    members.removeAll(keepingCapacity: true)
    guard scan(line, upTo: last) else {
      if chunk.bytes[line.lowerBound] == UInt8(ascii: "{") { try checkEnd() }
      do {
        _ = try JSONValue(parsing: text)
      } catch {
        throw JSONError(line: number, column: error.column, error.message)
      }
      throw trouble("not an object")
    }
  }

  private mutating func scan(_ range: Range<Int>, upTo last: StaticString?) -> Bool {
    var at = range.lowerBound
    let end = range.upperBound
    guard skip(UInt8(ascii: "{"), &at, end) else { return false }
    skipBlanks(&at, end)
    if at < end, chunk.bytes[at] == UInt8(ascii: "}") { return true }
    while true {
      skipBlanks(&at, end)
      guard at < end, chunk.bytes[at] == Self.quote else { return false }
      var key = 0..<0
      guard scanText(&at, end, &key) == .text, skip(UInt8(ascii: ":"), &at, end) else {
        return false
      }
      skipBlanks(&at, end)
      guard at < end else { return false }
      var value = at..<at
      guard let kind = scanValue(&at, end, &value) else { return false }
      members.append(Member(key: key, value: value, kind: kind))
      if let last, isEqual(key, last) { return true }
      skipBlanks(&at, end)
      guard at < end else { return false }
      let sign = chunk.bytes[at]
      at += 1
      if sign == UInt8(ascii: "}") { return at == end }
      guard sign == UInt8(ascii: ",") else { return false }
    }
  }

  private func skipBlanks(_ at: inout Int, _ end: Int) {
    while at < end, chunk.bytes[at] == 32 || chunk.bytes[at] == 9 { at += 1 }
  }

  private func skip(_ byte: UInt8, _ at: inout Int, _ end: Int) -> Bool {
    skipBlanks(&at, end)
    guard at < end, chunk.bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private func scanValue(_ at: inout Int, _ end: Int, _ value: inout Range<Int>) -> ValueKind? {
    let start = at
    switch chunk.bytes[at] {
    case Self.quote: return scanText(&at, end, &value)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      var depth = 0
      while at < end {
        switch chunk.bytes[at] {
        case Self.quote:
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
    default:
      while at < end, !Self.ends(chunk.bytes[at]) { at += 1 }
      value = start..<at
      guard let first = chunk.bytes[value].first else { return nil }
      let isNumber = first == UInt8(ascii: "-") || (first >= 48 && first <= 57)
      if isNumber { return .number }
      let words: [StaticString] = ["true", "false", "null"]
      return words.contains { isEqual(start..<at, $0) } ? .word : nil
    }
  }

  private static func ends(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == 32
  }

  private func scanText(_ at: inout Int, _ end: Int, _ value: inout Range<Int>) -> ValueKind? {
    let start = at
    var hasEscapes = false
    at += 1
    while at < end {
      let byte = chunk.bytes[at]
      if byte == Self.quote {
        at += 1
        value = hasEscapes ? start..<at : start + 1..<at - 1
        return hasEscapes ? .escaped : .text
      }
      guard byte >= 32 else { return nil }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        at += 1
      }
      at += 1
    }
    return nil
  }

  private func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    let start = range.lowerBound
    return text.withUTF8Buffer { expected in
      for index in 0..<expected.count where unsafe expected[index] != chunk.bytes[start + index] {
        return false
      }
      return true
    }
  }

  private func member(_ key: StaticString) -> Member? {
    for member in members where isEqual(member.key, key) { return member }
    return nil
  }

  // MARK: Values

  /// Whether the present line has a member.
  func has(_ key: StaticString) -> Bool { member(key) != nil }

  /// The text of a member.
  func string(_ key: StaticString) -> String? { member(key).flatMap { string($0) } }

  private func string(_ member: Member) -> String? {
    switch member.kind {
    case .text: String(decoding: chunk.bytes[member.value], as: UTF8.self)
    case .escaped: try? JSONValue(parsing: Array(chunk.bytes[member.value])).string
    case .number, .nested, .word: nil
    }
  }

  /// A whole number.
  func integer(_ key: StaticString) -> UInt32? {
    guard let member = member(key), member.kind == .number, member.value.count < 10 else {
      return nil
    }
    var number: UInt32 = 0
    for byte in chunk.bytes[member.value] {
      guard byte >= 48, byte <= 57 else { return nil }
      number = number * 10 + UInt32(byte - 48)
    }
    return number
  }

  /// Whether a member is `true`.
  func isTrue(_ key: StaticString) -> Bool {
    member(key).map { isEqual($0.value, "true") } ?? false
  }

  /// A ConnID: sixteen hexadecimal digits.
  func connID(_ key: StaticString) -> ConnID? {
    guard let member = member(key), member.kind == .text, member.value.count == 16 else {
      return nil
    }
    var value: UInt64 = 0
    for byte in chunk.bytes[member.value] {
      switch byte {
      case 48...57: value = value << 4 | UInt64(byte - 48)
      case 97...102: value = value << 4 | UInt64(byte - 87)
      case 65...70: value = value << 4 | UInt64(byte - 55)
      default: return nil
      }
    }
    return ConnID(value)
  }

  /// A number of seconds in nanoseconds, to the last digit.
  func nanoseconds(_ key: StaticString) -> UInt64? {
    guard let member = member(key), member.kind == .number else { return nil }
    var whole: UInt64 = 0
    var fraction: UInt64 = 0
    var unit: UInt64 = 0
    for byte in chunk.bytes[member.value] {
      if byte == UInt8(ascii: "."), unit == 0 {
        unit = 1_000_000_000
        continue
      }
      guard byte >= 48, byte <= 57 else { return nil }
      if unit == 0 {
        whole = whole * 10 + UInt64(byte - 48)
        guard whole < 9_000_000_000 else { return nil }
      } else if unit > 1 {
        unit /= 10
        fraction += UInt64(byte - 48) * unit
      }
    }
    return whole * 1_000_000_000 + fraction
  }

  /// The pairs of a nested object of texts; nil when it is something else.
  mutating func pairs(_ key: StaticString) -> [KeyValue]? {
    guard let nested = member(key) else { return [] }
    guard nested.kind == .nested else { return nil }
    let outer = members.count
    defer { members.removeSubrange(outer...) }
    guard scan(nested.value, upTo: nil) else { return nil }
    var pairs: [KeyValue] = []
    for member in members[outer...] {
      guard member.kind == .text,
        let value = string(member)
      else { return nil }
      pairs.append(KeyValue(String(decoding: chunk.bytes[member.key], as: UTF8.self), value))
    }
    return pairs
  }

  private static let quote = UInt8(ascii: "\"")
}
