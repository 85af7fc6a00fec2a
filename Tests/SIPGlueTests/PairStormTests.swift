// Many calls over a bad wire: whatever is lost, doubled or late, nothing remains.

import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Storms")
struct PairStormTests {
  /// Plays an engine that tries two targets and rejects then; it knows what it may expect.
  final class Script {
    var attempts: [ConnID: UInt32] = [:]
    var ended: Set<ConnID> = []
    var mistakes: [String] = []
    var random: PairRandom
    let mode: DivertMode

    init(seed: UInt64, mode: DivertMode) {
      random = PairRandom(state: seed)
      self.mode = mode
    }

    func next(_ conn: ConnID) -> [LineCommand] {
      let attempt = (attempts[conn] ?? 0) + 1
      attempts[conn] = attempt
      guard attempt <= 3 else {
        ended.insert(conn)
        return [.reject(conn, status: 480)]
      }
      let dn: DN = random.share() < 0.5 ? "7002" : "7003"
      return [.divert(conn, attempt: attempt, to: .dn(dn), mode: mode)]
    }

    func handle(_ signal: LineSignal) -> [LineCommand] {
      switch signal {
      case .offered(let offer):
        if attempts[offer.connID] != nil { mistakes.append("offered twice") }
        return [.queued(offer.connID, queue: "9000", position: 1)] + next(offer.connID)
      case .ringing(let conn, let attempt):
        check(conn, attempt, "ringing")
        guard random.share() < 0.2 else { return [] }
        return [.cancelDiversion(conn, attempt: attempt, .noAnswer)] + next(conn)
      case .answered(let conn, let attempt):
        check(conn, attempt, "answered")
        guard random.share() < 0.1 else { return [] }
        ended.insert(conn)
        return [.release(conn)]
      case .diverted(let conn, let attempt):
        check(conn, attempt, "diverted")
        ended.insert(conn)
        return []
      case .diversionFailed(let conn, let attempt, _, _):
        check(conn, attempt, "failed")
        return next(conn)
      case .released(let conn, _):
        if !ended.insert(conn).inserted { mistakes.append("released twice or after the end") }
        return []
      case .header, .inService, .outOfService, .treatmentApplied, .treatmentEnded,
        .treatmentNotApplied, .transferred, .attached, .held, .retrieved:
        return []
      }
    }

    private func check(_ conn: ConnID, _ attempt: UInt32, _ what: String) {
      if ended.contains(conn) { mistakes.append("\(what) after the end") }
      if attempts[conn] != attempt { mistakes.append("\(what) of attempt \(attempt)") }
    }
  }

  @Test(
    .timeLimit(.minutes(15)),
    arguments: [0.0, 0.1, 0.3],
    Array(UInt64(1)...12)
  )
  func nothingRemainsAfterAStorm(loss: Double, seed: UInt64) throws {
    let remains = try Self.storm(loss: loss, seed: seed)
    #expect(remains.calls == remains.offered)
  }

  @Test(.timeLimit(.minutes(15)), arguments: [0.0, 0.1, 0.3], Array(UInt64(1)...8))
  func aProcessThatEndsAgainAndAgainLosesNothing(loss: Double, seed: UInt64) throws {
    let remains = try Self.storm(loss: loss, seed: seed, crashes: 0.1)
    #expect(remains.rows == [])
    #expect(remains.crashes > 0)
    #expect(remains.lost == 0)
  }

  /// What a storm left behind.
  struct Remains {
    var calls: UInt64
    var offered: UInt64
    var rows: [String]
    var crashes: Int
    var lost: Int
  }

  private static func endAll(of caller: PairPhone, at now: Double) {
    caller.acknowledges = true
    for dialog in caller.dialogs where !dialog.isEnded {
      if dialog.isAnswered {
        caller.hangUp(dialog, at: now)
      } else {
        caller.cancel(dialog, at: now)
      }
    }
  }

  private static func storm(
    loss: Double,
    seed: UInt64,
    crashes: Double = 0
  ) throws -> Remains {
    var world = try PairWorld(seed: seed)
    world.wire = PairWire(loss: loss, duplication: 0.1, jitter: 0.3)
    let script = Script(seed: seed &+ 99, mode: seed % 3 == 0 ? .redirect : .bridge)
    world.engine = { script.handle($0) }
    world.isAlive = { script.attempts[$0] != nil && !script.ended.contains($0) }
    world.line.keepsDialogs = crashes > 0
    world.crashes = crashes
    let behaviours: [PairBehaviour] = [
      .answers(after: 0.3), .answers(after: 3), .rings, .refuses(486), .silent, .tries,
      .ringsThenRefuses(603, after: 2), .answersTwice,
    ]
    let targets = [world.phone("7002", port: 7002), world.phone("7003", port: 7003)]
    let callers = (0..<5).map { world.phone("44\($0)", port: UInt16(6000 + $0)) }
    for round in 0..<12 {
      for target in targets {
        target.behaviour = behaviours[Int(world.random.next() % UInt64(behaviours.count))]
      }
      for caller in callers {
        caller.offersSDP = world.random.share() < 0.8
        caller.acknowledges = world.random.share() < 0.95
        caller.call("8000", at: world.now)
      }
      world.run(0.5 + world.random.share() * 3)
      let every = callers.flatMap { caller in caller.dialogs.map { (caller, $0) } }
      for (caller, dialog) in every where world.random.share() < 0.2 {
        if dialog.isAnswered {
          caller.hangUp(dialog, at: world.now)
        } else if !dialog.isEnded {
          caller.cancel(dialog, at: world.now)
        }
      }
      for target in targets {
        for dialog in target.dialogs where dialog.isAnswered && world.random.share() < 0.2 {
          if round % 2 == 0, !dialog.isEnded {
            target.send("INVITE", dialog, body: "v=0 again", at: world.now)
          } else {
            target.hangUp(dialog, at: world.now)
          }
        }
      }
    }
    // Twice: a call may be answered while it is being cancelled.
    for _ in 0..<2 {
      for caller in callers { Self.endAll(of: caller, at: world.now) }
      world.run(70)
    }
    // Long enough for lost hang-ups to be found by the probe, and for every timer.
    world.run(900)
    #expect(script.mistakes == [])
    #expect(world.remains == "")
    let offered = Set(world.offers.map(\.connID))
    #expect(offered == script.ended)
    let open = targets.map(\.openDialogs).reduce(0, +)
    #expect(open == 0)
    return Remains(
      calls: world.line.counters.calls,
      offered: UInt64(offered.count),
      rows: world.rows.values.map { "\($0.part) \($0.state)" },
      crashes: world.crashCount,
      lost: world.lostCount
    )
  }
}
