internal import LuaBridge

/// Finds out what a rollback goes back to.
struct Rollback: Sendable {
  /// What is to be brought back.
  var contents: VersionContents
  /// The version that it comes from.
  var of: Int
  /// The one file that is brought back; nil: all of them.
  var restored: String?

  /// Reads what somebody asked for.
  ///
  /// - Parameters:
  ///   - name: A version's number, a strategy's name, the beginning of a fingerprint; nil: one
  ///     step back.
  ///   - current: The version in use.
  ///   - store: Those that are kept.
  /// - Throws: Why there is no such version, in words.
  init(
    to name: String?,
    from current: Version,
    in store: VersionStore
  ) throws(ServiceError) {
    guard let name, !name.isEmpty else {
      self.init(try Self.previous(of: current, in: store), in: store)
      return
    }
    if let number = Int(name), let version = store[number] {
      self.init(version, in: store)
      return
    }
    let path = name.hasSuffix(".lua") ? name : name + ".lua"
    if store.versions.contains(where: { $0.hash(of: path) != nil }) {
      try self.init(file: path, of: current, in: store)
      return
    }
    // The same contents may have several numbers; the newest stands for all.
    let matching = store.versions.filter { $0.fingerprint.hasPrefix(name.lowercased()) }
    guard let version = matching.last, name.utf8.count >= 4 else {
      throw ServiceError(
        "there is no version or strategy \"\(name)\"; `pointsman strategies versions` lists"
          + " what is kept"
      )
    }
    guard matching.allSatisfy({ $0.fingerprint == version.fingerprint }) else {
      throw ServiceError("several versions begin with \"\(name)\": say more of it")
    }
    self.init(version, in: store)
  }

  private init(_ version: Version, in store: VersionStore) {
    contents = store.contents(of: version)
    of = version.number
    restored = nil
  }

  /// A step further back every time, also when the current version is a rollback itself.
  private static func previous(
    of current: Version,
    in store: VersionStore
  ) throws(ServiceError) -> Version {
    let origin = current.origin()
    let older = store.versions.last {
      $0.number < origin && $0.fingerprint != current.fingerprint
    }
    guard let older else {
      throw ServiceError("no version before \(origin) is kept: there is nothing to go back to")
    }
    return older
  }

  /// The present set, with one file as it was when it was last different.
  private init(
    file path: String,
    of current: Version,
    in store: VersionStore
  ) throws(ServiceError) {
    let origin = current.origin(of: path)
    let older = store.versions.last { version in
      guard version.number < origin, let hash = version.hash(of: path) else { return false }
      return hash != current.hash(of: path)
    }
    guard let older, let hash = older.hash(of: path) else {
      throw ServiceError("\(path) is the same in every version that is kept before \(origin)")
    }
    contents = store.contents(of: current)
    contents.fingerprint = nil
    contents.files.removeAll { $0.path == path }
    contents.files.append(Version.Entry(path: path, hash: hash))
    contents.files.sort { $0.path < $1.path }
    of = older.number
    restored = path
  }
}
