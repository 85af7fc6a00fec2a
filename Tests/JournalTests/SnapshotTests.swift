import CSQLite
import Engine
import Foundation
import Journal
import Simulator
import Testing
import Wire

@Suite("A recovery begins with the last snapshot that can be read")
struct SnapshotTests {
  private static let figures = Statistics(
    answeredWithin: .seconds(20),
    abandonedWithin: .seconds(5)
  )

  /// What a recovery comes to.
  private struct Outcome {
    var state: [UInt8]
    var runs: [UInt8]
    var statistics: [UInt8]
    var signals: Int
    var firstEvent: UInt64
    var passedOver: [String]
    var announced: [Event]
  }

  private func recover(_ folder: TemporaryFolder) throws -> Outcome {
    let reader = try StoreReader(folder.path)
    let recording = try #require(try reader.recordings().last)
    var announced: [Event] = []
    let recovered = try reader.recover(recording) { announced.append($0) }
    return Outcome(
      state: try Packed.bytes(of: recovered.engine.state),
      runs: try Packed.bytes(of: recovered.runs),
      statistics: try Packed.bytes(of: recovered.statistics),
      signals: recovered.signals,
      firstEvent: recovered.firstEvent,
      passedOver: recovered.passedOver,
      announced: announced
    )
  }

  /// A store with a snapshot after every so many groups, and what a recovery from nothing makes.
  private func filled(seed: UInt64, every: Int, last: Bool = false) throws -> (
    TemporaryFolder, TormentJournal
  ) {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: seed, calls: 250)
    try journal.write(to: folder.path, imageEvery: every, imageLast: last)
    return (folder, journal)
  }

  private func run(_ sql: String, on folder: TemporaryFolder) throws {
    var handle: OpaquePointer?
    try #require(sqlite3_open(folder.store, &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK, "\(sql)")
    sqlite3_close(handle)
  }

  @Test(
    "The same engine, runs and figures as from all signals",
    .timeLimit(.minutes(10)),
    arguments: [1, 2, 8] as [UInt64]
  )
  func same(seed: UInt64) throws {
    let (plain, _) = try filled(seed: seed, every: .max)
    let (folder, journal) = try filled(seed: seed, every: 150)
    let whole = try recover(plain)
    let short = try recover(folder)
    #expect(short.state == whole.state)
    #expect(short.runs == whole.runs)
    #expect(short.statistics == whole.statistics)
    #expect(whole.firstEvent == 0 && short.firstEvent > 0)
    #expect(short.signals < 1_000 && short.signals < whole.signals)
    #expect(whole.announced == journal.events)
    #expect(short.announced == Array(journal.events.dropFirst(Int(short.firstEvent))))
    #expect(short.passedOver == [])
    let reader = try StoreReader(folder.path)
    let kept = try reader.events(upTo: short.firstEvent, count: 5)
    #expect(kept.map(\.sequence) == Array(short.firstEvent - 4...short.firstEvent))
  }

  @Test("A snapshot at the very end needs no signal", .timeLimit(.minutes(10)))
  func atTheEnd() throws {
    let (folder, journal) = try filled(seed: 3, every: .max, last: true)
    let outcome = try recover(folder)
    #expect(outcome.signals == 0)
    #expect(outcome.firstEvent == UInt64(journal.events.count))
  }

  @Test("One that is damaged, of another layout or of another site is passed over")
  func passedOver() throws {
    let (folder, _) = try filled(seed: 4, every: 200)
    let whole = try recover(folder)
    let last = "(SELECT max(signal) FROM snapshots)"
    try run("UPDATE snapshots SET body = zeroblob(100) WHERE signal = \(last)", on: folder)
    let second = try recover(folder)
    #expect(second.state == whole.state)
    #expect(second.passedOver.count == 1)
    #expect(second.passedOver.first?.contains("it does not begin as it should") == true)
    try run("UPDATE snapshots SET layout = 99", on: folder)
    let none = try recover(folder)
    #expect(none.state == whole.state)
    #expect(none.firstEvent == 0)
    #expect(none.passedOver.count > 3)
    let sentence = "layout 99, this version reads \(EngineState.layout)"
    #expect(none.passedOver.first?.contains(sentence) == true)
  }

  @Test("Signals that are not kept any more are not missed; without a snapshot they are")
  func withoutBeginning() throws {
    let (folder, _) = try filled(seed: 5, every: 200)
    let whole = try recover(folder)
    try run(
      "DELETE FROM signals WHERE sequence <= (SELECT max(signal) FROM snapshots)",
      on: folder
    )
    let rest = try recover(folder)
    #expect(rest.state == whole.state)
    #expect(rest.passedOver == [])
    try run("UPDATE snapshots SET layout = 99", on: folder)
    let error = #expect(throws: StoreError.self) { _ = try recover(folder) }
    #expect(error?.kind == .differs)
    #expect(error?.message.contains("is not kept any more") == true)
    // New signals never get an old number.
    try run("DELETE FROM signals", on: folder)
    var store = try Store(writing: folder.path)
    try store.write([.signal(.clock, at: .distantFuture)])
    try run("UPDATE snapshots SET layout = \(EngineState.layout)", on: folder)
    let reader = try StoreReader(folder.path)
    let recording = try #require(try reader.recordings().last)
    #expect(throws: StoreError.self) { _ = try reader.recover(recording) { _ in } }
  }

  @Test("What a version that decides otherwise can go on with: a day that has ended")
  func cleanEnd() throws {
    let (alive, _) = try filled(seed: 6, every: 200)
    let (ended, journal) = try filled(seed: 6, every: .max, last: true)
    for folder in [alive, ended] { try run("UPDATE snapshots SET layout = 99", on: folder) }
    func end(_ folder: TemporaryFolder) throws -> CarriedState? {
      let reader = try StoreReader(folder.path)
      return try reader.cleanEnd(of: try #require(try reader.recordings().last))
    }
    #expect(try end(alive) == nil)
    // The last image was taken while calls were alive, or not: only the latter is an end.
    if journal.callsAtTheEnd == 0 {
      #expect(try end(ended)?.event == UInt64(journal.events.count))
    } else {
      #expect(try end(ended) == nil)
    }
    let (quiet, closed) = try { () -> (TemporaryFolder, TormentJournal) in
      let folder = try TemporaryFolder()
      var journal = TormentJournal(seed: 6, calls: 60)
      journal.close()
      try journal.write(to: folder.path, imageLast: true)
      return (folder, journal)
    }()
    try run("UPDATE snapshots SET layout = 99", on: quiet)
    let carried = try #require(try end(quiet))
    #expect(carried.event == UInt64(closed.events.count))
    #expect(carried.agents.count == closed.head.plan.agents.count)
    try run("INSERT INTO signals VALUES (1000000, 1, 0, 0, '', 0)", on: quiet)
    #expect(try end(quiet) == nil)
  }
}

