public import Engine
public import LuaBridge

/// What `prove` needs of a folder of strategies and a site file.
public struct ProofInput: Sendable {
  /// The strategy's name.
  public var strategy: String
  /// The folder that it lies in.
  public var folder: String
  /// The files of that folder.
  public var source: StrategySource
  /// The site file.
  public var siteFile: String
  /// What the engine sees of the site.
  public var plan: Plan

  /// Reads what is needed.
  ///
  /// - Parameters:
  ///   - path: The file of a strategy, or its name in the folder `strategies`.
  ///   - site: The site file; nil: `site.lua` beside the strategy, else in the current folder.
  /// - Throws: What cannot be read, or is wrong in the site file.
  public init(strategy path: String, site: String?) throws {
    let path = path.hasSuffix(".lua") || path.contains("/") ? path : "strategies/\(path).lua"
    let file = path.hasSuffix(".lua") ? path : path + ".lua"
    guard Files.exists(file) else { throw ServiceError("there is no strategy \(file)") }
    folder = Files.folder(of: file)
    strategy = String((file.split(separator: "/").last ?? "").dropLast(4))
    source = try StrategyFolder.read(folder)
    let beside = folder + "/site.lua"
    siteFile = site ?? (Files.exists(beside) ? beside : "site.lua")
    let loaded = try SiteFile.load(siteFile, strategies: nil)
    guard let found = loaded.site else {
      let errors = loaded.findings.filter { $0.severity == .error }
      throw ServiceError(errors.map { $0.long }.joined(separator: "\n"))
    }
    plan = found.plan
    // A folder's own site file is no strategy, though it is a file of Lua.
    source = StrategySource(
      folder: source.folder,
      fingerprint: source.fingerprint,
      files: source.files.filter { $0.path != "site.lua" }
    )
  }
}
