import Foundation
import Importers
import Testing
import Wire

// Other people's material, when it lies beside the project: what their lists say of it, and each
// difference that docs/import.md explains.

@Suite("Imports of the shared data", .enabled(if: Imported.hasShared, "shared data is absent"))
struct SharedDataTests {
  /// What a list says about a capture, by file and by what is counted.
  private static let explained: [String: [String: Int]] = [
    "PcapPlusPlus__sdp.pcap": ["answered": 0],
    "PcapPlusPlus__sip_non_default_port.pcap": ["answered": 0],
    "PcapPlusPlus__sip_reqs.pcap": ["abandoned": 0],
    "PcapPlusPlus__sip_resp.pcap": ["answered": 0],
    "nDPI__fuzz-2006-06-26-2594.pcap": [
      "messages": 55, "REGISTER": 10, "INVITE": 7, "CANCEL": 7, "401": 11, "403": 3, "calls": 4,
      "abandoned": 1,
    ],
    "open5gs__volte.pcapng": ["messages": 43, "200": 13, "100": 9],
  ]

  private static func rows(_ name: String) throws -> [[String]] {
    let text = try String(
      contentsOf: Imported.shared.appendingPathComponent(name),
      encoding: .utf8
    )
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// Captures with what the list says of them.
  static let captures: [[String]] = {
    let listed = (try? rows("MANIFEST.tsv"))?.filter { $0[0].hasPrefix("pcap/") } ?? []
    return listed.filter { row in
      row[0].hasSuffix(".tsv") == false
        && FileManager.default.fileExists(
          atPath: Imported.shared.appendingPathComponent(row[0]).path
        )
    }.map { [String($0[0].dropFirst(5)), $0[3]] }
  }()

  @Test("Counts of every capture agree with the list", arguments: captures)
  func counts(_ capture: [String]) throws {
    let (name, contents) = (capture[0], capture[1])
    let path = Imported.shared.appendingPathComponent("pcap/" + name).path
    let report = try Imported(.pcap, paths: [path]).report
    var expected: [String: Int] = [:]
    let pattern = try Regex(
      #"(\d+) packets, (\d+) SIP messages, (\d+) INVITE calls "#
        + #"\((\d+) answered, \d+ with BYE, (\d+) cancelled\)"#,
      as: (Substring, Substring, Substring, Substring, Substring, Substring).self
    )
    let match = try #require(contents.firstMatch(of: pattern))
    expected["packets"] = Int(match.1)
    expected["messages"] = Int(match.2)
    expected["calls"] = Int(match.3)
    expected["answered"] = Int(match.4)
    expected["abandoned"] = Int(match.5)
    for one in contents.matches(of: /'(\w+)': (\d+)/) where one.1 != "udp" && one.1 != "tcp" {
      let key = String(one.1)
      if key.allSatisfy({ $0.isNumber }) || key.uppercased() == key { expected[key] = Int(one.2) }
    }
    for (key, value) in Self.explained[name] ?? [:] { expected[key] = value }
    var found: [String: Int] = [
      "packets": report.lines, "messages": report.counted("SIP messages"), "calls": report.calls,
      "answered": report.answered, "abandoned": report.abandoned,
    ]
    for key in expected.keys where found[key] == nil { found[key] = report.counted(key) }
    #expect(found == expected, "\(name)")
  }

  @Test("Times of every call agree with the list of calls", arguments: captures)
  func calls(_ capture: [String]) throws {
    let name = capture[0]
    let path = Imported.shared.appendingPathComponent("pcap/" + name).path
    let imported = try Imported(.pcap, paths: [path])
    let listed = try Self.rows("pcap/CALLS.tsv").filter { $0[0] == name }
    #expect(listed.count == imported.report.calls, "\(name)")
    for row in listed {
      let call = try #require(imported.call("call_id", row[1]), "\(name) \(row[1])")
      var times: [String: Double] = [:]
      for signal in imported.signals where signal["call"]?.string == call {
        guard let kind = signal["signal"]?.string, let at = signal["at"]?.number else { continue }
        // A refusal has no end in the list.
        let outcome = signal["outcome"]?.string
        if kind == "call.released", outcome != nil, outcome != "abandoned" { continue }
        times[kind] = at
      }
      let begin = try #require(times["call.offered"])
      for (column, kind) in [
        (8, "call.ringing"), (9, "call.answered"), (10, "call.released"),
      ] {
        let found = times[kind].map { $0 - begin }
        let expected = Double(row[column])
        #expect((found == nil) == (expected == nil), "\(name) \(row[1]) \(kind)")
        if let found, let expected {
          #expect(abs(found - expected) < 0.002, "\(name) \(row[1]) \(kind)")
        }
      }
    }
  }

  @Test(
    "Counts of every queue log agree with the list",
    arguments: [
      "asterisk_queue_log_2010_ringall.txt", "asterisk_queue_log_2023_realtime.txt",
      "pbxware_queue_log_day1-2.txt", "pbxware_queue_log_day1-2.csv",
    ]
  )
  func queueLogs(_ name: String) throws {
    let path = Imported.shared.appendingPathComponent("queuelog/" + name).path
    let report = try Imported(.queueLog, paths: [path]).report
    #expect(report.brokenCount == 0)
    let listed = name.replacingOccurrences(of: ".csv", with: ".txt")
    let row = try #require(try Self.rows("MANIFEST.tsv").first { $0[0] == "queuelog/" + listed })
    let pattern = /(\d+) calls entered, queues \{([^}]*)\}, \d+ member names, events \{([^}]*)\}/
    let match = try #require(row[3].firstMatch(of: pattern))
    #expect(report.calls == Int(match.1))
    for one in match.2.matches(of: /'([^']+)': (\d+)/) {
      #expect(report.queues.first { $0.name == one.1 }?.count == Int(one.2))
    }
    for one in match.3.matches(of: /'(\w+)': (\d+)/) {
      #expect(report.counted(String(one.1)) == Int(one.2), "\(one.1)")
    }
    #expect(report.answered == report.counted("CONNECT"))
    #expect(report.abandoned == report.counted("ABANDON"))
  }

  @Test("The log of a SIP Server gives the same recording as the capture of the same traffic")
  func serverLog() throws {
    let log = try Imported(
      .sipServerLog,
      paths: [Imported.shared.appendingPathComponent("queuelog/genesys_sipserver_log_a.log").path]
    )
    let capture = try Imported(
      .pcap,
      paths: [Imported.shared.appendingPathComponent("pcap/genesys_sipserver_a.pcap").path]
    )
    #expect(log.signals == capture.signals)
    #expect(log.report.brokenCount == 0)
    #expect(log.report.counted("CallUUIDs") == 3)
    for name in ["SIP messages", "REGISTER", "INVITE", "200", "180", "403", "404", "BYE", "ACK"] {
      #expect(log.report.counted(name) == capture.report.counted(name), "\(name)")
    }
  }

  @Test("Four agents and one FIFO queue give the recorded waits again; three and five do not")
  func fifo() throws {
    let path = Imported.shared.appendingPathComponent("csv/callcentre_4agents_fifo_2021-01_08.csv")
    let imported = try Imported(.csv, paths: [path.path]) { $0.table.agents = 4 }
    #expect(imported.report.calls == 29_850)
    #expect(imported.report.brokenCount == 0)
    #expect(TableTests.reproduced(imported, agents: 4, within: 2) >= 29_821)
    #expect(TableTests.reproduced(imported, agents: 3, within: 2) < 24_000)
    #expect(TableTests.reproduced(imported, agents: 5, within: 2) < 28_000)
  }

  @Test("The bank's table: every row is a call, or counted as something else")
  func bank() throws {
    let path = Imported.shared.appendingPathComponent("csv/anonymous_bank_1999-02-01_17.tsv").path
    let report = try Imported(.csv, paths: [path]) { $0.table.queue = "bank" }.report
    #expect(report.lines == 22_165)
    #expect(report.agents == 24)
    #expect(report.counted("rows with the outcome AGENT") == 18_125)
    #expect(report.counted("rows with the outcome HANG") == 3_845)
    #expect(report.counted("rows with the outcome PHANTOM") == 195)
    #expect(report.answered == 18_122)
    #expect(report.abandoned == 2_634)
    #expect(report.brokenCount == 3)
    let early = report.counted("callers who gave up before they waited (not offered)")
    #expect(report.calls + early + 195 + report.brokenCount == report.lines)
  }
}
