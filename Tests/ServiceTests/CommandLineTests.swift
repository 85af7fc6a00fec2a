import Foundation
import Testing

/// What a run of the program left behind.
struct Run {
  var status: Int32
  var output: String
  var complaints: String
}

/// Runs `pointsman` as a shell would, in an empty folder.
func pointsman(_ arguments: [String], in folder: String? = nil) throws -> Run {
  let binary = Bundle.main.bundleURL.appendingPathComponent("pointsman")
  try #require(FileManager.default.isExecutableFile(atPath: binary.path), "\(binary.path)")
  let process = Process()
  process.executableURL = binary
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder ?? NSTemporaryDirectory())
  let (output, complaints) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = complaints
  try process.run()
  let first = output.fileHandleForReading.readDataToEndOfFile()
  let second = complaints.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Run(
    status: process.terminationStatus,
    output: String(decoding: first, as: UTF8.self),
    complaints: String(decoding: second, as: UTF8.self)
  )
}

@Suite("The command line")
struct CommandLineTests {
  private static let verbs = [
    "serve", "check", "test", "watch", "events", "strategies", "calls", "queues", "agents", "dns",
    "reservations", "refused", "agent", "prove", "simulate", "import",
  ]

  @Test("Every verb explains itself with an example", arguments: verbs)
  func help(_ verb: String) throws {
    for arguments in [[verb, "--help"], ["--help", verb], ["help", verb]] {
      let run = try pointsman(arguments)
      #expect(run.status == 0)
      #expect(run.output.contains("usage: pointsman \(verb)"))
      #expect(run.output.contains("example: pointsman \(verb)"))
      #expect(run.complaints.isEmpty)
    }
  }

  @Test(
    "What cannot be understood ends with 2 and one line that helps",
    arguments: [
      (["srve"], "pointsman: there is no verb \"srve\"; did you mean \"serve\"?"),
      (["calls", "--jsn"], "pointsman: calls has no flag --jsn; did you mean \"--json\"?"),
      (["queues", "now"], "pointsman: queues does not take \"now\""),
      (["events", "--from"], "pointsman: --from needs a value: SEQ"),
      (["events", "--from", "x"], "pointsman: --from needs a whole number, not \"x\""),
      (["agent", "lgin", "1"], "pointsman: agent cannot \"lgin\"; did you mean \"login\"?"),
      (["agent", "login"], "pointsman: agent needs login|logout|ready|not-ready ID"),
      (["agent", "ready", "1", "--dn", "2"], "pointsman: --dn goes with login only"),
      (["check"], "pointsman: check needs PATH…"),
      (["check", "/nowhere.lua"], "pointsman: cannot read /nowhere.lua"),
      (["simulate", "--agents", "x"], "pointsman: --agents needs a whole number"),
      (["import", "csv", "x"], "pointsman: import needs -o OUT.jsonl"),
      (["import", "pcp", "x"], "pointsman: import cannot \"pcp\"; did you mean \"pcap\"?"),
      (["import", "csv", "/nowhere", "-o", "x"], "pointsman: cannot read /nowhere: No such file"),
      (["import", "pcap", "x", "--dates", "dmy", "-o", "x"], "pointsman: --dates belongs to"),
      (["--frm", "1"], "pointsman: there is no verb \"1\""),
      (["--data"], "pointsman: --data: a verb is missing"),
      (["calls", "--data", "/nowhere"], "pointsman: no server is running with --data /nowhere"),
    ]
  )
  func mistakes(_ case: (arguments: [String], complaint: String)) throws {
    let run = try pointsman(`case`.arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.complaints.hasPrefix(`case`.complaint), "\(run.complaints)")
    #expect(run.complaints.split(separator: "\n").count == 1)
  }

