import Engine
import Simulator
import TestSupport
import Testing

@Suite("The event model: order, attributes, roles (DOMAIN 1.5, 2)")
struct EventModelTests {
  static let toAnyone: [StrategyName: ScriptedStrategies.Script] = [
    "s": { _, _ in .finished(.any(.none)) }
  ]

  static func check(_ desk: borrowing Desk, _ place: SourceLocation = #_sourceLocation) {
    for event in desk.events {
      let problem = EventRules.problem(event)
      #expect(problem == nil, "\(event)", sourceLocation: place)
    }
    #expect(desk.events.map(\.sequence) == Array(1...UInt64(desk.events.count)))
  }

  @Test func aQueueCallRunsAsTheModelSays() {
    var desk = Desk(Sites.floor(agents: 1, wrapUp: .seconds(5)))
    let start = desk.events.count
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    desk.hangUp(1)
    desk.advance(.seconds(5))
    #expect(
      desk.story.dropFirst(start) == [
        "queued@9000", "diverted@9000", "ringing@7001", "established@7001", "released@7001",
        "agentNotReady@7001", "agentReady@7001",
      ]
    )
    #expect(desk.last(.ringing)?.thisQueue == "9000")
    #expect(desk.last(.diverted)?.thirdPartyDN == "7001")
    #expect(desk.last(.agentNotReady)?.workMode == .afterCallWork)
    Self.check(desk)
  }

  @Test func theCallersPartIsOriginationAndTheDevicesDestination() {
    var desk = Desk(Sites.floor(agents: 1), Self.toAnyone)
    desk.offer(1, at: "8000", ani: "4420")
    desk.answer(ConnID(1))
    desk.hangUp(1)
    let calls = desk.events.filter { $0.call != nil }
    #expect(calls.count == 7)
    #expect(calls.allSatisfy { $0.thisDNRole == .destination && $0.otherDNRole == .origination })
    #expect(calls.allSatisfy { $0.otherDN == "4420" })
    #expect(Set(calls.compactMap(\.call?.uuid)).count == 1)
    #expect(Set(calls.compactMap(\.call?.callID)) == [1])
    Self.check(desk)
  }

  @Test func withoutANumberThereIsNoOtherParty() {
    var desk = Desk(Sites.floor(agents: 1), Self.toAnyone)
    desk.offer(1, at: "8000", ani: "")
    desk.answer(ConnID(1))
    #expect(desk.events.allSatisfy { $0.otherDN == nil && $0.otherDNRole == nil })
    Self.check(desk)
  }

  @Test func aRouteOfTheStrategyHasAReferenceOfItsOwn() {
    var desk = Desk(Sites.floor(agents: 3), Self.toAnyone)
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.offer(2, at: "8000")
    desk.ring(ConnID(2))
    let used = desk.events.filter { $0.kind == .routeUsed }
    #expect(used.map(\.routeType) == [.direct, .direct])
    #expect(Set(used.compactMap(\.referenceID)).count == 2)
    #expect(used.map(\.thirdPartyDN) == ["7001", "7002"])
    #expect(used.allSatisfy { $0.reasons == nil })
    #expect(used.first?.extensions?.first == KeyValue("STRATEGY", "s"))
  }

  @Test func theGenerationIsThatOfTheMomentTheCallCame() {
    var desk = Desk(Sites.floor(agents: 1, ready: false), Self.toAnyone)
    desk.signal(.control(.strategies(fingerprint: "one")))
    desk.offer(1, at: "8000")
    desk.signal(.control(.strategies(fingerprint: "two")))
    desk.login("1001")
    desk.ready("1001")
    desk.ring(ConnID(1))
    #expect(desk.last(.routeUsed)?.extensions?.contains(KeyValue("GENERATION", "one")) == true)
  }

  @Test func aCallUUIDThatWasBroughtAlongIsKept() {
    var desk = Desk(Sites.floor(agents: 1))
    let uuid = CallUUID(high: 1, middle: 2, low: 3)
    var offer = CallOffer(ConnID(1), at: "9000")
    offer.uuid = uuid
    desk.line(.offered(offer))
    #expect(desk.last(.queued)?.call?.uuid == uuid)
  }

  @Test func everyAnsweredRequestIsAskedAgainAfterALegThatRang() {
    var desk = Desk(Sites.floor(agents: 2), Self.toAnyone)
    let start = desk.events.count
    desk.offer(1, at: "8000")
    desk.ring(ConnID(1))
    desk.fail(ConnID(1), .busy)
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    #expect(
      desk.story.dropFirst(start) == [
        "queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000", "ringing@7001",
        "released@7001", "queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000",
        "ringing@7002", "established@7002",
      ]
    )
    Self.check(desk)
  }

  @Test(
    "How a leg that rang ended is in its CallState",
    arguments: [
      (RouteFailure.noAnswer, CallStateCode.noAnswer), (.busy, .busy), (.rejected, .generalError),
      (.unreachable, .generalError),
    ]
  )
  func callStates(_ failure: RouteFailure, _ state: CallStateCode) {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "9000")
    desk.ring(ConnID(1))
    desk.fail(ConnID(1), failure)
    #expect(desk.last(.released)?.callState == state)
    #expect(desk.last(.released)?.thisDN == "7001")
    Self.check(desk)
  }

  @Test func attachedDataIsAnnouncedAndTravels() {
    var desk = Desk(
      Sites.floor(agents: 1),
      [
        "s": { _, answers in
          answers.isEmpty
            ? .requested(.attach([KeyValue("vip", "yes")])) : .finished(.queue("9000"))
        }
      ]
    )
    desk.offer(1, at: "8000")
    #expect(desk.last(.attachedDataChanged)?.userData?["vip"] == "yes")
    #expect(desk.last(.queued)?.thisDN == "9000")
    #expect(desk.last(.queued)?.userData?["vip"] == "yes")
    Self.check(desk)
  }

  @Test func aTrunkHasNoLegOfItsOwn() {
    var plan = Sites.floor(agents: 0)
    plan.trunks = ["carrier"]
    var desk = Desk(plan, ["s": { _, _ in .finished(.trunk(name: "carrier", number: "4930")) }])
    desk.offer(1, at: "8000")
    #expect(desk.diverts.map(\.dn) == ["carrier/4930"])
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    desk.hangUp(1)
    #expect(desk.story == ["queued@8000", "routeRequest@8000", "routeUsed@8000", "diverted@8000"])
    #expect(desk.last(.diverted)?.thirdPartyDN == "4930")
    #expect(desk.picture.calls.isEmpty)
    Self.check(desk)
  }
}
