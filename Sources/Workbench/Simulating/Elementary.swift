/// Logarithm and exponential without a library of C: the same bits on every machine, so that a seed
/// means the same calls everywhere.
package enum Elementary {
  /// The natural logarithm of a positive, normal number, to the last digits of a `Double`.
  package static func log(_ value: Double) -> Double {
    // The value is normal: its exponent and its significand stand in its bits. The significand is
    // taken from half the root of two up to the root, without a jump that chance decides.
    let bits = value.bitPattern
    let shifted = bits &+ (0x3FF0_0000_0000_0000 - 0x3FE6_A09E_667F_3BCD)
    let exponent = Int(shifted >> 52) - 1_023
    let mantissa = Double(bitPattern: bits &- UInt64(bitPattern: Int64(exponent)) << 52)
    // ln m = 2 artanh s, with |s| < 0.172; the series in parts that do not wait for each other.
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    let fourth = square * square
    let eighth = fourth * fourth
    let low = (1.0 / 3 + square * (1.0 / 5)) + fourth * (1.0 / 7 + square * (1.0 / 9))
    let high = (1.0 / 11 + square * (1.0 / 13)) + fourth * (1.0 / 15 + square * (1.0 / 17))
    let sum = low + eighth * (high + eighth * (1.0 / 19))
    return Double(exponent) * 0.693_147_180_559_945_3 + 2 * s * (1 + square * sum)
  }

  /// The exponential of a number between -700 and 700; beyond that, of the nearer of these.
  package static func exp(_ value: Double) -> Double {
    let value = min(max(value, -700), 700)
    let power = (value / 0.693_147_180_559_945_3).rounded()
    // The constant in two parts, so that nothing of the rest is lost.
    let rest = value - power * 0.693_147_180_369_123_8 - power * 1.908_214_929_270_587_7e-10
    var term = 1.0
    var sum = 1.0
    for step in 1...18 {
      term *= rest / Double(step)
      sum += term
    }
    return Double(sign: .plus, exponent: Int(power), significand: sum)
  }
}
