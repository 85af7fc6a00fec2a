internal import Engine
internal import LuaBridge
public import Workbench

/// The site as the service knows it: inside `SiteSource` the name means something else.
private typealias ServedSite = Site

extension SiteSource {
  /// Sites as `serve` reads them, from files and from tables that somebody wrote elsewhere.
  public static let files = SiteSource(
    file: { path throws(Problem) in
      let loaded: SiteFile.Loaded
      do throws(ServiceError) {
        loaded = try SiteFile.load(path, strategies: nil)
      } catch {
        throw Problem(error.message)
      }
      return try site(loaded.site, loaded.findings, origin: path)
    },
    table: { value, origin throws(Problem) in
      let world = SiteReader.World(
        place: { _ in SourcePosition() },
        variable: { Files.variable($0) },
        secret: { Files.text($0) },
        strategies: nil
      )
      var reader = SiteReader(file: origin, world: world)
      // A test says only what it is about: that nobody listens is no mistake there.
      reader.read(value)
      return try site(reader.site, reader.findings, origin: origin)
    }
  )

  private static func site(
    _ site: ServedSite?,
    _ findings: [Finding],
    origin: String
  ) throws(Problem) -> Site {
    let errors = findings.filter { $0.severity == .error }
    guard errors.isEmpty, let site else {
      throw Problem(errors.map(\.short).joined(separator: "\n"))
    }
    return Site(plan: site.plan, origin: origin)
  }
}
