// Percentage allocation that is exact over any number of picks (`share { a = 70, b = 30 }`).
//
// Tijdeman's solution of the chairman assignment problem: with k parts of weights w (sum W), after
// n picks part i has been picked x times with |n·w/W − x| ≤ 1 − 1/(2k − 2), less than one pick. Of
// the parts whose arrears are large enough, the one is picked whose deadline comes first.
// State of an allocation: for each part what it is owed, n·w − W·x. Pure integers that never grow:
// |owed| < W. Invariant: what all parts are owed adds up to zero.
// Source: R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980).

/// All percentage allocations, by strategy and parts.
struct Shares: Sendable {
  private struct Key: Hashable, Sendable, Codable {
    var strategy: StrategyName
    var parts: [SharePart]
  }

  private struct Allocation: Sendable, Codable {
    var key: Key
    var owed: [Int64]
    /// The generation of strategies that used it last.
    var generation: UInt64
  }

  private var allocations: [Allocation] = []
  private var byKey = Lookup<Key, Int32>()
  private var generation: UInt64 = 0

  init() {}

  /// What no strategy of the new generation asks for may be forgotten where room is wanted.
  mutating func beginGeneration() { generation += 1 }

  /// Picks a part.
  ///
  /// - Returns: Its index; nil: there are as many different allocations as there may be.
  mutating func pick(
    _ parts: [SharePart],
    for strategy: StrategyName,
    max: Int
  ) -> Int? {
    let key = Key(strategy: strategy, parts: parts)
    guard let index = byKey[key].map({ Int($0) }) ?? insert(key, max: max) else { return nil }
    allocations[index].generation = generation
    return Self.pick(parts, &allocations[index].owed)
  }

  private mutating func insert(_ key: Key, max: Int) -> Int? {
    let new = Allocation(
      key: key,
      owed: [Int64](repeating: 0, count: key.parts.count),
      generation: generation
    )
    var index = allocations.count
    if index >= max {
      guard let old = allocations.firstIndex(where: { $0.generation < generation }) else {
        return nil
      }
      byKey.remove(allocations[old].key)
      allocations[old] = new
      index = old
    } else {
      allocations.append(new)
    }
    byKey[key] = Int32(index)
    return index
  }

  /// Picks the part that is due, given what each is owed; weights are not negative, their sum is
  /// positive and all fit into 63 bits.
  static func pick(_ parts: [SharePart], _ owed: inout [Int64]) -> Int {
    let total = parts.reduce(0) { $0 + $1.weight }
    let count = Int128(parts.count { $0.weight > 0 })
    let scale = 2 * count - 2
    var chosen = -1
    var slack: Int128 = 0
    for index in parts.indices where parts[index].weight > 0 {
      owed[index] += parts[index].weight
      guard Int128(owed[index]) * scale >= Int128(total) || count == 1 else { continue }
      // What is left until its deadline, in units of its weight.
      let left = (scale - 1) * Int128(total) - scale * Int128(owed[index])
      let isFirst =
        chosen < 0
        || left * Int128(parts[chosen].weight) < slack * Int128(parts[index].weight)
      if isFirst {
        chosen = index
        slack = left
      }
    }
    precondition(chosen >= 0, "some part is always in arrears")
    owed[chosen] -= total
    return chosen
  }

  /// The state in numbers.
  func describe(_ numbers: inout [Int64]) {
    for allocation in allocations { numbers += allocation.owed }
  }
}

extension Shares: Codable {
  private enum CodingKeys: CodingKey {
    case allocations, generation
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    allocations = try container.decode([Allocation].self, forKey: .allocations)
    generation = try container.decode(UInt64.self, forKey: .generation)
    for (index, allocation) in allocations.enumerated() { byKey[allocation.key] = Int32(index) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(allocations, forKey: .allocations)
    try container.encode(generation, forKey: .generation)
  }
}
