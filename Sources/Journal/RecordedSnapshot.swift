public import Engine
public import Wire

/// What a recording of a part of a day begins with.
public struct RecordedSnapshot: Sendable {
  /// The instant of the last signal before the recording.
  public var instant: Instant
  /// The number of its layout.
  public var layout: Int
  /// How many calls were alive.
  public var calls: Int
  /// The image of the shard, as it is written.
  public var bytes: [UInt8]

  /// Makes a snapshot.
  public init(_ image: ShardImage, bytes: [UInt8]) {
    instant = image.state.instant
    layout = EngineState.layout
    calls = image.state.callCount
    self.bytes = bytes
  }

  init(_ json: JSONValue, unknown: inout [String]) throws(JSONError) {
    guard let layout = json["layout"]?.integer, let text = json["body"]?.string,
      let bytes = Base64.bytes(of: text)
    else { throw JSONError("\"snapshot\" needs a layout, and a body in base64") }
    self.layout = Int(layout)
    self.bytes = bytes
    calls = Int(json["calls"]?.integer ?? 0)
    instant = .zero
    let known = ["at", "layout", "calls", "body"]
    unknown += (json.members ?? []).map(\.key).filter { !known.contains($0) }
  }

  /// Reads the image.
  ///
  /// - Throws: Why this version cannot.
  public func image() throws(JSONError) -> ShardImage {
    guard layout == EngineState.layout else {
      throw JSONError(
        "its snapshot has layout \(layout), and this version reads \(EngineState.layout): export "
          + "the day from its beginning with the version that recorded it"
      )
    }
    do {
      return try ShardImage(bytes)
    } catch {
      throw JSONError("its snapshot cannot be read: \(error)")
    }
  }
}

extension JSONWriter {
  /// Writes a snapshot as one object.
  public mutating func value(_ snapshot: RecordedSnapshot) {
    beginObject()
    key("at")
    seconds(nanoseconds: snapshot.instant.nanoseconds)
    key("layout")
    value(UInt64(snapshot.layout))
    key("calls")
    value(UInt64(snapshot.calls))
    key("body")
    value(Base64.text(of: snapshot.bytes))
    endObject()
  }
}

extension RecordingHead {
  /// The engine with which a recording begins, and the runs that are suspended in it.
  ///
  /// - Throws: Why its snapshot cannot be used.
  public func beginning() throws(JSONError) -> RecordedBeginning {
    guard let snapshot else {
      return RecordedBeginning(
        engine: RoutingEngine(plan: plan, seed: seed, epoch: epoch, after: counters),
        runs: StrategyRuns(),
        strategies: strategies
      )
    }
    let image = try snapshot.image()
    do {
      return RecordedBeginning(
        engine: try RoutingEngine(plan: plan, epoch: epoch, restoring: image.state),
        runs: image.runs,
        strategies: image.state.strategies
      )
    } catch {
      throw JSONError("its snapshot cannot be used: it is \(error.message)")
    }
  }
}

/// What a recording begins with.
public struct RecordedBeginning: ~Copyable {
  /// The engine.
  public var engine: RoutingEngine
  /// The suspended runs of strategies.
  public var runs: StrategyRuns
  /// The fingerprint of the current generation; empty when there is none.
  public var strategies: String

  /// Takes the engine out.
  public consuming func takeEngine() -> RoutingEngine { engine }
}
