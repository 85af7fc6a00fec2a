import Foundation
import Service
import Testing
import Workbench

/// `strategies/examples` and their pages: what people copy must be whole and right.
@Suite("The library of examples")
struct ExamplesTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  private static let folder = root + "/strategies/examples"

  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  /// The names of the strategies.
  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".lua") && $0 != "site.lua" }
      .map { String($0.dropLast(4)) }
      .sorted()
  }

  private static func run(_ path: String, coverage: Bool = false) throws -> TestReport {
    var options = TestOptions()
    options.coverage = coverage
    let project = try #require(try TestProjects.find([path], site: nil).first)
    return TestRunner.run(project, options)
  }

  @Test("check finds nothing in them, a strategy that requires another one included")
  func clean() throws {
    let report = try Check.run(paths: [Self.folder], site: Self.folder + "/site.lua")
    #expect(report.findings.map { "\($0)" }.isEmpty, "\(report.findings)")
    #expect(try report.fileCount > Self.names().count)
  }

  @Test("their tests pass, and cover every line and every target")
  func covered() throws {
    let report = try Self.run(Self.folder, coverage: true)
    #expect(report.failures.map(\.name).isEmpty)
    #expect(report.results.count > 100)
    let coverage = try #require(report.coverage)
    #expect(coverage.lineCounts.all == coverage.lineCounts.covered, "\(coverage.table)")
    #expect(coverage.unchosen.isEmpty, "\(coverage.unchosen)")
  }

  @Test("their tests hold when people edit the tables, for a reload must not be refused for it")
  func edited() throws {
    let copy = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    try FileManager.default.copyItem(atPath: Self.folder, toPath: copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    let tables = [
      "customers.csv": "ani,customer,level,agent\n1,Tailspin,7,1006\n",
      "emergency.json": "{ \"all\": { \"closed\": true, \"voicemail\": true } }",
      "holidays_at.csv": "date,name,hours\n2026-11-20,Bridge day,\n",
      "holidays_gb.csv": "date,name,hours\n2026-11-20,Bridge day,\n",
      "hours.csv": "day,value\nzone,Europe/Vienna\nmonday-sunday,00:00-06:00\n",
      "test_callers.csv": "ani,name\n4420,somebody\n",
    ]
    let files = try FileManager.default.contentsOfDirectory(atPath: copy + "/data")
    #expect(files.sorted() == tables.keys.sorted())
    for (name, text) in tables {
      try text.write(toFile: copy + "/data/" + name, atomically: true, encoding: .utf8)
    }
    let report = try Self.run(copy)
    #expect(report.results.count > 100)
    #expect(report.failures.map(\.name).isEmpty)
  }

  @Test("each has a routing point, tests, a page and a line in the index")
  func complete() throws {
    let site = try Self.text("strategies/examples/site.lua")
    let index = try Self.text("docs/examples/README.md")
    let names = try Self.names()
    #expect(names.count >= 10)
    for name in names {
      #expect(site.contains("strategy = \"\(name)\""), "\(name)")
      #expect(index.contains("(\(name).md)"), "\(name)")
      let page = try Self.text("docs/examples/\(name).md")
      #expect(page.contains("(../../strategies/examples/\(name).lua)"), "\(name)")
      #expect(page.contains("(../../strategies/examples/tests/\(name)_test.lua)"), "\(name)")
      #expect(page.split(separator: "\n", omittingEmptySubsequences: false).count <= 45, "\(name)")
    }
  }

  @Test("what their pages say of pointsman test is what it shows")
  func shown() throws {
    for name in try Self.names() {
      let page = try Self.text("docs/examples/\(name).md")
      let blocks = page.components(separatedBy: "```\n")
      try #require(blocks.count >= 3, "\(name) shows no tests")
      let shown = blocks[blocks.count - 2].split(separator: "\n").map(String.init)
      let tests = try Self.run(Self.folder + "/tests/\(name)_test.lua").results.map(\.name)
      #expect(shown.count > 3, "\(name)")
      for line in shown { #expect(tests.contains(line), "\(name): \(line)") }
    }
  }

  @Test("their module of hours is the one of the sample strategies")
  func sameHours() throws {
    #expect(
      try Self.text("strategies/examples/lib/hours.lua") == Self.text("strategies/lib/hours.lua")
    )
  }
}
