import Engine
import TestSupport
import Testing

@Suite("What outlives a call")
struct KeepingTests {
  /// A site with two strategies, `s` at 8000 and `t` at 8001, that read their steps from the ANI:
  /// what is asked for, word by word.
  static func desk(agents: Int = 0, _ change: (inout Plan) -> Void = { _ in }) -> Desk {
    var plan = Sites.floor(agents: agents)
    plan.routingPoints.append(RoutingPointPlan("8001", strategy: "t"))
    change(&plan)
    let script: ScriptedStrategies.Script = { facts, answers in
      let words = facts.ani.split(separator: " ")
      guard answers.count < words.count else { return .finished(.reject(480)) }
      let parts = words[answers.count].split(separator: ":").map { String($0) }
      switch parts[0] {
      case "get": return .requested(.state(parts[1]))
      case "set": return .requested(.setState(parts[1], .integer(Int64(parts[2]) ?? 0)))
      case "drop": return .requested(.setState(parts[1], nil))
      case "keep": return .requested(.keepPlace(parts[1], .seconds(Int(parts[2]) ?? 0)))
      case "take": return .requested(.takePlace(parts[1]))
      case "queue": return .finished(.queue("9000"))
      default: return .requested(.select(Selection([.any(.none)])))
      }
    }
    return Desk(plan, ["s": script, "t": script])
  }

  // MARK: State

