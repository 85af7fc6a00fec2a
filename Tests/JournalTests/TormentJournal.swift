import Engine
import Foundation
import Journal
import Simulator
import Wire

/// What a tormented world would have recorded.
struct TormentJournal {
  let head: RecordingHead
  var groups: [[StoreEntry]] = []
  var events: [Event] = []

  /// Torments a world of a seed until so many calls have come.
  init(seed: UInt64, calls: Int) {
    var world = World(seed: seed)
    world.isComparing = false
    world.keepJournal()
    while world.callCount < calls { world.torment(signals: world.signalCount + 500) }
    head = RecordingHead(plan: world.plan, seed: seed, epoch: World.epoch)
    var engine = RoutingEngine(plan: world.plan, seed: seed, epoch: World.epoch)
    let start = (at: Instant.zero, signal: Signal.control(.start))
    var outbox = Outbox()
    for (instant, signal) in [start] + world.journal.map({ (at: $0, signal: $1) }) {
      engine.handle(signal, at: instant, into: &outbox)
      if case .strategy = signal {
        if groups.isEmpty { groups.append([]) }
        groups[groups.count - 1].append(.step(signal, at: instant))
      } else {
        groups.append([.signal(signal, at: instant)])
      }
      groups[groups.count - 1] += outbox.events.map { .event($0) }
      events += outbox.events
      outbox.removeAll()
    }
  }

  /// Writes it into a folder, so many groups at a time.
  func write(to folder: String, at once: Int = 7) throws {
    var store = try Store(writing: folder)
    try store.begin(head, at: head.epoch)
    var rest = groups[...]
    while !rest.isEmpty {
      try store.write(Array(rest.prefix(once).joined()))
      rest = rest.dropFirst(once)
    }
  }
}

/// A folder of its own that goes when the test ends.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "journal-\(UUID().uuidString.prefix(8))"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var store: String { Store.path(in: path) }

  /// The bytes of the database and of what has not been moved into it.
  var bytes: Data {
    get throws { try Data(contentsOf: URL(fileURLWithPath: store)) }
  }
}

/// The lines of a store's recording.
func exportedLines(_ folder: String, since: UInt64? = nil, until: UInt64? = nil) throws -> [String]
{
  let reader = try StoreReader(folder)
  var text = ""
  _ = try reader.export(since: since, until: until) { text += $0.text }
  return text.split(separator: "\n").map(String.init)
}

/// Replays lines, trusting the recorded steps.
func replay(_ lines: [String]) throws -> ReplayReport {
  var rest = lines[...]
  let head = try Replay.head(of: rest.popFirst())
  return try Replay.trusting(head) { rest.popFirst() }
}
