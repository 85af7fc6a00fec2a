import Foundation
import LuaBridge
import Service
import Synchronization
import Testing
import Wire

/// A gate of tests that say themselves what they want: a file with `FAIL` fails at its second line.
private let gate = SelfTest { job in
  job.files.compactMap { file in
    String(decoding: file.bytes, as: UTF8.self).contains("FAIL")
      ? Finding(file: "strategies/" + file.path, line: 2, message: "it says so") : nil
  }
}

/// A site with one routing point and nobody to take calls.
private func site(_ limits: String = "") -> String {
  """
  return {
    name = "test",
    sip = {
      listen = { "udp:127.0.0.1:0" }, domain = "test.local", trusted = { "127.0.0.0/8" },
    },
    extensions = { ["7009"] = { password = "x" } },
    agents = { ["1009"] = { skills = { sales = 1 } } },
    queues = { ["9000"] = { agents = "sales > 0" } },
    routing_points = { ["8000"] = { strategy = "any", default = { "reject:480" } } },
    limits = { \(limits) },
  }
  """
}

/// A strategy that refuses every call with a status of its own.
private func refusing(_ status: Int) -> String {
  "return function(call) return reject(\(status)) end"
}

extension RunningService {
  /// What became of a request.
  enum Reply {
    case done(JSONValue)
    case refused(String, findings: [String])

    var value: JSONValue? {
      guard case .done(let value) = self else { return nil }
      return value
    }
  }

  /// Asks for something that may be refused.
  func attempt(_ verb: String, to target: String? = nil, selfTest: Bool? = nil) throws -> Reply {
    var request = ControlRequest(verb)
    if let target { request.set("to", target) }
    if let selfTest { request.set("self_test", selfTest) }
    var client = try ControlClient(data: data)
    switch try client.ask(request) {
    case .result(_, let value): return .done(value)
    case .refused(let message, let findings): return .refused(message, findings: findings)
    }
  }

  /// The final status that a caller of 8000 gets.
  func statusOfACall() -> Int? {
    let caller = LoopbackCaller("1", calls: "8000", at: port)
    caller.invite()
    defer { caller.acknowledge() }
    return caller.waitForTheEnd()
  }

  /// The versions, the newest first.
  func versions() throws -> [JSONValue] {
    try ask(ControlRequest("versions"))["versions"]?.elements ?? []
  }
}

@Suite("Generations: what fails changes nothing", .serialized)
struct ReloadPhaseTests {
  /// How to make a reload fail, and what must be said.
  struct Failure: Sendable, CustomTestStringConvertible {
    var phase: String
    var place: String
    var testDescription: String { phase }
  }

  private static let failures = [
    Failure(phase: "read", place: "strategies/lib/gone.lua:1:1: error: cannot read"),
    Failure(phase: "compile", place: "strategies/any.lua:2:"),
    Failure(phase: "self-test", place: "strategies/any_test.lua:2:1: error: it says so"),
    Failure(phase: "hand-over", place: "strategies/any.lua:3:1: error: no state for version 2"),
  ]

  private static let parts = ServiceParts(
    selfTest: gate,
    handOver: { number in
      number > 1 && Self.refusesState.withLock({ $0 })
        ? [Finding(file: "strategies/any.lua", line: 3, message: "no state for version \(number)")]
        : []
    }
  )
  private static let refusesState = Mutex(false)

  private func arrange(_ phase: String, _ service: RunningService) throws {
    try service.write(refusing(486), to: "strategies/any.lua")
    switch phase {
    case "read":
      let lib = service.folder + "/strategies/lib"
      try FileManager.default.createDirectory(atPath: lib, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: lib + "/gone.lua",
        withDestinationPath: "/nowhere/at/all.lua"
      )
    case "compile": try service.write("return function(call)\n ANY end", to: "strategies/any.lua")
    case "self-test": try service.write("-- FAIL", to: "strategies/any_test.lua")
    default: Self.refusesState.withLock { $0 = true }
    }
  }

