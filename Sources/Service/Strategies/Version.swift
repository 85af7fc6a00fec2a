internal import Wire

/// A version of the strategies that was in use: what it was made of, when, and who asked.
///
/// Every switch makes one, with the next number: the list is a history, and a rollback is in it.
struct Version: Sendable, Hashable {
  /// A file of it, and what stands in it as SHA-256.
  struct Entry: Sendable, Hashable {
    var path: String
    var hash: String
  }

  /// From 1, without gaps.
  var number: Int
  /// Identifies the strategies' sources; tests do not count.
  var fingerprint: String
  /// When it came into use: nanoseconds since the Unix epoch.
  var time: UInt64
  /// Who asked: `start`, `files`, `SIGHUP`, `client`.
  var asked: String
  /// The version whose contents a rollback brought back.
  var of: Int?
  /// The one file that a rollback brought back from there.
  var restored: String?
  /// Strategies, modules and tables, by path.
  var files: [Entry]
  /// Tests, by path.
  var tests: [Entry]

  /// What was changed against another version.
  struct Changes: Sendable, Hashable {
    var added: [String] = []
    var changed: [String] = []
    var removed: [String] = []
  }

  /// What it has otherwise than `older`; against nil, everything is added.
  func changes(since older: Version?) -> Changes {
    var changes = Changes()
    for entry in files {
      switch older?.hash(of: entry.path) {
      case entry.hash?: continue
      case nil: changes.added.append(entry.path)
      case .some: changes.changed.append(entry.path)
      }
    }
    for entry in older?.files ?? [] where hash(of: entry.path) == nil {
      changes.removed.append(entry.path)
    }
    return changes
  }

  /// What stands in one of its files; nil: there is no such file.
  func hash(of path: String) -> String? { files.first { $0.path == path }?.hash }

  /// What a further step back starts from: what it brought back, if it is a rollback.
  func origin(of path: String? = nil) -> Int {
    guard let of, restored == nil || restored == path else { return number }
    return of
  }
}

// MARK: - The manifest

extension Version {
  /// The version as its manifest: one JSON object.
  var manifest: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("version")
    writer.value(UInt64(clamping: number))
    writer.key("fingerprint")
    writer.value(fingerprint)
    writer.key("time")
    writer.time(time)
    writer.key("nanoseconds")
    writer.value(time)
    writer.key("asked")
    writer.value(asked)
    if let of {
      writer.key("of")
      writer.value(UInt64(clamping: of))
    }
    if let restored {
      writer.key("restored")
      writer.value(restored)
    }
    for (name, entries) in [("files", files), ("tests", tests)] {
      writer.key(name)
      writer.beginObject()
      for entry in entries {
        writer.key(entry.path)
        writer.value(entry.hash)
      }
      writer.endObject()
    }
    writer.endObject()
    return writer.text
  }

  /// Reads a manifest; nil when it is none.
  init?(manifest text: String) {
    guard let json = try? JSONValue(parsing: text),
      let number = json["version"]?.integer, number > 0,
      let fingerprint = json["fingerprint"]?.string,
      let time = json["nanoseconds"]?.integer,
      let files = Self.entries(json["files"]), !files.isEmpty,
      let tests = Self.entries(json["tests"])
    else { return nil }
    self.number = Int(number)
    self.fingerprint = fingerprint
    self.time = UInt64(clamping: time)
    asked = json["asked"]?.string ?? "unknown"
    of = json["of"]?.integer.map { Int($0) }
    restored = json["restored"]?.string
    self.files = files
    self.tests = tests
  }

  private static func entries(_ json: JSONValue?) -> [Entry]? {
    guard let members = json?.members else { return nil }
    var entries: [Entry] = []
    for member in members {
      // A name from a file must not lead out of the folder of blobs.
      guard let hash = member.value.string, hash.utf8.count == 64,
        hash.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
      else { return nil }
      entries.append(Entry(path: member.key, hash: hash))
    }
    return entries
  }
}
