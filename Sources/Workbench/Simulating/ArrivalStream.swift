/// The arrivals of a run: a Poisson process per type whose rates change with the periods.
struct ArrivalStream {
  private let profile: ArrivalProfile
  private let factor: Double
  private let sums: [Double]
  private let mayArrive: Bool
  private var chance: Chance
  private var time = 0.0
  /// When the present pass through the profile began.
  private var base = 0.0
  private var period = 0

  init(_ profile: ArrivalProfile, factor: Double, chance: Chance) {
    self.profile = profile
    self.factor = factor
    self.chance = chance
    sums = profile.periods.map { factor * $0.rates.reduce(0, +) }
    mayArrive = sums.contains { $0 > 0 }
  }

  /// The next arrival: when, in seconds, and of which type; nil when there are no more.
  mutating func next() -> (at: Double, type: Int)? {
    guard mayArrive else { return nil }
    var rest = chance.exponential()
    while true {
      let rate = sums[period]
      let isLast = period + 1 == profile.periods.count
      let end = isLast ? profile.end.map { base + $0 } : base + profile.periods[period + 1].start
      guard let end else {
        guard rate > 0 else { return nil }
        time += rest / rate
        return (time, type(at: rate))
      }
      if rate > 0, time + rest / rate < end {
        time += rest / rate
        return (time, type(at: rate))
      }
      rest -= rate * (end - time)
      time = end
      if !isLast {
        period += 1
      } else if profile.repeats {
        period = 0
        base = end
      } else {
        return nil
      }
    }
  }

  private mutating func type(at rate: Double) -> Int {
    let rates = profile.periods[period].rates
    guard rates.count > 1 else { return 0 }
    var left = chance.uniform() * rate
    for (type, one) in rates.enumerated() where one > 0 {
      left -= factor * one
      if left <= 0 { return type }
    }
    return rates.lastIndex { $0 > 0 } ?? 0
  }
}
