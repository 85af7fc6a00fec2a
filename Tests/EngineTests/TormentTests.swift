import Engine
import Foundation
import Simulator
import TestSupport
import Testing

extension Tag {
  @Tag static var simulation: Self
}

@Suite("A seeded torment", .tags(.simulation))
struct TormentTests {
  /// The seeds to run; `SEED=n` runs that one alone, `SEEDS=n` so many of them.
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(1...max(1, environment["SEEDS"].flatMap(UInt64.init) ?? 200))
  }()

  static let batches: [[UInt64]] = stride(from: 0, to: seeds.count, by: 25).map {
    Array(seeds[$0..<min($0 + 25, seeds.count)])
  }

  static func run(_ seed: UInt64, signals: Int, limits: Limits = .standard) {
    var world = World(seed: seed, limits: limits)
    world.torment(signals: signals)
    world.close()
    guard let problem = world.problem else { return }
    Issue.record("SEED=\(seed) \(problem)\nlast signals:\n\(world.lastSignals)")
  }

  @Test("Every invariant holds after every signal", .timeLimit(.minutes(15)), arguments: batches)
  func torment(_ seeds: [UInt64]) {
    for seed in seeds { Self.run(seed, signals: 2_000) }
  }

  @Test("At hostile limits too", .timeLimit(.minutes(15)))
  func hostile() {
    for seed in Self.seeds.prefix(20) { Self.run(seed, signals: 1_000, limits: .hostile) }
  }

  @Test("A planted bug is found within a hundred seeds", arguments: WorldFault.allCases)
  func plantedBugsAreFound(_ fault: WorldFault) {
    let finder = (1...100 as ClosedRange<UInt64>).first { seed in
      var world = World(seed: seed)
      world.plant(fault)
      world.torment(signals: 10_000)
      world.close()
      return world.problem != nil
    }
    #expect(finder != nil)
  }

  @Test("Equal seeds give equal event streams, other seeds others", .timeLimit(.minutes(15)))
  func deterministic() {
    func events(_ seed: UInt64) -> [Event] {
      var world = World(seed: seed, keepsEvents: true)
      world.torment(signals: 4_000)
      return world.events
    }
    let first = events(7)
    #expect(first == events(7))
    #expect(first != events(8))
  }

  @Test("Every kind of event occurs in the torment", .timeLimit(.minutes(15)))
  func everyKindOfEventOccurs() {
    var seen: Set<EventKind> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      var world = World(seed: seed)
      world.torment(signals: 1_500)
      seen.formUnion(world.tally.keys)
    }
    #expect(EventKind.allCases.filter { !seen.contains($0) } == [])
  }
}
