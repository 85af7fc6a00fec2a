import Foundation
import Journal
import Service
import Testing

@Suite("docs/recording.schema.json says what recordings are")
struct RecordingSchemaTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// What the validator says of some files, and its exit code.
  private func validate(_ paths: [String]) throws -> (text: String, code: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["python3", Self.root.appendingPathComponent("Tests/Recordings/validate").path] + paths
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    if text.hasPrefix("skipped") { print(text) }
    return (text, process.terminationStatus)
  }

  private static let site = """
    return {
      name = "schema",
      sip = { listen = { "udp:127.0.0.1:0" }, trusted = { "127.0.0.0/8" } },
      extensions = { ["7001"] = { contact = "sip:7001@127.0.0.1:9" } },
      agents = { ["1001"] = { extension = "7001", skills = { sales = 1 } } },
      queues = { ["9000"] = {} },
      routing_points = { ["8000"] = { strategy = "busy", default = { "queue:9000" } } },
      store = { snapshot_signals = 10 },
    }
    """

  private static let strategy = [
    "busy.lua": """
    return function(call)
      call:note(tostring(random()))
      state.calls = (state.calls or 0) + 1
      call:attach { number = tostring(state.calls), half = share { a = 1, b = 1 } }
      call:select(any { skills = "sales > 0" }, { timeout = 0.2, by = "round_robin" })
      return reject(486)
    end
    """
  ]

  private func serve(_ site: String, in folder: String) throws -> RunningService {
    let service = try RunningService(site: site, strategies: Self.strategy, in: folder)
    try #require(service.said.contains { $0.hasPrefix("ready ") }, "\(service.said)")
    return service
  }

  /// A caller at 8000, whom the strategy refuses.
  private func call(_ number: String, _ service: RunningService) {
    let caller = LoopbackCaller(number, calls: "8000", at: service.port)
    caller.invite()
    #expect(caller.waitForTheEnd() == 486, "\(caller.statuses)")
  }

  @Test("Every line of the scenarios")
  func scenarios() throws {
    let folder = Self.root.appendingPathComponent("Tests/Scenarios")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let paths = names.filter { $0.hasSuffix(".jsonl") }.map { folder.path + "/" + $0 }
    let (text, code) = try validate(paths)
    #expect(code == 0, "\(text)")
  }

  @Test("No two signals have the same instant, but for the steps that one of them led to")
  func instants() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // What comes into service at the start does so in one turn.
    let first = #"["7001"] = { contact"#
    let further = (7002...7009).map { "[\"\($0)\"] = { contact = \"sip:x@127.0.0.1:9\" }, " }
    let site = Self.site.replacing(first, with: further.joined() + first)
    let service = try serve(site, in: folder)
    call("44", service)
    service.door.stop()
    wait { service.hasEnded }
    let path = folder + "/day.jsonl"
    _ = try Recordings.export(data: service.data, RecordingPart(), to: path)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let instants = lines.filter { $0.hasPrefix("{\"at\":") && !$0.contains("\"strategy.") }
      .map { $0.dropFirst(6).prefix { $0 != "," } }
    #expect(instants.count > 10)
    #expect(Set(instants).count == instants.count, "\(instants)")
  }

  @Test("Every line of an export, of a part of it, and nothing that was changed")
  func exports() throws {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let service = try serve(Self.site, in: folder)
    for index in 0..<12 { call("442\(index)", service) }
    service.door.stop()
    wait { service.hasEnded }
    let whole = folder + "/whole.jsonl"
    let part = folder + "/part.jsonl"
    _ = try Recordings.export(data: service.data, RecordingPart(), to: whole)
    let now = UInt64(Date().timeIntervalSince1970 * 1e9)
    let exported = try Recordings.export(data: service.data, RecordingPart(since: now), to: part)
    #expect(exported.isSlice)
    for path in [whole, part] {
      let report = try Recordings.replay(path, data: nil, trustsSteps: false)
      #expect(report.divergence == nil)
    }
    let (text, code) = try validate([whole, part])
    #expect(code == 0, "\(text)")
    guard !text.hasPrefix("skipped") else { return }
    let lines = try String(contentsOfFile: whole, encoding: .utf8)
    for (old, new) in [
      ("\"call.offered\"", "\"call.arrived\""), ("\"EventQueued\"", "\"EventQueue\""),
      ("\"seq\":3,", "\"seq\":\"3\","), ("{\"at\":", "{\"at\":-"), ("\"by\":\"round", "\"by\":\"x"),
      ("\"recording\":1", "\"recording\":2"), ("\"call\":\"", "\"call\":\"x"),
    ] {
      let changed = lines.replacingOccurrences(of: old, with: new)
      #expect(changed != lines, "\(old)")
      try changed.write(toFile: part, atomically: true, encoding: .utf8)
      #expect(try validate([part]).code == 1, "\(new)")
    }
  }
}
