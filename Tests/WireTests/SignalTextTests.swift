import Engine
import Testing
import Wire

@Suite struct SignalTextTests {
  private static let call = ConnID(0x006c_0246_2a16_1006)

  private static let offer: CallOffer = {
    var offer = CallOffer(call, at: "8000", ani: "442071838750", dnis: "8000", type: .inbound)
    offer.uuid = CallUUID(text: "AM5D3AE9D90757BKTSVJTCIAR4000014")
    offer.userData = UserData([KeyValue("vip", "yes"), KeyValue("a", "\"quoted\"")])
    return offer
  }()

  private static let filter = AgentFilter(
    skills: "sales >= 5 and english > 2",
    excludedAgents: ["1001", "1002"],
    excludedDNs: ["7001"]
  )

  private static let targets: [Target] = [
    .dn("7001"), .agent("1001"), .queue("9000"), .any(.none), .any(filter),
    .trunk(name: "carrier", number: "+44"), .reject(486), .queues(["9000", "9001"]),
    .list([.dn("7001"), .agent("1001"), .any(.none)]),
    .any(AgentFilter(group: "tier1")),
  ]

  private static let widest: Selection = {
    var selection = Selection(targets, timeout: .seconds(1))
    selection.rule = .fewestCalls
    selection.clears = true
    selection.virtualQueue = "9100"
    return selection
  }()

  private static let treatments: [Treatment] = [
    .music("hold"), .announce("welcome"), .silence, .ringback,
    .collect(digits: 4, timeout: .seconds(5), announcement: "pin"),
    .collect(digits: 1, timeout: nil, announcement: nil),
  ]

  private static let requests: [StrategyRequest] =
    [
      .select(Selection(targets, timeout: .milliseconds(20_500), priority: -3)),
      .select(Selection([])), .wait(.nanoseconds(1)), .priority(.min), .attach([]),
      .attach([KeyValue("b", "1"), KeyValue("a", "2")]), .note("line 1\nline 2"),
      .availableAgents(.none), .loggedInAgents(filter), .queueWaiting("9000"),
      .queueOldestWait("9000"), .random, .header("X-Caller"),
    ]
    + targets.map { .route($0, ringTimeout: nil) } + targets.map { .exclude($0) }
    + [.route(.dn("7001"), ringTimeout: .seconds(12)), .select(widest)]
    + [
      .share([SharePart("a", 70_000_000), SharePart("1", 0)]), .state("key"), .setState("key", nil),
      .keepPlace("+4420", .seconds(3_600)), .takePlace("+4420"),
    ]
    + kept.entries.map { .setState($0.key, $0.value) }
    + [.queueExpectedWait("9000")] + treatments.map { .treat($0) }

  private static let consult: CallOffer = {
    var offer = CallOffer(call, at: "8000", type: .consult)
    offer.consultOf = ConnID(9)
    return offer
  }()

  private static let failures: [StrategyFailure] = [
    .error("strategies/any.lua:3: attempt to index nil"), .instructions, .memory, .steps,
    .noSuchStrategy, .drained,
  ]

  private static let lineSignals: [LineSignal] =
    [
      .offered(offer), .offered(CallOffer(call, at: "9000", type: .unknown)),
      .ringing(call, attempt: 1), .answered(call, attempt: 2), .diverted(call, attempt: .max),
      .released(call, by: .caller), .released(call, by: .target), .released(call, by: .line),
      .header(call, nil), .header(call, ""), .header(call, "value"), .inService("7001"),
      .outOfService("7001"), .treatmentApplied(call, treatment: 1),
      .treatmentEnded(call, treatment: 2, TreatmentResult(digits: "12", wasInterrupted: true)),
      .treatmentEnded(call, treatment: 2, TreatmentResult()),
      .treatmentNotApplied(call, treatment: 3, reason: "no media server"),
      .transferred(call, into: ConnID(7)), .attached(call, [KeyValue("k", "v")]),
      .offered(consult), .held(call, by: .target), .retrieved(call, by: .caller),
    ]
    + RouteFailure.allCases.map { .diversionFailed(call, attempt: 3, $0) }
    + [.diversionFailed(call, attempt: 3, .rejected, status: 488)]

  private static let agentSignals: [AgentSignal] = [
    .login("1001", dn: nil, reference: 0), .login("1001", dn: "7001", reference: 5),
    .login("1001", dn: nil, place: "seat1", queues: ["9000", "9001"], reference: 5),
    .logout("1001", reference: 6), .logout("1001", queue: "9000", reference: 6),
    .ready("1001", reference: .max), .ready("1001", .manualIn, reference: 1),
    .registerAddress("7001", reference: 2), .unregisterAddress("7001", reference: 3),
    .notReady("1001", .afterCallWork, reason: "paper", reference: 1),
    .notReady("1001", .unknown, reason: nil, reference: 1),
  ]

  private static let steps: [StrategyStep] =
    requests.map { .requested($0) } + targets.map { .finished($0) } + [.finished(nil)]
    + failures.map { .failed($0) }

  private static let signals: [Signal] =
    lineSignals.map { .line($0) } + agentSignals.map { .agent($0) }
    + steps.map { .strategy(call, $0) }
    + [.clock, .control(.start), .control(.strategies(fingerprint: "f00d")), .control(.drain)]
    + [
      .control(.strategies(fingerprint: "f00d", state: [])),
      .control(.strategies(fingerprint: "f00d", state: [StrategyState("sales"), kept])),
    ]

