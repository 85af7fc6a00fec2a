import Importers
import Testing
import Wire

@Suite("Imports of tables")
struct TableTests {
  @Test("A table of a FIFO queue carries arrivals and conversations exactly")
  func exactTimes() throws {
    let imported = try Imported(.csv, "fifo.csv") { $0.table.agents = 2 }
    #expect(imported.report.calls == 160)
    #expect(imported.report.answered == 160)
    #expect(Self.reproduced(imported, agents: 2) == 160)
    #expect(Self.reproduced(imported, agents: 1) < 100)
    #expect(
      imported.agents.prefix(2) == [
        "0 agent.login 1001 (inferred)", "0 agent.ready 1001 (inferred)",
      ]
    )
  }

  /// How many waits a FIFO queue with so many agents gives again to the second.
  static func reproduced(_ imported: Imported, agents: Int, within slack: Double = 0) -> Int {
    var offered: [(call: String, at: Double)] = []
    var times: [String: (answered: Double, ended: Double)] = [:]
    for signal in imported.signals {
      guard let call = signal["call"]?.string, let at = signal["at"]?.number else { continue }
      switch signal["signal"]?.string {
      case "call.offered": offered.append((call, at))
      case "call.answered": times[call] = (at, at)
      case "call.released": times[call]?.ended = at
      default: break
      }
    }
    var free = [Double](repeating: 0, count: agents)
    var same = 0
    for (call, at) in offered {
      guard let (answered, ended) = times[call] else { continue }
      let next = free.indices.min { free[$0] < free[$1] } ?? 0
      let start = max(at, free[next])
      free[next] = start + ended - answered
      if abs(start - answered) <= slack { same += 1 }
    }
    return same
  }

  @Test("Columns are guessed from clear headers, whatever separates them")
  func guessed() throws {
    for separator in [",", ";", "\t"] {
      let rows = [
        ["Call ID", "Queue", "Agent", "Start time", "Wait (ms)", "Talk time", "Result", "CLID"],
        ["a", "sales", "Ana", "2026-02-02T09:00:00Z", "1500", "1:02:03", "ANSWERED", "4420"],
        ["b", "help", "", "2026-02-02T10:00:00+01:00", "4000", "", "ABANDONED", "4421"],
      ]
      let text = rows.map { $0.joined(separator: separator) }.joined(separator: "\r\n")
      let imported = try Imported(.csv, text: text)
      #expect(imported.report.queues.map(\.name) == ["sales", "help"])
      let answered = try #require(imported.call("call_id", "a"))
      #expect(
        imported.lines(of: answered) == [
          "0 call.offered sales", "1.5 call.answered Ana", "3724.5 call.released target",
        ]
      )
      let gone = try #require(imported.call("call_id", "b"))
      #expect(
        imported.lines(of: gone) == [
          "0 call.offered help", "4 call.released caller abandoned",
        ]
      )
      #expect(imported.head["epoch"]?.string == "2026-02-02T09:00:00.000000Z")
    }
  }

  @Test("Columns, outcomes, zone and user data are as they are said to be")
  func mapped() throws {
    let text = """
      who;what;day;came;asked;left;spoke;until;x
      Ana;OK;990203;23:59:50;0:00:00;0:00:00;0:00:05;0:01:00;p
      ;BYE;990204;7:00:00;7:00:02;7:00:30;0:00:00;0:00:00;q
      ;TEST;990204;7:00:00;7:00:02;7:00:30;0:00:00;0:00:00;r
      """
    let imported = try Imported(.csv, text: text) {
      try $0.table.map("agent=who,outcome=what,date=day,arrival=asked/came,left=left")
      try $0.table.map("answered=spoke,ended=until,data.mark=x")
      try $0.table.outcomes("OK=answered,BYE=abandoned,TEST=ignored")
      $0.zone = 7_200
      $0.table.queue = "8000"
    }
    let first = try #require(imported.call("mark", "p"))
    #expect(
      imported.lines(of: first) == [
        "0 call.offered 8000", "15 call.answered Ana", "70 call.released target",
      ]
    )
    let second = try #require(imported.call("mark", "q"))
    #expect(
      imported.lines(of: second) == [
        "25212 call.offered 8000", "25240 call.released caller abandoned",
      ]
    )
    #expect(imported.head["epoch"]?.string == "1999-02-03T21:59:50.000000Z")
    #expect(imported.report.counted("rows that are no calls") == 1)
  }

  @Test("An agent is there from his first call to his last, and has breaks when callers wait")
  func presence() throws {
    let text = """
      arrival,wait,talk,agent
      1770019200,0,60,Ana
      1770019210,0,100,Bela
      1770019300,60,20,Bela
      1770019400,0,30,Ana
      1770019401,100,30,Bela
      1770040000,0,10,Ana
      """
    let imported = try Imported(.csv, text: text)
    #expect(
      imported.agents == [
        "0 agent.login Ana (inferred)", "0 agent.ready Ana (inferred)",
        "10 agent.login Bela (inferred)", "10 agent.ready Bela (inferred)",
        "60 agent.not_ready Ana break (inferred)",
        "180 agent.not_ready Bela break (inferred)",
        "200 agent.ready Ana (inferred)",
        "230 agent.logout Ana (inferred)",
        "301 agent.ready Bela (inferred)",
        "331 agent.logout Bela (inferred)",
        "20800 agent.login Ana (inferred)", "20800 agent.ready Ana (inferred)",
        "20810 agent.logout Ana (inferred)",
      ]
    )
  }

  @Test("Pauses that begin while a caller waits are the queue's after-call work")
  func afterCallWork() throws {
    var rows = ["arrival,wait,talk,agent,queue"]
    // Everybody comes at once; after each call Ana needs eight seconds.
    for index in 0..<20 { rows.append("1770019200,\(index * 38),30,Ana,sales") }
    let imported = try Imported(.csv, text: rows.joined(separator: "\n"))
    #expect(imported.head["site"]?["queues"]?["sales"]?["wrap_up"]?.number == 8)
    #expect(imported.report.inferred.contains { $0.hasPrefix("after-call work of 8.0 s in sales") })
    #expect(imported.agents.count == 3)
  }

  @Test("Broken rows are counted and shown with their numbers")
  func brokenRows() throws {
    var rows = ["arrival,wait,talk,agent"]
    for second in 0..<40 { rows.append("\(1_770_019_200 + second),1,2,Ana") }
    rows[8] = "soon,1,2,Ana"
    rows[11] = "1770019211,1,2"
    let imported = try Imported(.csv, text: rows.joined(separator: "\n"))
    #expect(imported.report.calls == 38)
    #expect(imported.report.brokenCount == 2)
    #expect(imported.report.broken.map(\.number) == [9, 12])
    #expect(imported.report.text.contains { $0.contains("in:12: 3 fields and not 4") })
  }

  @Test("Runs on disk give the same recording as memory")
  func spilled() throws {
    let whole = try Imported(.csv, "fifo.csv") { $0.table.agents = 2 }
    let spilled = try Imported(.csv, "fifo.csv", sortBytes: 2_000) { $0.table.agents = 2 }
    #expect(whole.text == spilled.text)
  }
}
