import Foundation
import Testing

@Suite("pointsman prove")
struct ProveVerbTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func prove(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("pointsman")
    process.arguments = ["prove"] + arguments
    process.currentDirectoryURL = Self.root
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test("A strategy that is in order: exit code 0, a name is enough")
  func proven() throws {
    let run = try prove(["sales", "--calls", "1", "--agents", "1"])
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("sales: no call can be lost, stuck or sent to a DN"))
  }

  @Test("A counterexample: exit code 1, one JSON object, a file")
  func counterexample() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pointsman-prove-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("retry.jsonl").path
    let run = try prove(["Tests/Corpus/prove/retry.lua", "--calls", "1", "--json", "-o", file])
    #expect(run.status == 1)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    )
    let finding = try #require(json["finding"] as? [String: Any])
    #expect(json["proven"] as? Bool == false)
    #expect(finding["kind"] as? String == "loop")
    #expect(finding["signals"] as? Int == 1)
    #expect(finding["file"] as? String == file)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.hasPrefix("{\"recording\":1,"))
    #expect(text.contains("\"strategies_folder\":\"Tests/Corpus/prove\""))
  }

  @Test(
    "What cannot run: exit code 2",
    arguments: [
      ["strategies/none.lua"], ["sales", "--allow", "nothing"], ["sales", "--calls", "9"],
      ["sales", "--at", "1234"], ["sales", "--site", "none.lua"],
    ]
  )
  func impossible(_ arguments: [String]) throws {
    let run = try prove(arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
  }
}
