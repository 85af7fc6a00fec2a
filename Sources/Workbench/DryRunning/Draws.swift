// What a recording does not say of a call, drawn with the seed.
//
// Invariant: a draw depends on the seed, the call's ConnID and what is drawn, and on nothing else:
// not on the order of calls, not on the strategies. So two strategies meet the same callers.

internal import Engine

/// How the patience of callers who did not give up is known.
public enum PatienceRule: String, CaseIterable, Sendable {
  /// Estimated: they would have waited at least as long as they did (Kaplan and Meier).
  case estimated
  /// As if they were like those who gave up. Wrong: those are the impatient ones.
  case abandoners
  /// As if they waited for ever. Wrong as well.
  case forever
}

/// The curves from which one run draws.
struct Draws: Sendable {
  /// The observations behind the curves, by group; the last one pools all groups.
  struct Basis: Sendable {
    var patience: [[Observation]]
    var talk: [[Observation]]
    /// Which basis a group's draws come from: its own or the pooled one.
    var patienceOf: [Int]
    var talkOf: [Int]
    /// Groups with fewer ends than this draw from all groups together.
    static let endsMin = 20
  }

  private let seed: UInt64
  private let basis: Basis
  private let rule: PatienceRule
  private var patience: [SurvivalCurve] = []
  private var talk: [SurvivalCurve] = []

  private enum Purpose: UInt64 {
    case patience = 0x7061
    case talk = 0x7461
    case pick = 0x7069
    case curve = 0x6375
  }

  init(_ basis: Basis, rule: PatienceRule, seed: UInt64) {
    self.seed = seed
    self.basis = basis
    self.rule = rule
    for (index, observations) in basis.patience.enumerated() {
      // A curve that nobody draws from is not worth the work.
      let isUsed = basis.patienceOf.contains(index)
      let kept = rule == .abandoners ? observations.filter(\.isEnd) : observations
      let used = isUsed && rule != .forever ? kept : []
      let atRiskMin = rule == .estimated ? Basis.endsMin : 1
      let seed = curveSeed(index)
      patience.append(SurvivalCurve(used, atRiskMin: atRiskMin, seed: seed))
    }
    for (index, observations) in basis.talk.enumerated() {
      let used = basis.talkOf.contains(index) ? observations : []
      talk.append(SurvivalCurve(used, seed: curveSeed(1_000_000 + index)))
    }
  }

  private func curveSeed(_ index: Int) -> UInt64 {
    Self.mixed(seed, UInt64(index), Purpose.curve.rawValue)
  }

  /// One number from three, spread over all bits.
  static func mixed(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> UInt64 {
    var generator = SplitMix64(seed: first ^ (second &* 0x9E37_79B9_7F4A_7C15))
    var next = SplitMix64(seed: generator.next() ^ third)
    return next.next()
  }

  private func uniform(_ call: ConnID, _ purpose: Purpose) -> Double {
    // Below 1, so that what is drawn is really longer than what is known.
    (Double(Self.mixed(seed, call.value, purpose.rawValue) >> 11) + 0.5) * 0x1p-53
  }

  /// How long a caller waits before he gives up; nil: for ever.
  func patience(of fact: borrowing CallFact) -> UInt64? {
    switch fact.end {
    // A line that fails does so whatever is decided.
    case .abandoned, .failed: return fact.wait
    case .answered, .talking, .refused, .redirected, .waiting:
      let curve = patience[basis.patienceOf[Int(fact.group)]]
      guard !curve.isEndless else { return nil }
      let chance = uniform(fact.connID, .patience)
      guard rule == .abandoners else { return curve.draw(beyond: fact.wait, chance) }
      return curve.draw(beyond: 0, chance)
    }
  }

  /// How long he talks, if somebody answers.
  func talk(of fact: borrowing CallFact) -> UInt64 {
    switch fact.end {
    case .answered: return fact.talk
    case .talking, .abandoned, .refused, .redirected, .waiting, .failed:
      let curve = talk[basis.talkOf[Int(fact.group)]]
      let bound = fact.end == .talking ? fact.talk : 0
      return curve.draw(beyond: bound, uniform(fact.connID, .talk)) ?? Self.talkOfNobody
    }
  }

  /// How long a phone takes to ring and to be answered for a call that nobody answered.
  func pick(of fact: borrowing CallFact, _ picks: [(rang: UInt64, pick: UInt64)]) -> (
    rang: UInt64, pick: UInt64
  ) {
    guard !fact.end.isAnswered else { return (fact.rang, fact.pick) }
    guard !picks.isEmpty else { return (CallFact.never, 0) }
    let number = Self.mixed(seed, fact.connID.value, Purpose.pick.rawValue)
    return picks[Int(number % UInt64(picks.count))]
  }

  /// In a recording in which nobody ever spoke: three minutes.
  private static let talkOfNobody: UInt64 = 180_000_000_000
}

extension Draws.Basis {
  /// Puts together what was observed.
  init(_ facts: borrowing Facts) {
    let count = facts.groups.texts.count
    var gaveUp = [Int](repeating: 0, count: count)
    var spoke = [Int](repeating: 0, count: count)
    var isTalkDrawn = false
    for fact in facts.calls {
      if fact.end == .abandoned { gaveUp[Int(fact.group)] += 1 }
      if fact.end == .answered { spoke[Int(fact.group)] += 1 } else { isTalkDrawn = true }
    }
    patienceOf = Self.pool(gaveUp)
    talkOf = Self.pool(spoke)
    // Where nobody ever gave up, or everybody spoke, nobody draws: there would be much to sort.
    patience = Self.sorted(facts, patienceOf, gaveUp.contains { $0 > 0 }) { fact in
      // Who did not wait at all was never at risk of giving up.
      guard fact.wait > 0 || fact.end == .abandoned else { return nil }
      return Observation(duration: fact.wait, isEnd: fact.end == .abandoned)
    }
    talk = Self.sorted(facts, talkOf, isTalkDrawn) { fact in
      guard fact.end.isAnswered else { return nil }
      return Observation(duration: fact.talk, isEnd: fact.end == .answered)
    }
  }

  /// Which group's observations each group draws from, by how many ends were seen.
  private static func pool(_ ends: [Int]) -> [Int] {
    ends.indices.map { ends[$0] >= endsMin ? $0 : ends.count }
  }

  /// The observations of each group that draws from its own, and of all together for the others.
  private static func sorted(
    _ facts: borrowing Facts,
    _ source: [Int],
    _ isNeeded: Bool,
    _ observe: (borrowing CallFact) -> Observation?
  ) -> [[Observation]] {
    let pooled = source.count
    var observations = [[Observation]](repeating: [], count: pooled + 1)
    guard isNeeded else { return observations }
    let isPooling = source.contains(pooled)
    for fact in facts.calls {
      guard let observation = observe(fact) else { continue }
      let group = Int(fact.group)
      if source[group] == group { observations[group].append(observation) }
      if isPooling { observations[pooled].append(observation) }
    }
    for group in 0...pooled { observations[group].sort(by: Observation.precedes) }
    return observations
  }
}
