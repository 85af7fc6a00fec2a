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

  @Test("Every invariant holds after every signal", .timeLimit(.minutes(2)), arguments: batches)
  func torment(_ seeds: [UInt64]) {
    for seed in seeds { Self.run(seed, signals: 2_000) }
  }

  @Test("At hostile limits too", .timeLimit(.minutes(1)))
  func hostile() {
    for seed in Self.seeds.prefix(20) { Self.run(seed, signals: 1_000, limits: .hostile) }
  }

  @Test("Equal seeds give equal event streams, other seeds others", .timeLimit(.minutes(1)))
  func deterministic() {
    func events(_ seed: UInt64) -> [Event] {
      var world = World(seed: seed, keepsEvents: true)
      world.torment(signals: 1_500)
      return world.events
    }
    let first = events(7)
    #expect(first == events(7))
    #expect(first != events(8))
    #expect(Set(first.map(\.kind)).count >= 17)
  }
}