  @Test("The version and the list of verbs are results")
  func versionAndHelp() throws {
    #expect(try pointsman(["--version"]).output.hasPrefix("pointsman "))
    let help = try pointsman(["--help"])
    #expect(help.status == 0)
    for verb in Self.verbs { #expect(help.output.contains("\n  \(verb) ")) }
    let parts = help.output.components(separatedBy: "not available yet:")
    #expect(parts.count == 2)
    #expect(parts.last?.contains("\n  load ") == true)
  }

  @Test("check tells good from bad by its exit code, and mistakes by their place")
  func check() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    let strategies = folder + "/strategies"
    try FileManager.default.createDirectory(
      atPath: strategies,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func write(_ text: String, _ name: String) throws {
      try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
    }
    try write("return function(call) return ANY end", "strategies/any.lua")
    let good = try pointsman(["check", "strategies"], in: folder)
    #expect(good.status == 0)
    #expect(good.output.isEmpty)

    try write("return function(call)\n  return quue \"9000\"\nend", "strategies/bad.lua")
    let bad = try pointsman(["check", "strategies"], in: folder)
    #expect(bad.status == 1)
    #expect(bad.output.hasPrefix("strategies/bad.lua:2:10: error: "), "\(bad.output)")
    let json = try pointsman(["--json", "check", "strategies"], in: folder)
    #expect(json.status == 1)
    #expect(json.output.hasPrefix("{\"file\":\"strategies/bad.lua\",\"line\":2,\"column\":10,"))

    // The site's names are known to the check of strategies.
    try write("return function(call) return queue \"9999\" end", "strategies/bad.lua")
    try write(
      """
      return {
        sip = { listen = { "udp:127.0.0.1:0" } },
        agents = { ["1"] = {} },
        queues = { ["9000"] = {} },
      }
      """,
      "site.lua"
    )
    let unknown = try pointsman(["check", "strategies", "--site", "site.lua"], in: folder)
    #expect(unknown.status == 1)
    #expect(unknown.output.contains("9999"), "\(unknown.output)")
  }

  @Test("serve answers the other verbs, and SIGTERM ends it with 0", .timeLimit(.minutes(15)))
  func serve() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: folder + "/strategies",
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "return function(call) return ANY end".write(
      toFile: folder + "/strategies/any.lua",
      atomically: true,
      encoding: .utf8
    )
    try """
    return {
      name = "shop",
      sip = { listen = { "udp:127.0.0.1:0" } },
      extensions = { ["7001"] = { contact = "sip:7001@127.0.0.1:5999" } },
      agents = { ["1001"] = { name = "Ana", extension = "7001", login = "auto" } },
      queues = { ["9000"] = { name = "support" } },
      routing_points = { ["8000"] = { strategy = "any", default = { "queue:9000" } } },
    }
    """.write(toFile: folder + "/site.lua", atomically: true, encoding: .utf8)

    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("pointsman")
    process.arguments = ["serve", "--drain", "1"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let complaints = Pipe()
    process.standardError = complaints
    try process.run()
    defer { if process.isRunning { process.terminate() } }
    #expect(wait { FileManager.default.fileExists(atPath: folder + "/var/control.sock") })
    #expect(wait { (try? pointsman(["dns"], in: folder).status) == 0 })

    let dns = try pointsman(["dns"], in: folder)
    #expect(
      dns.output.split(separator: "\n").map(String.init) == [
        "DN    KIND           SERVICE  AGENT", "7001  extension      in       1001",
        "9000  queue          in       -", "8000  routing_point  in       -",
      ]
    )
    let agents = try pointsman(["agents"], in: folder)
    #expect(agents.output.contains("1001   Ana   7001  ready"))
    let lunch = ["agent", "not-ready", "1001", "--mode", "aux-work", "--reason", "lunch"]
    #expect(try pointsman(lunch, in: folder).output == "agent 1001: not_ready at 7001 (lunch)\n")
    let refused = try pointsman(["agent", "ready", "1002"], in: folder)
    #expect(refused.status == 1)
    #expect(refused.complaints.contains("1002"))
    let events = try pointsman(["events", "--from", "0", "--dn", "7001"], in: folder)
    let lines = events.output.split(separator: "\n")
    #expect(lines.count == 4, "\(events.output)")
    #expect(lines.allSatisfy { $0.hasPrefix("{\"seq\":") })
    let watch = try pointsman(["watch", "--seconds", "0.2"], in: folder)
    #expect(watch.status == 0)
    #expect(watch.output.contains("EventAgentNotReady"))
    #expect(watch.output.contains("0 of 1 agents free"), "\(watch.output)")

    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let said = String(
      decoding: complaints.fileHandleForReading.readDataToEndOfFile(),
      as: UTF8.self
    )
    #expect(said.contains("ready sip=udp:127.0.0.1:"))
    #expect(said.contains(" http=none\n"))
    let gone = FileManager.default.fileExists(atPath: folder + "/var/control.sock")
    #expect(!gone)
  }
}
