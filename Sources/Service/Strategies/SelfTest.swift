package import LuaBridge

/// The strategies' own tests as a gate before they go live.
///
/// The service knows which files are tests and when they run; running them is the workbench's.
package struct SelfTest: Sendable {
  /// What is to be tested.
  package struct Job: Sendable {
    /// The strategies.
    package var source: StrategySource
    /// The files whose names end in `_test.lua`, and the snapshots that they compare with.
    package var files: [StrategySource.File]
    /// The site that they are to be served with.
    package var site: Site
    /// Whether the time for it is over; to be asked between tests.
    package var isOver: @Sendable () -> Bool
  }

  /// Runs the tests, of which there is one at least, in virtual time, and returns what failed.
  package var run: @Sendable (Job) -> [Finding]

  /// Makes a gate.
  package init(run: @escaping @Sendable (Job) -> [Finding]) { self.run = run }
}
