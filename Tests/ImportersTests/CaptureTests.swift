import Importers
import Testing
import Wire

@Suite("Imports of captures")
struct CaptureTests {
  /// What becomes of the call that every capture of ours holds, counted from its beginning.
  private static let course = ["call.offered", "call.ringing", "call.answered", "call.released"]
  private static let seconds = [0.0, 1, 3, 9]

  private static func expectCourse(_ imported: Imported, _ name: String) throws {
    let call = try #require(imported.call("call_id", "\(name)@10.1.0.1"), "\(name)")
    let signals = imported.signals.filter { $0["call"]?.string == call }
    #expect(signals.compactMap { $0["signal"]?.string } == course, "\(name)")
    let begin = try #require(signals.first?["at"]?.number)
    for (signal, second) in zip(signals, seconds) {
      let at = try #require(signal["at"]?.number)
      #expect(abs(at - begin - second) < 0.01, "\(name)")
    }
    #expect(signals[0]["dn"]?.string == "8000")
    #expect(signals[0]["ani"]?.string == "4420")
    #expect(signals[2]["agent"]?.string == "7001")
    #expect(signals[3]["by"]?.string == "caller")
  }

  @Test("A call in every tunnel, VLAN and address family that is known")
  func tunnels() throws {
    let imported = try Imported(.pcap, "tunnels.pcap")
    let names = [
      "plain", "vlan", "qinq", "ipv6", "ipip", "gtp", "gre", "vxlan", "mpls", "pppoe",
    ]
    for name in names { try Self.expectCourse(imported, name) }
    #expect(imported.report.calls == names.count)
    #expect(imported.report.counted("SIP messages") == 52)
    #expect(imported.report.counted("messages sent again") == 1)
    #expect(imported.report.counted("messages seen in another place too") == 1)
    #expect(imported.report.counted("over UDP in GTP") == 5)
  }

  @Test("TCP out of order, twice and overlapping; IP fragments; SCTP in parts; an abandon")
  func streams() throws {
    let imported = try Imported(.pcap, "streams.pcap")
    for name in ["tcp", "fragments", "sctp"] { try Self.expectCourse(imported, name) }
    #expect(imported.report.counted("SIP messages") == 18)
    #expect(imported.report.abandoned == 1)
    let gone = try #require(imported.call("call_id", "gone@10.1.0.1"))
    let last = imported.lines(of: gone).last
    #expect(last?.hasSuffix("call.released caller abandoned") == true)
  }

  @Test(
    "The same call on other kinds of links",
    arguments: ["sll.pcap", "sll2.pcap", "raw.pcap", "null.pcap", "next.pcapng"]
  )
  func links(_ name: String) throws {
    let imported = try Imported(.pcap, name)
    #expect(imported.report.calls == 1)
    try Self.expectCourse(imported, String(name.prefix { $0 != "." }))
  }

  @Test("Several captures are read in the order of their time, and as one")
  func several() throws {
    let one = try Imported(.pcap, "tunnels.pcap", "streams.pcap")
    let other = try Imported(.pcap, "streams.pcap", "tunnels.pcap")
    #expect(one.report.calls == 14)
    #expect(
      one.signals.compactMap { $0["at"]?.number } == other.signals.compactMap { $0["at"]?.number }
    )
  }
}