@Suite("A part of a day begins with a snapshot, and replays to the byte")
struct SliceTests {
  @Test("From any time to any other", .timeLimit(.minutes(10)), arguments: [3, 16] as [UInt64])
  func slices(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: seed, calls: 250)
    try journal.write(to: folder.path, imageEvery: 100)
    let whole = try exportedLines(folder.path)
    let times = journal.events.map(\.time)
    for part in stride(from: times.count / 4, to: times.count - 40, by: times.count / 9) {
      let since = times[part]
      let until = times[min(times.count - 1, part + times.count / 5)]
      let lines = try exportedLines(folder.path, since: since, until: until)
      #expect(lines.count < whole.count * 2 / 3)
      let head = try Replay.head(of: lines.first)
      let snapshot = try #require(head.snapshot)
      #expect(World.epoch + snapshot.instant.nanoseconds <= since)
      let report = try replay(lines)
      #expect(report.divergence == nil)
      #expect(report.unknown == [])
      #expect(report.events == journal.events.count { $0.time >= since && $0.time <= until })
      // Event lines are those of the whole day.
      let events = lines.filter { $0.hasPrefix("{\"seq\"") }
      #expect(events.allSatisfy { whole.contains($0) })
    }
  }

  @Test("From before the first snapshot: from the first signal, or from the oldest that is kept")
  func early() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 7, calls: 200)
    try journal.write(to: folder.path, imageEvery: 200)
    let early = try exportedLines(folder.path, since: journal.events[20].time)
    #expect(try Replay.head(of: early.first).snapshot == nil)
    #expect(try replay(early).divergence == nil)
    var handle: OpaquePointer?
    #expect(sqlite3_open(folder.store, &handle) == SQLITE_OK)
    let sql = "DELETE FROM signals WHERE sequence <= (SELECT min(signal) FROM snapshots)"
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    for lines in [
      try exportedLines(folder.path),
      try exportedLines(folder.path, since: journal.events[20].time),
    ] {
      #expect(try Replay.head(of: lines.first).snapshot != nil)
      let report = try replay(lines)
      #expect(report.divergence == nil)
      #expect(report.events > 100)
    }
    #expect(
      sqlite3_exec(handle, "UPDATE snapshots SET layout = 9", nil, nil, nil) == SQLITE_OK
    )
    sqlite3_close(handle)
    #expect(throws: StoreError.self) { try exportedLines(folder.path) }
  }

  @Test("A recording's snapshot that was changed or is of another layout is refused in a sentence")
  func damage() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 7, calls: 200)
    try journal.write(to: folder.path, imageEvery: 100)
    var lines = try exportedLines(folder.path, since: journal.events.last?.time)
    let head = lines[0]
    func trouble() -> String {
      do {
        _ = try replay(lines)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(trouble() == "none")
    lines[0] = head.replacingOccurrences(of: "\"body\":\"UGsw", with: "\"body\":\"UGsx")
    #expect(trouble().contains("its snapshot cannot be read: it does not begin as it should"))
    lines[0] = head.replacingOccurrences(
      of: "\"layout\":\(EngineState.layout)",
      with: "\"layout\":99"
    )
    #expect(
      trouble().contains("its snapshot has layout 99, and this version reads \(EngineState.layout)")
    )
    lines[0] = head.replacingOccurrences(of: "\"body\":\"UGsw", with: "\"body\":\"!")
    #expect(trouble().contains("\"snapshot\" needs a layout, and a body in base64"))
    let queue = "\"9000\":{"
    #expect(head.contains(queue))
    lines[0] = head.replacingOccurrences(of: queue, with: "\"9900\":{},\"9000\":{")
    #expect(trouble().contains("the state of an engine with another site"))
  }

  @Test("The time of a call is found by its ConnID and its CallUUID")
  func span() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 7, calls: 60)
    try journal.write(to: folder.path, imageEvery: 50)
    let reader = try StoreReader(folder.path)
    let event = try #require(journal.events.last { $0.kind == .abandoned || $0.kind == .released })
    let call = try #require(event.call)
    let own = journal.events.filter { $0.call?.connID == call.connID }
    for name in [call.connID.text, call.uuid.text] {
      let span = try #require(try reader.span(ofCall: name))
      #expect(span.begun == own.first?.time)
      #expect(span.ended == own.last?.time)
    }
    #expect(try reader.span(ofCall: "nobody") == nil)
  }

  @Test("Bytes as text and back, and nothing else as bytes")
  func base64() {
    for (text, bytes) in [
      ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
    ] {
      #expect(Base64.text(of: Array(bytes.utf8)) == text)
      #expect(Base64.bytes(of: text) == Array(bytes.utf8))
    }
    let all = (0...255).map { UInt8($0) }
    #expect(Base64.bytes(of: Base64.text(of: all)) == all)
    for wrong in ["Zg", "Z===", "Zg=v", "Zm9?", "====", "é==="] {
      #expect(Base64.bytes(of: wrong) == nil, "\(wrong)")
    }
  }
}

