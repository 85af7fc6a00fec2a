public import Engine
public import LuaBridge

/// How the workbench comes by sites: reading files and knowing the site format is the service's.
public struct SiteSource: Sendable {
  /// A site as the workbench needs it.
  public struct Site: Sendable {
    /// What the engine is made from.
    public var plan: Plan
    /// Where it was read from, for messages.
    public var origin: String

    /// Makes a site.
    public init(plan: Plan, origin: String) {
      self.plan = plan
      self.origin = origin
    }
  }

  /// Everything that is wrong with a site, one problem a line as `file:line: message`.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    /// The problems.
    public var description: String

    /// Makes a problem.
    public init(_ description: String) { self.description = description }
  }

  /// Reads a site file.
  public var file: @Sendable (_ path: String) throws(Problem) -> Site
  /// Reads a site that somebody wrote down elsewhere, such as in a test; `origin` names the place.
  public var table: @Sendable (_ value: LuaValue, _ origin: String) throws(Problem) -> Site

  /// Makes a source of sites.
  public init(
    file: @escaping @Sendable (String) throws(Problem) -> Site,
    table: @escaping @Sendable (LuaValue, String) throws(Problem) -> Site
  ) {
    self.file = file
    self.table = table
  }
}
