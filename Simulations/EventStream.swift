// The events of a world as JSON Lines, and the figures that the engine's own fold makes of them.

import Engine
import Glibc
import Simulator
import Wire

/// Writes to standard output until everything is written.
func put(_ bytes: [UInt8]) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    guard written > 0 else { exit(1) }
    rest = rest.dropFirst(written)
  }
}

/// Lets a world run until so many calls have come, and writes what it announced.
func writeEvents(ofCalls calls: Int, seed: UInt64) {
  var world = World(seed: seed, keepsEvents: true)
  world.isComparing = false
  var statistics = Statistics(answeredWithin: .seconds(3), abandonedWithin: .seconds(1))
  var buffer: [UInt8] = []
  func flush() {
    for event in world.takeEvents() {
      statistics.fold(event)
      var writer = JSONWriter()
      writer.value(event)
      buffer.append(contentsOf: writer.text.utf8)
      buffer.append(10)
    }
    put(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
  while world.callCount < calls {
    world.torment(signals: world.signalCount + 10_000)
    flush()
  }
  var writer = JSONWriter()
  writer.value(statistics, at: statistics.time)
  put(Array(writer.text.utf8) + [10])
}
