import Engine
import Foundation
import TestSupport
import Testing
import Wire

/// The folder of the scenarios.
enum ScenarioFolder {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let url = root.appendingPathComponent("Tests/Scenarios")

  /// The names of all scenarios, in order.
  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return all.filter { $0.hasSuffix(".jsonl") }.sorted()
  }()

  static func text(_ name: String) throws -> String {
    try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
  }

  static func source(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }
}

@Suite("Scenarios: recordings that say what must happen")
struct ScenarioTests {
  /// `make scenarios-accept` sets this: the event lines are rewritten, for review as a diff.
  static let accepts = ProcessInfo.processInfo.environment["SCENARIOS_ACCEPT"] == "1"

  @Test(arguments: ScenarioFolder.names)
  func theEngineDoesWhatTheScenarioSays(name: String) throws {
    let text = try ScenarioFolder.text(name)
    var run = ScenarioRun(try Scenario(name: name, text: text))
    if Self.accepts, run.accepted != text {
      let accepted = run.accepted
      try accepted.write(
        to: ScenarioFolder.url.appendingPathComponent(name),
        atomically: true,
        encoding: .utf8
      )
      run = ScenarioRun(try Scenario(name: name, text: accepted))
    }
    for problem in run.problems { Issue.record("\(problem)") }
    #expect(!run.scenario.title.isEmpty, "\(name): the head has no title")
  }

  @Test func thereAreScenarios() { #expect(ScenarioFolder.names.count > 20) }

  // MARK: Planted differences

  /// A scenario of one call to a free extension, with one line replaced.
  private func problems(replacing old: String, by new: String) throws -> [String] {
    let text = """
      {"recording":1,"title":"t","site":{"extensions":{"7001":{"in_service":true}}},"seed":1}
      {"at":0,"signal":"control.start"}
      {"event":"EventDNBackInService","ThisDN":"7001"}
      {"at":1,"signal":"call.offered","call":"0000000000000001","dn":"7001","ani":"44","type":2}
      {"command":"divert","to":"dn:7001"}
      {"at":2,"signal":"call.ringing","call":"0000000000000001","attempt":1}
      {"event":"EventRinging","ThisDN":"7001","OtherDN":"44","CallState":0}
      {"at":3,"signal":"call.released","call":"0000000000000001","by":"caller"}
      {"event":"EventAbandoned","ThisDN":"7001","ThisQueue":null}
      """
    if !old.isEmpty { #expect(text.contains(old)) }
    let changed = text.replacingOccurrences(of: old, with: new)
    return ScenarioRun(try Scenario(name: "f", text: changed)).problems
  }

  @Test func aScenarioThatIsRightHasNoProblems() throws {
    #expect(try problems(replacing: "", by: "") == [])
  }

  @Test(arguments: [
    (#""OtherDN":"44","#, #""OtherDN":"45","#, "f:7: expected OtherDN \"45\", got \"44\""),
    (#""ThisQueue":null"#, #""CallState":null"#, "f:9: expected CallState null, got 0"),
    (#"dn:7001"}"#, #"dn:7002"}"#, "f:5: expected"),
    (#"{"event":"EventDNBackInService","ThisDN":"7001"}"#, "", "f:2: expected no further event"),
    (#""at":3"#, #""at":300"#, "f:8: a clock line is missing: ringNoAnswer is due at 182"),
  ])
  func aDifferenceIsReportedWithItsLine(old: String, new: String, problem: String) throws {
    let problems = try problems(replacing: old, by: new)
    #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
  }

  @Test func aMemberWithoutMeaningIsAnError() {
    #expect(throws: JSONError.self) { try problems(replacing: #""ani""#, by: #""amin""#) }
  }
}
