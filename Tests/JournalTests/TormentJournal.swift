import Engine
import Foundation
import Journal
import Simulator
import Wire

/// What a tormented world would have recorded.
struct TormentJournal {
  let head: RecordingHead
  /// What each signal led to, and the shard as it was then.
  private(set) var groups: [[StoreEntry]] = []
  private(set) var images: [ShardImage] = []
  private(set) var carried: [CarriedState] = []
  private(set) var events: [Event] = []
  private var inputs: [(at: Instant, signal: Signal)]

  /// How many calls are alive at the end.
  var callsAtTheEnd: Int { images.last?.state.callCount ?? 0 }

  /// Torments a world of a seed until so many calls have come.
  init(seed: UInt64, calls: Int) {
    var world = World(seed: seed)
    world.isComparing = false
    world.keepJournal()
    while world.callCount < calls { world.torment(signals: world.signalCount + 500) }
    head = RecordingHead(plan: world.plan, seed: seed, epoch: World.epoch)
    inputs = [(at: Instant.zero, signal: Signal.control(.start))]
    inputs += world.journal.map { (at: $0, signal: $1) }
    run()
  }

  /// Lets every caller hang up.
  mutating func close() {
    guard let last = inputs.last?.at else { return }
    var engine = RoutingEngine(plan: head.plan, seed: head.seed, epoch: head.epoch)
    var outbox = Outbox()
    for input in inputs { engine.handle(input.signal, at: input.at, into: &outbox) }
    inputs += engine.snapshot(at: last).calls.map {
      (at: last, signal: .line(.released($0.attributes.connID, by: .caller)))
    }
    run()
  }

  private mutating func run() {
    groups = []
    images = []
    carried = []
    events = []
    var engine = RoutingEngine(plan: head.plan, seed: head.seed, epoch: head.epoch)
    var statistics = Statistics(answeredWithin: .seconds(20), abandonedWithin: .seconds(5))
    var runs = StrategyRuns()
    var generation = ""
    var outbox = Outbox()
    for (instant, signal) in inputs {
      if case .control(.strategies(let fingerprint, _)) = signal { generation = fingerprint }
      engine.handle(signal, at: instant, into: &outbox)
      if case .strategy(let call, let step, _) = signal {
        runs.note(step, of: call)
        groups[groups.count - 1].append(.step(signal, at: instant))
      } else {
        groups.append([.signal(signal, at: instant)])
        images.append(
          ShardImage(state: engine.state, runs: runs, statistics: statistics, reference: 0)
        )
        carried.append(CarriedState(Snapshot(), state: [], EngineCounters()))
      }
      for command in outbox.strategyCommands { runs.note(command, in: generation) }
      groups[groups.count - 1] += outbox.events.map { .event($0) }
      for event in outbox.events { statistics.fold(event) }
      events += outbox.events
      outbox.removeAll()
      let last = images.count - 1
      images[last] = ShardImage(
        state: engine.state,
        runs: runs,
        statistics: statistics,
        reference: 0
      )
      let picture = engine.snapshot(at: instant)
      carried[last] = CarriedState(picture, state: engine.strategyState, engine.counters)
    }
  }

  /// Writes it into a folder, so many groups at a time.
  ///
  /// With images, one after every so many groups, and one at the end.
  func write(
    to folder: String,
    at once: Int = 7,
    imageEvery: Int = .max,
    imageLast: Bool = false
  ) throws {
    var store = try Store(writing: folder)
    try store.begin(head, at: head.epoch)
    var begin = 0
    while begin < groups.count {
      let end = min(groups.count, begin + once)
      try store.write(Array(groups[begin..<end].joined()))
      let isDue = imageEvery < .max && begin / imageEvery < end / imageEvery
      if isDue || (imageLast && end == groups.count) {
        let number = UInt64(end)
        let packed = try PackedImage(images[end - 1], carried[end - 1], engine: "test")
        // Written later than its mark, as a server does.
        try store.write([.mark(number)])
        let next = min(groups.count, end + once)
        try store.write(Array(groups[end..<next].joined()))
        try store.write([.image(number, packed)])
        begin = next
      } else {
        begin = end
      }
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
