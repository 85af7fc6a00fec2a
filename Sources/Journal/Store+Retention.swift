// What goes when it is too old, or when the store is too large.
//
// A snapshot becomes the new beginning: the signals before it, their events and the calls that
// ended before it go, in small batches between two groups, the oldest first. A call that is alive
// stays, however old it is: it is in the snapshot. Whatever is left can be gone on with, exported
// and replayed at any moment in between, since a beginning is a snapshot that is there.
// Invariant: the two newest snapshots of this layout are never passed.

internal import Engine

/// How much is kept.
public struct Retention: Sendable, Hashable {
  /// For how long, in nanoseconds.
  public var nanoseconds: UInt64
  /// How many bytes.
  public var bytes: UInt64
  /// How far apart snapshots are that are older than twice this, in nanoseconds.
  public var spacing: UInt64 = 3_600_000_000_000

  /// Makes a rule.
  public init(days: Int, megabytes: Int) {
    nanoseconds = UInt64(days) * 86_400_000_000_000
    bytes = UInt64(megabytes) * 1_000_000
  }
}

/// What a batch left to do.
public enum RetentionStep: Sendable, Hashable {
  /// There is more to remove.
  case more
  /// Everything is as it should be.
  case done
}

extension Store {
  /// A snapshot before which everything goes.
  private struct Beginning {
    var signal: Int64
    var recording: Int64
  }

  /// Rows of a batch.
  static let retiredAtOnce: Int64 = 1_000
  /// Pages that are given back to the file system at once.
  private static let pagesAtOnce: Int64 = 500

  /// Removes a batch of what need not be kept.
  ///
  /// - Parameters:
  ///   - retention: What must be kept.
  ///   - now: The present moment, nanoseconds since the Unix epoch.
  /// - Returns: Whether there is more to do.
  /// - Throws: Why it cannot; then nothing of the batch has gone.
  public mutating func retire(
    _ retention: Retention,
    now: UInt64
  ) throws(StoreError) -> RetentionStep {
    do {
      try database.run("BEGIN IMMEDIATE")
      try thin(retention, now)
      let isMore: Bool
      if let beginning = try beginning(retention, now) {
        try retire(before: beginning)
        isMore = true
      } else {
        isMore = try retireEvents()
      }
      try database.run("COMMIT")
      return isMore ? .more : try shrink()
    } catch {
      if database.isInTransaction { try? database.run("ROLLBACK") }
      throw error
    }
  }

  /// The snapshot that is to become the beginning; nil: what is there may stay.
  private func beginning(
    _ retention: Retention,
    _ now: UInt64
  ) throws(StoreError) -> Beginning? {
    let first = try database.number("SELECT min(sequence) FROM signals")
    guard first > 0 else { return nil }
    let cutoff = now > retention.nanoseconds ? now - retention.nanoseconds : 0
    // By age the last one before the time, by size one more than is there.
    let isTooLarge = try usedBytes() > retention.bytes
    let choice =
      isTooLarge
      ? "signal >= \(first) ORDER BY signal LIMIT 1"
      : "signal >= \(first) AND time <= \(Int64(clamping: cutoff)) ORDER BY signal DESC LIMIT 1"
    var query = try database.prepare(
      "SELECT signal, recording FROM snapshots WHERE layout = \(EngineState.layout) "
        + "AND signal <= (SELECT signal FROM snapshots WHERE layout = \(EngineState.layout) "
        + "ORDER BY signal DESC LIMIT 1 OFFSET 1) AND " + choice
    )
    guard try query.next() else { return nil }
    let found = Beginning(
      signal: query.number(0),
      recording: query.number(1)
    )
    query.reset()
    return found
  }

  /// Bytes that hold something.
  private func usedBytes() throws(StoreError) -> UInt64 {
    let pages = try database.number("PRAGMA page_count")
    let free = try database.number("PRAGMA freelist_count")
    return UInt64(max(0, pages - free)) * UInt64(try database.number("PRAGMA page_size"))
  }

  /// Removes signals: a beginning is there in any case, and events without signals are only left
  /// out of an export, while signals without their events would make it differ.
  private func retire(before beginning: Beginning) throws(StoreError) {
    let first = try database.number("SELECT min(sequence) FROM signals")
    let last = min(beginning.signal, first + Self.retiredAtOnce - 1)
    try database.run("DELETE FROM signals WHERE sequence <= \(last)")
    try database.run("DELETE FROM snapshots WHERE signal < \(last)")
    guard last == beginning.signal else { return }
    try database.run("DELETE FROM recordings WHERE id < \(beginning.recording)")
  }

  /// Removes events whose signals are gone, and the calls that had their last one with them and are
  /// not alive in the beginning; says whether there were any.
  private func retireEvents() throws(StoreError) -> Bool {
    let first = try database.number("SELECT min(sequence) FROM signals")
    let firstEvent = try database.number("SELECT min(seq) FROM events")
    guard first > 0, firstEvent > 0 else { return false }
    let end = firstEvent + Self.retiredAtOnce
    let last = try database.number(
      "SELECT max(seq) FROM events WHERE seq < \(end) AND signal < \(first)"
    )
    guard last > 0 else { return false }
    try database.run(
      "DELETE FROM calls WHERE last_event <= \(last) AND conn_id IN "
        + "(SELECT conn_id FROM events WHERE seq <= \(last) AND conn_id IS NOT NULL) "
        + "AND conn_id NOT IN (SELECT value FROM json_each("
        + "(SELECT alive FROM snapshots WHERE signal = \(first - 1))))"
    )
    try database.run("DELETE FROM events WHERE seq <= \(last)")
    return true
  }

  /// Leaves fewer of the snapshots that are old; the newest ones stay.
  private func thin(_ retention: Retention, _ now: UInt64) throws(StoreError) {
    let spacing = Int64(clamping: max(1, retention.spacing))
    let old = Int64(clamping: now) - 2 * spacing
    try database.run(
      "DELETE FROM snapshots WHERE time < \(old) AND signal NOT IN "
        + "(SELECT min(signal) FROM snapshots GROUP BY recording, time / \(spacing)) "
        + "AND signal NOT IN (SELECT signal FROM snapshots ORDER BY signal DESC LIMIT 3)"
    )
  }

  /// Gives pages that hold nothing back to the file system, but for some that are soon used again.
  private func shrink() throws(StoreError) -> RetentionStep {
    let free = try database.number("PRAGMA freelist_count")
    guard try database.number("PRAGMA auto_vacuum") == 2, free > 64,
      free > (try database.number("PRAGMA page_count")) / 10
    else { return .done }
    // Each page is one step of the statement.
    try database.run("PRAGMA incremental_vacuum(\(min(free, Self.pagesAtOnce)))")
    return .more
  }
}
