internal import Engine
internal import Journal
internal import Reactor

// Images of the shard: what a restart begins with, and what slices of a day begin with.
extension ShardLoop {
  /// Takes an image if it is time; packing it is another thread's business.
  mutating func takeImageIfDue(at now: Instant) {
    guard let writer else { return }
    guard images.isDue(line.recorder.signals, at: now), !writer.isPacking else { return }
    let began = Clock.monotonic
    let (image, carried) = makeImage(at: now)
    let number = images.begin(line.recorder.signals, at: now)
    // Behind everything of this turn: the image holds what came of it.
    line.recorder.entries.append(.mark(number))
    writer.pack(image, carried, number)
    imagePause = max(imagePause, Clock.monotonic - began)
  }

  /// Takes an image at the very end, and leaves it with what is written last.
  mutating func takeLastImage(at now: Instant) {
    guard writer != nil else { return }
    let (image, carried) = makeImage(at: now)
    let number = images.begin(line.recorder.signals, at: now)
    guard let packed = try? PackedImage(image, carried, engine: Service.version) else { return }
    line.recorder.entries.append(.mark(number))
    line.recorder.entries.append(.image(number, packed))
  }

  private func makeImage(at now: Instant) -> (ShardImage, CarriedState?) {
    let image = ShardImage(
      state: shard.state,
      runs: shard.runs,
      statistics: line.statistics,
      reference: references
    )
    // Only a day that has ended is gone on with by a version that decides otherwise.
    guard image.state.callCount == 0 else { return (image, nil) }
    var carried = CarriedState(
      shard.snapshot(at: now),
      state: shard.strategyState,
      image.state.counters
    )
    carried.reference = references
    return (image, carried)
  }
}
