// What can be done beside the running strategies: the first three phases of a reload.
//
// Invariants: nothing here touches the running generation, the shard or the control thread's state;
// it runs on a thread of its own, so that neither calls nor people wait for it.
// Source: HOUSE 2.5 "Generations"; issue 4 "build beside, self-test, switch in one step".

internal import Engine
internal import Glibc
internal import LuaBridge
internal import Reactor

/// Everything that is needed to make a generation of some files.
struct Preparation: Sendable {
  /// Where the files come from.
  enum Origin: Sendable {
    /// The folder of strategies as it is now.
    case folder
    /// A version that was in use before; what is to be read is read by the store.
    case kept(VersionContents)
  }

  /// What came of it.
  enum Outcome: Sendable {
    case unchanged
    case failed(ReloadFailure)
    case ready(PreparedGeneration)
  }

  var origin: Origin
  var folder: String
  var site: Site
  /// The fingerprint of what runs; nil: nothing does.
  var current: String?
  /// The fingerprint of files that are left alone: a rollback went back from them.
  var ignored: String?
  /// Whether the files may be changing at this moment: nobody has said that they are complete.
  var settles = false
  /// The gate; nil: it is switched off.
  var selfTest: SelfTest?

  /// Reads, compiles and tests.
  func run() -> Outcome {
    do {
      let (source, tests) = try read()
      guard source.fingerprint != current, source.fingerprint != ignored else {
        return .unchanged
      }
      return .ready(try prepare(source, tests))
    } catch {
      return .failed(error)
    }
  }

  private func read() throws(ReloadFailure) -> (StrategySource, [StrategySource.File]) {
    switch origin {
    case .folder:
      let source = try readFolder()
      return (source, try StrategyFolder.tests(in: folder))
    case .kept(let contents):
      let (files, tests) = try contents.read()
      let fingerprint = Fingerprint.of(files.map { ($0.path, $0.bytes) })
      guard contents.fingerprint == nil || contents.fingerprint == fingerprint else {
        throw ReloadFailure(.read, contents.folder, "the kept files have another fingerprint")
      }
      return (StrategySource(folder: folder, fingerprint: fingerprint, files: files), tests)
    }
  }

  /// Reads the folder; if its files may be changing, until two readings agree.
  ///
  /// Whoever changes two files makes a set for a moment that he does not mean.
  private func readFolder() throws(ReloadFailure) -> StrategySource {
    guard settles else { return try StrategyFolder.load(folder) }
    var before = try? StrategyFolder.load(folder)
    for _ in 0..<Self.readingsMax {
      usleep(Self.settlingMicroseconds)
      let again = try? StrategyFolder.load(folder)
      if let again, again.fingerprint == before?.fingerprint { return again }
      before = again
    }
    return try StrategyFolder.load(folder)
  }

  private static let readingsMax = 50
  private static let settlingMicroseconds: UInt32 = 20_000

  /// The phases after reading.
  func prepare(
    _ source: StrategySource,
    _ tests: [StrategySource.File]
  ) throws(ReloadFailure) -> PreparedGeneration {
    let limits = site.plan.limits
    let made: (generation: Generation, warnings: [Finding])
    do {
      made = try StrategyReload.make(source, site: site, limits: limits)
    } catch {
      throw ReloadFailure(.compile, error.findings)
    }
    if let selfTest, tests.contains(where: { StrategyFolder.isTest($0.path) }) {
      try run(selfTest, of: source, tests)
    }
    return PreparedGeneration(
      generation: made.generation,
      warnings: made.warnings,
      source: source,
      tests: tests
    )
  }

  private func run(
    _ selfTest: SelfTest,
    of source: StrategySource,
    _ tests: [StrategySource.File]
  ) throws(ReloadFailure) {
    let limit = site.plan.limits.selfTestTimeout
    let end = Clock.monotonic + UInt64((limit / .seconds(1)) * 1e9)
    let isOver: @Sendable () -> Bool = { Clock.monotonic >= end }
    let job = SelfTest.Job(source: source, files: tests, site: site, isOver: isOver)
    let findings = selfTest.run(job)
    guard !isOver() else { throw Self.tooLong(folder, limit: limit, findings) }
    guard findings.allSatisfy({ $0.severity == .warning }) else {
      throw ReloadFailure(.selfTest, findings)
    }
  }

  /// The failure of tests that take too long, after what they had found till then.
  static func tooLong(
    _ folder: String,
    limit: Duration,
    _ findings: [Finding] = []
  ) -> ReloadFailure {
    let seconds = "\(limit / .seconds(1)) s"
    let failure = ReloadFailure(
      .selfTest,
      folder,
      "the tests take longer than \(seconds) and were given up (limits.self_test)"
    )
    return ReloadFailure(.selfTest, findings + failure.findings)
  }
}

/// A generation that is checked, tested and ready to be handed to the shard.
struct PreparedGeneration: Sendable {
  var generation: Generation
  var warnings: [Finding]
  var source: StrategySource
  var tests: [StrategySource.File]
}
