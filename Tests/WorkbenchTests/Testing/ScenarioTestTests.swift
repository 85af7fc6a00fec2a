import LuaBridge
import Service
import Testing
import Wire
import Workbench

@Suite("Strategy tests: scenarios whose strategies really run")
struct ScenarioTestTests {
  private let site = """
    {"name":"site","queues":{"9000":{}},\
    "routing_points":{"8000":{"strategy":"s"}}}
    """

  private func run(_ lines: [String], strategy: String) -> TestReport {
    let head =
      "{\"recording\":1,\"title\":\"a queue\",\"strategies_folder\":\"strategies\","
      + "\"site\":\(site),\"seed\":1}"
    let text = ([head] + lines).joined(separator: "\n") + "\n"
    var project = TestBench.project(strategy, tests: "")
    project.tests = [TestProject.File(path: "a.jsonl", bytes: Array(text.utf8))]
    return TestRunner.run(project)
  }

  private let lines = [
    "{\"note\":\"a call comes in\"}",
    "{\"at\":0,\"signal\":\"control.start\"}",
    "{\"at\":1,\"signal\":\"call.offered\",\"call\":\"0000000000000001\",\"dn\":\"8000\"}",
    "{\"event\":\"EventQueued\",\"ThisDN\":\"8000\"}",
    "{\"event\":\"EventRouteRequest\"}",
    "{\"at\":1,\"signal\":\"strategy.finished\",\"call\":\"0000000000000001\","
      + "\"target\":{\"queue\":\"9000\"}}",
    "{\"event\":\"EventRouteUsed\",\"ThirdPartyDN\":\"9000\"}",
    "{\"event\":\"EventDiverted\"}",
    "{\"event\":\"EventQueued\",\"ThisDN\":\"9000\"}",
    "{\"command\":\"queued\",\"queue\":\"9000\"}",
  ]

  @Test("one that happens as written passes")
  func passes() {
    let report = run(lines, strategy: "return function(call) return queue \"9000\" end")
    #expect(report.results.map(\.name) == ["a queue"])
    #expect(report.results.map(\.outcome) == [.passed])
  }

  @Test("the first difference is told, at its line")
  func differs() {
    let call = "0000000000000001"
    #expect(
      run(lines, strategy: "return function(call) return ANY end").results.map(\.outcome) == [
        .failed(
          "a.jsonl:7: expected that the strategy of \(call) returns queue \"9000\","
            + " but that of \(call) returns ANY"
        )
      ]
    )
    var other = lines
    other[6] = "{\"event\":\"EventRouteUsed\",\"ThirdPartyDN\":\"9001\"}"
    #expect(
      run(other, strategy: "return function(call) return queue \"9000\" end")
        .results.map(\.outcome) == [
          .failed("a.jsonl:8: EventRouteUsed: expected ThirdPartyDN \"9001\", got \"9000\"")
        ]
    )
    other = lines
    other[9] = "{\"command\":\"release\"}"
    #expect(
      run(other, strategy: "return function(call) return queue \"9000\" end")
        .results.map(\.outcome) == [
          .failed("a.jsonl:11: expected the command release, which does not come")
        ]
    )
  }

  @Test("one that cannot be read is a failure with its line")
  func unreadable() {
    let report = run(["{\"at\":0,\"signal\":\"nonsense\"}"], strategy: TestBench.any)
    #expect(report.results.map(\.outcome) == [.failed("a.jsonl:2: unknown signal \"nonsense\"")])
  }
}
