internal import Reactor
public import Workbench

/// Waits until something changes that tests depend on.
public struct TestWatch: ~Copyable {
  private static let filesToken = EventLoop.Token(1)
  private static let signalsToken = EventLoop.Token(2)
  /// One save makes several changes: they are over when nothing has come for so long.
  private static let quiet: UInt64 = 50_000_000
  private static let endings = [".lua", ".csv", ".json", ".jsonl"]

  private let signals: SignalWatch
  private var files: FileWatch
  private var loop: EventLoop

  /// Watches the folders and sites of projects, and what else is named.
  public init(_ projects: [TestProject], paths: [String]) throws {
    let signals = try SignalWatch()
    var files = try FileWatch()
    for project in projects {
      try files.watch(folder: project.folder, tree: true)
      if let site = project.site { try files.watch(file: site.origin) }
    }
    for path in paths where !Files.isFolder(path) { try files.watch(file: path) }
    var loop = try EventLoop()
    try loop.add(files.descriptor, .readable, token: Self.filesToken)
    try loop.add(signals.descriptor, .readable, token: Self.signalsToken)
    self.signals = signals
    self.files = files
    self.loop = loop
  }

  /// Waits for the next change.
  ///
  /// - Returns: A file that changed; nil: Ctrl-C was pressed.
  /// - Throws: What the kernel refused.
  public mutating func next() throws -> String? {
    var changed: String?
    while true {
      let count = try loop.wait(until: changed == nil ? nil : Clock.monotonic + Self.quiet)
      if count == 0, let changed { return changed }
      for index in 0..<count {
        switch loop.ready(at: index).token {
        case Self.signalsToken:
          if let signal = try signals.next(), signal != .hangUp { return nil }
        default:
          var changes: [FileWatch.Change] = []
          try files.changes(into: &changes)
          for change in changes { changed = Self.path(of: change) ?? changed }
        }
      }
    }
  }

  private static func path(of change: FileWatch.Change) -> String? {
    switch change {
    case .changed(let path), .removed(let path):
      endings.contains { path.hasSuffix($0) } ? path : nil
    case .lost(let path): path
    case .overflow: "many files"
    }
  }
}
