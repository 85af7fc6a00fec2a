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

  /// Checks files and folders; folders below them that have a site file of their own are checked
  /// against that one.
  ///
  /// - Parameters:
  ///   - paths: Strategies, folders of strategies, site files.
  ///   - site: The site to check strategies against; nil: the `site.lua` beside them, or else the
  ///     one where we are.
  /// - Returns: What was found.
  /// - Throws: When something cannot be read.
  public static func run(paths: [String], site: String?) throws -> Report {
    var run = CheckRun(site: site)
    for path in paths { try run.plan(path) }
    return try run.report()
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
