import LuaBridge
import Testing

/// Tokens, values, places and precedence.
@Suite struct SyntaxTreeTests {
  private func tokens(_ source: String) throws -> [LuaToken] {
    var lexer = LuaLexer(source)
    var result: [LuaToken] = []
    while true {
      let token = try lexer.next()
      if token.kind == .endOfFile { return result }
      result.append(token)
    }
  }

  private func number(_ source: String) throws -> LuaNumber? {
    guard case .number(let value)? = try tokens(source).first?.kind else { return nil }
    return value
  }

  private func bytes(_ source: String) throws -> [UInt8]? {
    guard case .string(let literal)? = try tokens(source).first?.kind else { return nil }
    return literal.bytes
  }

  /// Values as `lua5.4` prints them.
  @Test(
    arguments: [
      ("3", .integer(3)), ("08", .integer(8)), ("0xff", .integer(255)),
      ("9223372036854775807", .integer(.max)),
      ("9223372036854775808", .float(9_223_372_036_854_775_808)),
      ("0xffffffffffffffff", .integer(-1)), ("0x1ffffffffffffffff", .integer(-1)),
      ("3.", .float(3)), (".5", .float(0.5)), ("1e2", .float(100)), ("3.25E-2", .float(0.0325)),
      ("0x.8", .float(0.5)), ("0xA.8p1", .float(21)), ("0x1P-2", .float(0.25)),
      ("0x1p4", .float(16)), ("1e400", .float(.infinity)), ("1e-400", .float(0)),
    ] as [(String, LuaNumber)]
  )
  func numeralsHaveTheirLuaValue(source: String, value: LuaNumber) throws {
    #expect(try number(source) == value)
  }

  @Test(
    arguments: [
      (#""a\tb\\\"""#, Array("a\tb\\\"".utf8)), (#"'\65\066\x43'"#, Array("ABC".utf8)),
      (#"'\u{20AC}'"#, Array("€".utf8)), (#"'\u{7F}\u{80}'"#, [0x7F, 0xC2, 0x80]),
      (#"'\u{10FFFF}'"#, [0xF4, 0x8F, 0xBF, 0xBF]),
      (#"'\u{7FFFFFFF}'"#, [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]),
      (#"'\255'"#, [0xFF]), ("'a\\z  \n  b'", Array("ab".utf8)),
      ("'a\\\r\nb'", Array("a\nb".utf8)), ("[[\r\na\r\nb]]", Array("a\nb".utf8)),
      ("[==[\n]]]=]]==]", Array("]]]=]".utf8)), ("[[\n\n]]", [0x0A]),
    ] as [(String, [UInt8])]
  )
  func stringsHaveTheirLuaBytes(source: String, value: [UInt8]) throws {
    #expect(try bytes(source) == value)
  }

  @Test func placesCountLinesAndCharacters() throws {
    let found = try tokens("a b = 1\r\n-- é\n  'é' c --[[\n]] d")
    #expect(
      found.map { "\($0.position.line):\($0.position.column)" }
        == ["1:1", "1:3", "1:5", "1:7", "3:3", "3:7", "4:4"]
    )
    #expect(found.last?.position.offset == 32)
  }

  @Test(
    arguments: [
      ("x = 1 +", "1:8: unexpected symbol near <eof>"),
      ("if a\nthen b()\nelse\n", "4:1: 'end' expected (to close 'if' at line 1) near <eof>"),
      ("f(\n1", "2:2: ')' expected (to close '(' at line 1) near <eof>"),
      ("local t = {\n  a = 1\n  b = 2\n}", "3:3: '}' expected (to close '{' at line 1) near 'b'"),
      ("x = 'abc\ny", "1:5: unfinished string near ''abc'"),
      ("x = 'a\\qc'", "1:7: invalid escape sequence '\\q'"),
      ("x = 12ab", "1:5: malformed number near '12ab'"),
      ("x = y $ z", "1:7: unexpected symbol near '$'"),
      ("x = \u{FEFF}1", "1:5: unexpected symbol near '<\\239>'"),
      ("x = [[\n\n", "1:5: unfinished long string (starting at line 1) near <eof>"),
      ("local x <const> = 1\nx = 2", "2:1: attempt to assign to const variable 'x'"),
      ("\n goto out", "2:7: no visible label 'out' for goto at line 2"),
      ("x y", "1:3: syntax error near 'y'"),
    ])
  func errorsSayWhereAndWhy(source: String, expected: String) {
    #expect(throws: LuaSyntaxError.self) { try LuaParser.parse(source).get() }
    guard case .failure(let error) = LuaParser.parse(source) else { return }
    #expect(error.description == expected)
  }

  /// Each expression fully in parentheses, as `lparser.c` binds it.
  @Test(
    arguments: [
      ("a + b * c", "(a + (b * c))"), ("a - b - c", "((a - b) - c)"),
      ("a - b + c * d - e", "(((a - b) + (c * d)) - e)"),
      ("a .. b .. c", "(a .. (b .. c))"), ("2 ^ 3 ^ 4", "(2 ^ (3 ^ 4))"),
      ("-a ^ b", "(-(a ^ b))"), ("a ^ -b ^ c", "(a ^ (-(b ^ c)))"),
      ("not a == b", "((not a) == b)"), ("#a + ~b", "((#a) + (~b))"),
      ("a or b and c or d", "((a or (b and c)) or d)"),
      ("a < b == c > d", "(((a < b) == c) > d)"),
      ("a | b ~ c & d << e .. f + g", "(a | (b ~ (c & (d << (e .. (f + g))))))"),
      ("a * b % c // d / e", "((((a * b) % c) // d) / e)"),
      ("a >> b & c", "((a >> b) & c)"), ("(a + b) * c", "((a + b) * c)"),
    ])
  func operatorsBindAsInLua(source: String, expected: String) throws {
    let chunk = try LuaParser.parse("return " + source).get()
    guard case .returned(let values)? = chunk.body.statements.first?.kind,
      let value = values.first
    else {
      Issue.record("no expression")
      return
    }
    #expect(text(value) == expected)
  }

  private func text(_ expression: LuaExpression) -> String {
    switch expression.kind {
    case .name(let name): return name
    case .number(.integer(let value)): return String(value)
    case .parenthesised(let inner): return text(inner)
    case .unary(let sign, let operand):
      let word =
        switch sign {
        case .not: "not "
        case .negate: "-"
        case .length: "#"
        case .complement: "~"
        }
      return "(\(word)\(text(operand)))"
    case .binary(let first, let links):
      return links.reduce(text(first)) { left, link in
        "(\(left) \(link.operator.rawValue) \(text(link.operand)))"
      }
    case .nil, .boolean, .number, .string, .variadic, .function, .table, .suffixed:
      return "?"
    }
  }

  @Test func namesResolveToTheInnermostVariableOrToAGlobal() throws {
    let source = "local a = 1 do local a = a; b = a end repeat local c until c return a, c"
    let chunk = try LuaParser.parse(source).get()
    func declared(at offset: Int) -> Int? {
      guard
        case .variable(let index) = chunk.bindings.meaning(
          at: SourcePosition(offset: offset)
        )
      else { return nil }
      return chunk.bindings.variables[index].name.position.offset
    }
    #expect(declared(at: 25) == 6)  // the a on the right of the inner local
    #expect(declared(at: 32) == 21)  // b = a
    #expect(declared(at: 28) == nil)  // b
    #expect(declared(at: 59) == 51)  // until c
    #expect(declared(at: 68) == 6)  // return a
    #expect(declared(at: 71) == nil)  // , c
  }
}
