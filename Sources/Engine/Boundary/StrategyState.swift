/// A value that a strategy keeps from call to call.
public enum StateValue: Sendable, Hashable, Codable {
  /// A text.
  case text(String)
  /// A whole number.
  case integer(Int64)
  /// Any other number, as the 64 bits of its binary form: nothing here calculates with it.
  case number(bits: UInt64)
  /// A truth value.
  case boolean(Bool)

  /// Bytes that the value counts for, in `Limits.stateBytesMax`.
  public var byteCount: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .integer, .number: 8
    case .boolean: 1
    }
  }
}

/// One key and its value.
public struct StateEntry: Sendable, Hashable, Codable {
  /// The key.
  public var key: String
  /// The value.
  public var value: StateValue

  /// Makes an entry.
  public init(_ key: String, _ value: StateValue) {
    self.key = key
    self.value = value
  }

  /// Bytes of the key and the value.
  public var byteCount: Int { key.utf8.count + value.byteCount }
}

/// Everything that one strategy keeps, ordered by key.
public struct StrategyState: Sendable, Hashable, Codable {
  /// The strategy.
  public var strategy: StrategyName
  /// Its values, each key once.
  public var entries: [StateEntry]

  /// Makes a state; the entries are put in the order of their keys.
  public init(_ strategy: StrategyName, _ entries: [StateEntry] = []) {
    self.strategy = strategy
    self.entries = entries.sorted { $0.key < $1.key }
  }

  /// Bytes of all keys and values.
  public var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// What is wrong with it by the limits; nil: nothing.
  public func problem(within limits: Limits) -> String? {
    if entries.count > limits.stateKeysMax {
      return "state of '\(strategy.text)': more than \(limits.stateKeysMax) keys"
    }
    if byteCount > limits.stateBytesMax {
      return "state of '\(strategy.text)': more than \(limits.stateBytesMax) bytes"
    }
    return nil
  }
}

/// One part of a percentage allocation.
public struct SharePart: Sendable, Hashable, Codable {
  /// What it is called; the answer names it.
  public var name: String
  /// Its weight, in millionths of whatever unit the parts are given in.
  public var weight: Int64

  /// Makes a part.
  public init(_ name: String, _ weight: Int64) {
    self.name = name
    self.weight = weight
  }
}
