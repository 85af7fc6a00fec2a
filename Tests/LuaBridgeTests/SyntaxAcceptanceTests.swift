import LuaBridge
import Testing

/// What `luac5.4 -p` (5.4.4) says of each snippet was written down here by hand.
@Suite struct SyntaxAcceptanceTests {
  private static let accepted: [String] = [
    "return",
    "return 1;",
    ";;;",
    "a.b.c = 1",
    "a.b:c()",
    "a:b().c[1] = 2",
    "(a).b = 1",
    "(a)()",
    #"("x"):upper()"#,
    #"f{1}"x"[[y]]"#,
    "(g)()",
    "local x <const> = 1",
    "local x < const > = 1",
    "function a.b.c:d() end",
    "function f(...) return ... end",
    "function f(a, ...) end",
    "return ...",
    "for i = 1, 2 do end",
    "for k, v in pairs(t) do end",
    "while true do break end",
    "while a do if b then break; x() end end",
    "repeat local x until x",
    "goto done; ::done::",
    "goto done; local x; ::done::",
    "goto done; local x; ::done:: ;; ::other::",
    "::a:: do goto a end",
    "do ::a:: end ::a::",
    "for i = 1, 3 do goto continue; local x; ::continue:: end",
    "a = 1 // 2 >> 3 << 4 & 5 | 6 ~ 7",
    "a = ~b ~ ~c",
    "a = b ~= c",
    "a = not not - - #b",
    "a = 2^-3^4",
    "a = b ..c.. d",
    "a = 1 ..2",
    "a = 0xA.8p1",
    "a = 0x.1",
    "a = 1e+5",
    "a = 08",
    "a = 1.",
    "a = .5",
    "a = 0x1P-2",
    #"a = "\z   x""#,
    #"a = "\u{7FFFFFFF}""#,
    "a = [==[ ]] ]=] ]==]",
    "a = b[=[x]=]",
    "--[==[ long ]==] a = 1",
    "--[ short",
    "a = {1, 2; 3, x = 1, [y] = 2,}",
    "a, b = 1",
    "f().x = 1",
    "if a then elseif b then else end",
    "local a, b, c = f()",
    "x = (function() end)()",
    "return function(call) return ANY end",
    "a = 'x\\\ny'",
    "a = \"x\\\r\ny\"",
    "f\n(g)()",
    "return\n1",
    "a = [[\n\nx]]",
    "x = 1 -- c\n--[[ d\n]] y = 2",
    "a = '\\z\n  b'",
    "",
    "-- only",
    "a=1\r\nb=2",
    "\t\u{b}\u{c} return",
  ]

  private static let rejected: [String] = [
    "return 1;;",
    "return return",
    "a.b:c = 1",
    "(a) = 1",
    "a",
    "1",
    #""x":upper()"#,
    "f",
    "local x <const> = 1; x = 2",
    "local x <close> = nil; x = 2",
    "local x <const> = 1; local function f() x = 2 end",
    "local x <close>, y <close> = 1, 2",
    "local x <static> = 1",
    "local function f.g() end",
    "function a:b.c() end",
    "function f() return ... end",
    "function f(..., a) end",
    "function f(a,) end",
    "for i = 1 do end",
    "for i = 1, 2, 3, 4 do end",
    "for k, v = 1, 2 do end",
    "for a.b in c do end",
    "break",
    "while true do local f = function() break end end",
    "if a then break end",
    "goto done",
    "goto done; local x; ::done:: f()",
    "do ::a:: end goto a",
    "::a:: ::a::",
    "::a:: do ::a:: end",
    "repeat goto c; local x; ::c:: until x",
    "repeat goto c; local x = 1; ::c:: f() until x",
    "goto f; local function f() end ::f:: return",
    "::l:: local function f() goto l end",
    "a = 1..2",
    "a = 0x",
    "a = 0x.p1",
    "a = 1e",
    "a = 3x",
    "a = ..5",
    #"a = "\x4g""#,
    #"a = "\400""#,
    #"a = "\u{80000000}""#,
    #"a = "\u{}""#,
    #"a = "\q""#,
    #"a = "x"#,
    "a = [=[ ]]",
    "a = [= x",
    "--[[ open",
    "a = {,}",
    "a = {1 2}",
    "a = {x = }",
    "a = {[1]}",
    "a, b() = 1",
    "a = b = c",
    "f() = 1",
    "if a then else elseif b then end",
    "if a then",
    "do end end",
    "local a.b = 1",
    "a @ b",
    "a != b",
    "a = b ? c",
    "x = function() end()",
    "and = 1",
    "goto = 1",
    "local goto = 1",
    "#!shebang\nreturn 1",
  ]

  @Test(arguments: accepted)
  func acceptsWhatTheReferenceCompilerAccepts(source: String) {
    #expect(throws: Never.self) { try LuaParser.parse(source).get() }
  }

  @Test(arguments: rejected)
  func rejectsWhatTheReferenceCompilerRejects(source: String) {
    #expect(throws: LuaSyntaxError.self) { try LuaParser.parse(source).get() }
  }

  private static let deep: [(name: String, source: String, isAccepted: Bool)] = [
    ("150 parentheses", "return " + nested("(", 150, ")"), true),
    ("300 parentheses", "return " + nested("(", 300, ")"), false),
    ("100,000 parentheses", "return " + nested("(", 100_000, ")"), false),
    ("100,000 braces", "return " + String(repeating: "{", count: 100_000), false),
    ("1,000 negations", "return " + String(repeating: "not ", count: 1000) + "1", false),
    ("100,000 functions", String(repeating: "return function() ", count: 100_000), false),
    ("100,000 blocks", String(repeating: "do ", count: 100_000), false),
    ("100,000 calls in calls", String(repeating: "f(", count: 100_000), false),
    ("100,000 indices", "return a" + String(repeating: "[a", count: 100_000), false),
    ("150 concatenations", "return a" + String(repeating: " .. a", count: 150), true),
    ("400 concatenations", "return a" + String(repeating: " .. a", count: 400), false),
    ("50,000 additions", "return a" + String(repeating: " + a * 2", count: 50_000), true),
    ("50,000 fields", "return a" + String(repeating: ".b", count: 50_000), true),
    (
      "5,000 elseifs", "if a then " + String(repeating: "elseif b then ", count: 5000) + "end",
      true
    ),
    ("200 locals", String(repeating: "local a = 1 ", count: 200), true),
    ("201 locals", String(repeating: "local a = 1 ", count: 201), false),
  ]

  private static func nested(_ open: String, _ count: Int, _ close: String) -> String {
    String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
  }

  @Test(.timeLimit(.minutes(15)), arguments: deep.indices)
  func endlessChainsAreReadAndDeepNestingIsAnErrorNotACrash(index: Int) {
    let (name, source, isAccepted) = Self.deep[index]
    switch LuaParser.parse(source) {
    case .success: #expect(isAccepted, "\(name)")
    case .failure(let error): #expect(!isAccepted, "\(name): \(error)")
    }
  }
}
