import CSQLite
import Engine
import Foundation
import Journal
import Testing
import Wire

@Suite("The store remembers, and what it remembers can be run again")
struct JournalTests {
  @Test(
    "A recovered engine is the one that was lost",
    .timeLimit(.minutes(10)),
    arguments: [1, 2, 8] as [UInt64]
  )
  func recovery(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: seed, calls: 300)
    try journal.write(to: folder.path)
    let reader = try StoreReader(folder.path)
    let recording = try #require(try reader.recordings().last)
    var announced: [Event] = []
    let recovered = try reader.recover(recording) { announced.append($0) }
    #expect(announced == journal.events)
    #expect(recovered.signals == journal.groups.joined().count { !$0.isEvent })
    var engine = RoutingEngine(plan: recording.head.plan, seed: seed, epoch: recording.head.epoch)
    var outbox = Outbox()
    for entry in journal.groups.joined() {
      guard let (signal, instant) = entry.signal else { continue }
      engine.handle(signal, at: instant, into: &outbox)
    }
    let last = recovered.last
    #expect(recovered.engine.snapshot(at: last) == engine.snapshot(at: last))
    #expect(recovered.engine.counters == engine.counters)
    #expect(recovered.engine.nextDeadline == engine.nextDeadline)
  }

  @Test(
    "An export replays to the byte, whole and from any time on",
    .timeLimit(.minutes(10)),
    arguments: [3, 16] as [UInt64]
  )
  func exportReplays(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: seed, calls: 200)
    try journal.write(to: folder.path)
    let lines = try exportedLines(folder.path)
    let report = try replay(lines)
    #expect(report.divergence == nil)
    #expect(report.events == journal.events.count)
    #expect(report.unknown.isEmpty)
    let middle = journal.events[journal.events.count / 2].time
    let late = try exportedLines(folder.path, since: middle)
    let lateReport = try replay(late)
    #expect(lateReport.divergence == nil)
    #expect(lateReport.events == journal.events.count { $0.time >= middle })
    let early = try replay(try exportedLines(folder.path, until: middle))
    #expect(early.divergence == nil)
    #expect(early.events > 0 && early.events < journal.events.count)
  }

  @Test("The first event that differs is shown with the signal that led to it")
  func divergence() throws {
    let folder = try TemporaryFolder()
    try TormentJournal(seed: 5, calls: 50).write(to: folder.path)
    var lines = try exportedLines(folder.path)
    let index = try #require(
      lines.indices.dropFirst(lines.count / 2).first { lines[$0].hasPrefix("{\"seq\"") }
    )
    let signal = try #require(
      lines[..<index].last {
        $0.hasPrefix("{\"at\"") && !$0.contains("\"signal\":\"strategy.")
      }
    )
    let original = lines[index]
    lines[index] = original.replacingOccurrences(of: "\"ThisDN\":\"", with: "\"ThisDN\":\"9")
    let divergence = try #require(try replay(lines).divergence)
    #expect(divergence.recorded == lines[index])
    #expect(divergence.replayed == original)
    #expect(divergence.signal == signal)
    lines.remove(at: index)
    #expect(try replay(lines).divergence?.replayed == original)
  }

  @Test("A recording without events is run, and there is nothing to compare")
  func withoutEvents() throws {
    let folder = try TemporaryFolder()
    try TormentJournal(seed: 5, calls: 50).write(to: folder.path)
    let lines = try exportedLines(folder.path).filter { !$0.hasPrefix("{\"seq\"") }
    let report = try replay(lines)
    #expect(report.divergence == nil)
    #expect(report.events == 0)
    #expect(report.signals > 50)
  }

  @Test("A group is there as a whole or not at all, and the next one follows without a gap")
  func groupsAreWhole() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 7, calls: 40)
    var store = try Store(writing: folder.path)
    try store.begin(journal.head, at: journal.head.epoch)
    let half = journal.groups.count / 2
    try store.write(Array(journal.groups[..<half].joined()))
    let rest = Array(journal.groups[half...].joined())
    // An event that is there already cannot be written a second time.
    #expect(throws: StoreError.self) { try store.write(rest + [.event(journal.events[0])]) }
    try store.write(rest)
    #expect(try replay(try exportedLines(folder.path)).events == journal.events.count)
  }

  @Test("What reads a store sees whole groups while another writes")
  func readingWhileWriting() throws {
    let folder = try TemporaryFolder()
    let journal = TormentJournal(seed: 9, calls: 40)
    var store = try Store(writing: folder.path)
    try store.begin(journal.head, at: journal.head.epoch)
    for group in journal.groups.prefix(400) {
      try store.write(group)
    }
    let report = try replay(try exportedLines(folder.path))
    #expect(report.divergence == nil)
    try store.write(Array(journal.groups.dropFirst(400).joined()))
    #expect(try replay(try exportedLines(folder.path)).events == journal.events.count)
  }

  @Test("The sources of strategies and registrations come back as they were")
  func sourcesAndBindings() throws {
    let folder = try TemporaryFolder()
    var store = try Store(writing: folder.path)
    let head = TormentJournal(seed: 1, calls: 1).head
    try store.begin(head, at: head.epoch)
    let files = StrategyFiles(
      fingerprint: "f1",
      folder: "strategies",
      files: [
        StrategyFiles.File(path: "any.lua", bytes: Array("return function() end -- ü\n".utf8)),
        StrategyFiles.File(path: "data/x.csv", bytes: [0, 255, 10, 13, 128]),
        StrategyFiles.File(path: "empty.lua", bytes: []),
      ]
    )
    var binding = StoredBinding(
      "7001",
      uri: "sip:7001@10.0.0.1",
      expires: Instant(nanoseconds: 77),
      callID: "a@b",
      cseq: 4_000_000_000
    )
    binding.host = "192.0.2.7"
    binding.port = 5_099
    binding.q = 300
    binding.instance = "<urn:uuid:1>"
    binding.flow = 2
    binding.path = ["<sip:edge;lr>", "<sip:inner;lr;ob>"]
    binding.parameters = ";audio;+sip.instance=\"<urn:uuid:1>\""
    binding.since = Instant(nanoseconds: 5)
    binding.socket = 2
    var second = binding
    second.position = 1
    second.uri = "sip:7001@10.0.0.2"
    try store.write([
      .sources(files), .unbound("7001"), .binding(binding), .binding(second),
      .binding(
        StoredBinding(
          "7002",
          uri: "sip:x@y",
          expires: .zero,
          callID: "",
          cseq: 0
        )
      ),
      .unbound("7002"),
      .signal(.control(.strategies(fingerprint: "f1")), at: .zero),
      .sources(StrategyFiles(fingerprint: "f0", folder: "strategies", files: [])),
    ])
    let reader = try StoreReader(folder.path)
    #expect(try reader.sources(of: "f1") == files)
    #expect(try reader.sources(of: "f2") == nil)
    #expect(try reader.sources(of: "f0")?.files.isEmpty == true)
    #expect(try reader.bindings() == [binding, second])
    let read = try Replay.head(of: try exportedLines(folder.path).first)
    #expect(read.sources.map(\.fingerprint) == ["f1"])
    #expect(read.sources.first?.files.sorted { $0.path < $1.path } == files.files)
    #expect(read.strategies == "f1")
  }
}

extension StoreEntry {
  fileprivate var isEvent: Bool { if case .event = self { true } else { false } }

  fileprivate var signal: (Signal, Instant)? {
    switch self {
    case .signal(let signal, let instant), .step(let signal, let instant): (signal, instant)
    case .event, .binding, .unbound, .sources, .dialog, .dialogGone, .mark, .image: nil
    }
  }
}
