import Foundation
import Testing

/// Pairs of messages that cross, on a wire that loses, doubles and reorders them.
///
/// Nothing may be left of any call. `make crossing` runs 10,000 seeds, `make crossing SEED=n` one,
/// message by message.
@Suite("Crossing messages")
struct CrossingTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seed = environment["CROSSING_SEED"].flatMap { UInt64($0) }
  /// The seeds, in lots that run beside each other.
  private static let lots: [ClosedRange<UInt64>] = {
    if let seed { return [seed...seed] }
    let count = environment["CROSSING_SEEDS"].flatMap { UInt64($0) } ?? 150
    return stride(from: UInt64(1), through: count, by: 50).map { $0...min($0 + 49, count) }
  }()

  @Test(.timeLimit(.minutes(60)), arguments: lots)
  func nothingIsLeft(lot: ClosedRange<UInt64>) throws {
    for seed in lot {
      var world = try CrossingWorld(seed: seed, isTraced: Self.seed != nil)
      let problems = world.run()
      #expect(problems == [], "make crossing SEED=\(seed)")
    }
  }
}
