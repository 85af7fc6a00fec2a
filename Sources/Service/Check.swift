internal import LuaBridge
internal import Wire

/// Finds mistakes in strategies and site files without a call.
public enum Check {
  /// What was found.
  public struct Report: Sendable {
    /// Errors and warnings, file by file.
    public var findings: [Finding]
    /// How many files were looked at.
    public var fileCount: Int
  }

  /// Checks files and folders.
  ///
  /// - Parameters:
  ///   - paths: Strategies, folders of strategies, site files.
  ///   - site: The site to check strategies against; nil: `site.lua` where it is.
  /// - Returns: What was found.
  /// - Throws: When something cannot be read.
  public static func run(paths: [String], site: String?) throws -> Report {
    var report = Report(findings: [], fileCount: 0)
    let folders = paths.filter { Files.isFolder($0) }
    var siteFiles = paths.filter { !Files.isFolder($0) && isSite($0) }
    if let site, !siteFiles.contains(site) { siteFiles.insert(site, at: 0) }
    if siteFiles.isEmpty, Files.exists("site.lua") { siteFiles = ["site.lua"] }
    var names: [String]?
    for folder in folders {
      names = (names ?? []) + StrategyFolder.names(in: try StrategyFolder.read(folder))
    }
    var known: Site?
    for path in siteFiles {
      let loaded = try SiteFile.load(path, strategies: names)
      report.findings += loaded.findings
      report.fileCount += 1
      if known == nil { known = loaded.site }
    }
    for path in paths where !siteFiles.contains(path) {
      if Files.isFolder(path) {
        try check(folder: path, site: known, into: &report)
      } else {
        try check(file: path, site: known, into: &report)
      }
    }
    return report
  }

  private static func isSite(_ path: String) -> Bool {
    path == "site.lua" || path.hasSuffix("/site.lua")
  }

  /// A whole folder is also compiled, as a server would do it.
  private static func check(
    folder: String,
    site: Site?,
    into report: inout Report
  ) throws {
    let source = try StrategyFolder.read(folder)
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

  /// One file; what it may require lies in the folder that it is in, or in the one above `lib`.
  private static func check(
    file: String,
    site: Site?,
    into report: inout Report
  ) throws {
    guard let bytes = Files.read(file) else { throw ServiceError("cannot read \(file)") }
    report.fileCount += 1
    var folder = Files.folder(of: file)
    var isModule = false
    if folder == "lib" || folder.hasSuffix("/lib") {
      folder = Files.folder(of: folder)
      isModule = true
    }
    let source = try StrategyFolder.read(folder)
    let diagnostics = StrategyFolder.makeCheck(source, site: site).diagnostics(
      of: String(decoding: bytes, as: UTF8.self),
      file: file,
      isModule: isModule
    )
    report.findings += diagnostics.map { Finding($0) }
  }

  /// A finding as a JSON object.
  public static func json(_ finding: Finding) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("file")
    writer.value(finding.file)
    writer.key("line")
    writer.value(UInt64(clamping: finding.line))
    writer.key("column")
    writer.value(UInt64(clamping: max(finding.column, 1)))
    writer.key("severity")
    writer.value(finding.severity.rawValue)
    writer.key("message")
    writer.value(finding.message)
    writer.endObject()
    return writer.text
  }
}
