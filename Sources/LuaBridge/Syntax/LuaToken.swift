/// One word of Lua source, with its place.
package struct LuaToken: Sendable {
  package enum Kind: Equatable, Sendable {
    case name(String)
    case string(LuaStringLiteral)
    case number(LuaNumber)
    case keyword(LuaKeyword)
    case symbol(LuaSymbol)
    case endOfFile
  }

  package var kind: Kind
  package var position: SourcePosition
  package var endOffset: Int
}

/// A numeral as Lua reads it: integers that do not fit become floats, hexadecimal ones wrap around.
package enum LuaNumber: Equatable, Sendable {
  case integer(Int64)
  case float(Double)

  package var value: Double {
    switch self {
    case .integer(let value): Double(value)
    case .float(let value): value
    }
  }
}

/// The content of a string literal and where the content starts behind the quote or bracket.
package struct LuaStringLiteral: Equatable, Sendable {
  package var bytes: [UInt8]
  package var contentPosition: SourcePosition

  package var text: String { String(decoding: bytes, as: UTF8.self) }
}

package enum LuaKeyword: String, Sendable, CaseIterable {
  case and, `break`, `do`, `else`, elseif, end, `false`, `for`, function, goto, `if`, `in`
  case local, `nil`, not, or, `repeat`, `return`, then, `true`, until, `while`
}

package enum LuaSymbol: String, Sendable, CaseIterable {
  case plus = "+"
  case minus = "-"
  case star = "*"
  case slash = "/"
  case doubleSlash = "//"
  case percent = "%"
  case caret = "^"
  case hash = "#"
  case ampersand = "&"
  case tilde = "~"
  case bar = "|"
  case shiftLeft = "<<"
  case shiftRight = ">>"
  case equal = "=="
  case notEqual = "~="
  case lessOrEqual = "<="
  case greaterOrEqual = ">="
  case less = "<"
  case greater = ">"
  case assign = "="
  case leftParenthesis = "("
  case rightParenthesis = ")"
  case leftBrace = "{"
  case rightBrace = "}"
  case leftBracket = "["
  case rightBracket = "]"
  case doubleColon = "::"
  case semicolon = ";"
  case colon = ":"
  case comma = ","
  case dot = "."
  case concatenate = ".."
  case ellipsis = "..."
}
