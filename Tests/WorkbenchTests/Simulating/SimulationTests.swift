import Engine
import LuaBridge
import Service
import Testing
import Wire
import Workbench

/// A model of one type of callers.
func simulated(
  _ perHour: Double,
  _ service: Double,
  agents: Int,
  calls: Int = 20_000,
  _ change: (inout SimulationInput.Options) -> Void = { _ in }
) throws -> SimulationInput {
  var options = SimulationInput.Options()
  options.arrivalsPerHour = perHour
  options.service = .exponential(mean: service)
  options.agents = agents
  options.calls = calls
  change(&options)
  return try SimulationInput(options)
}

/// Runs it; nothing stops it.
func run(_ input: SimulationInput, runs: Int = 1) throws -> SimulationReport {
  try input.run(runs: runs, sink: nil) { _, _ in true }
}

@Suite("Simulations", .timeLimit(.minutes(15)))
struct SimulationTests {
  @Test("M/M/n: exact values lie in the 99 % intervals of fixed seeds")
  func erlangC() throws {
    let report = try run(try simulated(252, 120, agents: 12, calls: 8_000), runs: 6)
    #expect(report.calls == 48_000)
    #expect(report.answered == 48_000)
    for (figure, exact) in [
      (.waitedShare, 0.183_888_63), (.waitMean, 6.129_62), (.occupancy, 0.7),
      (.queueLengthMean, 0.429_07), (.serviceLevel, 0.899_08),
    ] as [(SimulationReport.Figure, Double)] {
      let interval = try #require(report.interval(figure))
      #expect(abs(interval.estimate - exact) <= interval.half99, "\(figure)")
      #expect(interval.half95 < interval.half99)
      #expect(interval.half99 < exact, "an interval that says something: \(figure)")
    }
  }

  @Test("M/M/n+M: callers give up as often as they should")
  func erlangA() throws {
    var input = try simulated(252, 120, agents: 12) { $0.patience = .exponential(mean: 60) }
    input.model.warmUp = 1_000
    input.model.seed = 2
    let report = try run(input)
    #expect(report.answered + report.abandoned == report.calls)
    for (figure, exact) in [
      (.abandonedShare, 0.029_679), (.waitAllMean, 1.780_73), (.occupancy, 0.679_225),
    ] as [(SimulationReport.Figure, Double)] {
      let interval = try #require(report.interval(figure))
      #expect(abs(interval.estimate - exact) <= interval.half99, "\(figure)")
    }
  }

  @Test("M/M/n/n+K: who would be one too many is turned away", arguments: [0, 1, 5])
  func limited(_ places: Int) throws {
    let exact = [0: 0.063_316_87, 1: 0.042_440_75, 5: 0.009_476_87]
    var input = try simulated(252, 120, agents: 12)
    input.model.waitingMax = places
    let report = try run(input)
    let interval = try #require(report.interval(.rejectedShare))
    #expect(abs(interval.estimate - (exact[places] ?? 0)) <= interval.half99)
    #expect(report.answered + report.rejected == report.calls)
    if places == 0 { #expect(report.waitMax == 0) }
  }

  @Test("Nobody waits when there are agents enough, and everybody is busy for his share")
  func idle() throws {
    let input = try simulated(360, 60, agents: 100, calls: 10_000) {
      $0.service = .deterministic(60)
    }
    let report = try run(input)
    #expect(report.value(.waitedShare) == 0)
    #expect(report.waitMax == 0)
    #expect(report.value(.serviceLevel) == 1)
    #expect(abs(report.value(.occupancy) - 0.06) < 0.003)
  }

  @Test("The same seed gives the same report, another one does not")
  func deterministic() throws {
    let input = try simulated(252, 120, agents: 12, calls: 3_000)
    let first = try run(input).json
    #expect(try run(input).json == first)
    var other = input
    other.model.seed = 2
    #expect(try run(other).json != first)
  }

  @Test("A warm-up is not counted")
  func warmUp() throws {
    var input = try simulated(252, 120, agents: 12, calls: 3_000)
    input.model.warmUp = 1_000
    #expect(try run(input).calls == 2_000)
  }

  @Test("Whoever stops it has what there is so far")
  func stopped() throws {
    let input = try simulated(252, 120, agents: 12, calls: 1_000_000)
    let report = try input.run(runs: 3, sink: nil) { _, arrived in arrived < 4_000 }
    #expect(report.wasStopped)
    #expect(report.runs == 1)
    #expect((4_000..<8_000).contains(report.calls))
  }

  @Test("Types: shares, priorities, their own talking time")
  func types() throws {
    let input = try simulated(48, 60, agents: 1, calls: 12_000) {
      $0.typeTexts = ["high,share=3,priority=20", "low,share=5,priority=10,service=60"]
    }
    let report = try run(input, runs: 4)
    let json = try JSONValue(parsing: report.json)
    for (name, exact) in [("high", 68.571), ("low", 342.857)] {
      let type = try #require(json["by_type"]?[name])
      let bounds = try #require(type["wait_mean_interval"]?["99"]?.elements)
      let low = try #require(bounds[0].number)
      let high = try #require(bounds[1].number)
      #expect((low...high).contains(exact), "\(name)")
    }
    let calls = json["by_type"]?["high"]?["calls"]?.integer ?? 0
    #expect(abs(Double(calls) / 48_000 - 0.375) < 0.01)
  }

  @Test("Phones that ring delay the answer; those that ring too long are taken back")
  func ringing() throws {
    var input = try simulated(60, 60, agents: 20, calls: 2_000)
    input.model.ringing = .seconds(5)
    var report = try run(input)
    #expect(report.waitMax >= 5)
    #expect(abs(report.value(.waitMean) - 5) < 0.001)
    // Fifteen seconds are the limit; afterwards an agent is not ready for good.
    input.model.ringing = .seconds(40)
    input.model.plan.routingPoints[0].timeout = .seconds(60)
    report = try run(input)
    #expect(report.answered == 0)
    #expect(report.rejected == report.calls)
  }
}

@Suite("Recordings of simulations", .timeLimit(.minutes(15)))
struct SimulationRecordingTests {
  private final class Text { var bytes: [UInt8] = [] }

