import Engine
import Testing
import Wire

@Suite struct EventTextTests {
  private let uuid = CallUUID(high: 0x123_4567_89ab_cdef, middle: 7, low: 0x12_3456_789a)

  private func queued() -> Event {
    var event = Event(.queued, thisDN: "8000")
    event.sequence = 41
    event.time = 1_763_629_200_123_456_000
    event.call = CallAttributes(
      connID: ConnID(0x006c_0246_2a16_1006),
      uuid: uuid,
      callID: 17,
      type: .inbound,
      ani: "442071838750",
      dnis: "8000"
    )
    event.thisQueue = "8000"
    event.thisDNRole = .destination
    event.otherDN = "442071838750"
    event.otherDNRole = .origination
    return event
  }

  private func text(_ event: Event) -> String {
    var writer = JSONWriter()
    writer.value(event)
    return writer.text
  }

  private func read(_ text: String) throws -> Event {
    var unknown: [String] = []
    let event = try Event(JSONValue(parsing: text), unknown: &unknown)
    #expect(unknown == [])
    return event
  }

  @Test func aCallEventIsSpelledAsTheSurfaceSays() {
    #expect(
      text(queued())
        == #"{"seq":41,"time":"2025-11-20T09:00:00.123456Z","event":"EventQueued","#
        + #""ThisDN":"8000","ThisQueue":"8000","ThisDNRole":2,"#
        + #""ConnID":"006c02462a161006","CallUUID":"\#(uuid.text)","CallID":17,"CallType":2,"#
        + #""OtherDN":"442071838750","OtherDNRole":1,"ANI":"442071838750","DNIS":"8000"}"#
    )
  }

  @Test func whatAnEventDoesNotHaveIsLeftOut() {
    var event = Event(.dnBackInService, thisDN: "7001")
    event.sequence = 1
    #expect(
      text(event)
        == #"{"seq":1,"time":"1970-01-01T00:00:00.000000Z","event":"EventDNBackInService","#
        + #""ThisDN":"7001"}"#
    )
    event.kind = .error
    event.thisDN = ""
    event.errorCode = 59
    event.errorMessage = "no such \"agent\""
    #expect(
      text(event)
        == #"{"seq":1,"time":"1970-01-01T00:00:00.000000Z","event":"EventError","#
        + #""ErrorCode":59,"ErrorMessage":"no such \"agent\""}"#
    )
  }

  @Test func aCallWithoutNumbersHasNoNumbers() throws {
    var event = queued()
    event.call?.ani = ""
    event.call?.dnis = ""
    let text = text(event)
    #expect(!text.contains("ANI"))
    #expect(!text.contains("DNIS"))
    #expect(try read(text) == event)
  }

  private func full(_ kind: EventKind) -> Event {
    var event = queued()
    event.kind = kind
    event.thirdPartyDN = "7001"
    event.thirdPartyDNRole = .destination
    event.callState = .redirected
    event.routeType = .default
    event.referenceID = 4_294_967_295
    event.agentID = "1001"
    event.workMode = .afterCallWork
    event.errorCode = 0
    event.errorMessage = ""
    event.reasons = [KeyValue("strategy", "sales"), KeyValue("a \"b\"", "line 1\nline 2")]
    event.extensions = []
    event.userData = UserData([KeyValue("z", "1"), KeyValue("a", "2"), KeyValue("", "")])
    return event
  }

  @Test(arguments: EventKind.allCases)
  func everyEventComesBackFromItsText(kind: EventKind) throws {
    let event = full(kind)
    #expect(try read(text(event)) == event)
  }

  @Test func pairsAreObjectsInTheirOrder() {
    let text = text(full(.routeUsed))
    #expect(
      text.hasSuffix(
        #""Reasons":{"strategy":"sales","a \"b\"":"line 1\nline 2"},"Extensions":{},"#
          + #""UserData":{"z":"1","a":"2","":""}}"#
      )
    )
  }

  @Test func everyNameIsTLibrarys() {
    for kind in EventKind.allCases {
      #expect(kind.name.hasPrefix("Event"))
      #expect(EventKind(name: kind.name) == kind)
    }
    #expect(Set(EventKind.allCases.map(\.name)).count == EventKind.allCases.count)
    #expect(EventKind(name: "EventNothing") == nil)
  }

  @Test func identitiesComeBackFromTheirText() {
    for value in [1, 0x006c_0246_2a16_1006, UInt64.max] {
      #expect(ConnID(text: ConnID(value).text) == ConnID(value))
    }
    #expect(ConnID(1).text == "0000000000000001")
    #expect(ConnID(text: "1") == nil)
    #expect(ConnID(text: "+00000000000000f") == nil)
    #expect(ConnID(text: "006c02462a16100g") == nil)
    let edge = CallUUID(high: .max, middle: 0, low: .max)
    #expect(edge.text == "VVVVVVVVVVVV000000000000VVVVVVVV")
    #expect(CallUUID(text: edge.text) == edge)
    #expect(
      CallUUID(text: "AM5D3AE9D90757BKTSVJTCIAR4000014")?.text
        == "AM5D3AE9D90757BKTSVJTCIAR4000014"
    )
    #expect(CallUUID(text: "AM5D3AE9D90757BKTSVJTCIAR400001W") == nil)
    #expect(CallUUID(text: "") == nil)
  }

  @Test(arguments: [
    (#"{"event":"EventQueued","time":"2025-11-20T09:00:00Z"}"#, #""seq" is missing"#),
    (#"{"seq":1,"event":"EventX"}"#, #"unknown event "EventX""#),
    (#"{"seq":1,"event":"EventQueued","time":"yesterday"}"#, "\"time\" is no time"),
    (#"{"seq":1,"event":"EventQueued","time":"2025-02-29T09:00:00Z"}"#, "\"time\" is no time"),
    (
      #"{"seq":-1,"event":"EventQueued","time":"2025-11-20T09:00:00Z"}"#,
      "\"seq\" is not a whole number"
    ),
    (
      #"{"seq":1,"event":"EventQueued","time":"2025-11-20T09:00:00Z","ThisDNRole":77}"#,
      "\"ThisDNRole\" has no meaning for 77"
    ),
    (
      #"{"seq":1,"event":"EventQueued","time":"2025-11-20T09:00:00Z","ConnID":"xyz"}"#,
      "\"ConnID\" is not 16"
    ),
    ("[]", "not an object"),
  ])
  func whatIsWrongIsNamed(text: String, message: String) throws {
    var unknown: [String] = []
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: JSONError.self) { _ = try Event(json, unknown: &unknown) }
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
  }
}
