public import Engine

/// A runtime whose suspended runs can be copied and compared, so that a world around it can be.
public protocol ProvableStrategies: StrategyRuntime {
  /// Names what a call's suspended run will do; equal numbers, equal futures; -1: there is none.
  func state(of call: ConnID) -> Int64
  /// The steps made since they were forgotten, in order.
  var steps: [(call: ConnID, step: StrategyStep)] { get }
  /// Forgets the steps.
  mutating func forgetSteps()
}
