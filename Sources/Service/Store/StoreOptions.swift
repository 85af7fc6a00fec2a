/// What is kept of what happens (`store` of the site file).
package struct StoreOptions: Sendable, Hashable {
  /// After how many days signals, events and calls may go.
  package var keepDays = 30
  /// How large the store may be, in millions of bytes; the oldest goes first.
  package var keepMegabytes = 8_192
  /// After how many seconds an image of the shard is taken, if anything has happened.
  package var snapshotSeconds = 600
  /// After how many signals and steps one is taken at the latest.
  package var snapshotSignals = 50_000

  /// Makes the standard options.
  package init() {}
}
