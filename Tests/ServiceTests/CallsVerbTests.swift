import Foundation
import Service
import Testing
import Wire

@Suite("What was said in a call, from a running server", .serialized)
struct CallsVerbTests {
  private static func site(_ phone: LoopbackPhone, limits: String = "") -> String {
    """
    return {
      name = "test",
      sip = {
        listen = { "udp:127.0.0.1:0" }, domain = "test.local", trusted = { "127.0.0.0/8" },
      },
      extensions = {
        ["\(phone.user)"] = { contact = "\(phone.contact)" }, ["7009"] = { password = "x" },
      },
      agents = { ["1001"] = { extension = "\(phone.user)", login = "auto" } },
      routing_points = { ["8000"] = { strategy = "any", default = { "reject:480" } } },
      limits = { \(limits) },
    }
    """
  }

  /// A server that has served one call; and the call's name.
  private static func served(
    limits: String = "",
    _ body: (RunningService, _ conn: String) throws -> Void
  ) throws {
    let phone = LoopbackPhone("7001")
    let thread = phone.start()
    defer {
      phone.stop()
      wait { thread.isDone }
    }
    let service = try RunningService(
      site: site(phone, limits: limits),
      strategies: ["any.lua": "return function(call) return ANY end"]
    )
    try #require(service.port != 0, "\(service.said)")
    let caller = LoopbackCaller("4420", calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.wait(for: 200), "\(caller.statuses)")
    caller.acknowledge()
    wait { phone.requests.contains("ACK") }
    #expect(caller.hangUp())
    try wait { try service.events().contains { $0["event"]?.string == "EventReleased" } }
    wait { phone.requests.contains("BYE") }
    let conn = try service.events().compactMap { $0["ConnID"]?.string }.first
    try body(service, try #require(conn))
  }

  private func show(_ service: RunningService, _ arguments: String...) throws -> Run {
    try pointsman(["calls", "show"] + arguments + ["--data", service.data])
  }

  @Test("The ladder, the messages and the events of a call that is over", .timeLimit(.minutes(15)))
  func shown() throws {
    try Self.served { service, conn in
      let ladder = try show(service, "last", "--ladder")
      #expect(ladder.status == 0, "\(ladder.complaints)")
      #expect(ladder.output.hasPrefix("call \(conn) from 4420 to 8000, "))
      // What of this falls into one turn of the server depends on the machine.
      for story in [
        [
          "─ INVITE 8000 SDP ─", "100 Trying", "─ INVITE 7001 SDP ─", "180 Ringing", "200 OK SDP",
          "200 OK SDP", "─ BYE ─", "200 OK (BYE)", "─ BYE ─",
        ],
        [
          "─ INVITE 8000 SDP ─", "* EventRouteRequest 8000", "─ INVITE 7001 SDP ─", "180 Ringing",
          "* EventRinging 7001, agent 1001", "* EventEstablished 7001", "─ BYE ─",
          "* EventReleased 7001",
        ],
      ] {
        var rest = ladder.output[...]
        for part in story {
          let range = try #require(rest.range(of: part), "\(part) in \(ladder.output)")
          rest = rest[range.upperBound...]
        }
      }
      for line in ladder.output.split(separator: "\n") { #expect(line.count <= 100) }
      let ascii = try show(service, conn, "--ladder", "--ascii")
      #expect(ascii.output.unicodeScalars.allSatisfy { $0.isASCII })
      #expect(ascii.output.contains("|- INVITE 8000 SDP -"))

      let events = try show(service, "4420")
      #expect(events.status == 0)
      #expect(events.output.contains("EventEstablished"))
      #expect(!events.output.contains("INVITE"))
      let whole = try show(service, conn, "--messages")
      #expect(whole.output.contains("\nINVITE sip:8000@"))
      #expect(whole.output.contains("\nCSeq: 1 INVITE\n"))
    }
  }

  @Test("A call that never rang is named by its INVITE", .timeLimit(.minutes(15)))
  func neverRang() throws {
    try Self.served { service, _ in
      let caller = LoopbackCaller("4421", calls: "7009", at: service.port)
      caller.invite()
      #expect(caller.wait(for: 480), "\(caller.statuses)")
      let ladder = try show(service, "last", "--ladder")
      #expect(ladder.output.contains(" from 4421 to 7009, "), "\(ladder.output)")
      #expect(ladder.output.contains("480 Temporarily Unavailable"))
    }
  }

  @Test("A capture is read again by import, message for message", .timeLimit(.minutes(15)))
  func captured() throws {
    try Self.served { service, conn in
      let path = service.folder + "/call.pcap"
      let written = try show(service, conn, "--pcap", path)
      #expect(written.status == 0 && written.output.isEmpty, "\(written.complaints)")
      let json = try show(service, conn, "--json")
      let story = try JSONValue(parsing: json.output)
      let messages = try #require(CallMessage.all(of: story))
      #expect(messages.count >= 10)
      #expect(written.complaints == "\(path): \(messages.count) messages\n")
      #expect(story["ConnID"]?.string == conn)
      #expect(story["lost"]?.integer == 0)
      let events = try service.events().filter { $0["ConnID"]?.string == conn }
      #expect(story["events"]?.elements?.count == events.count)
      let report = try pointsman(
        ["import", "pcap", path, "-o", service.folder + "/call.jsonl", "--json"]
      )
      #expect(report.status == 0, "\(report.complaints)")
      let counts = try JSONValue(parsing: report.output)["counts"]
      #expect(counts?["SIP messages"]?.integer == Int64(messages.count))
      #expect(counts?["over UDP"]?.integer == Int64(messages.count))
      #expect(counts?["INVITE"]?.integer == 2)
      let nowhere = try show(service, conn, "--pcap", "/nowhere/call.pcap")
      #expect(nowhere.status == 2 && nowhere.complaints.hasPrefix("pointsman: cannot write"))
    }
  }

  @Test("What is not known or not kept is said in one sentence", .timeLimit(.minutes(15)))
  func unknown() throws {
    try Self.served(limits: "capture_mb = 0") { service, conn in
      let nobody = try show(service, "nobody", "--ladder")
      #expect(nobody.status == 1 && nobody.output.isEmpty)
      #expect(nobody.complaints.hasPrefix("pointsman: no call \"nobody\" is known (any more)"))
      for flags in [["--ladder"], ["--messages"], ["--pcap", service.folder + "/x"]] {
        let run = try pointsman(["calls", "show", conn] + flags + ["--data", service.data])
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.complaints.hasPrefix("pointsman: the messages of call \(conn) are not kept"))
        #expect(run.complaints.split(separator: "\n").count == 1)
      }
      #expect(!FileManager.default.fileExists(atPath: service.folder + "/x"))
      let events = try show(service, conn)
      #expect(events.status == 0 && events.output.contains("EventEstablished"))
      let json = try JSONValue(parsing: try show(service, conn, "--json").output)
      #expect(json["messages"] == nil)
    }
    for (arguments, complaint) in [
      (["calls", "--ladder"], "pointsman: --ladder goes with calls show CALL"),
      (["calls", "show"], "pointsman: calls show needs a call"),
      (["calls", "shw", "last"], "pointsman: calls cannot \"shw\"; did you mean \"show\"?"),
    ] {
      let run = try pointsman(arguments)
      #expect(run.status == 2 && run.complaints.hasPrefix(complaint), "\(run.complaints)")
    }
  }
}
