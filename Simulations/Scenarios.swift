// Scenarios in a process of their own: every event and every command as text.

import Glibc
import TestSupport
import Wire

/// Runs scenarios and writes what the engine announces and commands; false: one is not as it says.
func runScenarios(_ paths: [String]) -> Bool {
  var isRight = !paths.isEmpty
  for path in paths {
    do {
      let run = ScenarioRun(try Scenario(name: path, text: try contents(of: path)))
      put(run.transcript)
      for problem in run.problems { say(problem + "\n") }
      if !run.problems.isEmpty { isRight = false }
    } catch {
      say("\(path):\(error)\n")
      isRight = false
    }
  }
  return isRight
}

private func contents(of path: String) throws(JSONError) -> String {
  guard let file = fopen(path, "r") else { throw JSONError("cannot be read") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { break }
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}
