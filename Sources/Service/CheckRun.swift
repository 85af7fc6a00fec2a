// One run of `pointsman check`.
//
// First it is planned what is checked against which site file, since a site file names strategies
// and has to know all that there are; then every file is read and parsed once.

internal import LuaBridge

struct CheckRun {
  /// A set of strategies, or a single file of one.
  private struct Unit {
    var source: StrategySource
    /// The only file to look at, as the user named it; nil: all.
    var file: String?
    /// The site file; nil: there is none.
    var site: String?
  }

  private let given: String?
  private var siteFiles: [String] = []
  private var units: [Unit] = []

  init(site: String?) {
    given = site.map { Self.plain($0) }
    if let given { siteFiles = [given] }
  }

  // MARK: - Planning

  /// Adds a path that the user named.
  mutating func plan(_ path: String) throws(ServiceError) {
    let path = Self.plain(path)
    if Files.isFolder(path) {
      try plan(folder: path, site: given ?? own(path) ?? common)
      for project in StrategyFolder.nestedProjects(Files.tree(path)) {
        try plan(folder: path + "/" + project, site: own(path + "/" + project))
      }
    } else if path == "site.lua" || path.hasSuffix("/site.lua") {
      add(site: path)
    } else {
      try plan(file: path)
    }
  }

  private mutating func plan(folder: String, site: String?) throws(ServiceError) {
    guard !units.contains(where: { $0.file == nil && $0.source.folder == folder }) else { return }
    units.append(Unit(source: try StrategyFolder.read(folder), file: nil, site: site))
    if let site { add(site: site) }
  }

  /// One file; what it may require lies in the folder that it is in, or in the one above `lib`.
  private mutating func plan(file: String) throws(ServiceError) {
    guard Files.exists(file) else { throw ServiceError("cannot read \(file)") }
    var folder = Files.folder(of: file)
    if folder == "lib" || folder.hasSuffix("/lib") { folder = Files.folder(of: folder) }
    let site = given ?? own(folder) ?? common
    units.append(Unit(source: try StrategyFolder.read(folder), file: file, site: site))
    if let site { add(site: site) }
  }

  private mutating func add(site: String) {
    if !siteFiles.contains(site) { siteFiles.append(site) }
  }

  private func own(_ folder: String) -> String? {
    let path = folder == "." ? "site.lua" : folder + "/site.lua"
    return Files.exists(path) ? path : nil
  }

  private var common: String? { Files.exists("site.lua") ? "site.lua" : siteFiles.first }

  private static func plain(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    while path.hasPrefix("./"), path.count > 2 { path.removeFirst(2) }
    return path
  }

  // MARK: - Checking

  /// Checks what was planned.
  func report() throws(ServiceError) -> Check.Report {
    var report = Check.Report(findings: [], fileCount: 0)
    var sites: [String: Site] = [:]
    for path in siteFiles {
      let folders = units.filter { $0.site == path && $0.file == nil }
      let names = folders.isEmpty ? nil : folders.flatMap { StrategyFolder.names(in: $0.source) }
      let loaded = try SiteFile.load(path, strategies: names)
      report.findings += loaded.findings
      report.fileCount += 1
      sites[path] = loaded.draft
    }
    for unit in units {
      // A site file that the user named serves strategies that have none beside them.
      let path = unit.site ?? siteFiles.first
      let site = path.flatMap { sites[$0] }
      let isCovered = units.contains { $0.file == nil && $0.source.folder == unit.source.folder }
      if let file = unit.file {
        guard !isCovered else { continue }
        try check(file, of: unit.source, site: site, into: &report)
      } else {
        check(unit.source, site: site, into: &report)
      }
    }
    return report
  }

  /// A whole folder is also compiled, as a server would do it.
  private func check(_ source: StrategySource, site: Site?, into report: inout Check.Report) {
    report.fileCount += source.files.count
    let findings = StrategyFolder.check(source, site: site)
    report.findings += findings
    guard !findings.contains(where: { $0.severity == .error }) else { return }
    do {
      _ = try Generation(source)
    } catch {
      report.findings += error.problems.map { Finding($0) }
    }
  }

  private func check(
    _ file: String,
    of source: StrategySource,
    site: Site?,
    into report: inout Check.Report
  ) throws(ServiceError) {
    guard let bytes = Files.read(file) else { throw ServiceError("cannot read \(file)") }
    report.fileCount += 1
    let diagnostics = StrategyFolder.makeCheck(source, site: site).diagnostics(
      of: String(decoding: bytes, as: UTF8.self),
      file: file,
      isModule: file.contains("/lib/") || file.hasPrefix("lib/")
    )
    report.findings += diagnostics.map { Finding($0) }
  }
}
