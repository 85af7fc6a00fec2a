public import Engine

/// A signal on the way to a finding.
public struct ProofMoment: Sendable {
  /// What happened; nil: it belongs to the beginning, or to what happened before it.
  public var letter: ProofLetter?
  /// The signal.
  public var signal: Signal
  /// When.
  public var at: Instant
}

extension ProofSetup {
  /// The signals that lead to a finding, those of the beginning included.
  public func script<Strategies: ProvableStrategies>(
    of finding: ProofFinding,
    strategies: Strategies
  ) -> [ProofMoment] {
    var moments = signals(of: finding.start).map {
      ProofMoment(letter: nil, signal: $0, at: finding.start.moment)
    }
    var world = ProofWorld(self, finding.start, strategies: strategies)
    for letter in finding.path {
      guard let signal = world.signal(for: letter) else { break }
      _ = world.give(letter)
      moments.append(ProofMoment(letter: letter, signal: signal, at: world.now))
      if case .logIn(let index) = letter {
        let ready = Signal.agent(.ready(cast[index].agent, reference: 0))
        moments.append(ProofMoment(letter: nil, signal: ready, at: world.now))
      }
    }
    return moments
  }
}
