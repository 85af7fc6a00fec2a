import Engine
import Foundation
import LuaBridge
import Testing

/// The paper about the language against the language: the types for editors, the page, luacheck.
@Suite("What is written about the language")
struct EditorTypesTests {
  static func text(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  static let surface = LanguageSurface.current

  static func names(_ names: LanguageSurface.Names) -> Set<String> { Set(names.keys) }

  static func reachable() throws -> Set<String> {
    Set(try Workbench.generation([:]).reachableNames)
  }

  /// What is left of Lua's own library; the rest of what can be reached is ours.
  static let stock: Set<String> = [
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "select",
    "setmetatable", "tonumber", "tostring", "type", "xpcall", "math", "string", "table", "utf8",
  ]

  // MARK: Types

  /// What the file of types declares.
  struct Types {
    /// Globals that are assigned or are functions.
    var globals: Set<String> = []
    /// `agents.NAME` and `Call:NAME`, by table.
    var members: [String: Set<String>] = [:]
    /// The parameters of every function, by its full name.
    var parameters: [String: [String]] = [:]
    /// The fields of every class.
    var fields: [String: Set<String>] = [:]
    /// The texts of every alias.
    var aliases: [String: Set<String>] = [:]
  }

  static func types(_ source: String) throws -> Types {
    var types = Types()
    guard case .success(let chunk) = LuaParser.parse(source) else {
      Issue.record("pointsman.d.lua does not parse")
      return types
    }
    for statement in chunk.body.statements {
      switch statement.kind {
      case .assignment(let targets, _):
        for target in targets {
          if case .name(let name) = target.kind { types.globals.insert(name) }
        }
      case .function(let target, let function):
        let parameters = function.parameters.map(\.text)
        switch target.kind {
        case .name(let name):
          types.globals.insert(name)
          types.parameters[name] = parameters
        case .suffixed(let base, let suffixes):
          guard case .name(let table) = base.kind, let last = suffixes.last,
            case .field(let member) = last.kind
          else { continue }
          types.members[table, default: []].insert(member)
          types.parameters["\(table).\(member)"] = parameters
        default: continue
        }
      default: continue
      }
    }
    readComments(source, into: &types)
    return types
  }

  private static func readComments(_ source: String, into types: inout Types) {
    var owner = ""
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ").map { String($0) }
      switch words.first {
      case "---@class":
        owner = words[1]
        types.fields[owner, default: []] = []
      case "---@field":
        types.fields[owner, default: []].insert(words[1].replacing("?", with: ""))
      case "---@alias": owner = words[1]
      case "---|": types.aliases[owner, default: []].insert(words[1].replacing("\"", with: ""))
      default: continue
      }
    }
  }

  @Test("the types for editors name what is there, and nothing else")
  func typesFit() throws {
    let types = try Self.types(Self.text("strategies/types/pointsman.d.lua"))
    let surface = Self.surface
    #expect(types.globals == Self.names(surface.globals))
    let reachable = try Self.reachable()
    let ours = reachable.filter { !$0.contains(".") && !$0.contains(":") }.subtracting(Self.stock)
    #expect(types.globals == ours)
    #expect(types.members["agents"] == Self.names(surface.agentFunctions))
    let call = (types.members["Call"] ?? []).union(types.fields["Call"] ?? [])
    #expect(types.members["Call"] == Self.names(surface.callMethods))
    #expect(types.fields["Call"] == Self.names(surface.callFields))
    #expect(Set(call.map { "call:" + $0 }) == reachable.filter { $0.hasPrefix("call:") })
    #expect(types.fields["AgentFilter"] == Self.names(surface.anyFields))
    #expect(types.fields["SelectOptions"] == Self.names(surface.selectOptions))
    #expect(types.fields["RouteOptions"] == Self.names(surface.routeOptions))
    #expect(types.fields["Treatment"] == Self.names(surface.treatments))
    #expect(types.fields["CollectOptions"] == Self.names(surface.collectFields))
    #expect(types.fields["QueueFacts"] == Self.names(surface.queueFields))
    #expect(types.fields["LocalTime"] == Self.names(surface.localTimeFields))
    #expect(types.fields["Strategy"] == Self.names(surface.strategyFields))
    #expect(types.aliases["SelectionRule"] == Self.names(surface.selectionRules))
    #expect(types.aliases["SelectionRule"] == Set(SelectionRule.allCases.map(\.word)))
    #expect(types.aliases["Reason"] == Set(RouteFailure.allCases.map(\.word)))
  }

