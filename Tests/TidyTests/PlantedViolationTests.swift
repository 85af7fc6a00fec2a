import Testing

/// Every rule finds what it is for: violations planted in files that exist only here.
@Suite struct PlantedViolationTests {
  @Test(arguments: [
    "import Glibc",
    "public import Foundation",
    "@preconcurrency internal import Dispatch",
    "/* why not */ import struct Foundation.Date",
    "#if canImport(Glibc)\n  import Glibc\n#endif",
    "let a = 1; import Glibc",
  ])
  func anImportInTheEngineIsFound(text: String) {
    let file = SourceFile(path: "Sources/Engine/Planted.swift", text: text + "\n")
    #expect(LayerRules.imports(of: file).count == 1)
    #expect(LayerRules.forbiddenImports([file]).count == 1)
  }

  @Test func anImportInACommentOrStringIsNone() {
    let text = """
      // import Glibc
      /* import /* nested */ Glibc */
      let text = "import Glibc", raw = #"import " Glibc"#
      """
    #expect(LayerRules.imports(of: SourceFile(path: "Sources/Engine/A.swift", text: text)).isEmpty)
  }

  @Test(arguments: [
    ("LuaBridge", "SIPGlue"), ("SIPGlue", "LuaBridge"), ("Wire", "Reactor"), ("Engine", "Wire"),
    ("Reactor", "Service"), ("Service", "CLI"), ("LuaBridge", "Foundation"),
    ("LuaBridge", "CLua"), ("Service", "CLuaShim"), ("Wire", "CLinux"), ("CLI", "XCTest"),
  ])
  func anUpwardOrForeignImportIsFound(room: String, module: String) {
    let file = SourceFile(path: "Sources/\(room)/A.swift", text: "internal import \(module)\n")
    #expect(LayerRules.forbiddenImports([file]).count == 1)
  }

  @Test(arguments: [
    ("LuaBridge", "Engine"), ("SIPGlue", "Reactor"), ("Service", "SIPGlue"), ("CLI", "Foundation"),
    ("Wire", "CJansson"), ("SIPGlue", "CCrypto"),
  ])
  func aDownwardImportIsAllowed(room: String, module: String) {
    let file = SourceFile(path: "Sources/\(room)/A.swift", text: "internal import \(module)\n")
    #expect(LayerRules.forbiddenImports([file]).isEmpty)
  }

  @Test func anUnknownRoomIsFound() {
    let file = SourceFile(path: "Sources/Attic/A.swift", text: "")
    #expect(LayerRules.unknownRooms([file]).count == 1)
  }

  @Test func aPeerNamedInCodeIsFound() {
    let named = SourceFile(path: "Sources/LuaBridge/A.swift", text: "let a = SIPGlue.Leg()\n")
    let commented = SourceFile(path: "Sources/LuaBridge/B.swift", text: "// not SIPGlue's\n")
    #expect(LayerRules.namedPeers([named, commented]).map(\.path) == [named.path])
  }

  @Test(arguments: [
    "Sources/LuaBridge/A.swift", "Sources/Engine/A.swift", "Sources/COSIPShim/a.c",
    "Benchmarks/main.swift",
  ])
  func luaOutsideItsRoomIsFound(path: String) {
    let file = SourceFile(path: path, text: "x = lua_gettop(L);\n")
    #expect(WordRules.foreignInterfaces([file]).count == 1)
  }

  @Test func luaInItsRoomAndOsipInTheGlueAreAllowed() {
    let files = [
      SourceFile(path: "Sources/CLuaShim/coroutine.c", text: "int n = lua_gettop(L);\n"),
      SourceFile(path: "Sources/SIPGlue/A.swift", text: "unsafe osip_message_free(m)\n"),
      SourceFile(path: "Sources/LuaBridge/A.swift", text: "unsafe rs_lua_open()\n"),
    ]
    #expect(WordRules.foreignInterfaces(files).isEmpty)
  }

  @Test(arguments: [
    "let now = Date()", "print(1)", "Int.random(in: 0..<3)", "Bool.random()", "xs.randomElement()",
    "var rate: Double = 0", "let seen: Set<Int> = []", "var table: [DN: Int] = [:]",
    "var t: [DN.Kind: [Int]]", "let t = Dictionary<Int, Int>()", "func f() async {}",
    "let c = ContinuousClock()", "\"\\(Float(1))\"",
  ])
  func anImpurityInTheEngineIsFound(text: String) {
    let file = SourceFile(path: "Sources/Engine/Planted.swift", text: text + "\n")
    #expect(!WordRules.engineImpurities([file]).isEmpty, "\(text)")
  }

  @Test(arguments: [
    "case random, longestIdle", "case .random(let seed): seed", "let a = values[at: index]",
    "let words = \"Date print Double\"  // Set<Int> [K: V]", "func set(_ dn: DN) {}",
    "let pair: (DN, Int) = (dn, 1)", "x = ready ? [a, b] : [c]",
  ])
  func aWordOfTheTradeIsAllowedInTheEngine(text: String) {
    let file = SourceFile(path: "Sources/Engine/A.swift", text: text + "\n")
    #expect(WordRules.engineImpurities([file]) == [])
  }

  @Test func aDictionaryIsAllowedInTheLookupOnly() {
    let text = "var slots: [Key: Int] = [:]\n"
    let home = SourceFile(path: WordRules.unorderedHome, text: text)
    #expect(WordRules.engineImpurities([home]).isEmpty)
  }

