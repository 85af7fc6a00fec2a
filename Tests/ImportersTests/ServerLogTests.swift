import Importers
import Testing
import Wire

@Suite("Imports of SIP Server logs")
struct ServerLogTests {
  @Test("SIP alone: byte counts, both styles of time, midnight, a retransmission, a glued line")
  func sip() throws {
    let imported = try Imported(.sipServerLog, "SIP_X-001.log")
    #expect(imported.report.brokenCount == 0)
    #expect(imported.report.counted("SIP messages") == 18)
    #expect(imported.report.counted("messages sent again") == 2)
    #expect(imported.report.counted("MESSAGE") == 1)
    #expect(imported.report.counted("CallUUIDs") == 2)
    // 23:58:30 in a zone that is an hour before UTC.
    #expect(imported.head["epoch"]?.string == "2026-02-02T22:58:30.000000Z")
    let first = try #require(imported.call("call_id", "first@10.1.0.1"))
    #expect(
      imported.lines(of: first) == [
        "0 call.offered 8000", "1 call.ringing", "4 call.answered 8000", "64 call.released caller",
      ]
    )
    let second = try #require(imported.call("call_id", "second@10.1.0.1"))
    #expect(imported.lines(of: second).first == "120 call.offered 8000")
  }

  @Test("The main log and the SIP log together, in either order")
  func both() throws {
    let imported = try Imported(.sipServerLog, "SIP_X.log", "SIP_X-001.log")
    let other = try Imported(.sipServerLog, "SIP_X-001.log", "SIP_X.log")
    #expect(imported.signals == other.signals)
    #expect(imported.report.calls == 3)
    #expect(imported.report.answered == 2)
    #expect(imported.report.abandoned == 1)
    #expect(imported.report.counted("requests copied to the backup server (left out)") == 1)
    #expect(imported.report.counted("requests of clients") == 1)
    #expect(imported.report.counted("events that were sent to several clients") == 0)

    let first = try #require(imported.call("conn_id", "0000000000000aa1"))
    #expect(
      imported.lines(of: first) == [
        "20 call.offered 8000", "20.001 call.attached", "21 call.ringing 1001",
        "24 call.answered 1001", "84 call.released caller",
      ]
    )
    let second = try #require(imported.call("conn_id", "0000000000000aa2"))
    #expect(imported.lines(of: second).contains("140.8 call.diversion_failed 1001 no_answer"))
    #expect(imported.lines(of: second).contains("144 call.answered 1002"))
    let offered = imported.signals.first { $0["call"]?.string == second }
    #expect(offered?["user_data"]?["tier"]?.string == "gold")
    let third = try #require(imported.call("conn_id", "0000000000000aa3"))
    #expect(
      imported.lines(of: third) == [
        "170 call.offered 8000", "185 call.released caller abandoned",
      ]
    )
    #expect(
      imported.agents == [
        "0 agent.login 1001", "0 agent.login 1002", "1 agent.ready 1001", "1 agent.ready 1002",
        "85 agent.not_ready 1001", "105 agent.ready 1001", "160 agent.not_ready 1001 lunch",
        "410 agent.logout 1001", "410 agent.logout 1002",
      ]
    )
  }

  @Test("A log that nowhere says its date is refused; a name that says it will do")
  func dates() throws {
    let text = """
      @16:45:24.5939 [0] 8.1.101.25 distribute_event: message EventQueued
      \tAttributeThisQueue\t'8000'
      \tAttributeConnID\t0000000000000aa1

      @16:45:30.5939 [0] 8.1.101.25 distribute_event: message EventAbandoned
      \tAttributeThisQueue\t'8000'
      \tAttributeConnID\t0000000000000aa1

      """
    let refusal = try Imported.refusal(.sipServerLog, [UInt8](text.utf8))
    #expect(refusal?.hasPrefix("in:1: nothing in this log says the date") == true)
    let named = try Imported(.sipServerLog, text: text, name: "SIP.20260202_164500_001.log")
    #expect(named.head["epoch"]?.string == "2026-02-02T16:45:24.000000Z")
    #expect(named.report.abandoned == 1)
    let seconds = "\tAttributeTimeinSecs\t1439853324 (16:45:24)\n\tAttributeThisQueue\t'8000'\n"
    let dated = try Imported(
      .sipServerLog,
      text: text.replacingFirst("\tAttributeThisQueue\t'8000'\n", with: seconds)
    )
    // 16:45:24 is 23:15:24 in UTC: the zone is what the two differ by.
    #expect(dated.head["epoch"]?.string == "2015-08-17T23:15:24.000000Z")
    #expect(dated.report.abandoned == 1)
    #expect(dated.signals.last?["at"]?.number == 6.5939)
  }

  @Test("Messages that are shorter than they say, or break off, are counted with their lines")
  func broken() throws {
    var text = """
      2026-02-02T09:00:00.000 Trc 04110 Option
      09:00:01.000: SIPTR: Received [0,UDP] 500 bytes from 10.1.0.9:5060 <<<<<
      OPTIONS sip:8000@10.1.0.1 SIP/2.0
      Call-ID: x

      09:00:02.000: SIPTR: Received [0,UDP] 46 bytes from 10.1.0.9:5060 <<<<<
      this is not a message of SIP, but 46 bytes are

      """
    let message = "OPTIONS sip:8000@10.1.0.1 SIP/2.0\r\nCall-ID: y\r\nCSeq: 1 OPTIONS\r\n\r\n"
    text +=
      "09:00:03.000: SIPTR: Received [0,TCP] \(message.utf8.count) bytes from 1.1.1.1:9 <<<<<\n"
    text += message.replacing("\r\n", with: "\n") + "\n"
    text += "09:00:04.000: Sending  [0,UDP] 900 bytes to 10.1.0.9:5060 >>>>>\nSIP/2.0 200 OK\n"
    let imported = try Imported(.sipServerLog, text: text)
    #expect(imported.report.broken.map(\.number) == [2, 6, 14])
    #expect(imported.report.counted("OPTIONS") == 1)
    #expect(imported.report.counted("over TCP") == 1)
  }
}

extension String {
  /// The text with the first occurrence of a part replaced.
  func replacingFirst(_ part: String, with other: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return replacingCharacters(in: range, with: other)
  }

  private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
