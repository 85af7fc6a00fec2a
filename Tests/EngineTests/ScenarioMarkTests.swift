import Engine
import Foundation
import TestSupport
import Testing

/// HOUSE 4.4, "Marks": every kind of input, request, event, command and timer occurs in a scenario.
///
/// What kinds there are is read from the sources, so that a new one is missed at once.
@Suite("Marks: every kind occurs in a scenario")
struct ScenarioMarkTests {
  struct Kinds: Sendable, CustomTestStringConvertible {
    var file: String
    var name: String
    var testDescription: String { name }
  }

  static let kinds: [Kinds] = [
    Kinds(file: "Boundary/Signal.swift", name: "Signal"),
    Kinds(file: "Boundary/Signal.swift", name: "LineSignal"),
    Kinds(file: "Boundary/Signal.swift", name: "AgentSignal"),
    Kinds(file: "Boundary/Signal.swift", name: "ControlSignal"),
    Kinds(file: "Boundary/StrategyRuntime.swift", name: "StrategyStep"),
    Kinds(file: "Boundary/StrategyRuntime.swift", name: "StrategyRequest"),
    Kinds(file: "Boundary/Command.swift", name: "LineCommand"),
    Kinds(file: "Boundary/Event.swift", name: "EventKind"),
    Kinds(file: "Timers/TimerTable.swift", name: "TimerKind"),
  ]

  static let marks: Set<String> = {
    var marks: Set<String> = []
    for name in ScenarioFolder.names {
      guard let text = try? ScenarioFolder.text(name),
        let scenario = try? Scenario(name: name, text: text)
      else { continue }
      marks.formUnion(ScenarioRun(scenario).marks)
    }
    return marks
  }()

  /// The cases of an enumeration, as its source has them.
  static func cases(of name: String, in source: String) -> [String] {
    guard let start = source.range(of: "enum \(name):") else { return [] }
    var names: [String] = []
    for line in source[start.upperBound...].split(separator: "\n") {
      if line == "}" { break }
      let words = line.split(whereSeparator: { " (:=".contains($0) })
      guard line.hasPrefix("  case "), words.count > 1, !line.contains(".") || line.contains("(")
      else { continue }
      names.append(String(words[1]))
    }
    return names
  }

  @Test(arguments: kinds)
  func everyKindOccursInAScenario(kinds: Kinds) throws {
    let source = try ScenarioFolder.source("Sources/Engine/" + kinds.file)
    let cases = Self.cases(of: kinds.name, in: source)
    #expect(cases.count > 2, "the cases of \(kinds.name) were not found in \(kinds.file)")
    let missing = cases.filter { !Self.marks.contains("\(kinds.name).\($0)") }
    #expect(try missing.filter { try Self.isEverSaid($0, kinds) } == [])
  }

  /// Whether a line of the engine says this command.
  ///
  /// `LineCommand.release` is there for shells, but nothing says it so far: calls are refused, and
  /// people hang up. As soon as something does, a scenario must show it.
  static func isEverSaid(_ kind: String, _ kinds: Kinds) throws -> Bool {
    guard kinds.name == "LineCommand", kind == "release" else { return true }
    let folder = ScenarioFolder.root.appendingPathComponent("Sources/Engine")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return try files.filter { $0.hasSuffix(".swift") }.contains { file in
      try ScenarioFolder.source("Sources/Engine/" + file).contains("outbox.append(.release(")
    }
  }

  @Test func aKindThatNoScenarioHasIsMissed() {
    let cases = Self.cases(of: "K", in: "enum K: Sendable {\n  case a(Int)\n  case other\n}\n")
    #expect(cases == ["a", "other"])
    #expect(!Self.marks.contains("TimerKind.other"))
  }

  // MARK: The table

  @Test func theTableNamesEveryScenarioAndNoOther() throws {
    let table = try String(
      contentsOf: ScenarioFolder.url.appendingPathComponent("README.md"),
      encoding: .utf8
    )
    var named: Set<String> = []
    for match in table.matches(of: /`([A-Za-z0-9._-]+)`/) { named.insert(String(match.1)) }
    let files = ScenarioFolder.names.map { String($0.dropLast(".jsonl".count)) }
    #expect(files.filter { !named.contains($0) } == [], "not in the table")
    let prefixes = ["model-", "agent-", "direct-", "queue-", "peers-", "reservation-", "priority-"]
    let ghosts = named.filter { name in
      prefixes.contains { name.hasPrefix($0) } && !files.contains(name)
    }
    #expect(ghosts == [], "in the table, but no file")
  }
}
