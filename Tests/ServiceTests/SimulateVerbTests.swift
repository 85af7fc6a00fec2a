import Engine
import Foundation
import Testing
import Wire

@Suite("pointsman simulate", .timeLimit(.minutes(15)))
struct SimulateVerbTests {
  private let model = [
    "simulate", "--arrivals-per-hour", "252", "--service-mean", "120", "--agents", "12",
  ]

  /// A folder of its own for a test.
  private func folder(_ files: [String: String]) throws -> String {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pointsman-simulate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
    return folder.path
  }

  private func report(_ arguments: [String], in folder: String? = nil) throws -> JSONValue {
    let run = try pointsman(arguments + ["--json"], in: folder)
    try #require(run.status == 0, "\(run.complaints)")
    #expect(run.output.split(separator: "\n").count == 1)
    return try JSONValue(parsing: run.output)
  }

  private func names(_ value: JSONValue?) -> [String] { (value?.members ?? []).map { $0.key } }

  private func sum(_ value: JSONValue?, _ key: String? = nil) -> Double {
    var sum = 0.0
    for member in value?.members ?? [] {
      sum += (key.map { member.value[$0] } ?? member.value)?.number ?? 0
    }
    return sum
  }

  @Test("The object of the contract, with intervals after it")
  func contract() throws {
    let json = try report(model + ["--calls", "2000"])
    #expect(
      Array(names(json).prefix(18)) == [
        "calls", "diverted", "answered", "abandoned", "defaulted", "rejected", "unanswerable",
        "wait", "waited_share", "service_level", "occupancy", "queue_length_mean", "by_target",
        "by_agent", "by_queue", "seconds", "calls_per_second", "cpu_seconds",
      ]
    )
    #expect(names(json["wait"]) == ["mean", "p50", "p90", "p95", "p99", "max"])
    #expect(names(json["service_level"]) == ["threshold", "share"])
    #expect(json["calls"]?.integer == 2_000)
    #expect(json["answered"]?.integer == 2_000)
    #expect(names(json["by_agent"]).count == 12)
    #expect(sum(json["by_target"]) == 2_000)
    #expect(json["intervals"]?["method"]?.string == "batch means")
    for name in ["wait_mean", "waited_share", "abandoned_share", "occupancy", "queue_length_mean"] {
      let interval = try #require(json["intervals"]?[name])
      #expect(names(interval) == ["estimate", "95", "99"])
    }
  }

  @Test("For people: a table, and nothing on standard error without a terminal")
  func table() throws {
    let run = try pointsman(model + ["--calls", "2000", "--queue-limit", "1"])
    #expect(run.status == 0)
    #expect(run.complaints.isEmpty)
    for word in ["CALLS", "mean wait", "turned away", "agents busy", "waits: p50"] {
      #expect(run.output.contains(word))
    }
  }

  @Test("Memory does not depend on the number of calls")
  func memory() throws {
    let few = try report(model + ["--calls", "10000", "--patience-mean", "90"])
    let many = try report(model + ["--calls", "80000", "--patience-mean", "90"])
    let difference =
      try #require(many["memory_bytes"]?.integer) - #require(few["memory_bytes"]?.integer)
    // Fifty bytes per call would be more: what is seen is the allocator's whim.
    #expect(difference < 70_000 * 50)
  }

  @Test("A recording is read back, line by line")
  func recording() throws {
    let folder = try folder([:])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try pointsman(model + ["--calls", "200", "-o", "day.jsonl"], in: folder)
    #expect(run.status == 0)
    let text = try String(contentsOfFile: folder + "/day.jsonl", encoding: .utf8)
    var unknown: [String] = []
    var offered = 0
    for (index, line) in text.split(separator: "\n").enumerated() {
      let read = try RecordingLine(reading: String(line), number: index + 1, unknown: &unknown)
      if case .signal(.line(.offered), _) = read { offered += 1 }
    }
    #expect(unknown.isEmpty)
    #expect(offered == 200)
  }

  @Test("A strategy of one's own, with calls and agents by the hour")
  func files() throws {
    let folder = try folder([
      "mine.lua": """
      return function(call)
        if call.user_data.type == "lost" then return reject(486) end
        if call.user_data.vip then call:priority(5) end
        call:treat { announce = "welcome" }
        return queue "9000"
      end
      """,
      "calls.csv": "# a short day\nhour,usual,lost\n8,100,10\n9,0,0\n10,200,20\n",
      "staff.csv": "hour,agents\n8,5\n10,9\n",
      "types.csv": "name,service,data.vip\nusual,60,\nlost,30,yes\n",
    ])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let json = try report(
      [
        "simulate", "--agents", "9", "--arrivals", "calls.csv", "--staff", "staff.csv", "--types",
        "types.csv", "--strategy", "mine.lua", "--runs", "20",
      ],
      in: folder
    )
    let calls = Double(json["calls"]?.integer ?? 0) / 20
    #expect(abs(calls - 330) < 20)
    #expect(json["rejected"] == json["by_type"]?["lost"]?["calls"])
    // The announcement comes first, for everybody.
    #expect((json["wait"]?["p50"]?.number ?? 0) > 4.9)
    #expect(json["by_queue"]?["9000"]?["answered"] == json["answered"])
    #expect(abs(sum(json["by_agent"], "logged_in") - 20 * 3_600 * (2 * 5 + 9)) < 1)
    #expect(json["intervals"]?["method"]?.string == "independent runs")
    #expect(json["intervals"]?["samples"]?.integer == 20)
  }

  @Test("The sample site, with its own strategies")
  func site() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let json = try report(
      [
        "simulate", "--site", "site.lua", "--arrivals-per-hour", "60", "--service-mean", "60",
        "--patience-mean", "60", "--calls", "500",
      ],
      in: root
    )
    let parts = ["answered", "abandoned", "rejected"].compactMap { json[$0]?.integer }
    #expect(parts.reduce(0, +) <= 500)
    #expect((json["answered"]?.integer ?? 0) > 0)
  }

  @Test("Ctrl-C prints what there is")
  func interrupted() throws {
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("pointsman")
    process.arguments = model + ["--calls", "1000000000", "--json"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    Thread.sleep(forTimeInterval: 1.5)
    process.interrupt()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let json = try JSONValue(parsing: String(decoding: data, as: UTF8.self))
    #expect(json["stopped"] == .bool(true))
  }

  @Test(
    "What cannot run: exit code 2, one sentence",
    arguments: [
      (["--service-mean", "60", "--agents", "1"], "say how many callers call"),
      (["--arrivals-per-hour", "60", "--agents", "1"], "say how long callers talk"),
      (["--arrivals-per-hour", "60", "--service-mean", "60"], "say how many agents there are"),
      (["--arrivals-per-hour", "0"], "--arrivals-per-hour needs a number above 0"),
      (["--service", "exponental", "--service-mean", "1"], "there is no distribution"),
      (["--service-cv", "2", "--service-mean", "1"], "--service-cv belongs to"),
      (["--strategy", "nowhere.lua"], "cannot read the strategy nowhere.lua"),
      (["--site", "nowhere.lua"], "cannot read the site file"),
      (["--types", "nowhere.csv"], "cannot read nowhere.csv"),
      (["--type", "a,shere=2"], "--type a,shere=2: there is no key \"shere\"; did you mean"),
      (["--type", "a,priority=x"], "--type a,priority=x: priority is a whole number"),
      (["--type", "a,at=1"], "--type a,at=1: the site has no DN 1"),
      (["--runs", "2", "-o", "x"], "a recording holds one run"),
      (["--calls", "10", "--warm-up", "10"], "--warm-up leaves none"),
      (["-o", "/nowhere/x.jsonl"], "cannot write /nowhere/x.jsonl"),
    ]
  )
  func mistakes(_ arguments: [String], _ complaint: String) throws {
    var arguments = arguments
    let usual = [("--arrivals-per-hour", "60"), ("--service-mean", "60"), ("--agents", "2")]
    let isWhole = complaint.hasPrefix("say")
    for (flag, value) in usual where !isWhole && !arguments.contains(flag) {
      if flag == "--agents", arguments.contains("--site") { continue }
      arguments += [flag, value]
    }
    let run = try pointsman(["simulate"] + arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.complaints.hasPrefix("pointsman: \(complaint)"), "\(run.complaints)")
  }
}