  @Test(arguments: [
    "var counter = 0", "public nonisolated(unsafe) var counter: Int = 0",
    "struct A {\n  static var counter = 0\n}", "final class A {\n  static let shared = A()\n}",
  ])
  func globalStateIsFound(text: String) {
    let file = SourceFile(path: "Sources/Service/A.swift", text: text + "\n")
    #expect(WordRules.globalState([file]).count == 1)
  }

  @Test func aComputedStaticIsAllowed() {
    let text = "extension A {\n  public static var standard: A { A() }\n  var own = 0\n}\n"
    let file = SourceFile(path: "Sources/Engine/A.swift", text: text)
    #expect(WordRules.globalState([file]).isEmpty)
  }

  @Test func aWhiteBoxImportIsFound() {
    let file = SourceFile(path: "Tests/ATests/A.swift", text: "@testable import Engine\n")
    #expect(WordRules.testableImports([file]).count == 1)
  }

  @Test func leftoverMarkersAndMachinePathsAreFound() {
    let marker = SourceFile(path: "Sources/CLinux/shim.c", text: "/* FIX" + "ME later */\n")
    let home = SourceFile(path: "Makefile", text: "A := /ho" + "me/ana/pointsman\n")
    let clean = SourceFile(path: "README.md", text: "todo lists and hacks are words too\n")
    #expect(WordRules.leftovers([marker, home, clean]).map(\.path) == [marker.path, home.path])
  }

  @Test func longFilesWideLinesAndTabsAreFound() {
    let long = SourceFile(path: "a.lua", text: String(repeating: "x = 1\n", count: 601))
    let full = SourceFile(path: "b.lua", text: String(repeating: "x = 1\n", count: 600))
    #expect(SizeRules.longFiles([long, full]).map(\.path) == ["a.lua"])

    let wide = SourceFile(path: "a.c", text: String(repeating: "é", count: 101))
    let fits = SourceFile(path: "b.c", text: String(repeating: "é", count: 100))
    let paper = SourceFile(path: "README.md", text: String(repeating: "a", count: 200))
    #expect(SizeRules.wideLines([wide, fits, paper]).map(\.path) == ["a.c"])

    let tabbed = SourceFile(path: "a.h", text: "\tint a;\n")
    #expect(SizeRules.tabs([tabbed, paper]).count == 1)
  }

  @Test(arguments: [69, 70, 71, 200])
  func aLongSwiftFunctionIsFound(lines: Int) {
    let body = String(repeating: "    if a { b() }\n", count: lines - 2)
    let text = """
      protocol P { func requirement(_ x: Int) -> Int }
      struct S {
        init() { self.init(a: { 1 }) }
        func long(_ f: () -> Void = { print("}") }) -> [Int] {
      \(body)  }
      }
      """
    let found = SizeRules.longFunctions([SourceFile(path: "A.swift", text: text)])
    #expect(found.count == (lines > 70 ? 1 : 0))
    #expect(found.allSatisfy { $0.line == 4 && $0.text == "long has \(lines) lines" })
  }

  @Test(arguments: [70, 71])
  func aLongCFunctionIsFound(lines: Int) {
    let text = """
      struct rs_lua {
        int a;
      };
      int rs_declared(int a);
      static int rs_long(int a,
                         int b) {
      \(String(repeating: "  a += b;\n", count: lines - 3))}
      """
    let found = SizeRules.longFunctions([SourceFile(path: "a.c", text: text)])
    #expect(found.map(\.line) == (lines > 70 ? [5] : []))
  }

  @Test func papersThatPromiseTooMuchAreFound() {
    let files = [
      SourceFile(path: "Makefile", text: "run: build\n\techo\n"),
      SourceFile(path: "Package.swift", text: #".apt(["libfoo5.4-dev", "liblisted-dev"])"#),
      SourceFile(path: "packages.txt", text: "# libfoo5.4-dev\nliblisted-dev   # listed\n"),
      SourceFile(path: "README.md", text: "`make run` and `make sense`, [a](docs/gone.md)\n"),
      SourceFile(path: "ARCHITECTURE.md", text: "[1](docs/adr/0001-a.md)\n"),
      SourceFile(path: "docs/adr/0001-a.md", text: "[up](../../README.md) [x](0002-b.md#part)\n"),
      SourceFile(path: "docs/adr/0002-b.md", text: "[web](https://example.org)\n"),
      SourceFile(path: "CHANGELOG.md", text: "## [1.0.0]\n"),
    ]
    let paths = Set(files.map(\.path))
    #expect(PaperRules.unknownTargets(files).map(\.text) == ["make sense does not exist"])
    #expect(PaperRules.missingCommands(files).map(\.text) == ["does not show make test"])
    #expect(PaperRules.unlistedPackages(files).map(\.text) == ["libfoo5.4-dev is missing"])
    #expect(PaperRules.unlinkedDecisions(files).map(\.path) == ["docs/adr/0002-b.md"])
    #expect(PaperRules.changelogWithoutUnreleased(files).count == 1)
    #expect(PaperRules.deadLinks(files, exists: paths.contains).map(\.path) == ["README.md"])
    let rooms = LayerRules.rooms.count + LayerRules.cRooms.count
    #expect(PaperRules.undescribedRooms(files).count == rooms)
  }
}
