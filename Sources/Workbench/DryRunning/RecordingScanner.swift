// Reads the lines of a recording without making a tree of each.
//
// A day has millions of lines of which most are events that nobody needs here. The scanner finds
// where the members of an object begin and end, as far as somebody asks; texts are made of those
// that are wanted. What it cannot take apart is given to the JSON library, which says what is wrong
// with it.
// Invariants: `line` lies in the chunk that is held; lines are numbered from 1; `members` are those
// of the present line that stand before `next`.

internal import Engine
internal import Wire

/// Whole lines of a recording, and where each of them ends.
public struct RecordingChunk: Sendable {
  /// The bytes of the lines, with their line feeds; what stands after the last has no meaning.
  public var bytes: [UInt8] = []
  /// Where each line ends: the index of its line feed.
  public var ends: [Int] = []

  /// Makes an empty chunk.
  public init() {}
}

extension RecordingChunk {
  /// How a line of a signal begins, as `Span.opening` says.
  fileprivate func opening(_ line: Range<Int>, next: inout Int) -> RecordedOpening? {
    bytes.span.opening(line, next: &next)
  }

  /// Finds members of the object that ends a range, as `Span.scan` does.
  fileprivate func scan(
    _ at: inout Int,
    _ end: Int,
    upTo last: JSONKey?,
    into members: inout JSONMembers
  ) -> Bool {
    members.scan(bytes.span, &at, end, upTo: last)
  }

  /// Finds the members of an object that stands in a line; false when it is none.
  fileprivate func scan(_ object: JSONMember, into members: inout JSONMembers) -> Bool {
    members.removeAll()
    guard object.kind == .nested else { return false }
    var at = object.value.lowerBound
    let end = object.value.upperBound
    guard let hasMembers = bytes.span.begin(&at, end) else { return false }
    return !hasMembers || scan(&at, end, upTo: nil, into: &members)
  }
}

/// Gives a recording from its beginning to its end, piece by piece.
public protocol RecordingReader: AnyObject {
  /// How many bytes there are, if that is known beforehand; else 0.
  var size: Int { get }
  /// Whether these are lines that were kept, each with its number before it in eight digits.
  var hasNumbers: Bool { get }
  /// Replaces a chunk with the next one.
  ///
  /// - Parameter chunk: Receives whole lines.
  /// - Returns: False when there are no more.
  /// - Throws: What cannot be read.
  func read(into chunk: inout RecordingChunk) throws -> Bool
}

/// Where those lines are kept that runs need: what comes from outside is a small part of all.
public protocol KeptLines: AnyObject {
  /// Forgets everything.
  func removeAll()
  /// Adds whole lines.
  ///
  /// - Parameter bytes: The lines, each with its number before it.
  func append(_ bytes: [UInt8])
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

  private let reader: any RecordingReader
  private let hasNumbers: Bool
  private var chunk = RecordingChunk()
  private var nextLine = 0
  private var line = 0..<0
  private var members = JSONMembers()
  /// Those of an object in it.
  private var nested = JSONMembers()
  /// How far behind the name of an event its ConnID stood last.
  private var callPlace = 0
  /// Where the next member begins; negative: there is none.
  private var next = -1
  /// The number of the present line.
  private(set) var number = 0

  init(_ reader: any RecordingReader) {
    self.reader = reader
    hasNumbers = reader.hasNumbers
  }

  /// Goes to the next line; false at the end.
  mutating func advance() throws -> Bool {
    if nextLine == chunk.ends.count {
      nextLine = 0
      guard try reader.read(into: &chunk) else { return false }
    }
    var start = nextLine == 0 ? 0 : chunk.ends[nextLine - 1] + 1
    var end = chunk.ends[nextLine]
    if end > start, chunk.bytes[end - 1] == 13 { end -= 1 }
    number += 1
    if hasNumbers, end >= start + 8 {
      number = Int(chunk.bytes.span.hexadecimal(at: start) ?? 0)
      start += 8
    }
    line = start..<end
    nextLine += 1
    return true
  }

