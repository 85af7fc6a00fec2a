internal import Engine
internal import LuaBridge

// The last two phases of a reload: they happen between two signals, on the shard's thread.
extension ShardLoop {
  /// Hands over to a generation and switches to it; what fails leaves everything as it was.
  ///
  /// Returns why nothing was switched.
  mutating func install(_ installation: Installation, at now: Instant) -> ReloadFailure? {
    if isStopping {
      return ReloadFailure(
        .switching,
        "server",
        "the server is stopping: it takes no new strategies"
      )
    }
    let findings = handOver?(installation.number) ?? []
    guard findings.isEmpty else { return ReloadFailure(.handOver, findings) }
    let generation = installation.generation
    let state: [StrategyState]
    do {
      state = try shard.strategies.handOver(to: generation, values: shard.strategyState)
    } catch {
      return ReloadFailure(.handOver, error.problems.map { Finding($0) })
    }
    // The check has seen this long ago; a call must never find that it has not.
    for point in points where !generation.strategies.contains(point.strategy) {
      let file = "\(point.strategy.text).lua"
      return ReloadFailure(.switching, file, "routing point \(point.dn.number) has no strategy")
    }
    shard.strategies.install(generation, number: installation.number)
    record(installation.sources)
    feed(
      .control(.strategies(fingerprint: generation.fingerprint, state: state)),
      at: now
    )
    return nil
  }
}
