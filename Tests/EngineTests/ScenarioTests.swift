import Foundation
import TestSupport
import Testing

@Suite("Scenarios: the call models as recordings")
struct ScenarioTests {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Scenarios")

  static let files: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { $0.hasSuffix(".jsonl") }.sorted()
  }()

  @Test("The engine says what the scenario says", arguments: files)
  func scenario(_ file: String) throws {
    let path = Self.folder.appendingPathComponent(file).path
    let scenario = try Scenario(path)
    if ProcessInfo.processInfo.environment["SCENARIOS_ACCEPT"] != nil {
      // What the engine does becomes what is expected; review the difference.
      try (scenario.played().joined(separator: "\n") + "\n")
        .write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    if let difference = try scenario.difference() {
      Issue.record(Comment(rawValue: difference))
    }
  }

  @Test("Every scenario is in the table, and every file of the table exists")
  func table() throws {
    let text = try String(
      contentsOf: Self.folder.appendingPathComponent("README.md"),
      encoding: .utf8
    )
    for file in Self.files where !text.contains(file) {
      Issue.record("\(file) is not in the table")
    }
    let named = text.matches(of: /[A-Za-z0-9._-]+\.jsonl/).map { String($0.output) }
    for file in named where !Self.files.contains(file) { Issue.record("\(file) does not exist") }
    #expect(Self.files.count > 20)
  }
}
