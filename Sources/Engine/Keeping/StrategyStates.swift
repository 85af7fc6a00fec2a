// What strategies keep from call to call, across generations.
//
// Invariant: one state per strategy, its keys in order and each once; the limits are checked before
// anything changes. Who may change it: `RoutingEngine` only.

/// The values of all strategies.
struct StrategyStates: Sendable {
  private var states: [StrategyState] = []
  private var byName = Lookup<StrategyName, Int32>()

  init() {}

  init(_ states: [StrategyState]) {
    for state in states where byName[state.strategy] == nil {
      byName[state.strategy] = Int32(self.states.count)
      self.states.append(StrategyState(state.strategy, state.entries))
    }
  }

  /// Everything that is kept, ordered by strategy.
  var all: [StrategyState] {
    states.filter { !$0.entries.isEmpty }.sorted { $0.strategy.text < $1.strategy.text }
  }

  func value(of key: String, in strategy: StrategyName) -> StateValue? {
    guard let index = byName[strategy] else { return nil }
    let (place, isThere) = Self.place(of: key, in: states[Int(index)].entries)
    return isThere ? states[Int(index)].entries[place].value : nil
  }

  mutating func set(
    _ key: String,
    _ value: StateValue?,
    in strategy: StrategyName,
    _ limits: borrowing Limits
  ) throws(StrategyMistake) {
    let index = Int(slot(of: strategy))
    let (place, isThere) = Self.place(of: key, in: states[index].entries)
    guard let value else {
      if isThere { states[index].entries.remove(at: place) }
      return
    }
    let entry = StateEntry(key, value)
    let freed = isThere ? states[index].entries[place].byteCount : 0
    guard states[index].byteCount - freed + entry.byteCount <= limits.stateBytesMax else {
      throw StrategyMistake("state: more than \(limits.stateBytesMax) bytes would be kept")
    }
    if isThere {
      states[index].entries[place] = entry
    } else {
      guard states[index].entries.count < limits.stateKeysMax else {
        throw StrategyMistake("state: more than \(limits.stateKeysMax) keys would be kept")
      }
      states[index].entries.insert(entry, at: place)
    }
  }

  private mutating func slot(of strategy: StrategyName) -> Int32 {
    if let index = byName[strategy] { return index }
    let index = Int32(states.count)
    byName[strategy] = index
    states.append(StrategyState(strategy))
    return index
  }

  /// Where a key stands, or belongs.
  private static func place(of key: String, in entries: [StateEntry]) -> (Int, isThere: Bool) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return (low, low < entries.count && entries[low].key == key)
  }

  /// The state in numbers.
  func describe(_ numbers: inout [Int64]) {
    for state in all {
      numbers.append(state.strategy.text.stableHash)
      for entry in state.entries {
        numbers.append(entry.key.stableHash)
        switch entry.value {
        case .text(let text): numbers += [1, text.stableHash]
        case .integer(let number): numbers += [2, number]
        case .number(let bits): numbers += [3, Int64(bitPattern: bits)]
        case .boolean(let truth): numbers += [4, truth ? 1 : 0]
        }
      }
    }
  }
}

extension String {
  /// A hash that is the same in every process (FNV-1a), for comparisons of whole states.
  var stableHash: Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in utf8 {
      hash ^= UInt64(byte)
      hash &*= 0x100_0000_01b3
    }
    return Int64(bitPattern: hash)
  }
}

extension StrategyStates: Codable {
  init(from decoder: any Decoder) throws { self.init(try [StrategyState](from: decoder)) }

  func encode(to encoder: any Encoder) throws { try states.encode(to: encoder) }
}
