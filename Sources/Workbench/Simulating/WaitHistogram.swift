/// How often which wait occurred, in buckets that are narrow where waits are short.
///
/// Its size does not depend on how many waits it holds. Below a millisecond buckets are 8 µs wide;
/// above, 128 buckets between a wait and its double: a quantile is right to 0.4 %.
package struct WaitHistogram: Sendable {
  private var buckets = [UInt64](repeating: 0, count: Self.octaves * 128 + 128)
  package private(set) var count: UInt64 = 0
  package private(set) var longest: UInt64 = 0

  private static let octaves = 43

  /// Makes an empty one.
  package init() {}

  /// Takes in a wait in nanoseconds.
  package mutating func add(_ wait: UInt64) {
    buckets[Self.bucket(of: wait)] += 1
    count += 1
    longest = max(longest, wait)
  }

  /// Takes in what another one holds.
  mutating func add(_ other: WaitHistogram) {
    for index in buckets.indices { buckets[index] += other.buckets[index] }
    count += other.count
    longest = max(longest, other.longest)
  }

  /// The wait in seconds that this share of waits does not exceed; 0 when there are none.
  package func quantile(_ share: Double) -> Double {
    let wanted = UInt64((share * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for index in buckets.indices where buckets[index] > 0 {
      seen += buckets[index]
      guard seen >= wanted else { continue }
      return min(Self.middle(of: index), Double(longest)) / 1e9
    }
    return 0
  }

  private static func bucket(of wait: UInt64) -> Int {
    let wait = min(wait, 1 << 62)
    // Shifted so that eight bits are left, the first of them set.
    let width = 64 - wait.leadingZeroBitCount
    guard width > 20 else { return Int(wait >> 13) }
    let shift = width - 8
    return (width - 20) * 128 + Int((wait >> UInt64(shift)) & 127)
  }

  /// The middle of a bucket in nanoseconds; that of the first is zero, where nobody waited.
  private static func middle(of index: Int) -> Double {
    guard index > 0 else { return 0 }
    guard index >= 128 else { return Double(index << 13) + 4_096 }
    let shift = index / 128 + 12
    return (Double(128 + index % 128) + 0.5) * Double(UInt64(1) << UInt64(shift))
  }
}
