// A recording once more: the same signals, and the same events to the byte or the first that is
// not.
//
// With a runtime, strategies run and their steps are compared with the recorded ones too; a failure
// that depended on the machine (time, memory) is a fact and is taken from the recording. Without,
// the recorded steps are trusted. Pure: lines come from a closure.

public import Engine
internal import Wire

/// Strategies that a replay can run: generations come into use by their fingerprints.
public protocol ReplayedStrategies: StrategyRuntime, ~Copyable {
  /// Makes a generation current.
  ///
  /// - Returns: Why it cannot, or nil.
  mutating func use(_ fingerprint: String) -> String?
  /// Takes up the runs that were suspended when the recording began.
  ///
  /// - Returns: Why it cannot, or nil.
  mutating func takeUp(_ runs: StrategyRuns) -> String?
}

extension ReplayedStrategies where Self: ~Copyable {
  /// Takes up nothing.
  public mutating func takeUp(_ runs: StrategyRuns) -> String? {
    runs.count == 0 ? nil : "strategies that were suspended cannot be taken up here"
  }
}

/// What came of a replay.
public struct ReplayReport: Sendable, Hashable {
  /// Where a replay and its recording part.
  public struct Divergence: Sendable, Hashable {
    /// The number of the line of the signal that led to it.
    public var line: Int
    /// That line.
    public var signal: String
    /// What the recording says; nil: nothing more.
    public var recorded: String?
    /// What the replay says; nil: nothing more.
    public var replayed: String?
  }

  /// Signals from outside.
  public var signals = 0
  /// Steps of strategies in the recording.
  public var steps = 0
  /// Events that were compared.
  public var events = 0
  /// The first difference; nil: there is none.
  public var divergence: Divergence?
  /// Members of lines that have no meaning here.
  public var unknown: [String] = []
}

/// Runs recordings.
public enum Replay {
  /// Gives the lines of a recording, without their ends; nil at the end.
  public typealias Lines = () throws -> String?

  /// Reads the head of a recording.
  ///
  /// - Throws: What is wrong with the first line.
  public static func head(of line: String?) throws -> RecordingHead {
    var unknown: [String] = []
    guard let line else { throw JSONError("the recording is empty") }
    return try RecordingHead(JSONValue(parsing: line), unknown: &unknown)
  }

  /// Trusts the recorded steps of strategies.
  ///
  /// - Parameters:
  ///   - head: The recording's head.
  ///   - lines: Its other lines.
  /// - Returns: What came of it.
  /// - Throws: What is wrong with a line, or what `lines` throws.
  public static func trusting(
    _ head: RecordingHead,
    _ lines: @escaping Lines
  ) throws -> ReplayReport {
    var engine = try head.beginning().takeEngine()
    var outbox = Outbox()
    var comparison = Comparison(since: head.since)
    var reader = GroupReader(lines)
    while let group = try reader.next() {
      engine.handle(group.signal, at: group.instant, into: &outbox)
      for step in group.steps { engine.handle(step, at: group.instant, into: &outbox) }
      let isSame = comparison.compare(outbox.events, with: group)
      outbox.removeAll()
      if !isSame { break }
    }
    comparison.report.unknown = reader.unknown
    return comparison.finished
  }

