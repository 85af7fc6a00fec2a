internal import LuaBridge
internal import Reactor

// When strategies are loaded again, and who is told.
extension ControlLoop {
  /// One save makes several changes: wait until nothing has changed for this long.
  private static let quiet: UInt64 = 100_000_000
  /// Wait no longer than this, however much changes.
  private static let patience: UInt64 = 1_000_000_000

  /// Takes note of changed files.
  mutating func noteChanges() {
    changes.removeAll(keepingCapacity: true)
    do {
      try files?.changes(into: &changes)
    } catch {
      say("watching files: \(error)")
    }
    guard !changes.isEmpty else { return }
    let now = Clock.monotonic
    if reloadDue == nil { reloadLatest = now + Self.patience }
    reloadDue = min(now + Self.quiet, reloadLatest)
    for case .lost(options.strategies) in changes {
      say("\(options.strategies) is gone: its files are no longer watched; SIGHUP still reloads")
    }
  }

  /// Loads the strategies, or remembers to do so when the load that is on its way has ended.
  mutating func startReload(_ reason: StrategyReload.Reason) {
    reload.asked.append(reason)
    guard reload.inFlight == nil else { return }
    let asked = reload.asked
    reload.asked = []
    reload.answering = asked
    switch reload.load() {
    case .unchanged:
      settleReload(.unchanged(reload.currentFingerprint))
    case .broken(let findings):
      settleReload(.broken(findings))
    case .ready(let generation):
      reload.inFlight = generation
      shard.post(.install(generation, ticket: ticket(for: .reload)))
    }
  }

  /// The shard has answered.
  mutating func finishReload() {
    guard let generation = reload.inFlight else { return }
    reload.inFlight = nil
    reload.current = generation
    settleReload(.installed(generation.fingerprint))
  }

  private mutating func settleReload(_ result: StrategyReload.Result) {
    let answering = reload.answering
    reload.answering = []
    report(result, quietly: answering == [.files])
    for case .client(let id) in answering { answerReload(id, result) }
    // Those that asked meanwhile may have seen newer files.
    if let next = reload.asked.popLast() { startReload(next) }
  }

  private func report(_ result: StrategyReload.Result, quietly: Bool) {
    switch result {
    case .unchanged(let fingerprint):
      if !quietly { say("strategies: generation \(Fingerprint.short(fingerprint)), unchanged") }
    case .installed(let fingerprint):
      say("strategies: generation \(Fingerprint.short(fingerprint)) is in use")
    case .broken(let findings):
      for finding in findings { say(finding.long) }
      let short = Fingerprint.short(reload.currentFingerprint)
      say("strategies: nothing changed, generation \(short) stays in use")
    }
  }
}
