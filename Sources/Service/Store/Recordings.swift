internal import Engine
package import Journal
internal import Wire

/// What the command line does with stores and recordings.
package enum Recordings {
  /// Writes a recording of a server's store; the server may be running.
  ///
  /// - Parameters:
  ///   - data: The server's folder.
  ///   - part: Which part of it.
  ///   - path: Where to write it.
  /// - Returns: How much it was.
  /// - Throws: Why it cannot.
  package static func export(
    data: String,
    _ part: RecordingPart,
    to path: String
  ) throws -> StoreReader.Exported {
    do {
      let reader = try StoreReader(data)
      var since = part.since
      var until = part.until
      if let call = part.call {
        guard let span = try reader.span(ofCall: call) else {
          throw ServiceError("the store knows no call \"\(call)\" (a ConnID, or a CallUUID)")
        }
        since = span.begun
        until = span.ended
      }
      let file = try OutputFile(path)
      let exported = try reader.export(since: since, until: until) { line throws(StoreError) in
        let isWritten = unsafe line.withUnsafeBytes { unsafe file.write($0) }
        if !isWritten { throw StoreError(.system, "cannot write \(path)") }
      }
      try file.finish()
      return exported
    } catch let error as StoreError {
      throw ServiceError(error.message)
    }
  }

  /// Runs a recording again.
  ///
  /// - Parameters:
  ///   - path: The recording.
  ///   - data: A server's folder, whose store has sources that the recording does not; nil: none.
  ///   - trustsSteps: Whether the recorded steps are taken instead of running strategies.
  /// - Returns: What came of it.
  /// - Throws: Why it cannot be run.
  package static func replay(
    _ path: String,
    data: String?,
    trustsSteps: Bool
  ) throws -> ReplayReport {
    let file = try LineFile(path)
    do {
      let head = try Replay.head(of: file.next())
      guard head.imported.isEmpty else {
        throw ServiceError(
          "\(path) was imported (\(head.imported)): no engine made its decisions, so there is "
            + "nothing to repeat; dryrun runs strategies on its calls"
        )
      }
      if trustsSteps { return try Replay.trusting(head, { file.next() }) }
      let stored = try data.map { try StoredSources($0) }
      let strategies = try LuaReplay(head.plan.limits) { fingerprint in
        head.sources.first { $0.fingerprint == fingerprint } ?? stored?.sources(of: fingerprint)
      }
      return try Replay.running(head, strategies, { file.next() })
    } catch let error as StoreError {
      throw ServiceError(error.message)
    } catch let error as JSONError {
      throw ServiceError("\(path):\(error)")
    }
  }
}

/// Which part of a store.
package struct RecordingPart: Sendable {
  /// Events from here on: nanoseconds since the Unix epoch.
  package var since: UInt64?
  /// Up to here.
  package var until: UInt64?
  /// The time in which this call was there instead, by its ConnID or CallUUID.
  package var call: String?

  /// Makes a part; without arguments it is all.
  package init(since: UInt64? = nil, until: UInt64? = nil, call: String? = nil) {
    self.since = since
    self.until = until
    self.call = call
  }
}

/// The sources in a store.
private final class StoredSources {
  private let reader: StoreReader

  init(_ folder: String) throws { reader = try StoreReader(folder) }

  func sources(of fingerprint: String) -> StrategyFiles? {
    (try? reader.sources(of: fingerprint)) ?? nil
  }
}
