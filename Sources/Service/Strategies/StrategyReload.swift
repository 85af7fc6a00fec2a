// Which strategies are in use, and how newer ones get there.
//
// States: at rest; preparing (a thread of its own reads, compiles and tests); installing (a
// generation is on its way to the shard). Meanwhile others may ask: they wait for their turn.
// Invariants: `current` is what the shard has confirmed; a set of files that fails in any phase
// changes nothing; a generation is made beside the running one, and handed over whole.
// Who may change it: the control loop. Source: HOUSE 2.5 "Generations", SURFACE 2.

internal import Engine
internal import Journal
internal import LuaBridge
internal import Reactor

/// Loads strategies again when somebody asks or files change.
struct StrategyReload {
  /// Who asked.
  enum Reason: Equatable {
    case hangUp
    case files
    case client(UInt64)

    /// What the history says about it.
    var word: String {
      switch self {
      case .hangUp: "SIGHUP"
      case .files: "files"
      case .client: "client"
      }
    }
  }

  /// Somebody's wish for other strategies.
  struct Ask {
    var reason: Reason
    /// What to go back to; nil: the folder as it is now.
    var rollback: Target?
    var selfTest: Bool

    /// A version's number, a strategy or a fingerprint; "": one step back.
    typealias Target = String
  }

  /// How a reload ended.
  enum Result {
    case unchanged(Version)
    case installed(Version)
    case failed(ReloadFailure)
  }

  /// Where the present reload stands.
  enum Phase {
    case atRest
    case preparing(ticket: UInt64, giveUp: UInt64)
    case installing(PreparedGeneration, version: Version)
  }

  /// What switching has cost: for how long the shard did nothing else.
  struct Pauses {
    var count: UInt64 = 0
    var total: UInt64 = 0
    var longest: UInt64 = 0

    mutating func add(_ nanoseconds: UInt64) {
      count += 1
      total += nanoseconds
      longest = max(longest, nanoseconds)
    }
  }

  /// How much longer than its own limit a self-test may take before it is no longer waited for.
  private static let grace: Duration = .seconds(5)

  let folder: String
  private let sitePath: String
  private let siteFingerprint: String
  let site: Site
  private let selfTest: SelfTest?
  /// What is kept of what was in use.
  private(set) var store: VersionStore
  /// What the shard runs for new calls.
  private(set) var current: Version
  private(set) var strategyNames: [String]
  var pauses = Pauses()
  private(set) var phase = Phase.atRest
  /// Who asked while a reload was on its way.
  private var asked: [Ask] = []
  /// Who is answered when the present reload has ended, and what was asked.
  private var answering: [Ask] = []
  /// What the present reload brings back, if it is a rollback.
  private var rollback: Rollback?
  /// What the folder held when somebody went back from it: seeing that once more is no change.
  private var ignored: String?
  /// The generations that may still have calls; what is let go here need not be freed by the shard.
  private var held: [Int: Generation] = [:]

  init(_ start: StartFiles, version: Version, store: VersionStore, options: ServeOptions) {
    folder = options.strategies
    sitePath = options.site
    siteFingerprint = start.siteFingerprint
    site = start.site
    selfTest = start.selfTest
    self.store = store
    current = version
    strategyNames = start.prepared.generation.strategies.map { $0.text }
    held[version.number] = start.prepared.generation
  }

  // MARK: Asking

  /// Remembers who asked for what.
  mutating func ask(_ ask: Ask) { asked.append(ask) }

  /// Whether the present reload has ended and others have asked.
  var canBegin: Bool {
    guard case .atRest = phase else { return false }
    return !asked.isEmpty
  }

  /// Takes the next wish, and with it all that are served by the same reload.
  ///
  /// - Returns: What is to be prepared.
  /// - Throws: Why there is nothing to go back to.
  mutating func begin() throws(ReloadFailure) -> Preparation {
    let first = asked.removeFirst()
    answering = [first]
    rollback = nil
    var preparation = Preparation(
      origin: .folder,
      folder: folder,
      site: site,
      current: current.fingerprint,
      selfTest: first.selfTest ? selfTest : nil
    )
    guard let target = first.rollback else {
      let same = { (ask: Ask) in ask.rollback == nil && ask.selfTest == first.selfTest }
      answering += asked.filter(same)
      asked.removeAll(where: same)
      let isOfFiles = answering.allSatisfy { $0.reason == .files }
      preparation.ignored = isOfFiles ? ignored : nil
      preparation.settles = isOfFiles
      return preparation
    }
    do throws(ServiceError) {
      let rollback = try Rollback(to: target, from: current, in: store)
      preparation.origin = .kept(rollback.contents)
      self.rollback = rollback
      ignored = (try? StrategyFolder.load(folder))?.fingerprint
    } catch {
      throw ReloadFailure(nil, store.folder, error.message)
    }
    return preparation
  }