  @Test("each strategy has its own values, and a key that is gone reads as nothing")
  func statesAreApart() {
    var desk = Self.desk()
    desk.offer(1, at: "8000", ani: "set:k:1")
    desk.offer(2, at: "8001", ani: "get:k")
    #expect(desk.lastAnswer == .value(nil))
    desk.offer(3, at: "8001", ani: "set:k:2 set:a:3")
    desk.offer(4, at: "8000", ani: "get:k")
    #expect(desk.lastAnswer == .value(.integer(1)))
    #expect(
      desk.shard.strategyState == [
        StrategyState("s", [StateEntry("k", .integer(1))]),
        StrategyState("t", [StateEntry("a", .integer(3)), StateEntry("k", .integer(2))]),
      ]
    )
    desk.offer(5, at: "8000", ani: "drop:k get:k")
    #expect(desk.lastAnswer == .value(nil))
    #expect(desk.shard.strategyState.map(\.strategy) == ["t"])
  }

  @Test("a generation brings its values along in one step, all or none")
  func valuesAreInstalledWhole() {
    var desk = Self.desk { $0.limits.stateKeysMax = 2 }
    desk.offer(1, at: "8000", ani: "set:k:1")
    let good = [StrategyState("s", [StateEntry("x", .boolean(true))])]
    desk.signal(.control(.strategies(fingerprint: "two", state: good)))
    #expect(desk.shard.strategyState == good)
    let large = ["a", "b", "c"].map { StateEntry($0, .integer(1)) }
    desk.signal(
      .control(
        .strategies(fingerprint: "3", state: [StrategyState("t"), StrategyState("s", large)])
      )
    )
    #expect(desk.shard.strategyState == good)
    #expect(desk.last(.error)?.errorMessage == "state of 's': more than 2 keys")
    desk.signal(.control(.strategies(fingerprint: "four")))
    #expect(desk.shard.strategyState == good)
    desk.signal(.control(.strategies(fingerprint: "five", state: [])))
    #expect(desk.shard.strategyState == [])
  }

  @Test("keys and bytes have a maximum; what is replaced counts once")
  func stateHasLimits() {
    var desk = Self.desk {
      $0.limits.stateKeysMax = 3
      $0.limits.stateBytesMax = 27
    }
    desk.offer(1, at: "8000", ani: "set:a:1 set:b:2 set:b:3 set:a:4")
    #expect(desk.lastAnswer == .done)
    desk.offer(2, at: "8000", ani: "set:long:5")
    #expect(desk.lastAnswer == .invalid("state: more than 27 bytes would be kept"))
    desk.offer(3, at: "8000", ani: "set:c:5")
    #expect(desk.lastAnswer == .done)
    desk.offer(4, at: "8000", ani: "drop:a set:cc:5 set:b:9 set:c:1")
    #expect(desk.lastAnswer == .done)
  }

  // MARK: Kept places

  @Test("at a routing point who took a place comes before those who came later than it")
  func placeAtTheRoutingPoint() {
    var desk = Self.desk(agents: 1)
    desk.notReady("1001")
    desk.offer(1, at: "8000", ani: "keep:k:60 any")
    desk.offer(2, at: "8000", ani: "any")
    desk.hangUp(1)
    desk.offer(3, at: "8000", ani: "any")
    desk.offer(4, at: "8001", ani: "take:k any")
    desk.ready("1001")
    #expect(desk.lastAnswer == .selected(.agent("1001")))
    #expect(desk.last(.userEvent)?.call?.connID == ConnID(4))
    #expect(desk.last(.userEvent)?.reason("OVERTAKE") == "kept_place")
    #expect(desk.last(.userEvent)?.reason("OVERTAKEN") == "0000000000000002")
  }

  @Test("nobody is overtaken by who would have been first anyway")
  func placeWithoutOvertaking() {
    var desk = Self.desk(agents: 1)
    desk.notReady("1001")
    desk.offer(1, at: "8000", ani: "keep:k:60 any")
    desk.hangUp(1)
    desk.offer(2, at: "8000", ani: "take:k queue")
    desk.offer(3, at: "8000", ani: "queue")
    desk.ready("1001")
    #expect(desk.offeredCalls == [2])
    #expect(desk.count(.userEvent) == 0)
  }

  @Test("where priority ages, the waiting of a kept place counts from its beginning")
  func placeKeepsItsAge() {
    var desk = Self.desk(agents: 1) { $0.priorityAging = .seconds(10) }
    desk.notReady("1001")
    desk.offer(1, at: "8000", ani: "keep:k:600 any")
    desk.hangUp(1)
    desk.advance(.seconds(20))
    desk.offer(2, at: "8000", ani: "any")
    desk.offer(3, at: "8000", ani: "take:k any")
    desk.ready("1001")
    #expect(desk.last(.userEvent)?.call?.connID == ConnID(3))
  }

  @Test("a place outlives answering, refusals and redirects, and is taken over once, by its key")
  func placeOutlivesEveryEnd() {
    var desk = Self.desk(agents: 1)
    desk.offer(1, at: "8000", ani: "keep:a:60 keep:b:60 queue")
    desk.ring(ConnID(1))
    desk.answer(ConnID(1))
    desk.offer(2, at: "8000", ani: "take:a")
    #expect(desk.lastAnswer == .noSuchPlace)
    desk.hangUp(1)
    desk.offer(3, at: "8000", ani: "take:a")
    #expect(desk.lastAnswer == .done)
    desk.offer(4, at: "8000", ani: "take:a")
    #expect(desk.lastAnswer == .noSuchPlace)
    desk.advance(.seconds(60))
    desk.offer(5, at: "8000", ani: "take:b")
    #expect(desk.lastAnswer == .done)
  }

  @Test("a place that was taken over can be kept again")
  func placeIsKeptAgain() {
    var desk = Self.desk(agents: 1)
    desk.notReady("1001")
    desk.offer(1, at: "8000", ani: "keep:k:60 any")
    desk.hangUp(1)
    desk.offer(2, at: "8000", ani: "queue")
    desk.offer(3, at: "8000", ani: "take:k keep:k:60 queue")
    #expect(desk.waiting(in: "9000") == [3, 2])
    desk.hangUp(3)
    desk.offer(4, at: "8000", ani: "take:k queue")
    #expect(desk.waiting(in: "9000") == [4, 2])
  }

  @Test("a key beyond 256 bytes is refused")
  func longKeys() {
    var desk = Self.desk()
    desk.offer(1, at: "8000", ani: "keep:" + String(repeating: "k", count: 257) + ":5")
    #expect(desk.lastAnswer == .invalid("call:keep_place: the key has more than 256 bytes"))
  }
}
