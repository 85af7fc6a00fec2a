import Engine
import Foundation
import Importers
import Testing
import Wire

@Suite("Imports of what is not what it should be")
struct BrokenInputTests {
  private static func fixture(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: Imported.fixtures.appendingPathComponent(name)))
  }

  @Test("An empty file, of any kind", arguments: ImportRequest.Source.allCases)
  func empty(_ source: ImportRequest.Source) throws {
    #expect(try Imported.refusal(source, []) == "in: the file is empty")
  }

  @Test("A recording, of any kind", arguments: ImportRequest.Source.allCases)
  func recording(_ source: ImportRequest.Source) throws {
    let refusal = try Imported.refusal(source, [UInt8]("{\"recording\":2,\"site\":{}}\n".utf8))
    #expect(refusal?.hasPrefix("in:1: ") == true || refusal?.hasPrefix("in: packet 1: ") == true)
  }

  @Test("A capture that breaks off", arguments: ["tunnels.pcap", "next.pcapng"])
  func truncated(_ name: String) throws {
    let bytes = try Self.fixture(name)
    let refusal = try Imported.refusal(.pcap, Array(bytes.dropLast(40)))
    #expect(refusal?.contains("the capture breaks off here") == true)
    #expect(refusal?.hasPrefix("in: packet ") == true)
  }

  @Test("A queue log with swapped columns and two encodings")
  func swapped() throws {
    var bytes: [UInt8] = []
    for line in String(decoding: try Self.fixture("queue_log"), as: UTF8.self).split(
      separator: "\n"
    ) {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
      let order = [4, 0, 1, 2, 3] + Array(5..<fields.count)
      bytes += [UInt8](order.map { String(fields[$0]) }.joined(separator: "|").utf8)
      bytes += [0x7C, 0xFC, 0x0A]
    }
    let refusal = try Imported.refusal(.queueLog, bytes)
    #expect(
      refusal?.hasPrefix("in:1: the event QUEUESTART is in column 1 and not in column 5") == true
    )
  }

  @Test("A table with three forms of dates")
  func threeForms() throws {
    let text = """
      date,arrival,wait,talk
      2026-02-02,8:00,1,2
      02.02.2026,8:00,1,2
      02/03/2026,8:00,1,2
      """
    let refusal = try Imported.refusal(.csv, [UInt8](text.utf8))
    #expect(
      refusal == "in:3: \"02.02.2026\" is not written like \"2026-02-02\" in line 2: one form of "
        + "dates and times is needed"
    )
    // Also behind the rows that are looked at first.
    var rows = ["date,arrival,wait,talk"]
    rows += (0..<6_000).map { "2026-02-02,8:\($0 / 60 % 60 + 10 > 59 ? 10 : 10),\($0),2" }
    rows.append("02.02.2026,8:00,1,2")
    let late = try Imported.refusal(.csv, [UInt8](rows.joined(separator: "\n").utf8))
    #expect(late?.hasPrefix("in:6002: the date \"02.02.2026\" is written as DD.MM.YYYY") == true)
  }

  @Test(
    "Tables that nobody can read without being told how",
    arguments: [
      ("a,b\n1,2\n", "in:1: no column says when calls arrived: --map arrival=COLUMN"),
      (
        "arrival,agent\n1770019200,x\n",
        "in:1: no column says how long callers waited: --map wait=COLUMN or answered=COLUMN"
      ),
      ("arrival,wait\n", "in:1: there is no row after the header"),
      (
        "arrival,wait\n8:00,1\n",
        "in:1: arrivals are times of day and no column has the date: --map date=COLUMN"
      ),
      (
        "arrival,wait\n02/03/2026 8:00,1\n",
        "in:2: dates could be day/month or month/day in every row: say --dates dmy or mdy"
      ),
      ("arrival,wait\nsoon,1\n", "in:2: \"soon\" in the column of arrival is no time"),
      ("hello\n", "in:1: no column names, separated by comma, semicolon or tab, in \"hello\""),
    ]
  )
  func unclear(_ text: String, _ expected: String) throws {
    #expect(try Imported.refusal(.csv, [UInt8](text.utf8)) == expected)
  }

  @Test("What would be written over is left alone, and no part of the new file stays")
  func nothingIsLost() throws {
    let folder = try Imported.folder()
    let out = folder.appendingPathComponent("out.jsonl")
    try Data("before".utf8).write(to: out)
    let path = folder.appendingPathComponent("in").path
    try Data("hello\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImportError.self) {
      try Import.run(ImportRequest(.csv, [path]), to: ImportOutput(out.path))
    }
    // Somebody stops it in the middle of writing.
    let log = Imported.fixtures.appendingPathComponent("queue_log").path
    var large = ImportRequest(.queueLog, [log])
    large.files = Array(repeating: log, count: 12)
    #expect(throws: ImportError.self) {
      try Import.run(large, to: ImportOutput(out.path)) { $0 < 0.8 }
    }
    #expect(try String(contentsOf: out, encoding: .utf8) == "before")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(left == ["in", "out.jsonl"])
  }

  @Test("A site file is written beside the recording, and never over one that is there")
  func siteFile() throws {
    let folder = try Imported.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = folder.appendingPathComponent("site.lua")
    let log = Imported.fixtures.appendingPathComponent("queue_log").path
    var request = ImportRequest(.queueLog, [log])
    request.siteFile = site.path
    let out = folder.appendingPathComponent("out.jsonl").path
    _ = try Import.run(request, to: ImportOutput(out))
    let text = try String(contentsOf: site, encoding: .utf8)
    for line in [
      "    [\"401\"] = { skills = { sales = 1 }, extension = \"401\" },",
      "    [\"sales-queue\"] = { agents = \"sales > 0\", wrap_up = 15.1 },",
      "    [\"support\"] = { strategy = \"support\", timeout = 3600, "
        + "default = { \"queue:support-queue\" } },",
    ] {
      #expect(text.contains(line), "\(line)")
    }
    #expect(throws: ImportError("\(site.path) is there already: --write-site makes a new file")) {
      try Import.run(request, to: ImportOutput(out))
    }
  }

  @Test("What a given site does not have is named")
  func givenSite() throws {
    let log = Imported.fixtures.appendingPathComponent("queue_log").path
    let imported = try Imported(.queueLog, paths: [log]) {
      var plan = Plan(name: "ours", agents: [AgentPlan("401")], queues: [QueuePlan("sales")])
      plan.trunks = ["carrier"]
      $0.site = plan
    }
    #expect(imported.head["site"]?["name"]?.string == "ours")
    #expect(
      imported.report.notInferred.prefix(3).contains {
        $0.hasPrefix("7 agents are not in the site file: 4")
      }
    )
    #expect(imported.report.notInferred.contains("1 queues are not in the site file: support"))
  }

  /// A generator of our own, so that a seed is a bug report.
  private struct Chance: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  @Test(
    "Mutated fixtures are imported or refused, with fixed seeds",
    .timeLimit(.minutes(5)),
    arguments: [
      (ImportRequest.Source.pcap, "tunnels.pcap"), (.pcap, "streams.pcap"), (.pcap, "sll2.pcap"),
      (.pcap, "next.pcapng"), (.queueLog, "queue_log"), (.sipServerLog, "SIP_X-001.log"),
      (.sipServerLog, "SIP_X.log"), (.csv, "fifo.csv"),
    ]
  )
  func mutated(_ source: ImportRequest.Source, _ name: String) throws {
    let original = Array(try Self.fixture(name).prefix(20_000))
    var ends = (imported: 0, refused: 0)
    for seed in 1...40 as ClosedRange<UInt64> {
      var chance = Chance(state: seed)
      var bytes = original
      for _ in 0..<Int.random(in: 1...24, using: &chance) {
        let place = Int.random(in: 0..<bytes.count, using: &chance)
        switch Int.random(in: 0..<5, using: &chance) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &chance)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
        case 2: bytes.remove(at: place)
        case 3:
          let count = min(64, bytes.count - place)
          bytes.insert(contentsOf: bytes[place..<(place + count)], at: place)
        default:
          let count = Int.random(in: 1...32, using: &chance)
          bytes.removeSubrange(place..<min(bytes.count - 1, place + count))
        }
      }
      if try Imported.refusal(source, bytes) == nil {
        ends.imported += 1
      } else {
        ends.refused += 1
      }
    }
    #expect(ends.imported + ends.refused == 40)
    #expect(ends.imported > 0, "nothing of \(name) was read at all")
  }
}