  @Test(
    "Every phase can fail, and says what and where",
    .timeLimit(.minutes(15)),
    arguments: failures
  )
  func aFailure(_ failure: Failure) throws {
    Self.refusesState.withLock { $0 = false }
    let service = try RunningService(
      site: site(),
      strategies: ["any.lua": refusing(480)],
      parts: Self.parts
    )
    try #require(service.port != 0, "\(service.said)")
    let before = try service.ask(ControlRequest("strategies"))["generation"]?.string
    try arrange(failure.phase, service)
    guard case .refused(let message, let findings) = try service.attempt("reload") else {
      Issue.record("the reload was not refused")
      return
    }
    #expect(
      message.hasPrefix("reload failed in phase \(failure.phase): 1 error; version 1 stays in use")
    )
    #expect(findings.count == 1)
    #expect(findings.first?.contains(failure.place) == true, "\(findings)")
    #expect(try service.ask(ControlRequest("strategies"))["generation"]?.string == before)
    #expect(try service.versions().count == 1)
    #expect(service.statusOfACall() == 480)
    #expect(wait { service.said.contains { $0.contains("phase \(failure.phase)") } })
  }

  @Test("A server that stops refuses at the switch", .timeLimit(.minutes(15)))
  func atTheSwitch() throws {
    let service = try RunningService(
      site: site(),
      strategies: ["any.lua": "return function(call) call:wait(25) return reject(480) end"]
    )
    let caller = LoopbackCaller("1", calls: "8000", at: service.port)
    caller.invite()
    try wait { (try service.ask(ControlRequest("calls"))["calls"]?.elements?.count ?? 0) == 1 }
    service.door.stop()
    #expect(wait { service.said.contains { $0.hasPrefix("stopping") } })
    try service.write(refusing(486), to: "strategies/any.lua")
    guard case .refused(let message, let findings) = try service.attempt("reload") else {
      Issue.record("the reload was not refused")
      return
    }
    #expect(message.hasPrefix("reload failed in phase switch: "))
    #expect(findings.first?.contains("the server is stopping") == true)
    #expect(try service.versions().count == 1)
  }

  @Test(
    "Tests that fail keep a server from starting, unless they are off",
    .timeLimit(.minutes(15))
  )
  func atTheStart() throws {
    let service = try RunningService(
      site: site(),
      strategies: ["any.lua": refusing(480), "tests/any_test.lua": "-- FAIL"],
      parts: Self.parts
    )
    #expect(service.said.contains { $0.hasPrefix("strategies/tests/any_test.lua:2:") })
    #expect(service.said.contains { $0.hasPrefix("failed: ") && $0.contains("--self-test off") })
  }

  @Test("The gate can be left out of one reload", .timeLimit(.minutes(15)))
  func withoutTheGate() throws {
    let service = try RunningService(
      site: site(),
      strategies: ["any.lua": refusing(480)],
      parts: ServiceParts(selfTest: gate)
    )
    try service.write("-- FAIL", to: "strategies/any_test.lua")
    try service.write(refusing(486), to: "strategies/any.lua")
    #expect(try service.attempt("reload", selfTest: false).value?["version"]?.integer == 2)
    #expect(service.statusOfACall() == 486)
  }

  @Test("What strategies keep is handed over, or nothing is switched", .timeLimit(.minutes(15)))
  func theRealHandOver() throws {
    let counting = """
      return {
        route = function(call)
          state.calls = (state.calls or 0) + 1
          return reject(480 + state.calls)
        end,
      """
    let service = try RunningService(site: site(), strategies: ["any.lua": counting + "}"])
    try #require(service.port != 0, "\(service.said)")
    #expect(service.statusOfACall() == 481)
    try service.write(
      counting + "\n  restore = function(saved)\n    error('lost it')\n  end,\n}",
      to: "strategies/any.lua"
    )
    guard case .refused(let message, let findings) = try service.attempt("reload") else {
      Issue.record("the reload was not refused")
      return
    }
    #expect(message.hasPrefix("reload failed in phase hand-over: 1 error"), "\(message)")
    #expect(findings.first?.contains("strategies/any.lua:7:") == true, "\(findings)")
    #expect(findings.first?.contains("restore: lost it") == true, "\(findings)")
    #expect(service.statusOfACall() == 482)
    try service.write(
      counting + "restore = function(saved) return { calls = saved.calls + 3 } end }",
      to: "strategies/any.lua"
    )
    #expect(try service.attempt("reload").value?["changed"]?.bool == true)
    #expect(service.statusOfACall() == 486)
  }

  @Test(
    "The server's own gate runs the tests with the site that it serves",
    .timeLimit(.minutes(15))
  )
  func theRealGate() throws {
    let test = """
      describe("any", function()
        it("refuses with 480", function()
          local world = world {}
          assert.rejected(world:call { dnis = "8000" }, 480)
        end)
      end)
      """
    let service = try RunningService(
      site: site(),
      strategies: ["any.lua": refusing(480), "tests/any_test.lua": test]
    )
    try #require(service.port != 0, "\(service.said)")
    try service.write(refusing(486), to: "strategies/any.lua")
    guard case .refused(let message, let findings) = try service.attempt("reload") else {
      Issue.record("the reload was not refused")
      return
    }
    #expect(message.hasPrefix("reload failed in phase self-test: 1 error"), "\(message)")
    #expect(findings.first?.contains("strategies/tests/any_test.lua:4:") == true, "\(findings)")
    #expect(service.statusOfACall() == 480)
  }

  @Test("Tests of a nested project are not the folder's", .timeLimit(.minutes(15)))
  func nestedProjects() throws {
    let seen = Mutex<[String]>([])
    let service = try RunningService(
      site: site(),
      strategies: [
        "any.lua": refusing(480), "any_test.lua": "", "tests/deep/b_test.lua": "",
        "other/site.lua": "return {}", "other/c_test.lua": "-- FAIL", "lib/hours.lua": "return {}",
      ],
      parts: ServiceParts(
        selfTest: SelfTest { job in
          seen.withLock { $0 = job.files.map { $0.path } }
          return gate.run(job)
        }
      )
    )
    #expect(service.port != 0, "\(service.said)")
    #expect(seen.withLock { $0 } == ["any_test.lua", "tests/deep/b_test.lua"])
  }

  @Test(
    "Tests that never end are given up, and people are served meanwhile",
    .timeLimit(.minutes(15))
  )
  func endlessTests() throws {
    let service = try RunningService(
      site: site("self_test = 1"),
      strategies: ["any.lua": refusing(480)],
      parts: ServiceParts(
        selfTest: SelfTest { job in
          while !job.isOver() { usleep(1_000) }
          return []
        }
      )
    )
    try service.write("", to: "strategies/any_test.lua")
    try service.write(refusing(486), to: "strategies/any.lua")
    var client = try ControlClient(data: service.data)
    try client.send(ControlRequest("reload"))
    #expect(try service.versions().count == 1, "the control socket does not wait for tests")
    let answer = try client.nextLine() ?? ""
    #expect(answer.contains("\"phase\":\"self-test\""), "\(answer)")
    #expect(answer.contains("the tests take longer than 1.0 s"), "\(answer)")
    #expect(service.statusOfACall() == 480)
  }

  @Test("Reloads at the same time are one switch, and all are answered", .timeLimit(.minutes(15)))
  func together() throws {
    let service = try RunningService(site: site(), strategies: ["any.lua": refusing(480)])
    var clients = ClientBundle()
    for _ in 0..<5 { try clients.add(service.data) }
    try service.write(refusing(486), to: "strategies/any.lua")
    let answers = try clients.ask("reload")
    #expect(answers.map { $0["version"]?.integer } == Array(repeating: 2, count: 5))
    #expect(Set(answers.map { $0["generation"]?.string }).count == 1)
    #expect(try service.attempt("reload").value?["changed"]?.bool == false)
    #expect(try service.versions().count == 2)
  }
}

/// Several clients that ask before any of them reads.
private struct ClientBundle {
  private final class Box {
    var client: ControlClient
    init(_ data: String) throws { client = try ControlClient(data: data) }
  }
  private var boxes: [Box] = []

  mutating func add(_ data: String) throws { boxes.append(try Box(data)) }

  func ask(_ verb: String) throws -> [JSONValue] {
    for box in boxes { try box.client.send(ControlRequest(verb)) }
    return try boxes.map { box in
      try box.client.receiveStatus()
      return try JSONValue(parsing: try box.client.nextLine() ?? "")
    }
  }
}
