internal import Engine

/// A stream of chance; streams of one seed are independent of each other for all we know.
struct Chance: Sendable {
  private var generator: SplitMix64
  private var spare: Double?

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// A number above 0 and up to 1, of 53 bits.
  mutating func uniform() -> Double {
    Double((generator.next() >> 11) + 1) * 0x1p-53
  }

  /// An exponential deviate of mean 1.
  mutating func exponential() -> Double { -Elementary.log(uniform()) }

  /// A standard normal deviate (Marsaglia's polar method).
  mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * Elementary.log(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  /// A gamma deviate of mean 1 (Marsaglia and Tsang 2000).
  mutating func gamma(shape: Double) -> Double {
    guard shape >= 1 else {
      // A gamma of shape + 1 times U^(1/shape).
      let larger = gamma(shape: shape + 1) * (shape + 1)
      return larger * Elementary.exp(Elementary.log(uniform()) / shape) / shape
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let cube = root * root * root
      if Elementary.log(uniform()) < x * x / 2 + d - d * cube + d * Elementary.log(cube) {
        return d * cube / shape
      }
    }
  }
}

/// How long something lasts.
public enum Distribution: Sendable, Hashable {
  /// Without memory.
  case exponential(mean: Double)
  /// Always the same.
  case deterministic(Double)
  /// Its logarithm is normal; `cv` is the standard deviation over the mean.
  case lognormal(mean: Double, cv: Double)

  /// The mean in seconds.
  public var mean: Double {
    switch self {
    case .exponential(let mean), .deterministic(let mean), .lognormal(let mean, _): mean
    }
  }

  /// One duration in seconds.
  func draw(_ chance: inout Chance) -> Double {
    switch self {
    case .exponential(let mean): return mean * chance.exponential()
    case .deterministic(let value): return value
    case .lognormal(let mean, let cv):
      let variance = Elementary.log(1 + cv * cv)
      let exponent = variance.squareRoot() * chance.normal() - variance / 2
      return mean * Elementary.exp(exponent)
    }
  }
}