  /// Runs the strategies again.
  ///
  /// - Parameters:
  ///   - head: The recording's head.
  ///   - strategies: Runs them.
  ///   - lines: The recording's other lines.
  /// - Returns: What came of it.
  /// - Throws: What is wrong with a line, or what `lines` throws.
  public static func running<Strategies: ReplayedStrategies & ~Copyable>(
    _ head: RecordingHead,
    _ strategies: consuming Strategies,
    _ lines: @escaping Lines
  ) throws -> ReplayReport {
    let beginning = try head.beginning()
    let runs = beginning.runs
    let fingerprint = beginning.strategies
    var shard = Shard(
      engine: beginning.takeEngine(),
      strategies: CheckedStrategies(strategies)
    )
    var comparison = Comparison(since: head.since)
    var reader = GroupReader(lines)
    // Not every recording says again which strategies it begins with.
    if !fingerprint.isEmpty { _ = shard.strategies.inner.use(fingerprint) }
    if let trouble = shard.strategies.inner.takeUp(runs) { throw JSONError(line: 1, trouble) }
    while let group = try reader.next() {
      if case .control(.strategies(let fingerprint, _)) = group.signal,
        let trouble = shard.strategies.inner.use(fingerprint)
      {
        throw JSONError(line: group.line, trouble)
      }
      shard.strategies.expect(group.steps)
      var events: [Event] = []
      shard.handle(group.signal, at: group.instant) { events = $0.events }
      if let difference = shard.strategies.takeDifference(at: group.instant) {
        comparison.diverge(difference, in: group)
        break
      }
      guard comparison.compare(events, with: group) else { break }
    }
    comparison.report.unknown = reader.unknown
    return comparison.finished
  }
}

/// A signal from outside and everything that the recording says it led to.
struct SignalGroup {
  var line: Int
  var text: String
  var signal: Signal
  var instant: Instant
  var steps: [Signal] = []
  var events: [String] = []
}

/// Reads a recording group by group.
private struct GroupReader {
  private let lines: Replay.Lines
  private var number = 1
  private var waiting: SignalGroup?
  var unknown: [String] = []

  init(_ lines: @escaping Replay.Lines) { self.lines = lines }

  mutating func next() throws -> SignalGroup? {
    var group = waiting
    waiting = nil
    while let text = try lines() {
      number += 1
      if text.isEmpty { continue }
      var names: [String] = []
      let line = try RecordingLine(reading: text, number: number, unknown: &names)
      for name in names where !unknown.contains(name) { unknown.append(name) }
      switch line {
      case .head: throw JSONError(line: number, "a second head: a file holds one recording")
      case .event: group?.events.append(text)
      case .signal(.strategy(let call, let step, _), _):
        group?.steps.append(.strategy(call, step))
      case .signal(let signal, let instant):
        let read = SignalGroup(line: number, text: text, signal: signal, instant: instant)
        guard let complete = group else {
          group = read
          continue
        }
        waiting = read
        return complete
      }
    }
    return group
  }
}

/// Compares what a replay announces with what the recording says.
private struct Comparison {
  var report = ReplayReport()
  private let since: UInt64
  private var writer = JSONWriterBox()
  /// An event that the recording does not have; it may have none at all.
  private var superfluous: ReplayReport.Divergence?

  init(since: UInt64?) { self.since = since ?? 0 }

  /// Returns false at the first difference.
  mutating func compare(_ events: [Event], with group: SignalGroup) -> Bool {
    report.signals += 1
    report.steps += group.steps.count
    let events = events.filter { $0.time >= since }
    for index in 0..<max(events.count, group.events.count) {
      let replayed = index < events.count ? writer.text(of: events[index]) : nil
      let recorded = index < group.events.count ? group.events[index] : nil
      if replayed == recorded {
        report.events += 1
        continue
      }
      let divergence = ReplayReport.Divergence(
        line: group.line,
        signal: group.text,
        recorded: recorded,
        replayed: replayed
      )
      if recorded == nil, report.events == 0 {
        // A recording without any events has nothing to be compared with.
        if superfluous == nil { superfluous = divergence }
        return true
      }
      report.divergence = superfluous ?? divergence
      return false
    }
    return true
  }

  mutating func diverge(_ difference: (recorded: String?, replayed: String?), in group: SignalGroup)
  {
    report.divergence = ReplayReport.Divergence(
      line: group.line,
      signal: group.text,
      recorded: difference.recorded,
      replayed: difference.replayed
    )
  }

  var finished: ReplayReport {
    var report = report
    if report.divergence == nil, report.events > 0 { report.divergence = superfluous }
    return report
  }
}

/// One writer, used again and again.
private final class JSONWriterBox {
  private var writer = JSONWriter()

  func text(of event: Event) -> String {
    writer.removeAll()
    writer.value(event)
    return writer.text
  }
}
