internal import Engine
package import LuaBridge

/// Reads a folder of strategies, and checks what is in it.
package enum StrategyFolder {
  /// The largest file that is read, in bytes.
  private static let fileMax = 64 << 20

  /// Reads every file of a generation.
  ///
  /// - Throws: When the folder, or a file in it, cannot be read.
  package static func read(_ folder: String) throws(ServiceError) -> StrategySource {
    do {
      return try load(folder)
    } catch {
      throw ServiceError(error.findings.first?.message ?? "cannot read \(folder)")
    }
  }

  /// Reads every file of a generation, and says which one it cannot.
  static func load(_ folder: String) throws(ReloadFailure) -> StrategySource {
    let folder = trimmed(folder)
    let files = try files(in: folder) { StrategySource.belongs($0) && !isTest($0) }
    let fingerprint = Fingerprint.of(files.map { ($0.path, $0.bytes) })
    return StrategySource(folder: folder, fingerprint: fingerprint, files: files)
  }

  /// Reads the tests of a folder: the files named `*_test.lua` anywhere in it, and snapshots.
  static func tests(in folder: String) throws(ReloadFailure) -> [StrategySource.File] {
    try files(in: trimmed(folder), where: { isTest($0) || isSnapshot($0) })
  }

  /// Reads what belongs to a folder's own set.
  private static func files(
    in folder: String,
    where belongs: (String) -> Bool
  ) throws(ReloadFailure) -> [StrategySource.File] {
    guard Files.isFolder(folder) else {
      throw ReloadFailure(.read, folder, "there is no folder of strategies at \(folder)")
    }
    let paths = Files.tree(folder)
    let projects = nestedProjects(paths)
    var files: [StrategySource.File] = []
    for path in paths
    where belongs(path) && path != "site.lua"
      && !projects.contains(where: { path.hasPrefix($0 + "/") })
    {
      let name = folder + "/" + path
      guard let bytes = Files.read(name), bytes.count <= fileMax else {
        throw ReloadFailure(.read, name, "cannot read \(name)")
      }
      files.append(StrategySource.File(path: path, bytes: bytes))
    }
    return files
  }

  /// The folders among `paths` that have a site file of their own: each is a set of its own, and no
  /// part of the one around it.
  package static func nestedProjects(_ paths: [String]) -> [String] {
    paths.filter { $0.hasSuffix("/site.lua") }.map { Files.folder(of: $0) }
  }

  /// The names of the strategies in a set of files.
  package static func names(in source: StrategySource) -> [String] {
    source.files.map { $0.path }
      .filter { $0.hasSuffix(".lua") && !$0.contains("/") }
      .map { String($0.dropLast(4)) }
  }

  /// Finds mistakes in every Lua file of a set, without running any.
  package static func check(_ source: StrategySource, site: Site?) -> [Finding] {
    let check = makeCheck(source, site: site)
    var findings: [Finding] = []
    for file in source.files where file.path.hasSuffix(".lua") {
      let diagnostics = check.diagnostics(
        of: String(decoding: file.bytes, as: UTF8.self),
        file: source.folder + "/" + file.path,
        isModule: file.path.contains("/")
      )
      findings += diagnostics.map { Finding($0) }
    }
    return findings
  }

  /// A check that knows the sandbox, the site and what can be required.
  static func makeCheck(_ source: StrategySource, site: Site?) -> StrategyCheck {
    // A strategy is a module, too: another may call it.
    let modules = source.files.map { $0.path }
      .filter { $0.hasSuffix(".lua") }
      .map { String($0.dropLast(4).map { $0 == "/" ? "." : $0 }) }
    var names = SiteNames(tables: Set(source.tables))
    if let site { add(site, to: &names) }
    return StrategyCheck(
      allowedGlobals: sandboxNames,
      site: names,
      modules: Set(modules),
      skillExpression: { text in
        do throws(SkillExpressionError) {
          _ = try SkillExpression(parsing: text)
          return nil
        } catch {
          return (error.column, error.message)
        }
      },
      timeZones: TimeZones.names,
      filter: { skills, group, excluded in
        SiteFit(site: site).fit(skills: skills, group: group, excluded: excluded)
      }
    )
  }

  private static func add(_ site: Site, to names: inout SiteNames) {
    names.dns = Set(
      site.extensions.map { $0.dn } + site.queues.map { $0.dn }
        + site.routingPoints.map { $0.dn }
    )
    names.queues = Set(site.queues.map { $0.dn })
    names.agents = Set(site.agents.map { $0.id })
    names.trunks = Set(site.trunks.map { $0.name })
    names.skills = Set(site.agents.flatMap { agent in agent.skills.map { $0.name } })
    names.groups = Set(site.groups.map { $0.name })
    names.extensions = Set(site.extensions.map { $0.dn })
    names.routingPoints = Set(site.routingPoints.map { $0.dn })
    names.virtualQueues = Set(site.virtualQueues.map { $0.dn.number })
    names.endlessQueues = Set(
      site.queues.filter { $0.limit == nil || $0.overflow != nil }.map { $0.dn }
    )
    let fit = SiteFit(site: site)
    for queue in site.queues {
      guard let text = queue.agents, !fit.isServed(by: text) else { continue }
      names.unservedQueues[queue.dn] = text
    }
  }

  /// Everything that a script can reach, asked of a sandbox without any strategy.
  private static let sandboxNames: Set<String> = {
    let empty = StrategySource(fingerprint: "", files: [])
    guard let generation = try? Generation(empty) else { return [] }
    return Set(generation.reachableNames)
  }()

  /// Whether a file holds tests.
  static func isTest(_ path: String) -> Bool { path.hasSuffix("_test.lua") }

  /// Whether a file is what a test compares a decision record with.
  private static func isSnapshot(_ path: String) -> Bool {
    path.hasSuffix(".txt") && ("/" + path).contains("/snapshots/")
  }

  private static func trimmed(_ folder: String) -> String {
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    return folder
  }
}

extension Finding {
  /// A finding of the strategy check.
  init(_ diagnostic: Diagnostic) {
    self.init(
      file: diagnostic.file,
      line: diagnostic.line,
      column: diagnostic.column,
      severity: diagnostic.severity == .error ? .error : .warning,
      message: diagnostic.message
    )
  }

  /// A problem that showed when a generation was made.
  init(_ problem: LuaProblem) {
    self.init(
      file: problem.file,
      line: max(problem.line, 1),
      column: 1,
      message: problem.message
    )
  }
}
