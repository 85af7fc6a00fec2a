import Foundation
import Testing

/// A folder with a site, strategies and tests, and the program in it.
private final class TestFolder {
  let path = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"

  init() throws {
    try write(Self.site, "site.lua")
    try write("return function(call) return ANY end\n", "strategies/any.lua")
    try write(
      """
      describe("any", function()
        it("rings", function() assert.routed(world():call {}, agent "1001") end)
      end)
      """,
      "strategies/tests/any_test.lua"
    )
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  static let site = """
    return {
      name = "test",
      sip = { listen = { "udp:127.0.0.1:5060" }, domain = "x", trusted = { "127.0.0.0/8" } },
      extensions = { ["7001"] = { contact = "sip:7001@127.0.0.1:5090" } },
      agents = { ["1001"] = { extension = "7001" } },
      routing_points = { ["8000"] = { strategy = "any", default = { "dn:7001" } } },
    }
    """

  func write(_ text: String, _ name: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  func read(_ name: String) -> String? {
    try? String(contentsOfFile: path + "/" + name, encoding: .utf8)
  }

  func process(_ arguments: [String]) throws -> Process {
    let binary = Bundle.main.bundleURL.appendingPathComponent("pointsman")
    try #require(FileManager.default.isExecutableFile(atPath: binary.path), "\(binary.path)")
    let process = Process()
    process.executableURL = binary
    process.arguments = ["test"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    return process
  }

  func run(_ arguments: String...) throws -> (status: Int32, output: String, complaints: String) {
    let process = try process(arguments)
    let (output, complaints) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = complaints
    try process.run()
    let first = output.fileHandleForReading.readDataToEndOfFile()
    let second = complaints.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: first, as: UTF8.self),
      String(decoding: second, as: UTF8.self)
    )
  }
}

@Suite("The verb test")
struct TestVerbTests {
  @Test("tests that pass end with 0, one that fails with 1 and its place")
  func exitCodes() throws {
    let folder = try TestFolder()
    let good = try folder.run("strategies")
    #expect(good.status == 0)
    let lines = good.output.split(separator: "\n")
    #expect(lines.first == "ok       strategies/tests/any_test.lua:2 any rings")
    #expect(lines.last?.hasPrefix("PASS: 1/1 (0.") == true)
    #expect(good.complaints.isEmpty)

    try folder.write("it('is wrong', function() assert.equal(1, 2) end)", "strategies/b_test.lua")
    let bad = try folder.run("strategies", "--only-failures")
    #expect(bad.status == 1)
    #expect(
      bad.output.hasPrefix(
        "FAILED   strategies/b_test.lua:1 is wrong\n"
          + "  strategies/b_test.lua:1: expected 1, got 2\nFAIL: 1/2 ("
      )
    )
    #expect(try folder.run(".").output.contains("FAILED   strategies/b_test.lua:1 is wrong\n"))
    #expect(try folder.run("strategies/tests").status == 0)
    #expect(try folder.run("strategies/tests/any_test.lua").status == 0)
    #expect(try folder.run("strategies", "--filter", "rings").status == 0)
  }

