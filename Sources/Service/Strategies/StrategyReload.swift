// Which strategies are in use, and how newer ones get there.
//
// States: at rest; a generation is on its way to the shard (`inFlight`), and meanwhile others may
// have asked for a reload.
// Invariants: `current` is what the shard has confirmed; a broken set of files changes nothing; a
// generation is made here, beside the running one, and handed over whole.
// Who may change it: the control loop. Source: HOUSE 2.5 "Generations", SURFACE 2.

internal import Engine
internal import LuaBridge

/// Loads strategies again when somebody asks or files change.
struct StrategyReload {
  /// Who asked.
  enum Reason: Equatable {
    case hangUp
    case files
    case client(UInt64)
  }

  /// What came of reading the files.
  enum Loaded {
    case unchanged
    case broken([Finding])
    case ready(Generation)
  }

  /// How a reload ended.
  enum Result {
    case unchanged(String)
    case installed(String)
    case broken([Finding])
  }

  private let folder: String
  private let sitePath: String
  private let siteFingerprint: String
  private let site: Site
  private let limits: Limits
  /// What the shard runs for new calls.
  var current: Generation
  /// What is on its way to the shard.
  var inFlight: Generation?
  /// Who asked while a reload was on its way.
  var asked: [Reason] = []
  /// Who is answered when the present reload has ended.
  var answering: [Reason] = []

  init(_ start: StartFiles, options: ServeOptions) {
    folder = options.strategies
    sitePath = options.site
    siteFingerprint = start.siteFingerprint
    site = start.site
    limits = start.site.plan.limits
    current = start.generation
  }

  var currentFingerprint: String { current.fingerprint }

  var strategyNames: [String] { current.strategies.map { $0.text } }

  /// Reads and checks the files, and makes a generation of them if they are good and new.
  func load() -> Loaded {
    let source: StrategySource
    do {
      source = try StrategyFolder.read(folder)
    } catch {
      return .broken([Finding(file: folder, line: 1, column: 1, message: error.message)])
    }
    guard source.fingerprint != current.fingerprint else { return .unchanged }
    do {
      return .ready(try Self.make(source, site: site, limits: limits).generation)
    } catch {
      return .broken(error.findings)
    }
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
