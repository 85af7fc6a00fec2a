import LuaBridge
import Testing

/// Snippets and exactly what the check says about them.
@Suite struct CheckDiagnosticsTests {
  static let check = StrategyCheck(
    allowedGlobals: [
      "assert", "error", "ipairs", "next", "pairs", "pcall", "select", "tonumber", "tostring",
      "type", "string.format", "string.sub", "string.upper", "math.floor", "table.concat",
    ],
    site: SiteNames(
      dns: ["7001", "7002", "voicemail", "9000", "8000"],
      queues: ["9000", "9001", "9002"],
      agents: ["1001", "1002"],
      trunks: ["carrier"],
      skills: ["sales", "english", "support"],
      tables: ["vip"],
      groups: ["night"],
      extensions: ["7001", "7002", "voicemail"],
      routingPoints: ["8000"],
      virtualQueues: ["9100"],
      endlessQueues: ["9000"],
      unservedQueues: ["9002": "x > 1"]
    ),
    modules: ["lib.hours"],
    skillExpression: { expression in
      expression.hasSuffix(">") ? (expression.count, "a number is missing") : nil
    },
    timeZones: ["UTC", "Europe/London"],
    filter: { skills, _, _ in
      if skills == "sales > 9" { return .nobody("sales is at most 9") }
      return skills == "sales > 5 and sales < 3" ? .impossible : .somebody
    }
  )

  struct Case: Sendable, CustomTestStringConvertible {
    var source: String
    var expected: [String]
    var testDescription: String { source }

    init(_ source: String, _ expected: String...) {
      self.source = source
      self.expected = expected
    }
  }

  /// The diagnostics of a body of `return function(call) … end` on one line, without the file's
  /// name.
  private static func findings(inBody body: String) -> [String] {
    findings(in: "return function(call) \(body) end")
  }

  private static func findings(in source: String, isModule: Bool = false) -> [String] {
    check.diagnostics(of: source, file: "s.lua", isModule: isModule)
      .map { String($0.description.dropFirst("s.lua:".count)) }
  }

  /// Most snippets leave their locals unused: only those that are about it show that.
  private static func wanted(_ found: [String], of example: Case) -> [String] {
    guard !example.expected.contains(where: { $0.contains("unused") }) else { return found }
    return found.filter { !$0.contains("unused") }
  }

  @Test(arguments: CheckCases.bodies)
  func aBodyGetsExactlyItsDiagnostics(_ example: Case) {
    #expect(Self.wanted(Self.findings(inBody: example.source), of: example) == example.expected)
  }

  @Test(arguments: CheckCases.files)
  func aFileGetsExactlyItsDiagnostics(_ example: Case) {
    #expect(Self.wanted(Self.findings(in: example.source), of: example) == example.expected)
  }

  @Test(arguments: CheckCases.modules)
  func aModuleGetsExactlyItsDiagnostics(_ example: Case) {
    #expect(Self.findings(in: example.source, isModule: true) == example.expected)
  }

  @Test func aDiagnosticReadsLikeACompilersLine() {
    let found = Self.check.diagnostics(of: "return fucntion", file: "strategies/a.lua")
    #expect(
      found.map(\.description) == [
        "strategies/a.lua:1:8: error: undefined name 'fucntion'"
      ]
    )
  }

  @Test func whatTheSiteDoesNotTellIsNotChecked() {
    let check = StrategyCheck(allowedGlobals: [])
    let source = """
      local x = require "anything"
      return function(call)
        call:route(agent "5")
        return table_lookup("t", x) or any { skills = "zz >" } or queue "1" or dn "2"
      end
      """
    #expect(check.diagnostics(of: source, file: "s.lua") == [])
  }

  @Test func aHopelessFileIsReportedUpToALimit() {
    let source = String(repeating: "unknown_name()\n", count: 5000)
    let found = Self.check.diagnostics(of: source, file: "s.lua")
    #expect(found.count == StrategyCheck.diagnosticsMax)
    #expect(found.first?.line == 1)
    #expect(found.last?.line == StrategyCheck.diagnosticsMax)
  }

  @Test func whatIsNotServedYetFollowsTheSurfaceGiven() {
    var check = Self.check
    check.surface.callMethods["treat"] = .available
    check.surface.globals["share"] = .available
    let source = """
      return function(call)
        call:treat { music = "hold" }
        return share { a = 70, b = 30 }
      end
      """
    #expect(check.diagnostics(of: source, file: "s.lua") == [])
  }
}
