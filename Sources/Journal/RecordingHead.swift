// The first line of a recording: everything that the signals do not say (SURFACE 6).

public import Engine
public import Wire

/// What was recorded: the site, the chance, the clock and the strategies.
public struct RecordingHead: Sendable {
  /// The format's version.
  public static let version: Int64 = 1
  /// What instant zero is when a recording does not say.
  public static let usualEpoch: UInt64 = 1_700_000_000_000_000_000

  /// What it is, for people; may be empty.
  public var title = ""
  /// The site.
  public var plan: Plan
  /// The source of all chance.
  public var seed: UInt64
  /// What instant zero is: nanoseconds since the Unix epoch.
  public var epoch: UInt64
  /// Where the engine's counting begins.
  public var counters = EngineCounters()
  /// The fingerprint of the first generation; empty when no strategy was loaded.
  public var strategies = ""
  /// The sources of every generation that was in use.
  public var sources: [StrategyFiles] = []
  /// The version of the program that recorded it; empty when nobody knows.
  public var engine = ""
  /// What other system's material it was imported from: `csv`; empty when an engine recorded it.
  public var imported = ""
  /// From when on events are in the recording, in nanoseconds since the Unix epoch; nil: all.
  public var since: UInt64?
  /// What the recording begins with; nil: with nothing.
  public var snapshot: RecordedSnapshot?

  /// Makes the head of a recording.
  public init(plan: Plan, seed: UInt64, epoch: UInt64) {
    self.plan = plan
    self.seed = seed
    self.epoch = epoch
  }

  /// Reads the object of the first line.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - unknown: Receives the names of members that have no meaning here.
  /// - Throws: What is missing or wrong.
  public init(_ json: JSONValue, unknown: inout [String]) throws(JSONError) {
    guard let version = json["recording"]?.integer else {
      throw JSONError("the first line of a recording says {\"recording\":1,…}")
    }
    guard version == Self.version else {
      throw JSONError("this is a recording of version \(version); version 1 can be read")
    }
    guard let site = json["site"] else { throw JSONError("\"site\" is missing") }
    plan = try Plan(site, unknown: &unknown)
    seed = UInt64(bitPattern: json["seed"]?.integer ?? 1)
    epoch = try Self.time("epoch", in: json) ?? Self.usualEpoch
    title = json["title"]?.string ?? ""
    strategies = json["strategies"]?.string ?? ""
    engine = json["engine"]?.string ?? ""
    since = try Self.time("since", in: json)
    if let value = json["snapshot"] {
      snapshot = try RecordedSnapshot(value, unknown: &unknown)
    }
    imported = json["imported"]?["from"]?.string ?? ""
    if let after = json["after"] {
      counters.sequence = UInt64(clamping: after["event"]?.integer ?? 0)
      counters.callID = UInt32(clamping: after["call"]?.integer ?? 0)
    }
    for member in json["sources"]?.members ?? [] {
      sources.append(try Self.files(member.key, member.value))
    }
    let known = [
      "recording", "title", "site", "seed", "epoch", "strategies", "engine", "since", "after",
      "snapshot", "sources", "imported",
    ]
    unknown += (json.members ?? []).map(\.key).filter { !known.contains($0) }
  }

  /// A time as text (RFC 3339, up to nanoseconds) or as nanoseconds since 1970.
  private static func time(_ key: String, in json: JSONValue) throws(JSONError) -> UInt64? {
    guard let value = json[key] else { return nil }
    if let number = value.integer, number >= 0 { return UInt64(number) }
    guard let text = value.string, let time = nanoseconds(ofTime: text) else {
      throw JSONError("\"\(key)\" is no time like 2026-11-20T09:00:00Z")
    }
    return time
  }

  /// The site as one line.
  public var siteText: String {
    var writer = JSONWriter()
    writer.value(plan)
    return writer.text
  }

  private static func files(_ name: String, _ json: JSONValue) throws(JSONError) -> StrategyFiles {
    var result = StrategyFiles(
      fingerprint: name,
      folder: json["folder"]?.string ?? "strategies",
      files: []
    )
    for file in json["files"]?.members ?? [] {
      guard let text = file.value.string else {
        throw JSONError("sources, \(name): \(file.key) is no text")
      }
      result.files.append(StrategyFiles.File(path: file.key, bytes: Array(text.utf8)))
    }
    for file in json["binary"]?.members ?? [] {
      guard let digits = file.value.string, let bytes = bytes(ofHex: digits) else {
        throw JSONError("sources, \(name): \(file.key) is not written as hexadecimal digits")
      }
      result.files.append(StrategyFiles.File(path: file.key, bytes: bytes))
    }
    return result
  }

  private static func bytes(ofHex text: String) -> [UInt8]? {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue ?? 16 }
    guard digits.count % 2 == 0, digits.allSatisfy({ $0 < 16 }) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}

extension JSONWriter {
  /// Writes the first line of a recording as one object.
  public mutating func value(_ head: borrowing RecordingHead) {
    beginObject()
    key("recording")
    value(RecordingHead.version)
    if !head.title.isEmpty {
      key("title")
      value(head.title)
    }
    if !head.engine.isEmpty {
      key("engine")
      value(head.engine)
    }
    key("site")
    value(head.plan)
    key("strategies")
    value(head.strategies)
    key("seed")
    value(Int64(bitPattern: head.seed))
    key("epoch")
    moment(head.epoch)
    if head.counters != EngineCounters() {
      key("after")
      beginObject()
      key("event")
      value(head.counters.sequence)
      key("call")
      value(UInt64(head.counters.callID))
      endObject()
    }
    if let since = head.since {
      key("since")
      moment(since)
    }
    if let snapshot = head.snapshot {
      key("snapshot")
      value(snapshot)
    }
    if !head.sources.isEmpty { sources(head.sources) }
    endObject()
  }

  /// A time as text when microseconds say it, else in nanoseconds.
  private mutating func moment(_ time: UInt64) {
    if time % 1_000 == 0 { self.time(time) } else { value(time) }
  }

  private mutating func sources(_ sources: [StrategyFiles]) {
    key("sources")
    beginObject()
    for source in sources {
      key(source.fingerprint)
      beginObject()
      key("folder")
      value(source.folder)
      key("files")
      beginObject()
      for file in source.files where file.isText {
        key(file.path)
        value(String(decoding: file.bytes, as: UTF8.self))
      }
      endObject()
      if source.files.contains(where: { !$0.isText }) {
        key("binary")
        beginObject()
        for file in source.files where !file.isText {
          key(file.path)
          value(file.hexDigits)
        }
        endObject()
      }
      endObject()
    }
    endObject()
  }
}

extension StrategyFiles.File {
  /// Whether the contents come back from a text as they were.
  fileprivate var isText: Bool {
    Array(String(decoding: bytes, as: UTF8.self).utf8) == bytes
  }

  fileprivate var hexDigits: String {
    String(decoding: bytes.flatMap { [Self.digit($0 >> 4), Self.digit($0 & 15)] }, as: UTF8.self)
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }
}
