import Foundation
import Importers
import Testing
import Wire

@Suite("Imports of queue logs")
struct QueueLogTests {
  private static let second = 1_770_019_200

  /// Lines with seconds counted from the first.
  private static func log(_ lines: [(Int, String)]) -> String {
    lines.map { "\(second + $0.0)|\($0.1)\n" }.joined()
  }

  @Test("A day of ours: every event is counted, every call comes and goes")
  func wholeDay() throws {
    let imported = try Imported(.queueLog, "queue_log")
    let report = imported.report
    #expect(report.calls == report.counted("ENTERQUEUE"))
    #expect(report.answered == report.counted("CONNECT"))
    #expect(report.abandoned == report.counted("ABANDON"))
    #expect(report.unfinished == 0 && report.brokenCount == 0 && report.agents == 8)
    #expect(report.counts.reduce(0) { $0 + $1.count } == report.lines)
    let queues = imported.head["site"]?["queues"]
    #expect(queues?["sales"]?["agents"]?.string == "sales > 0")
    #expect(imported.head["site"]?["agents"]?["405"]?["skills"]?["support"]?.integer == 1)
  }

  @Test("A call that rings, is not answered, is answered and transferred")
  func oneCall() throws {
    let imported = try Imported(
      .queueLog,
      text: Self.log([
        (0, "c1|NONE|NONE|DID|443300"),
        (0, "c1|9000|NONE|ENTERQUEUE||4420|2"),
        (15, "c1|9000|SIP/401-0a|RINGNOANSWER|10000"),
        (20, "c1|9000|Local/402@agents/n|CONNECT|20|c1.1|4"),
        (80, "c1|9000|Local/402@agents/n|BLINDTRANSFER|600|default|20|60|2"),
      ])
    )
    let call = try #require(imported.call("call_id", "c1"))
    #expect(
      imported.lines(of: call) == [
        "0 call.offered 9000", "5 call.ringing 401",
        "15 call.diversion_failed 401 no_answer", "16 call.ringing 402", "20 call.answered 402",
        "80 call.released target transferred",
      ]
    )
    #expect(imported.signals.first { $0["dnis"] != nil }?["dnis"]?.string == "443300")
    #expect(imported.head["site"]?["queues"]?["9000"]?["agents"]?.string == "queue_9000 > 0")
  }

  @Test(
    "Ways to leave the line without an answer",
    arguments: [
      ("ABANDON|2|3|7", "call.released caller abandoned"),
      ("EXITWITHTIMEOUT|2|3|7", "call.released line timeout"),
      ("EXITWITHKEY|1|2|3|7", "call.released line key"),
      ("EXITEMPTY|2|3|7", "call.released line empty"),
      ("COMPLETECALLER|1|2|3", "call.released caller abandoned"),
    ]
  )
  func exits(_ event: String, _ expected: String) throws {
    let lines = [(0, "c|q|NONE|ENTERQUEUE||1|3"), (7, "c|q|NONE|\(event)")]
    let imported = try Imported(.queueLog, text: Self.log(lines))
    let call = try #require(imported.call("call_id", "c"))
    #expect(imported.lines(of: call) == ["0 call.offered q", "7 " + expected])
    if !event.hasPrefix("COMPLETE") {
      #expect(imported.signals.last?["position"]?.integer == 2)
    }
  }

  @Test("A restart ends calls; what has no end is unfinished")
  func restarts() throws {
    let imported = try Imported(
      .queueLog,
      text: Self.log([
        (0, "a|q|NONE|ENTERQUEUE||1"), (5, "NONE|NONE|NONE|QUEUESTART"),
        (6, "b|q|NONE|ENTERQUEUE||1"), (9, "NONE|NONE|NONE|CONFIGRELOAD"),
      ])
    )
    #expect(imported.report.unfinished == 1)
    let call = try #require(imported.call("call_id", "a"))
    #expect(imported.lines(of: call).last == "5 call.released line restart (inferred)")
    let other = try #require(imported.call("call_id", "b"))
    #expect(imported.lines(of: other) == ["6 call.offered q"])
  }

  @Test("Memberships, log-ins and pauses")
  func agents() throws {
    let imported = try Imported(
      .queueLog,
      text: Self.log([
        (0, "NONE|q|SIP/401|ADDMEMBER|"), (1, "NONE|r|SIP/401|ADDMEMBER|"),
        (2, "NONE|q|SIP/401|PAUSE|tea"), (3, "NONE|q|SIP/401|UNPAUSE|"),
        (4, "NONE|NONE|SIP/401|PAUSEALL|lunch"), (5, "NONE|NONE|SIP/401|UNPAUSEALL|"),
        (6, "NONE|q|SIP/401|REMOVEMEMBER|"), (7, "NONE|r|SIP/401|REMOVEMEMBER|"),
        (8, "NONE|NONE|Agent/500|AGENTLOGIN|SIP/500"), (9, "o|NONE|Agent/500|OUTDIAL|123||0|0"),
        (12, "o|NONE|Agent/500|OUTANSWER|123|COMPLETEAGENT|1|2"),
        (20, "NONE|NONE|Agent/500|AGENTLOGOFF|SIP/500|12"),
        (30, "NONE|NONE|Agent/501|AGENTCALLBACKLOGOFF|501@x|25|"),
      ])
    )
    let expected = [
      "0 agent.login 401", "0 agent.ready 401",
      "4 agent.not_ready 401 lunch", "5 agent.login 501 (inferred)",
      "5 agent.ready 501 (inferred)", "5 agent.ready 401",
      "7 agent.logout 401",
      "8 agent.login 500", "8 agent.ready 500", "9 agent.not_ready 500 outbound call",
      "12 agent.ready 500", "20 agent.logout 500", "30 agent.logout 501",
    ]
    #expect(imported.agents == expected)
    #expect(
      imported.report.counted("pauses in one of several queues (he stays ready for all)") == 1
    )
  }

  @Test("Who is a member of some of his queues for a while is signed in to each of them")
  func partialMembers() throws {
    let imported = try Imported(
      .queueLog,
      text: Self.log([
        (0, "NONE|q|SIP/401|ADDMEMBER|"), (100, "NONE|r|SIP/401|ADDMEMBER|"),
        (200, "NONE|q|SIP/401|REMOVEMEMBER|"), (300, "NONE|r|SIP/401|REMOVEMEMBER|"),
      ])
    )
    let expected = [
      "0 agent.login 401 in q", "0 agent.ready 401", "100 agent.login 401 in r",
      "200 agent.logout 401", "300 agent.logout 401",
    ]
    #expect(imported.agents == expected)
  }

  @Test("The table of PBXware and the table of the database say the same as the lines")
  func tables() throws {
    let lines = try Imported(
      .queueLog,
      text: Self.log([
        (0, "c|IT|NONE|ENTERQUEUE||4420|1"), (10, "c|IT|Agent/1|RINGNOANSWER|9000"),
        (20, "c|IT|Agent/2|CONNECT|20|x|6"), (50, "c|IT|Agent/2|COMPLETEAGENT|20|30|1"),
      ])
    )
    let header =
      "uid,date_time,callid,queue_name,type,event,param1,param2,param3,entpos,expos,htime,"
    let ware = try Imported(
      .queueLog,
      text: """
        \(header)ttime,time
        1,\(Self.second),c,IT,NONE,ENTERQUEUE,4420,,,1,0,0,0,x
        2,\(Self.second + 10),c,IT,Agent/1,RINGNOANSWER,4420,,,1,1,9000,0,x
        3,\(Self.second + 20),c,IT,Agent/2,CONNECT,,x,6,0,0,20,0,x
        4,\(Self.second + 50),c,IT,Agent/2,COMPLETEAGENT,4420,,,1,0,20,30,x
        """
    )
    let base = try Imported(
      .queueLog,
      text: """
        time,callid,queuename,agent,event,data1,data2,data3,data4,data5
        2026-02-02 08:00:00,c,IT,NONE,ENTERQUEUE,,4420,1,,
        2026-02-02 08:00:10,c,IT,Agent/1,RINGNOANSWER,9000,,,,
        2026-02-02 08:00:20,c,IT,Agent/2,CONNECT,20,x,6,,
        2026-02-02 08:00:50,c,IT,Agent/2,COMPLETEAGENT,20,30,1,,
        """
    )
    let expected = lines.text.split(separator: "\n").dropFirst()
    #expect(ware.text.split(separator: "\n").dropFirst() == expected)
    #expect(base.text.split(separator: "\n").dropFirst() == expected)
  }

  @Test("Latin-1 names are read, and said; a few broken lines too")
  func encodings() throws {
    var bytes = [UInt8](Self.log([(0, "c|q|NONE|ENTERQUEUE||1")]).utf8)
    bytes += [UInt8]("\(Self.second + 1)|c|q|J".utf8) + [0xFC] + [UInt8]("rgen|CONNECT|1|x\n".utf8)
    bytes += [UInt8]("\(Self.second + 2)|c|q|Jürgen|COMPLETEAGENT|1|1|1\n".utf8)
    for second in 3..<20 {
      bytes += [UInt8]("\(Self.second + second)|NONE|NONE|NONE|CONFIGRELOAD|\n".utf8)
    }
    bytes += [UInt8]("what is this\n".utf8)
    let folder = try Imported.folder()
    let file = folder.appendingPathComponent("in")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(bytes).write(to: file)
    let imported = try Imported(.queueLog, paths: [file.path])
    #expect(imported.report.counted("lines that are not UTF-8, read as Latin-1") == 1)
    #expect(imported.report.broken.map(\.number) == [21])
    let call = try #require(imported.call("call_id", "c"))
    #expect(imported.lines(of: call)[1] == "1 call.answered Jürgen")
  }
}
