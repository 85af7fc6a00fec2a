import Foundation
import Service
import Synchronization
import Wire

/// A service in this process, in a folder of its own, on a port that the kernel chose.
final class RunningService {
  let folder: String
  let door: ServiceDoor
  private let lines = Lines()
  /// Whether the folder is somebody else's, who wants it back.
  private let isKept: Bool
  private var thread: BackgroundThread?

  final class Lines: Sendable {
    private let all = Mutex<[String]>([])
    func append(_ line: String) { all.withLock { $0.append(line) } }
    var list: [String] { all.withLock { $0 } }
  }

  init(
    site: String,
    strategies: [String: String],
    drain: Double = 20,
    in kept: String? = nil,
    store: Bool = true,
    parts: ServiceParts = .standard
  ) throws {
    folder = kept ?? NSTemporaryDirectory() + "pointsman-\(UUID().uuidString.prefix(8))"
    isKept = kept != nil
    door = try ServiceDoor()
    try write(site, to: "site.lua")
    for (name, text) in strategies { try write(text, to: "strategies/\(name)") }
    var options = ServeOptions()
    options.site = folder + "/site.lua"
    options.strategies = folder + "/strategies"
    options.data = data
    options.drain = drain
    options.store = store
    let (lines, door) = (lines, door)
    let finished = options
    thread = BackgroundThread {
      do {
        try Service.run(finished, door: door, parts: parts) { lines.append($0) }
        lines.append("ended")
      } catch {
        lines.append("failed: \(error)")
      }
    }
    wait { lines.list.contains { $0.hasPrefix("ready ") || $0.hasPrefix("failed: ") } }
  }

  deinit {
    door.stop()
    door.stop()
    wait { thread?.isDone ?? true }
    if !isKept { try? FileManager.default.removeItem(atPath: folder) }
  }

  var data: String { folder + "/var" }
  var said: [String] { lines.list }
  var hasEnded: Bool { thread?.isDone ?? true }

  /// The port of SIP.
  var port: UInt16 {
    let ready = said.first { $0.hasPrefix("ready ") } ?? ""
    let address = ready.split(separator: " ").dropFirst().first ?? ""
    return address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
  }

  /// Writes a file as editors do: beside, then renamed into its place.
  func write(_ text: String, to name: String) throws {
    let path = folder + "/" + name
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent,
      withIntermediateDirectories: true
    )
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Asks for something and returns the result as a value.
  func ask(_ request: ControlRequest) throws -> JSONValue {
    var client = try ControlClient(data: data)
    return try client.result(of: request).value
  }

  /// All events so far.
  func events(from: UInt64 = 0) throws -> [JSONValue] {
    var client = try ControlClient(data: data)
    var request = ControlRequest("events")
    request.set("from", from)
    try client.send(request)
    try client.receiveStatus()
    var events: [JSONValue] = []
    while let line = try client.nextLine() { events.append(try JSONValue(parsing: line)) }
    return events
  }

  /// An agent's state, as `pointsman agents` shows it.
  func state(of agent: String) throws -> String? {
    let agents = try ask(ControlRequest("agents"))["agents"]?.elements ?? []
    return agents.first { $0["id"]?.string == agent }?["state"]?.string
  }
}

/// Waits for a condition, with a limit that only a hang reaches.
@discardableResult
func wait(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<3_000 {
    if try condition() { return true }
    usleep(10_000)
  }
  return false
}
