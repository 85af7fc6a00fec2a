import Engine
import LuaBridge

/// Gathers what the strategies under test did.
final class CoverageCollector {
  init(_ source: StrategySource) {}
  func add(_ world: TestWorld) {}
  var coverage: Coverage { Coverage() }
}
public struct Coverage: Sendable {}
