import Foundation
import Testing
import Wire

@Suite("pointsman dryrun", .timeLimit(.minutes(15)))
struct DryRunVerbTests {
  private let model = ["--arrivals-per-hour", "550", "--service-mean", "120", "--seed", "3"]

  private func folder(_ files: [String: String] = [:]) throws -> String {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pointsman-dryrun-\(UUID().uuidString)")
    for (name, text) in files {
      let file = folder.appendingPathComponent(name)
      let parent = file.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
  }

  private func json(_ arguments: [String], in folder: String) throws -> JSONValue {
    let run = try pointsman(arguments + ["--json"], in: folder)
    try #require(run.status == 0, "\(arguments.joined(separator: " ")): \(run.complaints)")
    return try JSONValue(parsing: run.output)
  }

  /// Records a simulation as `day.jsonl`; its figures.
  private func record(_ arguments: [String], in folder: String) throws -> JSONValue {
    let written = try pointsman(["simulate"] + arguments + ["-o", "day.jsonl"], in: folder)
    try #require(written.status == 0, "\(written.complaints)")
    return try json(["simulate"] + arguments, in: folder)
  }

  private func dryrun(_ arguments: [String], in folder: String) throws -> JSONValue {
    try json(["dryrun", "--recording", "day.jsonl"] + arguments, in: folder)
  }

  private static let figures = [
    "calls", "diverted", "answered", "abandoned", "defaulted", "rejected", "unanswerable", "wait",
    "waited_share", "service_level", "occupancy", "queue_length_mean", "by_target", "by_agent",
    "by_queue",
  ]

  /// Runs `pointsman` with a plotting library of its own.
  private func plotting(
    _ arguments: [String],
    in folder: String,
    library: String
  ) throws -> (status: Int32, complaints: String) {
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("pointsman")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ["POINTSMAN_CHART_JS": library]
    let complaints = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = complaints
    try process.run()
    let text = complaints.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  // MARK: Its own recording

  @Test(
    "A recording with its own strategies changes nothing: all statistics are the same",
    arguments: [
      ["--agents", "20", "--calls", "2000", "--patience-mean", "60"],
      ["--agents", "18", "--calls", "1500", "--queue-limit", "3"],
      ["--agents", "19", "--calls", "1500", "--ring", "7", "--patience-mean", "90"],
      ["--agents", "18", "--calls", "1500", "--strategy", "treat.lua", "--patience-mean", "200"],
      ["--agents", "12", "--calls", "800", "--strategy", "refuse.lua"],
      ["--agents", "20", "--calls", "1500", "--staff", "staff.csv", "--patience-mean", "60"],
      [
        "--agents", "18", "--calls", "1500", "--type", "gold,share=1,priority=9,patience=200",
        "--type", "usual,share=4,patience=40,data.note=x \"y\"",
      ],
    ]
  )
  func itsOwn(_ arguments: [String]) throws {
    let folder = try folder([
      "treat.lua": """
      return function(call)
        call:treat { announce = "welcome" }
        local digits = call:treat { collect = { digits = 1, timeout = 3 } }
        local agent = call:select(ANY, { timeout = 40, by = "round_robin" })
        if agent then call:route(agent) end
        return queue "9000"
      end
      """,
      "refuse.lua": """
      return function(call)
        if random() < 0.1 then return reject(486) end
        local agent = call:select(ANY, { timeout = 20, by = "random" })
        if agent then call:route(agent) end
        return reject(480)
      end
      """,
      "staff.csv": "hour,agents\n0,20\n1,15\n2,19\n",
    ])
    let direct = try record(model + arguments, in: folder)
    let again = try dryrun(["--tolerance", "0", "--against", "recorded"], in: folder)
    #expect(again["changed"]?.integer == 0)
    for side in ["a", "b"] {
      let report = try #require(again[side])
      #expect(report["from_recorded"]?["changed"]?.integer == 0)
      #expect(report["drawn"]?["patience"]?.integer == 0)
      for name in Self.figures { #expect(report[name] == direct[name], "\(name)") }
    }
    for member in again["difference"]?.members ?? [] where member.key != "of" {
      let value = member.value["estimate"]?.number ?? member.value.number
      #expect(value == 0, "\(member.key)")
    }
  }

  // MARK: Known answers

  @Test(
    "Other agents, callers who wait for ever: the same as a simulation of these",
    arguments: [
      18, 22,
    ]
  )
  func otherAgents(_ agents: Int) throws {
    let folder = try folder()
    let day = model + ["--calls", "1500", "--service", "lognormal"]
    _ = try record(day + ["--agents", "20"], in: folder)
    let direct = try json(["simulate"] + day + ["--agents", "\(agents)"], in: folder)
    let report = try dryrun(["--agents", "\(agents)"], in: folder)
    #expect(report["exact"]?.bool == true)
    for name in Self.figures { #expect(report[name] == direct[name], "\(name)") }
  }

  @Test("Impatient callers: the interval holds what a simulation gives; naive rules do not")
  func patience() throws {
    let folder = try folder()
    let day = model + ["--calls", "3000", "--patience-mean", "60"]
    _ = try record(day + ["--agents", "20"], in: folder)
    let direct = try json(["simulate"] + day + ["--agents", "18"], in: folder)
    let expected = [
      "abandoned_share": try #require(direct["abandoned_share"]?.number),
      "wait_mean": try #require(direct["wait"]?["mean"]?.number),
      "queue_length_mean": try #require(direct["queue_length_mean"]?.number),
    ]
    for (rule, isRight) in [("estimated", true), ("abandoners", false), ("forever", false)] {
      let arguments = ["--agents", "18", "--seeds", "10", "--patience", rule]
      let report = try dryrun(arguments, in: folder)
      for (name, value) in expected {
        let bounds = try #require(report["intervals"]?[name]?["99"]?.elements)
        let holds = (bounds[0].number ?? 0) <= value && value <= (bounds[1].number ?? 0)
        #expect(holds == isRight, "\(rule), \(name): \(value), \(bounds)")
      }
      let patience = report["drawn"]?["patience"]?.integer ?? 0
      if isRight { #expect(patience > 0) }
    }
  }

  @Test("The same seed gives the same, on one thread or on four; another does not")
  func seeds() throws {
    let folder = try folder()
    _ = try record(
      model + ["--calls", "1000", "--patience-mean", "60", "--agents", "18"],
      in: folder
    )
    let arguments = ["--agents", "16", "--seeds", "4"]
    let one = try dryrun(arguments + ["--threads", "1"], in: folder)
    let four = try dryrun(arguments + ["--threads", "4"], in: folder)
    #expect(one["intervals"] == four["intervals"])
    #expect(one["wait"] == four["wait"])
    let other = try dryrun(arguments + ["--seed", "2"], in: folder)
    #expect(one["intervals"] != other["intervals"])
  }

  // MARK: Against

  private let twoFolders = [
    "old/any.lua": "return function(call) return ANY end\n",
    "new/any.lua": """
    return function(call)
      local agent = call:select(ANY, { timeout = 15 })
      if agent then call:route(agent) end
      call:note("nobody in time")
      return reject(486)
    end
    """,
  ]

  @Test("Two folders: every changed call with both decision records")
  func against() throws {
    let folder = try folder(twoFolders)
    _ = try record(
      model + ["--calls", "1000", "--patience-mean", "80", "--agents", "17"],
      in: folder
    )
    let report = try dryrun(
      ["--strategies", "new", "--against", "old", "--seeds", "3", "--changes", "20"],
      in: folder
    )
    #expect(report["b"]?["from_recorded"]?["changed"]?.integer == 0)
    let changed = try #require(report["changed"]?.integer)
    let changes = try #require(report["changes"]?.elements)
    #expect(changed > 20 && changes.count == 20)
    let rejected = report["a"]?["rejected"]?.integer ?? 0
    #expect(rejected > 0)
    let difference = report["difference"]?["rejected"]?["estimate"]?.number ?? 0
    #expect(difference.rounded() == Double(rejected))
    for change in changes {
      let words = change["what"]?.elements ?? []
      #expect(!words.isEmpty)
      let why = ["a", "b"].map { side in
        (change[side]?["why"]?.elements ?? []).compactMap(\.string).joined(separator: "\n")
      }
      #expect(why.allSatisfy { $0.contains(change["call"]?.string ?? "?") })
      #expect(why[0] != why[1])
    }
    let same = try dryrun(["--strategies", "old", "--against", "old"], in: folder)
    #expect(same["changed"]?.integer == 0)
    #expect(same["changes"]?.elements?.isEmpty == true)
  }

  @Test("The page and the table are complete, and hold every call")
  func files() throws {
    let folder = try folder(twoFolders)
    _ = try record(
      model + ["--calls", "300", "--patience-mean", "80", "--agents", "17"],
      in: folder
    )
    let library = folder + "/chart.js"
    try Data("/* the library */".utf8).write(to: URL(fileURLWithPath: library))
    let arguments = [
      "dryrun", "--recording", "day.jsonl", "--strategies", "new", "--against", "recorded",
      "--html", "day.html", "--csv", "day.csv",
    ]
    let run = try plotting(arguments, in: folder, library: library)
    try #require(run.status == 0, "\(run.complaints)")
    let page = try String(contentsOfFile: folder + "/day.html", encoding: .utf8)
    #expect(page.contains("/* the library */"))
    #expect(page.hasSuffix("</html>\n"))
    for mark in ["/*STYLE*/", "/*DATA*/", "/*LIBRARY*/", "/*SCRIPT*/"] {
      #expect(!page.contains(mark))
    }
    let rows = try String(contentsOfFile: folder + "/day.csv", encoding: .utf8)
      .split(separator: "\n")
    #expect(rows.count == 301)
    #expect(Set(rows.map { $0.filter { $0 == "," }.count }).count == 1)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!left.contains { $0.hasSuffix(".part") })
    let missing = try plotting(arguments, in: folder, library: folder + "/nothing.js")
    #expect(missing.status == 2)
    #expect(missing.complaints.contains("apt-get install libjs-chart.js"))
  }

  // MARK: What a recording does not say

  /// A queue and a routing point; one call that was answered, one that gave up.
  private let imported = """
    {"recording":1,"site":{"extensions":{"7001":{},"7009":{}},\
    "agents":{"1001":{"extension":"7001"}},\
    "queues":{"9000":{}},"routing_points":{"8000":{"strategy":"main"}},\
    "trunks":{"carrier":{}}},"imported":{"from":"csv"}}
    {"at":0,"signal":"agent.login","agent":"1001"}
    {"at":0,"signal":"agent.ready","agent":"1001"}
    {"at":10,"signal":"call.offered","call":"0000000000000001","dn":"8000","ani":"a \\"b\\""}
    {"at":12.5,"signal":"call.answered","call":"0000000000000001","attempt":1,"agent":"1001"}
    {"at":20,"signal":"call.offered","call":"0000000000000002","dn":"8000"}
    {"at":25,"signal":"call.released","call":"0000000000000002","by":"caller"}
    {"at":40,"signal":"call.released","call":"0000000000000001","by":"target"}

    """

  @Test(
    "What nobody can know is unanswerable: counted, listed, and left out of the rest",
    arguments: [
      ("return trunk('carrier', '+4420')", "nothing in the recording was sent to trunk:carrier"),
      ("return dn '7009'", "nothing in the recording was sent to extension 7009"),
      ("call:header('Subject')", "the header Subject was not read in the recording"),
      (
        "call:treat { collect = { digits = 1, timeout = 3 } }",
        "this caller was not asked for digits in the recording"
      ),
    ]
  )
  func unanswerable(_ line: String, _ reason: String) throws {
    let text = "return function(call)\n  \(line)\nend\n"
    let folder = try folder(["day.jsonl": imported, "s/main.lua": text])
    let report = try dryrun(["--strategies", "s"], in: folder)
    #expect(report["calls"]?.integer == 2)
    #expect(report["unanswerable"]?.integer == 2)
    #expect(report["answered"]?.integer == 0 && report["abandoned"]?.integer == 0)
    let first = report["unanswerable_calls"]?.elements?.first
    #expect(first?["reason"]?.string == reason)
    #expect(first?["call"]?.string == "0000000000000001")
  }

  /// Agent 1001 sends his caller on after a minute; the caller speaks with 1002 until 600.
  private func transfer(steps: Bool) -> String {
    let decided = """
      {"at":0,"signal":"strategy.finished","call":"CALL","target":{"agent":"1001"}}
      """
    let lines = """
      {"recording":1,"epoch":"2026-01-01T00:00:00Z","site":{"agents":{"1001":{"extension":"7001"},
      "1002":{"extension":"7002"}},"extensions":{"7001":{"in_service":true},
      "7002":{"in_service":true}},"routing_points":{"8000":{"strategy":"main"}}}}
      {"at":0,"signal":"agent.login","agent":"1001"}
      {"at":0,"signal":"agent.ready","agent":"1001"}
      {"at":0,"signal":"call.offered","call":"0000000000000001","dn":"8000"}
      DECIDED 0000000000000001
      {"at":0,"signal":"call.answered","call":"0000000000000001","attempt":1,"agent":"1001"}
      {"at":60,"signal":"call.offered","call":"0000000000000002","dn":"7002","type":4,\
      "consult_of":"0000000000000001"}
      {"at":61,"signal":"call.answered","call":"0000000000000002","attempt":1,"dn":"7002"}
      {"at":62,"signal":"call.transferred","call":"0000000000000002","into":"0000000000000001"}
      {"at":100,"signal":"call.offered","call":"0000000000000003","dn":"8000"}
      DECIDED 0000000000000003
      {"at":100,"signal":"call.answered","call":"0000000000000003","attempt":1,"agent":"1001"}
      {"at":200,"signal":"call.released","call":"0000000000000003","by":"target"}
      {"at":600,"signal":"call.released","call":"0000000000000001","by":"target"}
      """
    return lines.replacing(",\n", with: ",").replacing("\\\n", with: "").split(separator: "\n")
      .compactMap { line in
        guard line.hasPrefix("DECIDED ") else { return String(line) }
        guard steps else { return nil }
        let call = line.dropFirst("DECIDED ".count)
        let at = call.hasSuffix("3") ? "100" : "0"
        return decided.replacing("CALL", with: call).replacing("\"at\":0", with: "\"at\":\(at)")
      }
      .joined(separator: "\n") + "\n"
  }

  @Test(
    "An agent who sent his caller on is free for the next one; the transfer is unanswerable",
    arguments: [false, true]
  )
  func transferred(_ steps: Bool) throws {
    let text = "return function(call) return agent '1001' end\n"
    let folder = try folder(["day.jsonl": transfer(steps: steps), "s/main.lua": text])
    let report = try dryrun(["--strategies", "s"], in: folder)
    #expect(report["answered"]?.integer == 2)
    #expect(report["wait"]?["max"]?.number == 0)
    #expect(report["unanswerable"]?.integer == 1)
    let first = report["unanswerable_calls"]?.elements?.first
    #expect(first?["reason"]?.string == "a consult call depends on who talks to whom")
  }

  @Test("A server's recording that no strategy ran in: who refused, refuses again")
  func withoutStrategies() throws {
    let day = """
      {"recording":1,"engine":"0.1.0","site":{"agents":{"1002":{"extension":"7002",\
      "login":"auto"}},"extensions":{"7001":{"in_service":true},"7002":{"in_service":true}},\
      "queues":{"9000":{}}}}
      {"at":0,"signal":"control.start"}
      {"at":1,"signal":"call.offered","call":"0000000000000001","dn":"7001"}
      {"at":1.5,"signal":"call.diversion_failed","call":"0000000000000001","attempt":1,\
      "reason":"rejected","status":488}
      {"at":2,"signal":"call.offered","call":"0000000000000002","dn":"9000"}
      {"at":2.5,"signal":"call.ringing","call":"0000000000000002","attempt":1}
      {"at":6,"signal":"call.answered","call":"0000000000000002","attempt":1}
      {"at":60,"signal":"call.released","call":"0000000000000002","by":"target"}
      {"at":61,"signal":"call.offered","call":"0000000000000003","dn":"7001"}

      """
    let folder = try folder(["day.jsonl": day.replacing("\\\n", with: "")])
    let report = try dryrun([], in: folder)
    // What becomes of the third one is not in the recording.
    #expect(report["from_recorded"]?["compared"]?.integer == 2)
    #expect(report["from_recorded"]?["open"]?.integer == 1)
    #expect(report["from_recorded"]?["changed"]?.integer == 0)
    #expect(report["rejected"]?.integer == 1)
    #expect(report["by_agent"]?["1002"]?["calls"]?.integer == 1)
  }

  @Test("An import: people, patience and talk as recorded; held against what happened")
  func fromElsewhere() throws {
    let text = "return function(call) return ANY end\n"
    let folder = try folder(["day.jsonl": imported, "s/main.lua": text])
    let report = try dryrun(["--strategies", "s", "--against", "recorded"], in: folder)
    let side = try #require(report["a"])
    #expect(side["answered"]?.integer == 1 && side["abandoned"]?.integer == 1)
    #expect(side["wait"]?["max"]?.number == 0)
    #expect(report["b"]?["wait"]?["max"]?.number == 2.5)
    #expect(report["changed"]?.integer == 1)
    let change = try #require(report["changes"]?.elements?.first)
    #expect(change["a"]?["target"]?.string == "agent:1001")
    #expect(change["b"]?["target"]?.string == "agent:1001")
    // The other way round nothing brings strategies along.
    let run = try pointsman(["dryrun", "--recording", "day.jsonl"], in: folder)
    #expect(run.status == 2)
    #expect(run.complaints.contains("say --strategies DIR"))
  }

  @Test("How the lines of a recording are written makes no difference")
  func otherLayouts() throws {
    let folder = try folder()
    _ = try record(
      model + ["--agents", "18", "--calls", "600", "--patience-mean", "60"],
      in: folder
    )
    let file = URL(fileURLWithPath: folder).appendingPathComponent("day.jsonl")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let asRecorded = try dryrun(["--agents", "17", "--seeds", "1"], in: folder)
    let layouts: [([Substring]) -> String] = [
      { $0.joined(separator: "\r\n") },
      { $0.joined(separator: "\n").replacingOccurrences(of: "\"ConnID\"", with: " \"ConnID\"") },
      { $0.joined(separator: "\n").replacingOccurrences(of: "\"at\":", with: "\"at\": ") },
      { $0.joined(separator: "\n").replacingOccurrences(of: "\"call.re", with: "\"call.\\u0072e") },
      { ($0[..<1] + $0[1...].map(Self.backwards)).joined(separator: "\n") },
    ]
    for layout in layouts {
      try Data(layout(lines).utf8).write(to: file)
      let found = try dryrun(["--agents", "17", "--seeds", "1"], in: folder)
      for name in Self.figures { #expect(found[name] == asRecorded[name], "\(name)") }
    }
  }

  /// The same object with its first members last, and blanks between them.
  private static func backwards(_ line: Substring) -> Substring {
    let count = line.hasPrefix("{\"at\"") ? 2 : 3
    let parts = line.dropFirst().dropLast().split(separator: ",", maxSplits: count)
    return "{ \(parts.reversed().joined(separator: " , ")) }"
  }

  // MARK: Broken input

  @Test(
    "What is broken gets one sentence with its line, and no file is left behind",
    arguments: [
      ("", ":1: the file is empty"),
      ("{\"recording\":2}\n", ":1: this is a recording of version 2; version 1 can be read"),
      ("junk\n", ":1:4: "),
      ("{\"recording\":1,\"site\":{}}\n", ": no call comes in it"),
      ("HEAD{\"at\":1,\"signal\":\"call.offered\",\"call\":\"12\"}\n", ":2: \"call\" is not 16"),
      ("HEAD{\"at\":1,\"signal\":\"call.off", ":2: the line is cut off"),
      ("HEAD{\"seq\":1,\"time\":\"2026-11", ":2: the line is cut off"),
      ("HEAD{\"at\":1,\"signal\":\"call.jumped\",\"call\":\"0000000000000001\"}\n", ":2: unknown"),
      ("HEAD{\"at\":2,\"signal\":\"clock\"}\n{\"at\":1,\"signal\":\"clock\"}\n", ":3: earlier"),
      ("HEAD{\"at\":2,,}\n", ":2:9: "),
      (
        "HEAD{\"seq\":1,\"event\":\"EventError\"}\n{\"at\":1,\"signal\":\"call.offered\","
          + "\"call\":\"0000000000000001\",\"dn\":\"9000\",\"type\":99,\"user_data\":{\"k\":3}}\n",
        ":3: \"type\" has no meaning for 99"
      ),
    ]
  )
  func broken(_ text: String, _ complaint: String) throws {
    let head = "{\"recording\":1,\"site\":{\"queues\":{\"9000\":{}}}}\n"
    let folder = try folder(["day.jsonl": text.replacingOccurrences(of: "HEAD", with: head)])
    let run = try pointsman(
      ["dryrun", "--recording", "day.jsonl", "--csv", "day.csv"],
      in: folder
    )
    #expect(run.status == 2)
    #expect(run.complaints.hasPrefix("pointsman: day.jsonl\(complaint)"), "\(run.complaints)")
    #expect(run.complaints.split(separator: "\n").count == 1)
    #expect(run.output.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["day.jsonl"])
  }

  @Test(
    "What is asked wrongly is said",
    arguments: [
      (["dryrun"], "dryrun needs --recording FILE"),
      (["dryrun", "--recording", "-"], "a dry-run reads its recording more than once"),
      (["dryrun", "--recording", "none.jsonl"], "cannot read none.jsonl"),
      (
        ["dryrun", "--recording", "day.jsonl", "--patience", "forevr"],
        "there is no rule \"forevr\"; did you mean \"forever\"?"
      ),
      (["dryrun", "--recording", "day.jsonl", "--strategies", "s"], "s: there is no main.lua"),
      (["dryrun", "--recording", "day.jsonl", "--csv", "no/day.csv"], "cannot write no/day.csv"),
    ]
  )
  func wrongly(_ arguments: [String], _ complaint: String) throws {
    let text = "return function(call) return ANY end\n"
    let folder = try folder(["day.jsonl": imported, "s/other.lua": text])
    let run = try pointsman(arguments, in: folder)
    #expect(run.status == 2)
    #expect(run.complaints.contains(complaint), "\(run.complaints)")
  }
}
