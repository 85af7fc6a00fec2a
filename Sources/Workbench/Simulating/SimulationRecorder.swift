internal import Engine
public import Journal
internal import Wire

/// Writes what goes into the engine and what it announces as a recording.
@safe public final class SimulationRecorder {
  private var writer = JSONWriter(capacity: 1 << 17)
  private let write: (UnsafeRawBufferPointer) -> Void

  /// The sources of the strategies, for the head.
  public var sources: [StrategyFiles] = []

  private static let flushSize = 1 << 16

  /// Makes a recorder.
  ///
  /// - Parameter write: Takes the next bytes of the file.
  public init(_ write: @escaping (UnsafeRawBufferPointer) -> Void) { unsafe self.write = write }

  func begin(_ model: SimulationModel, fingerprint: String) {
    var head = RecordingHead(plan: model.plan, seed: model.seed, epoch: model.epoch)
    head.title = "simulate"
    head.strategies = fingerprint
    head.sources = sources
    writer.value(head)
    writer.endLine()
  }

  func note(_ signal: borrowing Signal, at now: Instant) {
    writer.value(signal, at: now)
    writer.endLine()
  }

  func note(_ events: [Event]) {
    for event in events {
      writer.value(event)
      writer.endLine()
    }
    if writer.count >= Self.flushSize { flush() }
  }

  func flush() {
    unsafe writer.withUnsafeBytes { unsafe write($0) }
    writer.removeAll()
  }
}
