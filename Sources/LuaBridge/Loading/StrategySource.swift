internal import Engine

/// Everything that a generation is made of: the text of the strategies, their modules and tables.
///
/// A value without any connection to a disk: whoever reads the files computes the fingerprint.
public struct StrategySource: Sendable, Hashable {
  /// A file of the set.
  public struct File: Sendable, Hashable {
    /// The path below the strategies' folder: `sales.lua`, `lib/hours.lua`, `data/vip.csv`.
    public var path: String
    /// What stands in it.
    public var bytes: [UInt8]

    /// Makes a file.
    public init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// The folder's name, which messages put before the path.
  public var folder: String
  /// Identifies the contents: the same for the same files, different for any others.
  public var fingerprint: String
  /// The files, ordered by path.
  public private(set) var files: [File]

  /// Makes a set of files; those that belong to no generation (tests, types, README) are left out.
  public init(folder: String = "strategies", fingerprint: String, files: [File]) {
    self.folder = folder
    self.fingerprint = fingerprint
    self.files =
      files
      .filter { Self.belongs($0.path) }
      .sorted { $0.path < $1.path }
  }

  /// The names for `table_lookup`, in order.
  public var tables: [String] { files.compactMap(\.table).sorted() }

  /// Whether a file below the folder is part of a generation.
  public static func belongs(_ path: String) -> Bool {
    if path.hasPrefix("tests/") || path.hasPrefix("types/") { return false }
    // A set of files may bring its site along; tests may lie beside what they test.
    if path == "site.lua" || path.hasSuffix("_test.lua") { return false }
    if path.hasPrefix("data/") { return path.hasSuffix(".csv") || path.hasSuffix(".json") }
    return path.hasSuffix(".lua")
  }
}

extension StrategySource.File {
  /// The name for `require`: `lib.hours`; nil for a data file.
  var module: String? {
    guard path.hasSuffix(".lua") else { return nil }
    return String(path.dropLast(4).map { $0 == "/" ? "." : $0 })
  }

  /// The name of the strategy; nil for modules in folders and for data files.
  var strategy: StrategyName? {
    guard path.hasSuffix(".lua"), !path.contains("/") else { return nil }
    return StrategyName(String(path.dropLast(4)))
  }

  /// The name for `table_lookup`; nil for Lua files.
  var table: String? {
    guard path.hasPrefix("data/") else { return nil }
    for ending in [".csv", ".json"] where path.hasSuffix(ending) {
      return String(path.dropFirst(5).dropLast(ending.count))
    }
    return nil
  }

  /// Reads the table in a data file.
  ///
  /// - Throws: What is wrong with it, under the name that messages give the file.
  func readTable(as name: String) throws(LuaProblem) -> DataTable {
    guard path.hasSuffix(".json") else {
      return DataTable(try CommaSeparated(bytes, file: name))
    }
    return try DataTable(json: bytes, file: name)
  }
}