  @Test("what cannot run ends with 2 and one line")
  func impossible() throws {
    let folder = try TestFolder()
    for (arguments, complaint) in [
      (["nowhere"], "there is no file nowhere"),
      (["strategies", "--filter", "zzz"], "no test's name contains \"zzz\""),
      (
        ["strategies", "--fail-under", "x"], "--fail-under needs a number from 0 to 100, not \"x\""
      ),
      (["strategies", "--junit", "/no/where"], "cannot write /no/where"),
      (["strategies", "--site", "none.lua"], "cannot read the site file none.lua"),
    ] {
      let process = try folder.process(arguments)
      let complaints = Pipe()
      process.standardError = complaints
      process.standardOutput = Pipe()
      try process.run()
      let text = complaints.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 2, "\(arguments)")
      #expect(String(decoding: text, as: UTF8.self) == "pointsman: \(complaint)\n")
    }
  }

  @Test("coverage below the wish ends with 1 and says of what; at the wish with 0")
  func coverage() throws {
    let folder = try TestFolder()
    #expect(try folder.run("strategies", "--coverage", "--fail-under", "100").status == 0)
    try folder.write(
      "return function(call)\n  if call.ani == \"1\" then\n    return dn \"7001\"\n  end\n"
        + "  return ANY\nend\n",
      "strategies/any.lua"
    )
    let run = try folder.run("strategies", "--fail-under", "80", "--lcov", "out.info")
    #expect(run.status == 1)
    #expect(run.output.contains("strategies/any.lua  75.0 %  3/4    50.0 %  1/2  3\n"))
    #expect(
      run.output.contains("strategies/any.lua:3:12: dn \"7001\" is never chosen by any test\n")
    )
    #expect(
      run.complaints == "pointsman: coverage of lines is 75.0 %, less than 80 %\n"
        + "pointsman: coverage of outcomes is 50.0 %, less than 80 %\n"
    )
    #expect(folder.read("out.info")?.contains("DA:3,0\n") == true)
  }

  @Test("JUnit goes to its file, TAP and JSON to the output")
  func reports() throws {
    let folder = try TestFolder()
    #expect(try folder.run("strategies", "--junit", "junit.xml").status == 0)
    #expect(folder.read("junit.xml")?.contains("<testcase classname=") == true)
    let tap = try folder.run("strategies", "--tap")
    #expect(
      tap.output == "TAP version 14\n1..1\nok 1 - strategies/tests/any_test.lua: any rings\n"
    )
    let json = try folder.run("strategies", "--json")
    let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(value?["passed"] as? Int == 1)
    #expect((value?["tests"] as? [[String: Any]])?.first?["name"] as? String == "any rings")
  }

  @Test("a folder inside with a site of its own is a project of its own")
  func nestedProjects() throws {
    let folder = try TestFolder()
    let site = TestFolder.site.replacingOccurrences(of: "1001", with: "2001")
      .replacingOccurrences(of: "\"any\"", with: "\"inner\"")
    try folder.write(site, "strategies/examples/site.lua")
    try folder.write(
      "return function(call) return dn \"7001\" end",
      "strategies/examples/inner.lua"
    )
    try folder.write(
      "it('is inside', function() assert.routed(world():call {}, agent \"2001\") end)",
      "strategies/examples/inner_test.lua"
    )
    let run = try folder.run("strategies", "--coverage", "--fail-under", "100")
    #expect(run.status == 0)
    #expect(run.output.contains("ok       strategies/examples/inner_test.lua:1 is inside\n"))
    #expect(run.output.contains("strategies/examples/inner.lua"))
    #expect(!run.output.contains("site.lua"))
  }

  @Test("snapshots are written beside the tests when asked for")
  func snapshots() throws {
    let folder = try TestFolder()
    try folder.write(
      "it('is kept', function() assert.snapshot(world():call {}, \"one\") end)",
      "strategies/tests/keep_test.lua"
    )
    #expect(try folder.run("strategies").status == 1)
    let written = try folder.run("strategies", "--update-snapshots")
    #expect(written.status == 0)
    #expect(written.output.contains("wrote strategies/tests/snapshots/one.txt\n"))
    #expect(folder.read("strategies/tests/snapshots/one.txt")?.contains("returns ANY") == true)
    #expect(try folder.run("strategies").status == 0)
  }

  @Test("--watch runs again when a file changes, and Ctrl-C ends it", .timeLimit(.minutes(15)))
  func watch() throws {
    let folder = try TestFolder()
    let process = try folder.process(["strategies", "--watch"])
    let (output, complaints) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = complaints
    try process.run()
    // The lines that end a run, until there are so many of a word.
    func wait(for word: String) {
      var text = ""
      while !text.contains(word), process.isRunning {
        text += String(decoding: complaints.fileHandleForReading.availableData, as: UTF8.self)
      }
    }
    wait(for: "waiting for changes")
    try folder.write("it('fails', function() error() end)", "strategies/tests/new_test.lua")
    wait(for: "waiting for changes")
    process.interrupt()
    process.waitUntilExit()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(),
      as: UTF8.self
    )
    #expect(text.contains("PASS: 1/1"))
    #expect(text.contains("FAIL: 1/2"))
    #expect(process.terminationStatus == 1)
  }
}