  @Test("what local_time gives has the fields that the types and the check know")
  func localTimeFields() throws {
    let seen = try notes("for name in pairs(local_time(\"UTC\")) do call:note(name) end")
    #expect(Set(seen) == Self.names(Self.surface.localTimeFields))
  }

  @Test("every function of the types says what it does, its parameters, and shows an example")
  func typesAreDocumented() throws {
    let source = try Self.text("strategies/types/pointsman.d.lua")
    let types = try Self.types(source)
    #expect(types.parameters.count > 20)
    let lines = source.components(separatedBy: "\n")
    for (index, line) in lines.enumerated() where line.hasPrefix("function ") {
      var start = index
      while start > 0, lines[start - 1].hasPrefix("---") { start -= 1 }
      let comment = lines[start..<index]
      #expect(comment.first?.hasPrefix("---@") == false, "\(line) says nothing")
      #expect(comment.contains("---```lua"), "\(line) has no example")
      let written = comment.filter { $0.hasPrefix("---@param") }
        .map { String($0.split(separator: " ")[1]) }
      let head = line.dropFirst("function ".count).prefix { $0 != "(" }
      let name = String(head).replacing(":", with: ".")
      let parameters = types.parameters[name]?.filter { $0 != "self" }
      #expect(parameters == written, "the parameters of \(line)")
    }
  }

  @Test("a name too many or too few in the types is noticed")
  func differencesAreNoticed() throws {
    let source = try Self.text("strategies/types/pointsman.d.lua")
    let more = try Self.types(source + "\nfunction extra() end\n")
    #expect(more.globals != Self.names(Self.surface.globals))
    let less = try Self.types(source.replacing("function Call:wait", with: "function Cell:wait"))
    #expect(less.members["Call"] != Self.names(Self.surface.callMethods))
    let field = try Self.types(source.replacing("---@field clear", with: "---@field clean"))
    #expect(field.fields["SelectOptions"] != Self.names(Self.surface.selectOptions))
  }

  // MARK: The page

  static let check: StrategyCheck? = {
    guard let names = try? reachable() else { return nil }
    return StrategyCheck(
      allowedGlobals: names,
      modules: ["lib.hours"],
      skillExpression: { text in
        do throws(SkillExpressionError) {
          _ = try SkillExpression(parsing: text)
          return nil
        } catch {
          return (error.column, error.message)
        }
      },
      timeZones: TimeZones.names
    )
  }()

