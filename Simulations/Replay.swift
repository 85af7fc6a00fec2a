// A world's journal, and its replay without the world.
//
// The journal holds every signal and every step that a strategy made, as a recording spells them;
// so a replay needs neither callers nor strategies, and must announce and command the same.

import Engine
import Glibc
import Journal
import Simulator
import Wire

/// Writes the journal of a world in which so many calls came, as a recording with its events.
func writeJournal(ofCalls calls: Int, seed: UInt64) {
  var world = World(seed: seed)
  world.isComparing = false
  world.keepJournal()
  while world.callCount < calls { world.torment(signals: world.signalCount + 1_000) }
  var engine = RoutingEngine(plan: world.plan, seed: seed, epoch: World.epoch)
  var outbox = Outbox()
  var writer = JSONWriter()
  writer.value(RecordingHead(plan: world.plan, seed: seed, epoch: World.epoch))
  writer.endLine()
  // What the world gives first is not in its journal.
  let start = (at: Instant.zero, signal: Signal.control(.start))
  for (instant, signal) in [start] + world.journal {
    writer.value(signal, at: instant)
    writer.endLine()
    engine.handle(signal, at: instant, into: &outbox)
    for event in outbox.events {
      writer.value(event)
      writer.endLine()
    }
    outbox.removeAll()
  }
  put(writer.bytes)
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
      var unknown: [String] = []
      if number == 1 {
        let head = try RecordingHead(JSONValue(parsing: text), unknown: &unknown)
        engine = RoutingEngine(plan: head.plan, seed: head.seed, epoch: head.epoch)
        continue
      }
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
