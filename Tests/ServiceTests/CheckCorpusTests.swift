import Foundation
import Service
import Testing

/// `Tests/Corpus/check`: strategies with one mistake each, and clean ones that look as if.
@Suite("The corpus of mistakes")
struct CheckCorpusTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path(percentEncoded: false)
  private static let folder = root + "Tests/Corpus/check"

  /// A file of the corpus: `-- expect LINE:COLUMN: part of the message`, or `-- clean`.
  private struct Sample {
    var path: String
    var line = 0
    var column = 0
    var message = ""
    var isClean: Bool { line == 0 }

    init(_ path: String) throws {
      self.path = path
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let first = text.split(separator: "\n").first ?? ""
      guard first.hasPrefix("-- expect ") else { return }
      let parts = first.dropFirst("-- expect ".count).split(separator: ":", maxSplits: 2)
      line = try #require(Int(parts[0]))
      column = try #require(Int(parts[1]))
      message = parts[2].trimmingCharacters(in: .whitespaces)
    }
  }

  private static func samples() throws -> [Sample] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return try names.filter { $0.hasSuffix(".lua") }.map { try Sample(folder + "/" + $0) }
  }

  @Test("Every mistake is found at its place, once; nothing is found in clean files")
  func mistakes() throws {
    let report = try Check.run(paths: [Self.folder], site: nil)
    let samples = try Self.samples()
    #expect(samples.count { !$0.isClean } >= 50)
    #expect(samples.count { $0.isClean } >= 18)
    for sample in samples {
      let found = report.findings.filter { $0.file == sample.path }
      guard !sample.isClean else {
        #expect(found.isEmpty, "\(sample.path): \(found)")
        continue
      }
      #expect(found.count == 1, "\(sample.path): \(found)")
      guard let one = found.first else { continue }
      #expect(one.line == sample.line && one.column == sample.column, "\(one.long)")
      #expect("\(one.severity): \(one.message)".hasPrefix(sample.message), "\(one.long)")
    }
    #expect(report.findings.allSatisfy { finding in samples.contains { $0.path == finding.file } })
  }

  @Test("A file is looked at once, however often it is named")
  func once() throws {
    let all = try Check.run(paths: [Self.folder], site: nil)
    let again = try Check.run(
      paths: [Self.folder, Self.folder + "/", Self.folder + "/unknown-dn.lua"],
      site: nil
    )
    #expect(again.fileCount == all.fileCount)
    #expect(again.findings == all.findings)
  }

  @Test("A folder below that has a site of its own is checked against it, a file too")
  func nested() throws {
    let report = try Check.run(paths: [Self.folder + "/unserved/use.lua"], site: nil)
    #expect(report.findings.map { $0.line } == [7, 3])
    // Against the site above, there is no such queue at all.
    let other = try Check.run(
      paths: [Self.folder + "/unserved/use.lua"],
      site: Self.folder + "/site.lua"
    )
    #expect(other.findings.map { $0.message } == ["unknown queue \"9002\", did you mean \"9000\"?"])
  }

  @Test("The exit code tells")
  func exitCodes() throws {
    let all = try pointsman(["check", Self.folder])
    #expect(all.status == 1)
    #expect(all.output.split(separator: "\n").count == (try Self.samples().count { !$0.isClean }))
    for sample in try Self.samples() where sample.path.contains("good-") {
      let run = try pointsman(["check", sample.path])
      #expect(run.status == 0, "\(run.output)")
      #expect(run.output.isEmpty)
    }
    let dn = try pointsman(["check", "--json", Self.folder + "/unknown-dn.lua"])
    #expect(dn.status == 1)
    #expect(dn.output.contains(#""line":3,"column":13,"severity":"error""#))
  }

  @Test("The shipped strategies are clean")
  func shipped() throws {
    let report = try Check.run(
      paths: [Self.root + "strategies"],
      site: Self.root + "site.lua"
    )
    #expect(report.findings.isEmpty, "\(report.findings)")
  }
}
