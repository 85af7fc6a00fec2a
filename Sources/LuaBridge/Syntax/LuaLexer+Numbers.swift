// Numerals (Lua 5.4 manual, 3.1): read greedily as `read_numeral` does, then judged as a whole, so
// that "3x" and "1..2" are malformed numbers and not two tokens.

extension LuaLexer {
  mutating func number() throws(LuaSyntaxError) -> LuaNumber {
    let start = position
    let isHexadecimal =
      current == UInt8(ascii: "0") && (peek(1).map { $0 | 0x20 } == UInt8(ascii: "x"))
    let exponentMark = isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")
    if isHexadecimal { advance(by: 2) }
    while let byte = current {
      if byte | 0x20 == exponentMark {
        advance()
        if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { advance() }
      } else if byte.hexadecimalValue != nil || byte == UInt8(ascii: ".") {
        advance()
      } else {
        break
      }
    }
    while let byte = current, byte.isNameStart || byte.isDigit { advance() }
    let digits = bytes[start.offset..<offset]
    let value =
      isHexadecimal ? Self.hexadecimal(digits.dropFirst(2)) : Self.decimal(digits)
    guard let value else {
      let text = quote(from: start.offset, to: offset)
      throw LuaSyntaxError(at: start, "malformed number near \(text)")
    }
    return value
  }

  private static func decimal(_ digits: ArraySlice<UInt8>) -> LuaNumber? {
    var rest = digits
    let whole = takeDigits(&rest)
    guard !rest.isEmpty else {
      let text = String(decoding: whole, as: UTF8.self)
      return Int64(text).map { .integer($0) } ?? Double(text).map { .float($0) }
    }
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = takeDigits(&rest)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    guard let exponent = takeExponent(&rest, mark: UInt8(ascii: "e")), rest.isEmpty else {
      return nil
    }
    let text =
      "0" + String(decoding: whole, as: UTF8.self) + "."
      + String(decoding: fraction, as: UTF8.self) + "0e\(exponent)"
    return Double(text).map { .float($0) }
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> LuaNumber? {
    var mantissa = 0.0
    var integer: UInt64 = 0
    var exponent = 0
    var digitCount = 0
    var isFloat = false
    var rest = digits
    while let byte = rest.first {
      if byte == UInt8(ascii: "."), !isFloat {
        isFloat = true
      } else if let digit = byte.hexadecimalValue {
        digitCount += 1
        mantissa = mantissa * 16 + Double(digit)
        integer = integer << 4 | UInt64(digit)
        if isFloat { exponent -= 4 }
      } else {
        break
      }
      rest = rest.dropFirst()
    }
    guard digitCount > 0 else { return nil }
    if rest.isEmpty, !isFloat { return .integer(Int64(bitPattern: integer)) }
    guard let written = takeExponent(&rest, mark: UInt8(ascii: "p")), rest.isEmpty else {
      return nil
    }
    return .float(Double(sign: .plus, exponent: exponent + written, significand: mantissa))
  }

  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let taken = rest.prefix { $0.isDigit }
    rest = rest.dropFirst(taken.count)
    return taken
  }

  /// The exponent at the start of `rest`, 0 when there is none, nil when it has no digits.
  private static func takeExponent(_ rest: inout ArraySlice<UInt8>, mark: UInt8) -> Int? {
    guard let first = rest.first, first | 0x20 == mark else { return 0 }
    rest = rest.dropFirst()
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    let digits = takeDigits(&rest)
    guard !digits.isEmpty else { return nil }
    // Beyond a million every double is zero or infinite: the exact figure does not matter.
    let value = digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), 1_000_000) }
    return isNegative ? -value : value
  }
}
