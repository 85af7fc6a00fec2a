import Foundation
import Importers
import Testing
import Wire

/// An import of files, and what stands in the recording that it made.
struct Imported {
  let report: ImportReport
  let head: JSONValue
  let signals: [JSONValue]
  let text: String

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let fixtures = root.appendingPathComponent("Tests/Corpus/import")
  static let shared = root.deletingLastPathComponent().appendingPathComponent("shared/data")

  /// Whether other people's material lies beside the project.
  static var hasShared: Bool {
    let table = shared.appendingPathComponent("MANIFEST.tsv")
    let isThere = FileManager.default.fileExists(atPath: table.path)
    if !isThere { print("shared data is absent: imports of it are not compared") }
    return isThere
  }

  /// Imports files by their paths.
  init(
    _ source: ImportRequest.Source,
    paths: [String],
    sortBytes: Int = 48 << 20,
    _ change: (inout ImportRequest) throws -> Void = { _ in }
  ) throws {
    var request = ImportRequest(source, paths)
    request.sortBytes = sortBytes
    try change(&request)
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("out.jsonl").path
    report = try Import.run(request, to: ImportOutput(path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.jsonl"])
    text = try String(contentsOfFile: path, encoding: .utf8)
    let lines = try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    head = try #require(lines.first)
    signals = Array(lines.dropFirst())
    // Every line is one that recordings know, in the order of time.
    var last = 0.0
    for line in text.split(separator: "\n").dropFirst() {
      var unknown: [String] = []
      _ = try RecordingLine(reading: String(line), unknown: &unknown)
    }
    for signal in signals {
      let at = try #require(signal["at"]?.number)
      #expect(at >= last)
      last = at
    }
  }

  /// Imports fixtures of ours by their names.
  init(
    _ source: ImportRequest.Source,
    _ names: String...,
    sortBytes: Int = 48 << 20,
    _ change: (inout ImportRequest) throws -> Void = { _ in }
  ) throws {
    try self.init(
      source,
      paths: names.map { Self.fixtures.appendingPathComponent($0).path },
      sortBytes: sortBytes,
      change
    )
  }

  /// Imports a text.
  init(
    _ source: ImportRequest.Source,
    text: String,
    name: String = "in",
    _ change: (inout ImportRequest) throws -> Void = { _ in }
  ) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    try self.init(source, paths: [file.path], change)
  }

  /// What an import says when it refuses, after which nothing is left.
  static func refusal(
    _ source: ImportRequest.Source,
    _ bytes: [UInt8],
    _ change: (inout ImportRequest) throws -> Void = { _ in }
  ) throws -> String? {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("in")
    try Data(bytes).write(to: file)
    var request = ImportRequest(source, [file.path])
    try change(&request)
    do {
      _ = try Import.run(
        request,
        to: ImportOutput(folder.appendingPathComponent("out.jsonl").path)
      )
      return nil
    } catch {
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in"])
      return error.message.replacingOccurrences(of: folder.path + "/", with: "")
    }
  }

  static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pointsman-import-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// The lines of the recording, without their times.
  func lines(of call: String) -> [String] {
    signals.filter { $0["call"]?.string == call }.map { Self.brief($0) }
  }

  /// The ConnID of the call that has this datum.
  func call(_ key: String, _ value: String) -> String? {
    signals.first { $0["user_data"]?[key]?.string == value }?["call"]?.string
  }

  /// Signals about agents, briefly: `12 agent.ready 1001`.
  var agents: [String] {
    signals.filter { $0["signal"]?.string?.hasPrefix("agent.") == true }.map { Self.brief($0) }
  }

  /// Instant, signal, and who and why: `4 call.answered 1001`.
  private static func brief(_ signal: JSONValue) -> String {
    let at = signal["at"]?.number ?? -1
    var words = [at == at.rounded() ? "\(Int(at))" : "\(at)", signal["signal"]?.string ?? ""]
    for key in ["agent", "dn", "by", "outcome", "reason"] {
      if key == "dn", signal["agent"] != nil { continue }
      if let value = signal[key]?.string { words.append(value) }
    }
    if let queue = signal["queues"]?.elements?.first?.string { words.append("in \(queue)") }
    if signal["inferred"]?.bool == true { words.append("(inferred)") }
    return words.joined(separator: " ")
  }
}
