/// A confidence interval: its centre, and half its width at 95 % and at 99 %.
public struct Interval: Sendable, Hashable {
  /// The estimate.
  public var estimate: Double
  /// Half the width of the 95 % interval.
  public var half95: Double
  /// Half the width of the 99 % interval.
  public var half99: Double

  /// The interval of a quotient of sums over samples that are as good as independent.
  ///
  /// The delta method with Student's t. Nil for fewer than two samples, or when nothing is divided
  /// by.
  package init?(_ samples: [(dividend: Double, divisor: Double)]) {
    guard samples.count >= 2 else { return nil }
    let count = Double(samples.count)
    let dividend = samples.reduce(0) { $0 + $1.dividend }
    let divisor = samples.reduce(0) { $0 + $1.divisor }
    guard divisor > 0 else { return nil }
    estimate = dividend / divisor
    var squares = 0.0
    for sample in samples {
      let rest = sample.dividend - estimate * sample.divisor
      squares += rest * rest
    }
    let deviation = (squares / (count - 1)).squareRoot()
    let error = deviation / count.squareRoot() / (divisor / count)
    half95 = error * Student.quantile95(samples.count - 1)
    half99 = error * Student.quantile99(samples.count - 1)
  }
}

extension Interval {
  /// Where one more value of the same kind is likely to lie (a prediction interval).
  ///
  /// What really would have happened is one more value like those that were drawn, so its
  /// uncertainty is theirs and that of their mean. Nil for no values, or for one that is not exact.
  ///
  /// - Parameters:
  ///   - values: One of each run.
  ///   - isExact: Whether every run would give the same.
  package init?(predictedBy values: [Double], isExact: Bool) {
    guard let first = values.first, isExact || values.count >= 2 else { return nil }
    guard values.count >= 2 else {
      estimate = first
      half95 = 0
      half99 = 0
      return
    }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var squares = 0.0
    for value in values { squares += (value - mean) * (value - mean) }
    let error = (squares / (count - 1) * (1 + 1 / count)).squareRoot()
    estimate = mean
    half95 = error * Student.quantile95(values.count - 1)
    half99 = error * Student.quantile99(values.count - 1)
  }
}

/// Two-sided quantiles of Student's distribution.
package enum Student {
  private static let table95 = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
  ]
  private static let table99 = [
    63.6567, 9.9248, 5.8409, 4.6041, 4.0321, 3.7074, 3.4995, 3.3554, 3.2498, 3.1693,
  ]

  /// The quantile of the 95 % interval.
  package static func quantile95(_ freedom: Int) -> Double {
    freedom <= 10 ? table95[max(freedom, 1) - 1] : expanded(1.959_964, Double(freedom))
  }

  /// The quantile of the 99 % interval.
  package static func quantile99(_ freedom: Int) -> Double {
    freedom <= 10 ? table99[max(freedom, 1) - 1] : expanded(2.575_829, Double(freedom))
  }

  /// The expansion of Cornish and Fisher; right to 1e-4 from 11 degrees of freedom on.
  private static func expanded(_ z: Double, _ freedom: Double) -> Double {
    let z2 = z * z
    let first = z * (z2 + 1) / 4
    let second = z * ((5 * z2 + 16) * z2 + 3) / 96
    let third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384
    let fourth = z * ((((79 * z2 + 776) * z2 + 1_482) * z2 - 1_920) * z2 - 945) / 92_160
    return z + (first + (second + (third + fourth / freedom) / freedom) / freedom) / freedom
  }
}
