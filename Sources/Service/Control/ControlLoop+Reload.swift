internal import LuaBridge
internal import Reactor
internal import SIPGlue

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

  /// Loads the folder's strategies, when the reload that is on its way has ended.
  mutating func startReload(_ reason: StrategyReload.Reason, selfTest: Bool) {
    startReload(StrategyReload.Ask(reason: reason, rollback: nil, selfTest: selfTest))
  }

  /// Goes for other strategies, when the reload that is on its way has ended.
  mutating func startReload(_ ask: StrategyReload.Ask) {
    if ask.reason != .files, ask.rollback == nil { renewCertificate() }
    reload.ask(ask)
    beginReload()
  }

  /// Reads the certificate again, which its authority replaces before it runs out.
  private func renewCertificate() {
    guard let tls = site.tls else { return }
    do {
      shard.post(.renew(try TLSCredentials(tls)))
      say("tls: the certificate \"\(tls.certificate)\" is read again")
    } catch {
      say("tls: \(error); the one in use stays")
    }
  }

  private mutating func beginReload() {
    while reload.canBegin {
      do {
        let preparation = try reload.begin()
        let ticket = nextTicket
        nextTicket += 1
        reload.prepares(ticket: ticket)
        let inbox = inbox
        // Detached when it goes out of scope: what it finds comes through the inbox.
        _ = try ShardThread(name: "reload") {
          inbox.post(.prepared(preparation.run(), ticket: ticket))
        }
        return
      } catch let failure as ReloadFailure {
        settleReload(.failed(failure))
      } catch {
        settleReload(.failed(ReloadFailure(.read, options.strategies, "\(error)")))
      }
    }
  }

  /// The thread beside has done what it could.
  mutating func finishPreparation(_ outcome: Preparation.Outcome, ticket: UInt64) {
    guard reload.awaits(ticket) else { return }
    switch outcome {
    case .unchanged: settleReload(.unchanged(reload.current))
    case .failed(let failure): settleReload(.failed(failure))
    case .ready(let prepared):
      for warning in prepared.warnings { say(warning.long) }
      let number = self.ticket(for: .reload)
      shard.post(.install(reload.installs(prepared), ticket: number))
    }
    beginReload()
  }

  /// The thread beside has had time enough.
  mutating func giveUpPreparation(at now: UInt64) {
    guard let giveUp = reload.giveUp, giveUp <= now else { return }
    settleReload(.failed(reload.tooLong))
    beginReload()
  }

  /// The shard has answered.
  mutating func finishReload(_ switched: Switched) {
    reload.pauses.add(switched.pause)
    if let failure = switched.failure {
      settleReload(.failed(failure))
    } else if let (version, trouble) = reload.installed(alive: switched.alive) {
      if let trouble { say("version \(version.number) of the strategies is not kept: \(trouble)") }
      settleReload(.installed(version))
    }
    beginReload()
  }

  private mutating func settleReload(_ result: StrategyReload.Result) {
    let answering = reload.end()
    report(result, quietly: answering.allSatisfy { $0.reason == .files })
    for ask in answering {
      if case .client(let id) = ask.reason { answerReload(id, result) }
    }
  }

  private func report(_ result: StrategyReload.Result, quietly: Bool) {
    switch result {
    case .unchanged(let version):
      if !quietly { say("strategies: \(version.words), unchanged") }
    case .installed(let version):
      say("strategies: \(version.words) is in use")
      if version.of != nil, reload.folderIsCurrent != true {
        say(
          "strategies: the folder \(options.strategies) now differs from what runs;"
            + " a change of its files loads it again"
        )
      }
    case .failed(let failure):
      if failure.phase != nil {
        for finding in failure.findings { say(finding.long) }
      }
      say("strategies: \(failure.summary); \(reload.current.words) stays in use")
    }
  }
}

extension Version {
  /// What people are told of it: `generation 0123456789ab (version 7)`.
  var words: String {
    let back = of.map { ", \(restored ?? "all") as in version \($0)" } ?? ""
    return "generation \(Fingerprint.short(fingerprint)) (version \(number)\(back))"
  }
}
