import Engine
import Foundation
import LuaBridge
import Testing

/// The sample strategies, run by the real bridge and the real engine in virtual time.
@Suite("Sample strategies")
struct SampleStrategyTests {
  /// An engine with the strategies of this repository.
  struct Floor: ~Copyable {
    var shard: Shard<LuaStrategies>
    var now = Instant.zero
    var events: [Event] = []
    var diversions: [ConnID: [Destination]] = [:]
    var rejections: [ConnID: UInt16] = [:]

    /// Agents 1001 (sells, speaks English) and 1003 (sells a little) at 7001 and 7003.
    init(_ strategy: StrategyName, epoch: UInt64 = 1_763_683_200_000_000_000) throws {
      var plan = Plan(
        extensions: [
          ExtensionPlan("7001", startsInService: true),
          ExtensionPlan("7003", startsInService: true),
        ],
        agents: [
          AgentPlan(
            "1001",
            skills: [SkillLevel("sales", 7), SkillLevel("english", 9)],
            extensionDN: "7001",
            logsInAutomatically: true
          ),
          AgentPlan(
            "1003",
            skills: [SkillLevel("sales", 3), SkillLevel("support", 5)],
            extensionDN: "7003",
            logsInAutomatically: true
          ),
          AgentPlan("1007"),
        ],
        queues: [QueuePlan("9000", agents: "support > 0")],
        routingPoints: [RoutingPointPlan("8000", strategy: strategy)]
      )
      plan.limits = .standard
      shard = Shard(
        engine: RoutingEngine(plan: plan, seed: 1, epoch: epoch),
        strategies: LuaStrategies(try Self.generation())
      )
      signal(.control(.start))
    }

    private static func generation() throws -> Generation {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      let folder = root.appendingPathComponent("strategies")
      let names = [
        "any.lua", "sales.lua", "hours.lua", "vip.lua", "test_callers.lua", "lib/hours.lua",
        "data/vip.csv", "data/holidays.csv", "data/hours.csv",
      ]
      let files = try names.map { name in
        let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
        return StrategySource.File(path: name, bytes: Array(bytes))
      }
      return try Generation(StrategySource(fingerprint: "samples", files: files))
    }

    mutating func signal(_ signal: Signal) {
      var commands: [LineCommand] = []
      var seen: [Event] = []
      shard.handle(signal, at: now) { outbox in
        commands += outbox.lineCommands
        seen += outbox.events
      }
      events += seen
      for command in commands {
        if case .divert(let call, _, let destination, _) = command {
          diversions[call, default: []].append(destination)
        }
        if case .reject(let call, let status) = command { rejections[call] = status }
      }
    }

    mutating func offer(_ number: UInt64, ani: String = "4420") {
      signal(.line(.offered(CallOffer(ConnID(number), at: "8000", ani: ani, dnis: "8000"))))
    }

    mutating func advance(_ duration: Duration) {
      let end = now + duration
      while let deadline = shard.nextDeadline, deadline <= end {
        now = max(now, deadline)
        signal(.clock)
      }
      now = end
    }

    func state(_ number: UInt64) -> String? {
      shard.snapshot(at: now).calls.first { $0.attributes.connID == ConnID(number) }?.state
    }
  }

  @Test func anyTakesWhoIsIdleTheLongest() throws {
    var floor = try Floor("any")
    floor.offer(1)
    floor.offer(2)
    #expect(floor.diversions[ConnID(1)] == [.dn("7001")])
    #expect(floor.diversions[ConnID(2)] == [.dn("7003")])
  }

  @Test func salesFindsWhoSellsAndSpeaksEnglish() throws {
    var floor = try Floor("sales")
    floor.offer(1)
    #expect(floor.diversions[ConnID(1)] == [.dn("7001")])
  }

  @Test func salesGoesToTheQueueWhenNobodySellsInTime() throws {
    var floor = try Floor("sales")
    floor.signal(.agent(.notReady("1001", .auxWork, reason: nil, reference: 1)))
    floor.offer(1)
    floor.advance(.seconds(19))
    #expect(floor.state(1) == "selecting")
    floor.advance(.seconds(1))
    #expect(floor.events.contains { $0.kind == .queued && $0.thisDN == "9000" })
    #expect(floor.diversions[ConnID(1)] == [.dn("7003")])
  }

  @Test func salesGoesToTheQueueWhenTheFirstAgentDoesNotAnswer() throws {
    var floor = try Floor("sales")
    floor.offer(1)
    floor.signal(.line(.ringing(ConnID(1), attempt: 1)))
    floor.advance(.seconds(15))
    #expect(floor.diversions[ConnID(1)] == [.dn("7001"), .dn("7003")])
    #expect(floor.events.contains { $0.kind == .agentNotReady && $0.agentID == "1001" })
  }

  /// Wednesday 2025-11-19, by the hour in UTC; Berlin is one hour east then.
  @Test(arguments: [(6, false), (7, true), (16, true), (17, false)])
  func hoursOpenAndClose(hour: UInt64, isOpen: Bool) throws {
    let midnight: UInt64 = 1_763_510_400
    var floor = try Floor("hours", epoch: (midnight + hour * 3_600) * 1_000_000_000)
    floor.offer(1)
    #expect(floor.diversions[ConnID(1)] == (isOpen ? [.dn("7001")] : nil))
    #expect(floor.rejections[ConnID(1)] == (isOpen ? nil : 480))
  }

  @Test func vipsReachTheirOwnAgentAndComeFirst() throws {
    var floor = try Floor("vip")
    floor.offer(1, ani: "+442079460001")
    #expect(floor.diversions[ConnID(1)] == [.dn("7003")])
    #expect(floor.events.contains { $0.userData?["customer"] == "Northwind" })
    floor.offer(2, ani: "1")
    floor.offer(3, ani: "2")
    floor.offer(4, ani: "+442079460002")
    floor.advance(.seconds(6))
    floor.signal(.line(.ringing(ConnID(2), attempt: 1)))
    floor.signal(.line(.answered(ConnID(2), attempt: 1)))
    floor.signal(.line(.released(ConnID(2), by: .caller)))
    #expect(floor.diversions[ConnID(4)] == [.dn("7001")])
    #expect(floor.diversions[ConnID(3)] == nil)
  }

  @Test func onlyTestCallersTakeTheNewWay() throws {
    var floor = try Floor("test_callers")
    floor.offer(1, ani: "+442079460999")
    #expect(floor.diversions[ConnID(1)] == [.dn("7001")])
    floor.offer(2, ani: "4420")
    #expect(floor.events.contains { $0.kind == .queued && $0.thisDN == "9000" })
  }
}
