import CSQLite
import Engine
import Foundation
import Journal
import Simulator
import Testing
import Wire

@Suite("What is too old, or too much, goes in small batches; what is left goes on and replays")
struct RetentionTests {
  private let folder: TemporaryFolder
  private let journal: TormentJournal

  init() throws {
    folder = try TemporaryFolder()
    journal = TormentJournal(seed: 11, calls: 900)
    try journal.write(to: folder.path, imageEvery: 150)
  }

  /// A rule by which snapshots stay, although the whole day is over in minutes.
  private func rule(days: Int, megabytes: Int) -> Retention {
    var rule = Retention(days: days, megabytes: megabytes)
    rule.spacing = 1
    return rule
  }

  private func count(_ what: String) throws -> Int {
    var handle: OpaquePointer?
    try #require(sqlite3_open(folder.store, &handle) == SQLITE_OK)
    defer { sqlite3_close(handle) }
    var statement: OpaquePointer?
    try #require(sqlite3_prepare_v2(handle, "SELECT \(what)", -1, &statement, nil) == SQLITE_OK)
    defer { sqlite3_finalize(statement) }
    try #require(sqlite3_step(statement) == SQLITE_ROW)
    return Int(sqlite3_column_int64(statement, 0))
  }

  private func state() throws -> [UInt8] {
    let reader = try StoreReader(folder.path)
    let recording = try #require(try reader.recordings().last)
    return try Packed.bytes(of: try reader.recover(recording) { _ in }.engine.state)
  }

  /// The moment from which on the last part of the day is as old as a day.
  private func dayAfter(_ part: Double) -> UInt64 {
    let first = journal.events[0].time
    let last = journal.events[journal.events.count - 1].time
    return first + UInt64(Double(last - first) * part) + 86_400_000_000_000
  }

  @Test("By age: to the snapshot before the time", .timeLimit(.minutes(10)))
  func age() throws {
    let before = try state()
    let signals = try count("count(*) FROM signals")
    let size = try count("page_count FROM pragma_page_count")
    var store = try Store(writing: folder.path)
    let rule = rule(days: 1, megabytes: 1_000)
    // Nothing is as old as a day yet.
    #expect(try store.retire(rule, now: dayAfter(0) - 86_400_000_000_000) == .done)
    #expect(try count("count(*) FROM signals") == signals)
    let now = dayAfter(0.6)
    var batches = 0
    var left = signals
    while try store.retire(rule, now: now) == .more {
      batches += 1
      let present = try count("count(*) FROM signals")
      #expect(left - present <= 1_000)
      left = present
      // At every moment the store is one to go on with, and to replay.
      if batches % 3 == 0 {
        #expect(try state() == before)
        #expect(try replay(try exportedLines(folder.path)).divergence == nil)
      }
    }
    #expect(batches > 4)
    #expect(left < signals / 2 + 2_000 && left > signals / 5)
    #expect(try state() == before)
    let lines = try exportedLines(folder.path)
    #expect(try Replay.head(of: lines.first).snapshot != nil)
    let report = try replay(lines)
    #expect(report.divergence == nil)
    // From the snapshot before the time on, everything is there.
    let kept = journal.events.count { $0.time + 86_400_000_000_000 >= now }
    #expect(report.events >= kept && kept > 500)
    #expect(try count("count(*) FROM events") < journal.events.count)
    #expect(try count("count(*) FROM events") >= kept)
    #expect(
      try count("count(*) FROM snapshots WHERE signal < (SELECT min(sequence) - 1 FROM signals)")
        == 0
    )
    let alive = try count("count(*) FROM calls WHERE ended IS NULL")
    #expect(alive >= journal.callsAtTheEnd)
    #expect(try count("count(*) FROM calls") < 900 / 2 + 100)
    #expect(try count("page_count FROM pragma_page_count") < size)
  }

  @Test("By size: the oldest goes until it fits, the newest snapshots stay")
  func size() throws {
    let before = try state()
    let size = try count("page_count FROM pragma_page_count") * 4_096
    var store = try Store(writing: folder.path)
    let half = rule(days: 3_000, megabytes: max(1, size / 2_000_000))
    while try store.retire(half, now: dayAfter(1)) == .more {}
    let page = try count(
      "page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
    )
    #expect(page * 4_096 <= max(1, size / 2_000_000) * 1_000_000)
    #expect(try state() == before)
    // Even when nothing fits, there are two snapshots to begin with.
    while try store.retire(rule(days: 3_000, megabytes: 0), now: dayAfter(1)) == .more {}
    #expect(try count("count(*) FROM snapshots") == 2)
    #expect(try state() == before)
    #expect(try replay(try exportedLines(folder.path)).divergence == nil)
    #expect(try count("count(*) FROM recordings") == 1)
  }

  @Test("What is written meanwhile is there afterwards")
  func writing() throws {
    var store = try Store(writing: folder.path)
    let last = try #require(journal.groups.last?.first)
    guard case .signal(_, let instant) = last else { return }
    var written = 0
    while try store.retire(rule(days: 1, megabytes: 1_000), now: dayAfter(0.9)) == .more {
      try store.write([.signal(.clock, at: instant)])
      written += 1
    }
    #expect(written > 3)
    let reader = try StoreReader(folder.path)
    let recording = try #require(try reader.recordings().last)
    let recovered = try reader.recover(recording) { _ in }
    #expect(recovered.engine.counters == journal.images.last?.state.counters)
  }

  @Test("After two hours one snapshot an hour is enough")
  func thinning() throws {
    var store = try Store(writing: folder.path)
    let rule = Retention(days: 3_000, megabytes: 10_000)
    let all = try count("count(*) FROM snapshots")
    _ = try store.retire(rule, now: journal.events[0].time)
    #expect(try count("count(*) FROM snapshots") == all)
    _ = try store.retire(rule, now: dayAfter(1))
    let hours = try count("count(DISTINCT time / 3600000000000) FROM snapshots")
    #expect(try count("count(*) FROM snapshots") <= hours + 3)
    #expect(all > hours + 3)
    #expect(try replay(try exportedLines(folder.path)).divergence == nil)
  }
}
