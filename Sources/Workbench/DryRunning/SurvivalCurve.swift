// How long something lasts, estimated from durations of which some were cut off (Kaplan and Meier
// 1958): a caller who was answered after 40 s would have waited at least that long.
//
// As long as enough are watched, durations are drawn from the steps of the curve. Beyond that the
// hazard stays what it was after the median end (exponential tail). Nobody ever ended: for ever.
// Each run weighs the observations anew (Bayesian bootstrap, Rubin 1981), so that what is not known
// about the curve is in the interval over runs too. ADR 0020 has the reasons.

/// One duration, and whether its end was seen.
package struct Observation: Sendable {
  /// In nanoseconds.
  package var duration: UInt64
  /// Whether it ended then; otherwise it was cut off.
  package var isEnd: Bool

  /// Makes an observation.
  package init(duration: UInt64, isEnd: Bool) {
    self.duration = duration
    self.isEnd = isEnd
  }

  /// The order in which curves are made: by duration, ends before others.
  static func precedes(_ left: Observation, _ right: Observation) -> Bool {
    left.duration == right.duration
      ? left.isEnd && !right.isEnd : left.duration < right.duration
  }
}

/// The probability of lasting longer than a duration.
package struct SurvivalCurve: Sendable {
  /// The durations at which something ended, rising.
  private var times: [UInt64] = []
  /// The share that lasts longer than each of them.
  private var shares: [Double] = []
  /// Ends per nanosecond beyond the last of them; 0: never.
  private var tailHazard = 0.0

  /// Whether everything lasts for ever, whatever is drawn.
  var isEndless: Bool { times.isEmpty && tailHazard == 0 }

  /// For the tail: at least so many ends after the median, or the hazard of all of them.
  private static let tailEndsMin = 10

  /// Estimates a curve.
  ///
  /// - Parameters:
  ///   - observations: Ordered by duration, ends before others of the same duration.
  ///   - atRiskMin: Fewer than so many that were still watched say nothing: there the tail begins.
  ///   - seed: Weighs them; nil: all the same.
  package init(_ observations: [Observation], atRiskMin: Int = 1, seed: UInt64?) {
    var chance = seed.map { Chance(seed: $0) }
    var weights = [Double](repeating: 1, count: observations.count)
    if chance != nil {
      for index in weights.indices { weights[index] = chance?.exponential() ?? 1 }
    }
    var atRisk = weights.reduce(0, +)
    var share = 1.0
    var index = 0
    while index < observations.count, observations.count - index >= atRiskMin {
      let duration = observations[index].duration
      var ended = 0.0
      var gone = 0.0
      while index < observations.count, observations[index].duration == duration {
        if observations[index].isEnd { ended += weights[index] }
        gone += weights[index]
        index += 1
      }
      if ended > 0 {
        // What is left at the very end may be a rounding error below nothing.
        share = atRisk > ended ? share * (1 - ended / atRisk) : 0
        if index == observations.count, gone == ended { share = 0 }
        times.append(duration)
        shares.append(share)
      }
      atRisk = max(0, atRisk - gone)
    }
    tailHazard = Self.hazard(observations, weights)
  }

  /// Ends over watched time beyond the median end; over all time when there are few ends.
  private static func hazard(_ observations: [Observation], _ weights: [Double]) -> Double {
    let count = observations.reduce(0) { $0 + ($1.isEnd ? 1 : 0) }
    guard count > 0 else { return 0 }
    var start: UInt64 = 0
    if count >= 2 * tailEndsMin {
      var seen = 0
      for observation in observations where observation.isEnd {
        start = observation.duration
        seen += 1
        if 2 * seen >= count { break }
      }
    }
    var ended = 0.0
    var watched = 0.0
    for (observation, weight) in zip(observations, weights) where observation.duration > start {
      if observation.isEnd { ended += weight }
      watched += weight * Double(observation.duration - start)
    }
    return watched > 0 ? ended / watched : 0
  }

  /// A duration longer than one that is known to have been exceeded.
  ///
  /// - Parameters:
  ///   - bound: What it has lasted already.
  ///   - chance: A number above 0 and up to 1.
  /// - Returns: The whole duration in nanoseconds; nil: for ever.
  package func draw(beyond bound: UInt64, _ chance: Double) -> UInt64? {
    let position = firstTime(after: bound)
    let known = position == 0 ? 1 : shares[position - 1]
    let wanted = known * chance
    guard position == times.count || wanted < (shares.last ?? 1) else {
      // The first step at or below the wanted share.
      var low = position
      var high = times.count - 1
      while low < high {
        let middle = (low + high) / 2
        if shares[middle] <= wanted { high = middle } else { low = middle + 1 }
      }
      return times[low]
    }
    guard tailHazard > 0 else { return nil }
    let base = position == times.count ? known : shares[times.count - 1]
    let start = max(bound, times.last ?? 0)
    guard base > 0 else { return start + 1 }
    let rest = -Elementary.log(max(wanted / base, 1e-300)) / tailHazard
    return start + max(1, UInt64(min(rest, 3e18)))
  }

  private func firstTime(after bound: UInt64) -> Int {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] > bound { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
