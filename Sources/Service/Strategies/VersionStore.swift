// The last versions of the strategies, on disk.
//
// Layout: `DATA/strategies/blobs/SHA256`, one file's contents each; `versions/0000000007.json`, one
// manifest each (`Version.manifest`), which names its blobs.
// Invariants: a blob is there before a manifest names it; manifests are written beside and moved
// into place; a blob is checked against its name when it is read, so that what a crash has damaged
// is found and never run; a blob that no manifest names is removed.
// Who may change it: the control thread. Source: HOUSE 2.5 "sources are kept content-addressed".

internal import LuaBridge

/// Keeps the sources of the last versions, so that any of them can be brought back.
struct VersionStore {
  /// Where it lies.
  let folder: String
  private let keptMax: Int
  /// The versions that are kept, oldest first.
  private(set) var versions: [Version] = []
  /// What was wrong with what was found at the start, for people.
  private(set) var trouble: [String] = []

  private var blobs: String { folder + "/blobs" }
  private var manifests: String { folder + "/versions" }

  /// Opens the store below a server's folder, and reads what is there.
  init(data: String, keptMax: Int) {
    folder = data + (data.hasSuffix("/") ? "" : "/") + "strategies"
    self.keptMax = keptMax
    for name in Files.names(in: manifests) ?? [] where name.hasSuffix(".json") {
      let path = manifests + "/" + name
      if let version = Files.text(path).flatMap({ Version(manifest: $0) }) {
        versions.append(version)
      } else {
        trouble.append("\(path) is damaged: that version of the strategies is lost")
      }
    }
    versions.sort { $0.number < $1.number }
  }

  /// The newest version.
  var newest: Version? { versions.last }

  /// The last number of each fingerprint.
  var numbers: [String: Int] {
    Dictionary(versions.map { ($0.fingerprint, $0.number) }, uniquingKeysWith: { max($0, $1) })
  }

  /// The version of a number, if it is kept.
  subscript(number: Int) -> Version? { versions.first { $0.number == number } }

  /// Makes the entries of files, as a manifest names them.
  static func entries(of files: [StrategySource.File]) -> [Version.Entry] {
    files.map { Version.Entry(path: $0.path, hash: Fingerprint.of(contents: $0.bytes)) }
  }

  /// Keeps a version that has come into use.
  ///
  /// - Parameters:
  ///   - version: What is kept.
  ///   - files: Its sources and tests.
  /// - Returns: Why it is not kept on disk, or nil.
  mutating func add(_ version: Version, files: [StrategySource.File]) -> String? {
    versions.append(version)
    return write(version, files)
  }

  private func write(_ version: Version, _ files: [StrategySource.File]) -> String? {
    guard Files.makeFolder(blobs), Files.makeFolder(manifests) else {
      return "cannot make the folders of \(folder)"
    }
    for file in files {
      let path = blobs + "/" + Fingerprint.of(contents: file.bytes)
      if Files.exists(path) { continue }
      if let reason = Files.write(file.bytes, to: path) { return reason }
    }
    return Files.write(Array(version.manifest.utf8), to: path(of: version.number))
  }

  private func path(of number: Int) -> String {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 10 - digits.count))
    return "\(manifests)/\(zeros)\(digits).json"
  }

  /// Removes the oldest of those that are more than are kept.
  ///
  /// - Parameter pinned: Versions that stay, however old they are.
  mutating func prune(pinned: [Int]) {
    let excess = versions.count - keptMax
    guard excess > 0 else { return }
    let old = versions.prefix(excess).filter { !pinned.contains($0.number) }
    guard !old.isEmpty else { return }
    versions.removeAll { old.contains($0) }
    let named = Set(versions.flatMap { ($0.files + $0.tests).map { $0.hash } })
    for version in old {
      Files.remove(path(of: version.number))
      for entry in version.files + version.tests where !named.contains(entry.hash) {
        Files.remove(blobs + "/" + entry.hash)
      }
    }
  }

  /// What a kept version is made of, to be read where there is time.
  func contents(of version: Version) -> VersionContents {
    VersionContents(
      folder: folder,
      fingerprint: version.fingerprint,
      files: version.files,
      tests: version.tests
    )
  }
}

/// The names of kept files, which can be read on any thread.
struct VersionContents: Sendable {
  /// The store's folder.
  var folder: String
  /// What they must amount to; nil: they were put together from several versions.
  var fingerprint: String?
  var files: [Version.Entry]
  var tests: [Version.Entry]

  /// Reads the files and checks that they are what they are called.
  func read() throws(ReloadFailure) -> ([StrategySource.File], [StrategySource.File]) {
    (try read(files), try read(tests))
  }

  private func read(_ entries: [Version.Entry]) throws(ReloadFailure) -> [StrategySource.File] {
    var result: [StrategySource.File] = []
    for entry in entries {
      let path = folder + "/blobs/" + entry.hash
      guard let bytes = Files.read(path) else {
        throw ReloadFailure(.read, path, "cannot read \(entry.path) as it was: \(path) is missing")
      }
      guard Fingerprint.of(contents: bytes) == entry.hash else {
        throw ReloadFailure(.read, path, "\(path), which was \(entry.path), is damaged")
      }
      result.append(StrategySource.File(path: entry.path, bytes: bytes))
    }
    return result
  }
}
