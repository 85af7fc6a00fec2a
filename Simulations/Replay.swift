// A world's journal, and its replay without the world.
//
// The journal holds every signal and every step that a strategy made, as a recording spells them;
// so a replay needs neither callers nor strategies, and must announce and command the same.

import Engine
import Glibc
import Simulator
import Wire

/// Writes the journal of a world in which so many calls came.
func writeJournal(ofCalls calls: Int, seed: UInt64) {
  var world = World(seed: seed)
  world.isComparing = false
  world.keepJournal()
  while world.callCount < calls { world.torment(signals: world.signalCount + 1_000) }
  var buffer: [UInt8] = Array("{\"recording\":1,\"seed\":\(seed)}\n".utf8)
  for (instant, signal) in world.journal {
    var writer = JSONWriter()
    writer.value(signal, at: instant)
    buffer.append(contentsOf: writer.text.utf8)
    buffer.append(10)
  }
  put(buffer)
}

/// Replays a journal and writes what the engine announces and commands; false: unreadable.
func replay(_ path: String) -> Bool {
  guard let file = fopen(path, "r") else {
    say("torment: cannot read \(path)\n")
    return false
  }
  defer { fclose(file) }
  var engine: RoutingEngine?
  var line: UnsafeMutablePointer<CChar>?
  var capacity = 0
  defer { free(line) }
  var number = 0
  while getline(&line, &capacity, file) > 0, let line {
    number += 1
    let text = String(cString: line)
    do {
      if number == 1 {
        guard let seed = try JSONValue(parsing: text)["seed"]?.integer else {
          throw JSONError("the seed is missing")
        }
        // The world's own site, and what it gives first.
        let world = World(seed: UInt64(seed))
        engine = RoutingEngine(plan: world.plan, seed: UInt64(seed), epoch: World.epoch)
        var outbox = Outbox()
        engine?.handle(.control(.start), at: .zero, into: &outbox)
        write(outbox)
        continue
      }
      var unknown: [String] = []
      guard case .signal(let signal, let at) = try RecordingLine(reading: text, unknown: &unknown)
      else { continue }
      var outbox = Outbox()
      engine?.handle(signal, at: at, into: &outbox)
      write(outbox)
    } catch {
      say("\(path):\(number): \(error)\n")
      return false
    }
  }
  return true
}

private func write(_ outbox: borrowing Outbox) {
  var buffer: [UInt8] = []
  for event in outbox.events {
    var writer = JSONWriter()
    writer.value(event)
    buffer.append(contentsOf: writer.text.utf8)
    buffer.append(10)
  }
  for command in outbox.lineCommands {
    buffer.append(contentsOf: "\(command)\n".utf8)
  }
  put(buffer)
}