  @Test("The same signals give a fresh engine the same events, to the byte")
  func replayed() throws {
    var input = try simulated(252, 120, agents: 4, calls: 500) {
      $0.patience = .exponential(mean: 60)
    }
    input.model.waitingMax = 6
    let text = Text()
    _ = try SimulationReport.make(
      input.model,
      input.source,
      recorder: SimulationRecorder { text.bytes += Array($0) }
    )
    let lines = String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    var unknown: [String] = []
    guard case .head(let head) = try RecordingLine(reading: lines[0], unknown: &unknown) else {
      Issue.record("the first line is no head")
      return
    }
    let plan = try Plan(try #require(head["site"]), unknown: &unknown)
    #expect(plan.agents.count == 4)
    #expect(head["strategies"]?.string == input.source.fingerprint)
    let seed = UInt64(clamping: head["seed"]?.integer ?? 0)
    let generation = try Generation(input.source, limits: plan.limits)
    var shard = Shard(
      engine: RoutingEngine(plan: plan, seed: seed, epoch: SimulationModel.usualEpoch),
      strategies: LuaStrategies(generation, limits: plan.limits)
    )
    var expected: [String] = []
    var announced: [String] = []
    for (index, line) in lines.enumerated().dropFirst() {
      switch try RecordingLine(reading: line, number: index + 1, unknown: &unknown) {
      case .head: Issue.record("line \(index + 1) is a second head")
      case .event: expected.append(line)
      case .signal(let signal, let at):
        shard.handle(signal, at: at) { outbox in
          for event in outbox.events {
            var writer = JSONWriter()
            writer.value(event)
            announced.append(writer.text)
          }
        }
      }
    }
    #expect(unknown.isEmpty)
    #expect(expected.count > 2_000)
    #expect(announced.count == expected.count)
    #expect(zip(announced, expected).first { $0 != $1 } == nil)
  }
}

@Suite("The mathematics of simulations")
struct SimulationMathTests {
  @Test("Logarithm and exponential are those of the library, as far as doubles go")
  func elementary() {
    var value = 1e-300
    while value < 1e300 {
      let exact = Elementary.log(value)
      #expect(abs(Elementary.exp(exact) - value) <= 1e-12 * value, "\(value)")
      value *= 7.3
    }
    #expect(abs(Elementary.log(10) - 2.302_585_092_994_046) < 1e-15)
    #expect(abs(Elementary.exp(1) - 2.718_281_828_459_045) < 1e-15)
    #expect(Elementary.log(1) == 0)
  }

  @Test("Student's quantiles, as tables print them")
  func student() {
    for (freedom, at95, at99) in [
      (1, 12.706, 63.657), (5, 2.571, 4.032), (11, 2.201, 3.106), (19, 2.093, 2.861),
      (30, 2.042, 2.750), (120, 1.980, 2.617),
    ] {
      #expect(abs(Student.quantile95(freedom) - at95) < 0.001)
      #expect(abs(Student.quantile99(freedom) - at99) < 0.001)
    }
  }

  @Test("Quantiles of waits are right to 0.4 %, the longest exactly")
  func quantiles() {
    var random = SplitMix64(seed: 4)
    var waits: [UInt64] = []
    var histogram = WaitHistogram()
    for _ in 0..<20_000 {
      let wait = random.next() >> (14 + random.next(below: 40))
      waits.append(wait)
      histogram.add(wait)
    }
    waits.sort()
    for share in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 1] {
      let exact = Double(waits[Int((share * 20_000).rounded(.up)) - 1]) / 1e9
      let found = histogram.quantile(share)
      #expect(abs(found - exact) <= max(0.004 * exact, 8.2e-6), "\(share)")
    }
    #expect(histogram.longest == waits.last)
    #expect(WaitHistogram().quantile(0.5) == 0)
  }

  @Test("An interval of two samples and more, of a quotient")
  func interval() throws {
    #expect(Interval([(1, 1)]) == nil)
    #expect(Interval([(1, 0), (2, 0)]) == nil)
    let interval = try #require(Interval([(1, 1), (2, 1), (3, 1)]))
    #expect(interval.estimate == 2)
    // s = 1, n = 3: 4.3027 / sqrt 3.
    #expect(abs(interval.half95 - 2.4842) < 0.001)
    let exact = try #require(Interval([(2, 1), (4, 2), (6, 3)]))
    #expect(exact.half99 == 0)
  }
}
