import Foundation
import Service
import Testing
import Wire

@Suite("Versions of the strategies: kept, listed, brought back", .serialized)
struct VersionTests {
  private static func site(_ limits: String = "") -> String {
    """
    return {
      name = "test",
      sip = {
        listen = { "udp:127.0.0.1:0" }, domain = "test.local", trusted = { "127.0.0.0/8" },
      },
      extensions = { ["7009"] = { password = "x" } },
      agents = { ["1009"] = { skills = { sales = 1 } } },
      queues = { ["9000"] = { agents = "sales > 0" } },
      routing_points = { ["8000"] = { strategy = "any" }, ["8001"] = { strategy = "two" } },
      limits = { \(limits) },
    }
    """
  }

  private static func refusing(_ status: Int) -> String {
    "return function(call) return reject(\(status)) end"
  }

  private static func start(
    _ limits: String = "",
    in folder: String? = nil
  ) throws -> RunningService {
    try RunningService(
      site: site(limits),
      strategies: ["any.lua": refusing(480), "two.lua": refusing(481)],
      in: folder
    )
  }

  private static func change(_ name: String, _ status: Int, _ service: RunningService) throws {
    try service.write(refusing(status), to: "strategies/\(name).lua")
    _ = try service.ask(ControlRequest("reload"))
  }

  /// A new version whose strategy waits, and a caller who waits in it.
  private static func waitingCaller(of service: RunningService) throws -> LoopbackCaller {
    try service.write(
      "return function(call) call:wait(25) return reject(480) end",
      to: "strategies/any.lua"
    )
    _ = try service.ask(ControlRequest("reload"))
    let caller = LoopbackCaller("1", calls: "8000", at: service.port)
    caller.invite()
    try wait { (try service.ask(ControlRequest("calls"))["calls"]?.elements?.count ?? 0) == 1 }
    return caller
  }

  @Test("The list says who asked, what changed, and which calls run what", .timeLimit(.minutes(15)))
  func list() throws {
    let service = try Self.start()
    try service.write("return {}", to: "strategies/lib/new.lua")
    let caller = try Self.waitingCaller(of: service)
    defer { caller.cancel() }
    try Self.change("two", 482, service)
    let versions = try service.versions()
    #expect(versions.map { $0["number"]?.integer } == [3, 2, 1])
    #expect(versions.map { $0["state"]?.string } == ["current", "draining", "kept"])
    #expect(versions.map { $0["calls"]?.integer } == [0, 1, 0])
    #expect(versions.last?["asked"]?.string == "start")
    #expect(versions[0]["changed"]?.elements == [.string("two.lua")])
    #expect(versions[1]["changed"]?.elements == [.string("any.lua")])
    #expect(versions[1]["added"]?.elements == [.string("lib/new.lua")])
    let switches = try service.ask(ControlRequest("versions"))["switches"]
    #expect(switches?["count"]?.integer == 2)
    #expect((switches?["pause_max"]?.number ?? 0) > 0)
    let calls = try service.ask(ControlRequest("calls"))["calls"]?.elements ?? []
    #expect(calls.first?["generation"] == versions[1]["fingerprint"])
  }

  @Test("Every step back goes further back; the folder then differs", .timeLimit(.minutes(15)))
  func stepsBack() throws {
    let service = try Self.start()
    try Self.change("any", 486, service)
    try Self.change("any", 487, service)
    let back = try #require(try service.attempt("rollback").value)
    #expect(back["version"]?.integer == 4)
    #expect(back["of"]?.integer == 2)
    #expect(back["folder"]?.string == "differs")
    #expect(service.statusOfACall() == 486)
    #expect(service.said.contains { $0.contains("now differs from what runs") })
    #expect(try service.attempt("rollback").value?["of"]?.integer == 1)
    #expect(service.statusOfACall() == 480)
    guard case .refused(let message, _) = try service.attempt("rollback") else {
      Issue.record("there is nothing before the first version")
      return
    }
    #expect(message.contains("nothing to go back to"))
    // A later change of a file loads the folder as usual.
    try Self.change("two", 488, service)
    #expect(service.statusOfACall() == 487)
  }

  @Test("A save from before a rollback does not undo it", .timeLimit(.minutes(15)))
  func savedBefore() throws {
    let service = try Self.start()
    try Self.change("any", 486, service)
    #expect(try service.attempt("rollback").value?["of"]?.integer == 1)
    // The same once more, as an editor does that saves twice: seen, and no change.
    try service.write(Self.refusing(486), to: "strategies/any.lua")
    usleep(400_000)
    #expect(service.statusOfACall() == 480)
    try service.write(Self.refusing(487), to: "strategies/any.lua")
    #expect(try wait { try service.versions().count == 4 })
    #expect(service.statusOfACall() == 487)
  }

