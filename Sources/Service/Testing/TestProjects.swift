internal import LuaBridge
public import Workbench

/// Finds the projects that `pointsman test` is asked to run: strategies, their tests, their site.
public enum TestProjects {
  /// Finds the projects behind paths.
  ///
  /// A folder stands for everything below it, folders with a site of their own included; a file for
  /// the tests in it.
  ///
  /// - Parameters:
  ///   - paths: Folders of strategies, folders of tests, test files, scenarios.
  ///   - site: The site of those that have none of their own; nil: `site.lua` there or above.
  /// - Returns: The projects, in the order of the paths.
  /// - Throws: When something cannot be read, or a site has mistakes.
  public static func find(_ paths: [String], site: String?) throws(ServiceError) -> [TestProject] {
    var projects: [TestProject] = []
    for path in paths.map({ strategies(below: trimmed($0)) }) {
      if Files.isFolder(path) {
        projects += try folder(path, site: site)
      } else {
        guard Files.exists(path) else { throw ServiceError("there is no file \(path)") }
        projects.append(try project(try home(of: path), [path], site: site))
      }
    }
    return projects
  }

  /// The folder `strategies` of a folder that holds a site; any other path as it is.
  private static func strategies(below path: String) -> String {
    let inner = path == "." ? "strategies" : path + "/strategies"
    return Files.exists(path + "/site.lua") && Files.isFolder(inner) ? inner : path
  }

  /// Whether a file holds tests.
  static func isTest(_ path: String) -> Bool {
    path.hasSuffix("_test.lua") || path.hasSuffix(".jsonl")
  }

  private static func folder(
    _ folder: String,
    site: String?
  ) throws(ServiceError) -> [TestProject] {
    let paths = Files.tree(folder)
    let nested = StrategyFolder.nestedProjects(paths)
    let own = paths.filter { path in
      isTest(path) && !nested.contains { path.hasPrefix($0 + "/") }
    }
    var projects: [TestProject] = []
    let home = isFolderOfTests(folder) ? Files.folder(of: folder) : folder
    projects.append(try project(home, own.map { folder + "/" + $0 }, site: site))
    for inner in nested {
      // A project inside of another nested one is found from there.
      guard !nested.contains(where: { inner.hasPrefix($0 + "/") }) else { continue }
      projects += try self.folder(folder + "/" + inner, site: nil)
    }
    return projects
  }

  private static func project(
    _ folder: String,
    _ tests: [String],
    site: String?
  ) throws(ServiceError) -> TestProject {
    var files: [TestProject.File] = []
    for path in tests {
      guard let bytes = Files.read(path) else { throw ServiceError("cannot read \(path)") }
      let file = TestProject.File(path: path, bytes: bytes)
      // Recordings without strategies of their own are for other verbs.
      guard !path.hasSuffix(".jsonl") || file.strategiesFolder != nil else { continue }
      files.append(file)
    }
    return TestProject(
      folder: folder,
      strategies: try StrategyFolder.read(folder),
      tests: files,
      site: try self.site(of: folder, site),
      sites: .files,
      snapshots: TestProject.Snapshots(
        read: { Files.text($0) },
        write: { path, text in
          Files.makeFolder(Files.folder(of: path)) && Files.write(text, to: path)
        }
      )
    )
  }

  private static func site(
    of folder: String,
    _ given: String?
  ) throws(ServiceError) -> SiteSource.Site? {
    let own = folder + "/site.lua"
    guard let path = Files.exists(own) ? own : given ?? siteAbove(folder) else { return nil }
    do throws(SiteSource.Problem) {
      return try SiteSource.files.file(path)
    } catch {
      throw ServiceError(error.description)
    }
  }

  /// The `site.lua` in the nearest folder above.
  private static func siteAbove(_ folder: String) -> String? {
    var above = folder.contains("/") ? Files.folder(of: folder) : "."
    for _ in 0..<8 {
      let path = above == "." ? "site.lua" : above + "/site.lua"
      if Files.exists(path) { return path }
      guard above != "/" else { return nil }
      let isUp = above == "." || above == ".." || above.hasSuffix("/..")
      if above == "." {
        above = ".."
      } else if isUp {
        above += "/.."
      } else {
        above = Files.folder(of: above)
      }
    }
    return nil
  }

  /// The folder of strategies that a test file is about.
  private static func home(of path: String) throws(ServiceError) -> String {
    let folder = Files.folder(of: path)
    if path.hasSuffix(".jsonl") {
      let file = TestProject.File(path: path, bytes: Files.read(path) ?? [])
      guard let named = file.strategiesFolder else {
        throw ServiceError("\(path) names no strategies (strategies_folder in its first line)")
      }
      return Files.isFolder(named) ? trimmed(named) : folder + "/" + trimmed(named)
    }
    return isFolderOfTests(folder) ? Files.folder(of: folder) : folder
  }

  private static func isFolderOfTests(_ folder: String) -> Bool {
    folder == "tests" || folder.hasSuffix("/tests")
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
