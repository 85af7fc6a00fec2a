/// Whom a filter leaves.
public enum FilterFit: Sendable, Hashable {
  /// Somebody passes.
  case somebody
  /// Nobody of this site does; the text says how far the skills go, and may be empty.
  case nobody(String)
  /// Nobody can, whatever his skills are: the expression contradicts itself.
  case impossible
}

/// Finds mistakes in a strategy from its text alone, without a call and without running it.
///
/// Everything the check must know about the world is a value given to it: the names of the sandbox,
/// the language as it is served, the site, the modules. What is nil is not known and not checked.
public struct StrategyCheck: Sendable {
  /// Judges a skill expression: nil when it is well formed, otherwise where and why not.
  ///
  /// The column counts characters from 1 within the expression.
  public typealias SkillExpressionCheck =
    @Sendable (_ expression: String) -> (column: Int, message: String)?

  /// Who of the site passes a filter; what is nil does not narrow it down.
  public typealias FilterCheck =
    @Sendable (_ skills: String?, _ group: String?, _ excluded: Set<String>) -> FilterFit

  /// After so many diagnostics the rest of a file is not worth reading.
  public static let diagnosticsMax = 100

  /// The global names of the sandbox; members of its tables may be given as `string.format`.
  public var allowedGlobals: Set<String>

  /// The language as it is served.
  public var surface: LanguageSurface

  /// The names of the site file.
  public var site: SiteNames

  /// The modules that `require` can find (`lib.hours`); nil when not known.
  public var modules: Set<String>?

  /// The time zones of the system; nil leaves their names unchecked.
  public var timeZones: Set<String>?

  /// The compiler of skill expressions, owned by the engine; nil leaves them unchecked.
  public var skillExpression: SkillExpressionCheck?

  /// Tells whether a filter leaves anybody; nil leaves it unchecked.
  public var filter: FilterCheck?

  /// Creates a check; only the sandbox's allow list must be given.
  public init(
    allowedGlobals: Set<String>,
    surface: LanguageSurface = .current,
    site: SiteNames = SiteNames(),
    modules: Set<String>? = nil,
    skillExpression: SkillExpressionCheck? = nil,
    timeZones: Set<String>? = nil,
    filter: FilterCheck? = nil
  ) {
    self.allowedGlobals = allowedGlobals
    self.surface = surface
    self.site = site
    self.modules = modules
    self.skillExpression = skillExpression
    self.timeZones = timeZones
    self.filter = filter
  }

  /// Checks one source file.
  ///
  /// - Parameters:
  ///   - source: The text of the file.
  ///   - file: Its name as diagnostics show it.
  ///   - isModule: Whether it is a module below `lib`, which may return anything.
  /// - Returns: What was found, in order of place; empty when nothing is wrong.
  public func diagnostics(
    of source: String,
    file: String,
    isModule: Bool = false
  ) -> [Diagnostic] {
    switch LuaParser.parse(source) {
    case .failure(let error):
      return [
        Diagnostic(
          file: file,
          line: error.line,
          column: error.column,
          severity: .error,
          message: error.message
        )
      ]
    case .success(let chunk):
      var walk = CheckWalk(check: self, chunk: chunk, isModule: isModule)
      walk.run()
      return walk.findings.prefix(Self.diagnosticsMax).map { finding in
        Diagnostic(
          file: file,
          line: finding.position.line,
          column: finding.position.column,
          severity: finding.severity,
          message: finding.message
        )
      }
    }
  }
}
