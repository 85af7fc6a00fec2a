import Engine
import Testing
import Wire

@Suite("Events as T-Library text dumps (DOMAIN 6.5, 6.6)")
struct EventDumpTests {
  private func dump(_ event: Event) -> String {
    var dump = EventDump()
    dump.append(event)
    return String(decoding: dump.bytes, as: UTF8.self)
  }

  private func routed() -> Event {
    var event = Event(.routeUsed, thisDN: "8000")
    event.sequence = 0x2a
    event.time = 1_763_629_200_123_456_000
    event.call = CallAttributes(
      connID: ConnID(0x006c_0246_2a16_1006),
      uuid: CallUUID(high: 1, middle: 2, low: 3),
      callID: 17,
      type: .inbound,
      ani: "4420",
      dnis: "8000"
    )
    event.thisQueue = "8000"
    event.thirdPartyDN = "7001"
    event.thirdPartyDNRole = .destination
    event.routeType = .direct
    event.referenceID = 9
    event.extensions = [KeyValue("STRATEGY", "sales")]
    return event
  }

  @Test func theHeadLineAndTheAttributesAreAsLogToolsExpectThem() {
    let lines = dump(routed()).split(separator: "\n").map(String.init)
    #expect(
      lines[0] == "@09:00:00.1234 [0] 0.1.0.0 distribute_event: message EventRouteUsed"
    )
    #expect(lines.contains("\tAttributeConnID\t006c02462a161006"))
    #expect(lines.contains("\tAttributeEventSequenceNumber\t000000000000002a"))
    #expect(lines.contains("\tAttributeTimeinSecs\t1763629200 (09:00:00)"))
    #expect(lines.contains("\tAttributeTimeinuSecs\t123456"))
    #expect(lines.contains("\tAttributeThisDN\t'8000'"))
    #expect(lines.contains("\tAttributeRouteType\t6"))
    #expect(lines.contains("\tAttributeReferenceID\t9"))
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("\tAttribute") || $0.hasPrefix("\t\t") })
  }

  @Test func aListCarriesItsPackedSize() {
    // 2 + (1 + 2 + 8 + 2 + 5): DOMAIN 6.6.
    let list = "\tAttributeExtensions\t[20] 00 01 00 00..\n\t\t'STRATEGY'\t'sales'"
    #expect(dump(routed()).contains(list))
  }

  @Test func anAgentEventHasNoCall() {
    var event = Event(.agentReady, thisDN: "7001")
    event.agentID = "1001"
    event.workMode = .autoIn
    let text = dump(event)
    #expect(text.contains("message EventAgentReady"))
    #expect(!text.contains("ConnID"))
    #expect(text.contains("\tAttributeAgentWorkMode\t2"))
  }

  @Test func textsCannotBreakALine() {
    var event = Event(.error, thisDN: "8000")
    event.errorMessage = "it's\nbroken"
    #expect(dump(event).contains("\tAttributeErrorMessage\t'it`s broken'\n"))
  }

  @Test("An independent reader of the format gets every attribute back")
  func anIndependentReader() {
    var found: [String: String] = [:]
    for line in dump(routed()).split(separator: "\n") where line.hasPrefix("\tAttribute") {
      let parts = line.dropFirst(10).split(separator: "\t", maxSplits: 1)
      found[String(parts[0])] = String(parts[1]).replacing("'", with: "")
    }
    #expect(found["ThirdPartyDN"] == "7001")
    #expect(found["CallID"] == "17")
    #expect(found["ANI"] == "4420")
    #expect(found["CallUUID"]?.count == 32)
  }
}
