internal import LuaBridge
internal import Workbench

extension SelfTest {
  /// The workbench's runner: real engine, real strategies, virtual time.
  package static let standard = SelfTest { job in
    let folder = job.source.folder + "/"
    let (tests, others) = job.files.reduce(into: ([TestProject.File](), [String: String]())) {
      if StrategyFolder.isTest($1.path) {
        $0.0.append(TestProject.File(path: folder + $1.path, bytes: $1.bytes))
      } else {
        $0.1[folder + $1.path] = String(decoding: $1.bytes, as: UTF8.self)
      }
    }
    let project = TestProject(
      folder: job.source.folder,
      strategies: job.source,
      tests: tests,
      site: SiteSource.Site(plan: job.site.plan, origin: "the site that is served"),
      sites: .files,
      snapshots: TestProject.Snapshots(read: { others[$0] }, write: { _, _ in false })
    )
    switch TestGate.run(project, until: job.isOver) {
    case .passed: return []
    case .failed(let problems): return problems.map { Finding($0) }
    case .outOfTime(let count):
      return [
        Finding(
          file: job.source.folder,
          line: 1,
          column: 1,
          severity: .warning,
          message: "\(count) tests had ended when the time was up"
        )
      ]
    }
  }
}
