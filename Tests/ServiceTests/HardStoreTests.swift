import Foundation
import Journal
import Service
import Testing

@Suite("A store that was damaged is refused with one sentence, and left as it is", .serialized)
struct HardStoreTests {
  private static let site = """
    return {
      name = "hard",
      sip = { listen = { "udp:127.0.0.1:0" }, trusted = { "127.0.0.0/8" } },
      extensions = { ["7001"] = { contact = "sip:7001@127.0.0.1:9" } },
      agents = { ["1001"] = { extension = "7001", login = "auto" } },
      queues = { ["9000"] = {} },
      routing_points = { ["8000"] = { strategy = "any", default = { "reject:480" } } },
      store = { snapshot_signals = 10 },
    }
    """

  private static let strategies = ["any.lua": "return function(call) return reject(486) end"]

  /// A folder as `kill -9` leaves it: the files of a running server, copied between two commits.
  private func killed() throws -> (folder: String, copy: String) {
    let folder = NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    let service = try RunningService(site: Self.site, strategies: Self.strategies, in: folder)
    try #require(service.said.contains { $0.hasPrefix("ready ") }, "\(service.said)")
    for index in 0..<12 {
      let caller = LoopbackCaller("442\(index)", calls: "8000", at: service.port)
      caller.invite()
      #expect(caller.waitForTheEnd() == 486, "\(caller.statuses)")
    }
    let copy = folder + "/copy"
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in ["pointsman.db", "pointsman.db-wal"] {
      try FileManager.default.copyItem(atPath: folder + "/var/" + name, toPath: copy + "/" + name)
    }
    return (folder, copy)
  }

  /// Serves a copy of a folder; what is said when it does not start, and whether a byte changed.
  private func serve(_ copy: String, in folder: String) throws -> (said: [String], changed: Bool) {
    let data = folder + "/var"
    try FileManager.default.removeItem(atPath: data)
    try FileManager.default.copyItem(atPath: copy, toPath: data)
    func bytes() throws -> [Data] {
      try ["pointsman.db", "pointsman.db-wal"].map {
        try Data(contentsOf: URL(fileURLWithPath: data + "/" + $0))
      }
    }
    let before = try bytes()
    let service = try RunningService(site: Self.site, strategies: Self.strategies, in: folder)
    let said = service.said
    let hasStarted = said.contains { $0.hasPrefix("ready ") }
    return (said, try hasStarted ? false : bytes() != before)
  }

  @Test("A log that was changed in the middle; its end may be torn")
  func log() throws {
    let (folder, copy) = try killed()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let url = URL(fileURLWithPath: copy + "/pointsman.db-wal")
    let sound = try Data(contentsOf: url)
    #expect(try serve(copy, in: folder).said.contains { $0.hasPrefix("ready ") })
    // Half a frame at the end is what a crash leaves.
    try sound.dropLast(2_000).write(to: url)
    #expect(try serve(copy, in: folder).said.contains { $0.hasPrefix("ready ") })
    for part in [4, 2] {
      var torn = sound
      let place = sound.count / part
      for index in place..<place + 64 { torn[index] ^= 0x55 }
      try torn.write(to: url)
      let (said, changed) = try serve(copy, in: folder)
      let text = said.last ?? ""
      #expect(text.contains("is damaged after byte"), "\(said)")
      #expect(!changed)
      // What the sentence says helps.
      let number = text.components(separatedBy: "truncate -s ").last?.prefix { $0.isNumber }
      let end = try #require(number.flatMap { Int($0) })
      try sound.prefix(end).write(to: url)
      #expect(try serve(copy, in: folder).said.contains { $0.hasPrefix("ready ") })
    }
  }
}
