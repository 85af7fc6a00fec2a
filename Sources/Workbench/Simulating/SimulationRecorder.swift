internal import Engine
internal import Wire

/// Writes what goes into the engine and what it announces as a recording.
@safe public final class SimulationRecorder {
  private var writer = JSONWriter(capacity: 1 << 17)
  private let write: (UnsafeRawBufferPointer) -> Void

  private static let flushSize = 1 << 16

  /// Makes a recorder.
  ///
  /// - Parameter write: Takes the next bytes of the file.
  public init(_ write: @escaping (UnsafeRawBufferPointer) -> Void) { unsafe self.write = write }

  func begin(_ model: SimulationModel, fingerprint: String) {
    writer.beginObject()
    writer.key("recording")
    writer.value(Int64(1))
    writer.key("title")
    writer.value("simulate")
    writer.key("epoch")
    writer.time(model.epoch)
    writer.key("site")
    writer.value(model.plan)
    writer.key("strategies")
    writer.value(fingerprint)
    writer.key("seed")
    writer.value(model.seed)
    writer.endObject()
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