@Suite("Why a call of another day went where it went")
struct StoredDecisionTests {
  @Test(
    "The record is the one that the engine had, from whatever it is made",
    .timeLimit(.minutes(5))
  )
  func same() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 21, calls: 200)
    try journal.write(to: folder.path, imageEvery: 120)
    // One engine that has forgotten nothing.
    var engine = RoutingEngine(
      plan: journal.head.plan,
      seed: journal.head.seed,
      epoch: journal.head.epoch
    )
    var outbox = Outbox()
    for entry in journal.groups.joined() {
      switch entry {
      case .signal(let signal, let instant), .step(let signal, let instant):
        engine.handle(signal, at: instant, into: &outbox)
        outbox.removeAll()
      case .event, .binding, .unbound, .sources, .dialog, .dialogGone, .mark, .image: break
      }
    }
    let reader = try StoreReader(folder.path)
    var calls: [ConnID] = []
    for event in journal.events where event.kind == .abandoned || event.kind == .released {
      if let call = event.call?.connID, !calls.contains(call) { calls.append(call) }
    }
    #expect(calls.count > 100)
    var compared = 0
    for call in calls.suffix(30) {
      let stored = try #require(try reader.decision(ofCall: call.text))
      guard let live = engine.decision(of: call) else {
        Issue.record("\(call.text)")
        return
      }
      #expect(stored.isCut == false)
      #expect(stored.steps.map(\.kind) == live.steps.map(\.kind))
      #expect(stored.entrance == live.entrance)
      compared += stored.steps.count
    }
    #expect(compared > 100)
    let last = try #require(try reader.decision(ofCall: "last"))
    #expect(try reader.decision(ofCall: last.call.text) == last)
    #expect(try reader.decision(ofCall: "nobody") == nil)
    #expect(try reader.decision(ofCall: "last", only: "9999") == nil)
  }
}
