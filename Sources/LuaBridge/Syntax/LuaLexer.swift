// The words of a Lua 5.4 source.
//
// State: a cursor (offset, line, column) over the bytes; it only moves forward, and always by
// `advance`, which alone knows what a line end is ("\n", "\r", "\r\n", "\n\r" are each one).
// Columns count characters: continuation bytes of UTF-8 do not move them. Reads as `llex` of the
// reference implementation does, including its words for errors. Source: Lua 5.4 manual, 3.1.

package struct LuaLexer: Sendable {
  let bytes: [UInt8]
  private(set) var offset = 0
  private(set) var line = 1
  private(set) var column = 1

  package init(_ source: String) {
    bytes = Array(source.utf8)
  }

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  var position: SourcePosition { SourcePosition(line: line, column: column, offset: offset) }

  /// The byte under the cursor, or nil at the end.
  var current: UInt8? { peek(0) }

  func peek(_ distance: Int) -> UInt8? {
    let index = offset + distance
    return index < bytes.count ? bytes[index] : nil
  }

  /// Moves over one byte, or over one line end.
  mutating func advance() {
    guard let byte = current else { return }
    offset += 1
    guard byte == .lineFeed || byte == .carriageReturn else {
      if byte & 0xC0 != 0x80 { column += 1 }
      return
    }
    if let other = current, other != byte, other == .lineFeed || other == .carriageReturn {
      offset += 1
    }
    line += 1
    column = 1
  }

  mutating func advance(by count: Int) {
    for _ in 0..<count { advance() }
  }

  /// Reads the next token; at the end of the source `.endOfFile`, again and again.
  package mutating func next() throws(LuaSyntaxError) -> LuaToken {
    try skipBlanks()
    let start = position
    guard let byte = current else {
      return LuaToken(kind: .endOfFile, position: start, endOffset: offset)
    }
    let kind: LuaToken.Kind
    if byte.isNameStart {
      kind = word()
    } else if byte.isDigit || (byte == .init(ascii: ".") && (peek(1)?.isDigit ?? false)) {
      kind = .number(try number())
    } else if byte == .doubleQuote || byte == .singleQuote {
      kind = .string(try quotedString(byte))
    } else if byte == .init(ascii: "["), let level = longBracketLevel() {
      kind = .string(try longString(level: level, what: "string"))
    } else {
      kind = .symbol(try symbol())
    }
    return LuaToken(kind: kind, position: start, endOffset: offset)
  }

  /// The text of a token as an error quotes it: one line, not too long.
  func quote(_ token: LuaToken) -> String {
    guard token.kind != .endOfFile else { return "<eof>" }
    return quote(from: token.position.offset, to: token.endOffset)
  }

  func quote(from start: Int, to end: Int) -> String {
    let slice = bytes[start..<min(end, bytes.count)]
      .prefix { $0 != .lineFeed && $0 != .carriageReturn }
    let text = String(decoding: slice.prefix(60), as: UTF8.self)
    return slice.count > 60 ? "'\(text)...'" : "'\(text)'"
  }

  // MARK: - Blanks and comments

  private mutating func skipBlanks() throws(LuaSyntaxError) {
    while let byte = current {
      switch byte {
      case 0x20, 0x09...0x0D:
        advance()
      case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
        try skipComment()
      default:
        return
      }
    }
  }

  private mutating func skipComment() throws(LuaSyntaxError) {
    advance(by: 2)
    if current == UInt8(ascii: "["), let level = longBracketLevel() {
      _ = try longString(level: level, what: "comment")
      return
    }
    while let byte = current, byte != .lineFeed, byte != .carriageReturn { advance() }
  }

  // MARK: - Words and symbols

  private mutating func word() -> LuaToken.Kind {
    let start = offset
    while let byte = current, byte.isNameStart || byte.isDigit { advance() }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    return LuaKeyword(rawValue: text).map { .keyword($0) } ?? .name(text)
  }

  private mutating func symbol() throws(LuaSyntaxError) -> LuaSymbol {
    let start = position
    for length in [3, 2, 1] where offset + length <= bytes.count {
      let text = String(decoding: bytes[offset..<offset + length], as: UTF8.self)
      guard let symbol = LuaSymbol(rawValue: text) else { continue }
      advance(by: length)
      return symbol
    }
    if peek(0) == UInt8(ascii: "["), peek(1) == UInt8(ascii: "=") {
      throw LuaSyntaxError(at: start, "invalid long string delimiter near '[='")
    }
    let byte = bytes[offset]
    let shown =
      (0x21...0x7E).contains(byte) ? String(UnicodeScalar(byte)) : "<\\\(byte)>"
    throw LuaSyntaxError(at: start, "unexpected symbol near '\(shown)'")
  }

  /// The number of `=` of a long bracket that opens at the cursor, or nil when none opens here.
  ///
  /// `[=` without its second bracket is not a long bracket; `symbol` reports it.
  func longBracketLevel() -> Int? {
    var distance = 1
    while peek(distance) == UInt8(ascii: "=") { distance += 1 }
    return peek(distance) == UInt8(ascii: "[") ? distance - 1 : nil
  }
}

extension UInt8 {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let doubleQuote: UInt8 = 0x22
  static let singleQuote: UInt8 = 0x27
  static let backslash: UInt8 = 0x5C

  var isDigit: Bool { (0x30...0x39).contains(self) }

  var isNameStart: Bool {
    (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) || self == 0x5F
  }

  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
