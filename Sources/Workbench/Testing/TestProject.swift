public import LuaBridge

/// Strategies with their tests and their site: what `pointsman test` runs as one.
public struct TestProject: Sendable {
  /// A file of tests.
  public struct File: Sendable, Hashable {
    /// Its path as messages name it.
    public var path: String
    /// What stands in it.
    public var bytes: [UInt8]

    /// Makes a file.
    public init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// How snapshots are kept.
  public struct Snapshots: Sendable {
    /// The text of a file; nil: there is none.
    public var read: @Sendable (_ path: String) -> String?
    /// Writes a file; false: it cannot be written.
    public var write: @Sendable (_ path: String, _ text: String) -> Bool

    /// Makes a keeper of snapshots.
    public init(
      read: @escaping @Sendable (String) -> String?,
      write: @escaping @Sendable (String, String) -> Bool
    ) {
      self.read = read
      self.write = write
    }

    /// Keeps nothing.
    public static let none = Snapshots(read: { _ in nil }, write: { _, _ in false })
  }

  /// The folder as messages name it.
  public var folder: String
  /// The strategies under test.
  public var strategies: StrategySource
  /// The tests: `*_test.lua`, and scenarios that name strategies (`*.jsonl`).
  public var tests: [File]
  /// The site; nil: every test must bring one.
  public var site: SiteSource.Site?
  /// Where other sites come from.
  public var sites: SiteSource
  /// How snapshots are kept.
  public var snapshots: Snapshots

  /// Makes a project.
  public init(
    folder: String,
    strategies: StrategySource,
    tests: [File],
    site: SiteSource.Site?,
    sites: SiteSource,
    snapshots: Snapshots = .none
  ) {
    self.folder = folder
    self.strategies = strategies
    self.tests = tests
    self.site = site
    self.sites = sites
    self.snapshots = snapshots
  }
}

/// What a run of tests should do besides.
public struct TestOptions: Sendable {
  /// The seed of all chance.
  public var seed: UInt64 = 1
  /// Runs only tests whose names contain this.
  public var filter: String?
  /// Whether snapshots are written instead of compared.
  public var updatesSnapshots = false
  /// Whether coverage is collected.
  public var coverage = false
  /// Asked again and again: whether to stop.
  public var shouldStop: @Sendable () -> Bool = { false }

  /// Makes options that run everything.
  public init() {}
}