  // MARK: On its way

  /// A thread prepares it.
  mutating func prepares(ticket: UInt64) {
    let limit = site.plan.limits.selfTestTimeout + Self.grace
    let giveUp = Clock.monotonic + UInt64((limit / .seconds(1)) * 1e9)
    phase = .preparing(ticket: ticket, giveUp: giveUp)
  }

  /// Whether this is the ticket of the preparation that is waited for.
  func awaits(_ ticket: UInt64) -> Bool {
    guard case .preparing(ticket, _) = phase else { return false }
    return true
  }

  /// When the preparation is no longer waited for; nil: there is none.
  var giveUp: UInt64? {
    guard case .preparing(_, let giveUp) = phase else { return nil }
    return giveUp
  }

  /// The failure of a preparation that is no longer waited for.
  var tooLong: ReloadFailure {
    Preparation.tooLong(folder, limit: site.plan.limits.selfTestTimeout)
  }

  /// The preparation went well: the generation goes to the shard.
  mutating func installs(_ prepared: PreparedGeneration) -> Installation {
    let version = Version(
      number: (store.newest?.number ?? current.number) + 1,
      fingerprint: prepared.source.fingerprint,
      time: Clock.realtime,
      asked: rollback == nil ? answering.first?.reason.word ?? "" : "rollback",
      of: rollback?.of,
      restored: rollback?.restored,
      files: VersionStore.entries(of: prepared.source.files),
      tests: VersionStore.entries(of: prepared.tests)
    )
    phase = .installing(prepared, version: version)
    return Installation(
      generation: prepared.generation,
      number: version.number,
      sources: StrategyFiles(prepared.source)
    )
  }

  /// The shard has switched.
  ///
  /// - Parameter alive: The versions that calls run, the current one too.
  /// - Returns: The new version, and why it is not kept on disk, if it is not.
  mutating func installed(alive: [Int]) -> (version: Version, trouble: String?)? {
    guard case .installing(let prepared, let version) = phase else { return nil }
    current = version
    if rollback == nil { ignored = nil }
    strategyNames = prepared.generation.strategies.map { $0.text }
    held[version.number] = prepared.generation
    let trouble = store.add(version, files: prepared.source.files + prepared.tests)
    release(allBut: alive)
    return (version, trouble)
  }

  /// Lets go of generations that no call runs any more, and of their files when those are old.
  mutating func release(allBut alive: [Int]) {
    held = held.filter { alive.contains($0.key) || $0.key == current.number }
    store.prune(pinned: alive)
  }

  /// The present reload is over, well or not: these are to be answered.
  mutating func end() -> [Ask] {
    defer { answering = [] }
    phase = .atRest
    rollback = nil
    return answering
  }

  // MARK: The files

  /// Whether the folder's files are those that run; nil: they cannot be read.
  var folderIsCurrent: Bool? {
    guard let source = try? StrategyFolder.load(folder) else { return nil }
    return source.fingerprint == current.fingerprint
  }

  /// A word about a site file that has changed since the start; nil when it has not.
  func siteChange() -> String? {
    guard let bytes = Files.read(sitePath) else { return "\(sitePath) cannot be read any more" }
    guard Fingerprint.of([(sitePath, bytes)]) != siteFingerprint else { return nil }
    return "\(sitePath) has changed: a running server does not read it again yet; restart it"
  }

  /// Everything that is wrong with a set of strategies.
  struct Broken: Error {
    var findings: [Finding]
  }

  /// Checks a set of strategies, and makes a generation of it.
  ///
  /// - Returns: The generation, and warnings.
  /// - Throws: Everything that is wrong; nothing is left behind then.
  static func make(
    _ source: StrategySource,
    site: Site?,
    limits: Limits
  ) throws(Broken) -> (generation: Generation, warnings: [Finding]) {
    var findings = StrategyFolder.check(source, site: site)
    let names = StrategyFolder.names(in: source)
    for point in site?.routingPoints ?? [] where !names.contains(point.strategy) {
      findings.append(
        Finding(
          file: "\(source.folder)/\(point.strategy).lua",
          line: 1,
          column: 1,
          message: "the strategy of routing point \(point.dn) is missing"
        )
      )
    }
    guard findings.allSatisfy({ $0.severity == .warning }) else {
      throw Broken(findings: findings)
    }
    do {
      return (try Generation(source, limits: limits), findings)
    } catch {
      throw Broken(findings: findings + error.problems.map { Finding($0) })
    }
  }
}