  /// The Lua blocks of a page, or of comments whose marker is given, with their first lines.
  static func blocks(_ text: String, marker: String = "") -> [(line: Int, code: String)] {
    var blocks: [(Int, String)] = []
    var code: [Substring]?
    var start = 0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard line.hasPrefix(marker) else { continue }
      let rest = line.dropFirst(marker.count)
      if rest == "```lua" {
        code = []
        start = index + 2
      } else if rest == "```", let lines = code {
        blocks.append((start, lines.joined(separator: "\n")))
        code = nil
      } else {
        code?.append(rest)
      }
    }
    return blocks
  }

  /// A block as a whole file: what returns no strategy by itself stands inside of one.
  static func whole(_ code: String) -> String {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.contains(where: { $0.hasPrefix("return function") || $0.hasPrefix("return {\n") })
      || code.contains("\nreturn {\n") || code.hasPrefix("return {\n")
    {
      return code
    }
    let last = lines.last { !$0.isEmpty } ?? ""
    let end = last.hasPrefix("return") ? "" : "\nreturn ANY"
    return "return function(call)\n" + code + end + "\nend"
  }

  /// What the check says of the blocks; tests and site files are only read.
  static func findings(_ text: String, marker: String = "") throws -> [String] {
    let check = try #require(Self.check)
    var findings: [String] = []
    for (line, code) in blocks(text, marker: marker) {
      let first = code.prefix { $0 != "\n" }
      // Files of the tutorial are run as they are, mistakes included (Tests/Tutorial/run).
      if first.hasPrefix("-- file: ") { continue }
      if code.contains("describe(") || first.contains("site.lua") {
        if case .failure(let error) = LuaParser.parse(code) {
          findings.append("block at line \(line): \(error.message)")
        }
        continue
      }
      let isModule = first.contains("/lib/")
      let source = isModule ? code : whole(code)
      for finding in check.diagnostics(of: source, file: "block", isModule: isModule) {
        findings.append("block at line \(line): \(finding)")
      }
    }
    return findings
  }

  @Test("the check has nothing to say against the examples of docs/strategies.md")
  func examplesOfThePage() throws {
    let page = try Self.text("docs/strategies.md")
    #expect(Self.blocks(page).count > 20)
    #expect(try Self.findings(page) == [])
  }

  @Test("the check has nothing to say against the examples of the types")
  func examplesOfTheTypes() throws {
    let types = try Self.text("strategies/types/pointsman.d.lua")
    #expect(Self.blocks(types, marker: "---").count > 20)
    #expect(try Self.findings(types, marker: "---") == [])
  }

  @Test("a wrong example is found")
  func wrongExamples() throws {
    let page = """
      ```lua
      call:rout(ANY)
      ```
      ```lua
      return function(call) return queu "9000" end
      ```
      ```lua
      return {
        route = function(call) return ANY end,
        saev = function() end,
      }
      ```
      """
    #expect(try Self.findings(page).count == 3)
  }

  @Test("every name of the language stands in an example of the page")
  func thePageIsWhole() throws {
    let page = try Self.text("docs/strategies.md")
    let code = Self.blocks(page).map(\.code).joined(separator: "\n")
    let words = Set(code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { String($0) })
    let surface = Self.surface
    let all = [
      surface.globals, surface.callFields, surface.callMethods, surface.queueFields,
      surface.agentFunctions, surface.anyFields, surface.selectOptions, surface.routeOptions,
      surface.treatments, surface.collectFields, surface.selectionRules, surface.strategyFields,
      surface.localTimeFields,
    ]
    for names in all { #expect(names.keys.filter { !words.contains($0) }.sorted() == []) }
    for reason in RouteFailure.allCases { #expect(page.contains("| `\(reason.word)` |")) }
    for name in Self.stock { #expect(page.contains("`\(name)`"), "\(name)") }
  }

  // MARK: luacheck

  @Test("luacheck is told exactly what can be reached")
  func luacheckFits() throws {
    let text = try Self.text(".luacheckrc")
    let source = "local _ENV = { files = { [\"**/*_test.lua\"] = {} } }\n" + text + "\nreturn std"
    let std = try ConstantTable.evaluate(source: Array(source.utf8), chunkname: ".luacheckrc")
    guard case .table(let table) = std, case .table(let names)? = table["read_globals"] else {
      Issue.record("no read_globals")
      return
    }
    var listed = Set(
      names.array.compactMap { if case .string(let name) = $0 { name } else { nil } }
    )
    for pair in names.pairs {
      guard case .string(let name) = pair.key, case .table(let fields) = pair.value else {
        continue
      }
      listed.insert(name)
      guard case .table(let members)? = fields["fields"] else { continue }
      for case .string(let member) in members.array { listed.insert("\(name).\(member)") }
    }
    let agents: Set<String> = ["agents.available", "agents.logged_in"]
    let reachable = try Self.reachable().filter { !$0.hasPrefix("call:") }.subtracting(agents)
    #expect(listed == reachable)
  }
}