  private static let kept = StrategyState(
    "vip",
    [
      StateEntry("a", .text("\"\u{0}ü\"")), StateEntry("b", .integer(.min)),
      StateEntry("c", .number(bits: 1.0.bitPattern)), StateEntry("d", .boolean(false)),
      StateEntry("e", .number(bits: 1e300.bitPattern)), StateEntry("", .text("")),
    ]
  )

  private func text(_ signal: Signal, at nanoseconds: UInt64) -> String {
    var writer = JSONWriter()
    writer.value(signal, at: Instant(nanoseconds: nanoseconds))
    return writer.text
  }

  private func read(_ line: String) throws -> RecordingLine {
    var unknown: [String] = []
    let read = try RecordingLine(reading: line, unknown: &unknown)
    #expect(unknown == [])
    return read
  }

  @Test(arguments: signals)
  func everySignalComesBackFromItsText(signal: Signal) throws {
    let line = text(signal, at: 1_500_000_001)
    #expect(!line.contains("\n"))
    #expect(try read(line) == .signal(signal, at: Instant(nanoseconds: 1_500_000_001)))
  }

  @Test func noTwoSignalsHaveTheSameText() {
    let texts = Self.signals.map { text($0, at: 0) }
    #expect(Set(texts).count == Set(Self.signals).count)
  }

  @Test func anOfferIsSpelledAsTheSurfaceSays() {
    #expect(
      text(.line(.offered(Self.offer)), at: 500_000_000)
        == #"{"at":0.5,"signal":"call.offered","call":"006c02462a161006","dn":"8000","#
        + #""ani":"442071838750","dnis":"8000","type":2,"#
        + #""uuid":"AM5D3AE9D90757BKTSVJTCIAR4000014","#
        + #""user_data":{"vip":"yes","a":"\"quoted\""}}"#
    )
    #expect(text(.clock, at: 20_000_000_000) == #"{"at":20,"signal":"clock"}"#)
  }

  @Test(arguments: [0, 1, 999_999_999, 1 << 53 + 1, 8_999_999_999_999_999_999] as [UInt64])
  func instantsAreExactForCenturies(nanoseconds: UInt64) throws {
    let instant = Instant(nanoseconds: nanoseconds)
    #expect(try read(text(.clock, at: nanoseconds)) == .signal(.clock, at: instant))
  }

  @Test(arguments: [
    (#"{"signal":"clock","at":1.5}"#, UInt64(1_500_000_000)),
    (#"{ "at" : 2, "signal" : "clock" }"#, 2_000_000_000),
    (#"{"at":15e-1,"signal":"clock"}"#, 1_500_000_000),
    (#"{"at":0.0000000004,"signal":"clock"}"#, 0),
    (#"{"at":1.000000001, "signal":"clock"}"#, 1_000_000_001),
  ])
  func linesWrittenByHandAreReadToo(line: String, nanoseconds: UInt64) throws {
    #expect(try read(line) == .signal(.clock, at: Instant(nanoseconds: nanoseconds)))
  }

  @Test func unknownMembersAreIgnoredAndNamed() throws {
    var unknown: [String] = []
    let line = try RecordingLine(
      reading: #"{"at":1,"signal":"strategy.finished","call":"0000000000000001","colour":1,"#
        + #""target":{"any":{"skills":"a > 1","mood":"good"},"weight":3}}"#,
      unknown: &unknown
    )
    #expect(
      line
        == .signal(
          .strategy(ConnID(1), .finished(.any(AgentFilter(skills: "a > 1")))),
          at: Instant(nanoseconds: 1_000_000_000)
        )
    )
    #expect(Set(unknown) == ["colour", "mood", "weight"])
  }

  @Test func headAndEventsAreToldApart() throws {
    let head = #"{"recording":1,"site":{"name":"demo"},"strategies":"f00d","seed":7}"#
    #expect(try read(head) == .head(JSONValue(parsing: head)))
    var event = Event(.agentReady, thisDN: "7001")
    event.agentID = "1001"
    var writer = JSONWriter()
    writer.value(event)
    #expect(try read(writer.text) == .event(event))
  }

  @Test(arguments: [
    (#"{"at":1,"signal":"call.offered","dn":"8000"}"#, "7: \"call\" is missing"),
    (#"{"at":1,"signal":"call.teleported"}"#, "7: unknown signal \"call.teleported\""),
    (#"{"signal":"clock"}"#, "7: \"at\" is missing"),
    (#"{"at":-1,"signal":"clock"}"#, "7: \"at\" is before the beginning"),
    (#"{"at":"1","signal":"clock"}"#, "7: \"at\" is not a number of seconds"),
    (#"{"at":1}"#, "7: \"signal\" is missing"),
    (
      #"{"at":1,"signal":"call.released","call":"0000000000000001","by":"nobody"}"#,
      "7: \"by\" is \"nobody\", not one of caller, target, line"
    ),
    (
      #"{"at":1,"signal":"strategy.finished","call":"0000000000000001","target":{}}"#,
      "7: a target is none of dn, agent, queue, any, trunk, reject, list"
    ),
    ("[1]", "7: not an object"),
  ])
  func whatIsWrongIsNamedWithItsLine(line: String, message: String) {
    var unknown: [String] = []
    let error = #expect(throws: JSONError.self) {
      _ = try RecordingLine(reading: line, number: 7, unknown: &unknown)
    }
    #expect(error?.description == message)
  }

  @Test func whatIsNotJSONIsNamedWithLineAndColumn() {
    var unknown: [String] = []
    let error = #expect(throws: JSONError.self) {
      _ = try RecordingLine(reading: #"{"at":1,}"#, number: 7, unknown: &unknown)
    }
    #expect(error?.line == 7)
    #expect(error?.column == 9)
  }
}
