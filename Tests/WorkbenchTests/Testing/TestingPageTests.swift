import Foundation
import LuaBridge
import Service
import Testing
import Workbench

@Suite("docs/testing.md and the shipped tests")
struct TestingPageTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private static var page: String {
    (try? String(contentsOfFile: root + "/docs/testing.md", encoding: .utf8)) ?? ""
  }

  private static func project() throws -> TestProject {
    let projects = try TestProjects.find([root + "/strategies"], site: nil)
    return try #require(projects.first)
  }

  @Test("every name that tests have and strategies have not is on the page")
  func names() throws {
    let ofStrategies = try Set(
      Generation(StrategySource(fingerprint: "", files: [])).reachableNames
    )
    let own = TestScript.reachableNames.filter { !ofStrategies.contains($0) }
    #expect(own.contains("describe") && own.contains("assert.routed"))
    for name in own {
      let word = name.split(separator: ".").last ?? ""
      #expect(Self.page.contains(word), "\(name) is not in docs/testing.md")
    }
  }

  @Test("every example on the page passes")
  func examples() throws {
    let parts = Self.page.components(separatedBy: "```lua\n").dropFirst()
    let examples = parts.compactMap { $0.components(separatedBy: "```").first }
    #expect(examples.count == 3)
    var project = try Self.project()
    project.tests = examples.enumerated().map { index, text in
      TestProject.File(path: "example\(index + 1)_test.lua", bytes: Array(text.utf8))
    }
    let report = TestRunner.run(project)
    #expect(report.results.count == 4)
    #expect(report.failures.isEmpty, "\(report.failures)")
  }

  @Test("the shipped strategies are covered by line and by outcome")
  func shipped() throws {
    var options = TestOptions()
    options.coverage = true
    let report = TestRunner.run(try Self.project(), options)
    #expect(report.failures.isEmpty, "\(report.failures)")
    let coverage = try #require(report.coverage)
    #expect(coverage.lineCounts.all > 20)
    #expect(coverage.lineCounts.all == coverage.lineCounts.covered, "\(coverage.table)")
    #expect(coverage.outcomeCounts.all == coverage.outcomeCounts.covered, "\(coverage.unchosen)")
  }

  @Test("tests give the same every time")
  func deterministic() throws {
    var options = TestOptions()
    options.coverage = true
    let first = TestRunner.run(try Self.project(), options)
    let second = TestRunner.run(try Self.project(), options)
    #expect(first.results == second.results)
    #expect(first.coverage == second.coverage)
  }
}
