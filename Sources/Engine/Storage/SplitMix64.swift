/// The engine's only source of chance: Vigna's SplitMix64, seeded from outside and recorded.
public struct SplitMix64: Sendable, Hashable, Codable {
  private var state: UInt64

  /// Makes a generator from a seed; equal seeds give equal numbers.
  public init(seed: UInt64) { state = seed }

  /// Where the generator stands, for those who compare states.
  var position: UInt64 { state }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 up to, not including, `bound`; 0 when the bound is 0.
  public mutating func next(below bound: UInt64) -> UInt64 {
    bound == 0 ? 0 : next().multipliedFullWidth(by: bound).high
  }
}