  @Test(
    "A version is named by its number or the beginning of its fingerprint",
    .timeLimit(.minutes(15))
  )
  func byName() throws {
    let service = try Self.start()
    try Self.change("any", 486, service)
    try Self.change("any", 487, service)
    let second = try #require(try service.versions()[1]["fingerprint"]?.string)
    #expect(try service.attempt("rollback", to: "1").value?["of"]?.integer == 1)
    #expect(service.statusOfACall() == 480)
    let short = String(second.prefix(8))
    #expect(try service.attempt("rollback", to: short).value?["generation"]?.string == second)
    #expect(service.statusOfACall() == 486)
    #expect(try service.attempt("rollback", to: short).value?["changed"]?.bool == false)
    guard case .refused(let message, _) = try service.attempt("rollback", to: "nonsense") else {
      Issue.record("there is no such version")
      return
    }
    #expect(message.contains("there is no version or strategy \"nonsense\""))
  }

  @Test("A strategy's name brings back that file alone", .timeLimit(.minutes(15)))
  func oneStrategy() throws {
    let service = try Self.start()
    try Self.change("any", 486, service)
    try Self.change("two", 487, service)
    try Self.change("any", 488, service)
    let back = try #require(try service.attempt("rollback", to: "any").value)
    #expect(back["of"]?.integer == 3)
    #expect(service.statusOfACall() == 486)
    let newest = try #require(try service.versions().first)
    #expect(newest["changed"]?.elements == [.string("any.lua")])
    #expect(try service.attempt("rollback", to: "any").value?["of"]?.integer == 1)
    #expect(service.statusOfACall() == 480)
  }

  @Test("A restart lists the same versions and can go back", .timeLimit(.minutes(15)))
  func restart() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before: [JSONValue]
    do {
      let service = try Self.start(in: folder)
      try Self.change("any", 486, service)
      before = try service.versions()
    }
    let service = try RunningService(site: Self.site(), strategies: [:], in: folder)
    let after = try service.versions()
    #expect(after.map { $0["fingerprint"] } == before.map { $0["fingerprint"] })
    #expect(after.map { $0["time"] } == before.map { $0["time"] })
    #expect(try service.attempt("rollback").value?["version"]?.integer == 3)
    #expect(service.statusOfACall() == 480)
  }

  @Test("No more are kept than the site says; blobs go with them", .timeLimit(.minutes(15)))
  func pruning() throws {
    let service = try Self.start("generations_kept = 2")
    for status in 482...486 { try Self.change("any", status, service) }
    #expect(try service.versions().map { $0["number"]?.integer } == [6, 5])
    let store = service.data + "/strategies"
    let blobs = try FileManager.default.contentsOfDirectory(atPath: store + "/blobs")
    // Two of any.lua, one of two.lua.
    #expect(blobs.count == 3)
    let manifests = try FileManager.default.contentsOfDirectory(atPath: store + "/versions")
    #expect(manifests.sorted() == ["0000000005.json", "0000000006.json"])
  }

  @Test("What a call ran is kept no longer than the call", .timeLimit(.minutes(15)))
  func drained() throws {
    let service = try Self.start("generations_kept = 2")
    let caller = try Self.waitingCaller(of: service)
    for status in 482...484 { try Self.change("any", status, service) }
    #expect(try service.versions().map { $0["number"]?.integer } == [5, 4, 2])
    caller.cancel()
    try wait { try service.ask(ControlRequest("calls"))["calls"]?.elements?.count == 0 }
    #expect(try service.versions().map { $0["number"]?.integer } == [5, 4])
    let manifests = try FileManager.default.contentsOfDirectory(
      atPath: service.data + "/strategies/versions"
    )
    #expect(manifests.sorted() == ["0000000004.json", "0000000005.json"])
  }

  @Test("What a crash has damaged is never run", .timeLimit(.minutes(15)))
  func damage() throws {
    let service = try Self.start()
    try Self.change("any", 486, service)
    let store = service.data + "/strategies"
    for name in try FileManager.default.contentsOfDirectory(atPath: store + "/blobs") {
      try service.write(Self.refusing(404), to: "var/strategies/blobs/\(name)")
    }
    guard case .refused(let message, let findings) = try service.attempt("rollback") else {
      Issue.record("damaged files were taken")
      return
    }
    #expect(message.hasPrefix("reload failed in phase read"))
    #expect(findings.first?.contains("is damaged") == true)
    #expect(service.statusOfACall() == 486)
  }

  @Test("A store that cannot be written does not hold up a reload", .timeLimit(.minutes(15)))
  func noStore() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let data = folder + "/var"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    try "in the way".write(toFile: data + "/strategies", atomically: true, encoding: .utf8)
    let service = try Self.start(in: folder)
    try Self.change("any", 486, service)
    #expect(service.statusOfACall() == 486)
    #expect(service.said.contains { $0.contains("version 2 of the strategies is not kept") })
  }

  @Test(
    "Decisions name their strategy and generation from the first call on",
    .timeLimit(.minutes(15))
  )
  func marks() throws {
    let service = try Self.start()
    let generation = try service.ask(ControlRequest("strategies"))["generation"]
    #expect(service.statusOfACall() == 480)
    for kind in ["EventRouteRequest", "EventRouteUsed"] {
      let event = try service.events().last { $0["event"]?.string == kind }
      #expect(event?["Extensions"]?["STRATEGY"]?.string == "any")
      #expect(event?["Extensions"]?["GENERATION"] == generation)
    }
  }
}
