// String literals: quoted ones with escapes, and long brackets (Lua 5.4 manual, 3.1).

extension LuaLexer {
  mutating func quotedString(_ delimiter: UInt8) throws(LuaSyntaxError) -> LuaStringLiteral {
    let start = position
    advance()
    let content = position
    var result: [UInt8] = []
    while true {
      guard let byte = current else {
        throw LuaSyntaxError(at: start, "unfinished string near <eof>")
      }
      switch byte {
      case delimiter:
        advance()
        return LuaStringLiteral(bytes: result, contentPosition: content)
      case .lineFeed, .carriageReturn:
        let text = quote(from: start.offset, to: offset)
        throw LuaSyntaxError(at: start, "unfinished string near \(text)")
      case .backslash:
        try escape(into: &result)
      default:
        result.append(byte)
        advance()
      }
    }
  }

  /// Reads a long bracket of the given level; the cursor stands on its first `[`.
  mutating func longString(
    level: Int,
    what: String
  ) throws(LuaSyntaxError) -> LuaStringLiteral {
    let start = position
    advance(by: level + 2)
    if current == .lineFeed || current == .carriageReturn { advance() }
    let content = position
    var result: [UInt8] = []
    while let byte = current {
      if byte == UInt8(ascii: "]"), closesLongBracket(level: level) {
        advance(by: level + 2)
        return LuaStringLiteral(bytes: result, contentPosition: content)
      }
      let isLineEnd = byte == .lineFeed || byte == .carriageReturn
      result.append(isLineEnd ? .lineFeed : byte)
      advance()
    }
    throw LuaSyntaxError(
      at: start,
      "unfinished long \(what) (starting at line \(start.line)) near <eof>"
    )
  }

  private func closesLongBracket(level: Int) -> Bool {
    for distance in 0..<level where peek(distance + 1) != UInt8(ascii: "=") { return false }
    return peek(level + 1) == UInt8(ascii: "]")
  }

  // MARK: - Escapes

  private mutating func escape(into result: inout [UInt8]) throws(LuaSyntaxError) {
    let start = position
    advance()
    guard let byte = current else {
      throw LuaSyntaxError(at: start, "unfinished string near <eof>")
    }
    if let plain = Self.plainEscapes[byte] {
      advance()
      result.append(plain)
      return
    }
    switch byte {
    case .lineFeed, .carriageReturn:
      advance()
      result.append(.lineFeed)
    case UInt8(ascii: "x"):
      try hexadecimalEscape(at: start, into: &result)
    case UInt8(ascii: "u"):
      try unicodeEscape(at: start, into: &result)
    case UInt8(ascii: "z"):
      advance()
      while let blank = current, blank == 0x20 || (0x09...0x0D).contains(blank) { advance() }
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      try decimalEscape(at: start, into: &result)
    default:
      let text = quote(from: start.offset, to: offset + 1)
      throw LuaSyntaxError(at: start, "invalid escape sequence \(text)")
    }
  }

  private static let plainEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    UInt8(ascii: "v"): 0x0B, .backslash: .backslash, .doubleQuote: .doubleQuote,
    .singleQuote: .singleQuote,
  ]

  private mutating func hexadecimalEscape(
    at start: SourcePosition,
    into result: inout [UInt8]
  ) throws(LuaSyntaxError) {
    advance()
    var value: UInt8 = 0
    for _ in 0..<2 {
      guard let digit = current?.hexadecimalValue else {
        throw LuaSyntaxError(at: start, "hexadecimal digit expected")
      }
      value = value << 4 | digit
      advance()
    }
    result.append(value)
  }

  private mutating func decimalEscape(
    at start: SourcePosition,
    into result: inout [UInt8]
  ) throws(LuaSyntaxError) {
    var value = 0
    for _ in 0..<3 {
      guard let digit = current, digit.isDigit else { break }
      value = value * 10 + Int(digit - 0x30)
      advance()
    }
    guard let byte = UInt8(exactly: value) else {
      throw LuaSyntaxError(at: start, "decimal escape too large")
    }
    result.append(byte)
  }

  private mutating func unicodeEscape(
    at start: SourcePosition,
    into result: inout [UInt8]
  ) throws(LuaSyntaxError) {
    advance()
    guard current == UInt8(ascii: "{") else {
      throw LuaSyntaxError(at: start, "missing '{' in \\u{xxxx}")
    }
    advance()
    guard current?.hexadecimalValue != nil else {
      throw LuaSyntaxError(at: start, "hexadecimal digit expected")
    }
    var value: UInt32 = 0
    while let digit = current?.hexadecimalValue {
      guard value <= 0x7FFF_FFFF >> 4 else {
        throw LuaSyntaxError(at: start, "UTF-8 value too large")
      }
      value = value << 4 | UInt32(digit)
      advance()
    }
    guard current == UInt8(ascii: "}") else {
      throw LuaSyntaxError(at: start, "missing '}' in \\u{xxxx}")
    }
    advance()
    Self.appendUTF8(value, to: &result)
  }

  /// Encodes up to 31 bits, in the original UTF-8 that goes beyond Unicode, as Lua does.
  private static func appendUTF8(_ value: UInt32, to result: inout [UInt8]) {
    guard value >= 0x80 else {
      result.append(UInt8(value))
      return
    }
    var rest = value
    var tail: [UInt8] = []
    var firstMax: UInt32 = 0x3F
    while rest > firstMax {
      tail.append(UInt8(0x80 | (rest & 0x3F)))
      rest >>= 6
      firstMax >>= 1
    }
    result.append(UInt8(truncatingIfNeeded: (~firstMax << 1) | rest))
    result.append(contentsOf: tail.reversed())
  }
}