  /// Adds the present line to others, with its number before it.
  func keep(in lines: inout [UInt8]) {
    let number = Span<UInt8>.hexadecimal(UInt32(truncatingIfNeeded: number))
    unsafe withUnsafeBytes(of: number.littleEndian) { unsafe lines.append(contentsOf: $0) }
    lines.append(contentsOf: chunk.bytes[line])
    lines.append(10)
  }

  /// The present line as text.
  var text: String { String(decoding: chunk.bytes[line], as: UTF8.self) }

  var kind: LineKind {
    guard line.count > 8 else { return line.isEmpty ? .empty : .other }
    // `{"at":` or `{"seq":` or `{"event":`, which is how both kinds are written.
    switch chunk.bytes.span.word(at: line.lowerBound) & 0xFFFF_FFFF {
    case JSONKey("{\"at").word: return .signal
    case JSONKey("{\"se").word, JSONKey("{\"ev").word: return .event
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
  mutating func scan(upTo last: JSONKey? = nil) throws {
    members.removeAll()
    var at = line.lowerBound
    let isObject = chunk.bytes.span.begin(&at, line.upperBound)
    next = at
    guard let isObject else { throw notAnObject() }
    if isObject { try scanOn(upTo: last) }
  }

  /// Takes the rest of the present line apart, up to the member of that name or to its end.
  ///
  /// - Throws: That it is no object.
  mutating func scanOn(upTo last: JSONKey? = nil) throws {
    guard next >= 0 else { return }
    guard chunk.scan(&next, line.upperBound, upTo: last, into: &members) else {
      throw notAnObject()
    }
  }

  private func notAnObject() -> any Error {
    do {
      if chunk.bytes[line.lowerBound] == UInt8(ascii: "{") { try checkEnd() }
    } catch {
      return error
    }
    do {
      _ = try JSONValue(parsing: text)
    } catch {
      return JSONError(line: number, column: error.column, error.message)
    }
    return trouble("not an object")
  }

  /// Goes into a line of an event, up to its name or farther.
  ///
  /// - Returns: Which it is, and the ConnID of those that are told apart; nil: it does not say.
  /// - Throws: That the line is no object.
  mutating func openEvent() throws -> (event: RecordedEvent, call: ConnID?)? {
    members.removeAll()
    guard let name = chunk.bytes.span.nameOfEvent(line) else {
      try scan()
      if has("event", "EventEstablished") { return (.established, connID("ConnID")) }
      if has("event", "EventReleased") { return (.released, connID("ConnID")) }
      return string("event").map { _ in (.other, nil) }
    }
    if chunk.bytes.span.has("EventEstablished\",", at: name) {
      next = name + 18
      return (.established, try callOfEvent())
    }
    if chunk.bytes.span.has("EventReleased\",", at: name) {
      next = name + 15
      return (.released, try callOfEvent())
    }
    next = -1
    return (.other, nil)
  }

  /// The ConnID of an event, which stands where it stood in the line before or is searched.
  private mutating func callOfEvent() throws -> ConnID? {
    let start = next - 1
    let value = start + callPlace + 11
    if value + 16 < line.upperBound, chunk.bytes.span.has(",\"ConnID\":\"", at: value - 11),
      chunk.bytes[value + 16] == UInt8(ascii: "\"")
    {
      return chunk.bytes.span.connID(at: value)
    }
    try scanOn(upTo: "ConnID")
    guard let member = member("ConnID") else { return nil }
    callPlace = member.key.lowerBound - 2 - start
    return connID("ConnID")
  }

  /// Goes into a line of a signal, up to its name or farther.
  ///
  /// - Returns: When it was, which it is, and its call if that is known by then; nil: it does not
  ///   say when it was and which it is.
  /// - Throws: That the line is no object.
  mutating func openSignal() throws -> RecordedOpening? {
    members.removeAll()
    if let opening = chunk.opening(line, next: &next) { return opening }
    try scan()
    guard let at = nanoseconds("at"), let signal else { return nil }
    return RecordedOpening(at: at, signal: signal)
  }

  private func member(_ key: JSONKey) -> JSONMember? {
    members.first(key, in: chunk.bytes.span)
  }

  // MARK: Values

  /// Whether the present line has a member.
  func has(_ key: JSONKey) -> Bool { member(key) != nil }

  /// Whether a member is this text, written without escapes.
  func has(_ key: JSONKey, _ text: StaticString) -> Bool {
    guard let member = member(key), member.kind == .text else { return false }
    return chunk.bytes.span.isEqual(member.value, text)
  }

  /// What the signal of the present line is called.
  func name(of opening: RecordedOpening) -> String {
    if let name = opening.name { return String(decoding: chunk.bytes[name], as: UTF8.self) }
    return string("signal") ?? ""
  }

  private var signal: RecordedSignal? {
    guard let member = member("signal") else { return nil }
    switch member.kind {
    case .text: return RecordedSignal(chunk.bytes.span, member.value)
    case .escaped:
      return string(member).map { RecordedSignal($0.utf8.span, 0..<$0.utf8.count) }
    case .number, .nested, .word: return nil
    }
  }

  /// The text of a member.
  func string(_ key: JSONKey) -> String? { member(key).flatMap { string($0) } }

  private func string(_ member: JSONMember) -> String? {
    switch member.kind {
    case .text: String(decoding: chunk.bytes[member.value], as: UTF8.self)
    case .escaped: try? JSONValue(parsing: Array(chunk.bytes[member.value])).string
    case .number, .nested, .word: nil
    }
  }

  /// The text of a member as a key, if it is short.
  func shortText(_ key: JSONKey) -> ShortText? { member(key).flatMap { shortText($0) } }

  private func shortText(_ member: JSONMember) -> ShortText? {
    member.kind == .text ? ShortText(chunk.bytes.span, member.value) : nil
  }

  /// A whole number.
  func integer(_ key: JSONKey) -> UInt32? {
    guard let member = member(key), member.kind == .number, member.value.count < 10 else {
      return nil
    }
    let bytes = chunk.bytes.span
    var number: UInt32 = 0
    for index in member.value {
      let digit = bytes[index] &- 48
      guard digit < 10 else { return nil }
      number = number * 10 + UInt32(digit)
    }
    return number
  }

  /// Whether a member is `true`.
  func isTrue(_ key: JSONKey) -> Bool {
    member(key).map { chunk.bytes.span.isEqual($0.value, "true") } ?? false
  }

  /// A ConnID: sixteen hexadecimal digits.
  func connID(_ key: JSONKey) -> ConnID? {
    guard let member = member(key), member.kind == .text, member.value.count == 16 else {
      return nil
    }
    return chunk.bytes.span.connID(at: member.value.lowerBound)
  }

  /// A number of seconds in nanoseconds, to the last digit.
  func nanoseconds(_ key: JSONKey) -> UInt64? {
    guard let member = member(key), member.kind == .number else { return nil }
    var at = member.value.lowerBound
    let value = chunk.bytes.span.nanoseconds(&at, member.value.upperBound)
    return at == member.value.upperBound ? value : nil
  }

  /// The text of a member of a nested object.
  mutating func string(_ key: JSONKey, in object: JSONKey) -> String? {
    guard let object = member(object), chunk.scan(object, into: &nested) else { return nil }
    return nested.first(key, in: chunk.bytes.span).flatMap { string($0) }
  }

  /// The pairs of a nested object of texts; nil when it is something else.
  mutating func pairs(_ key: JSONKey) -> [KeyValue]? {
    guard let object = member(key) else { return [] }
    guard chunk.scan(object, into: &nested) else { return nil }
    var pairs: [KeyValue] = []
    for index in 0..<nested.count {
      let member = nested[index]
      guard member.kind == .text, let value = string(member) else { return nil }
      pairs.append(KeyValue(String(decoding: chunk.bytes[member.key], as: UTF8.self), value))
    }
    return pairs
  }

  // MARK: Who

  /// The agent whom the last member of the present line names, as a key.
  var agentAtEnd: ShortText? {
    chunk.bytes.span.agentAtEnd(of: line).flatMap { ShortText(chunk.bytes.span, $0) }
  }
}
