import Engine
import Simulator
import Testing

@Suite("A small world: every interleaving of every length", .tags(.simulation))
struct SmallWorldTests {
  /// Bigger ones run in release: `make sim-check` and `make sim-exhaustive`.
  @Test(
    "No interleaving breaks an invariant, and no state is left",
    .timeLimit(.minutes(15)),
    arguments: [(2, "9000"), (1, "8000")] as [(Int, DN)]
  )
  func everyInterleaving(_ calls: Int, _ place: DN) {
    let outcome = SmallWorld(calls: calls, at: place).explore()
    if let problem = outcome.problem { Issue.record(Comment(rawValue: problem)) }
    #expect(outcome.isComplete)
    #expect(outcome.states > 100)
    #expect(outcome.interleavings > 1e12)
    print(
      "small world at \(place.number): \(calls) calls, \(outcome.states) states, "
        + "\(outcome.steps) steps, \(outcome.interleavings) interleavings of \(outcome.length)"
    )
  }
}
