/// A Directory Number: an address that the switch knows (extension, queue, routing point, trunk).
///
/// Text as configured; numbers up to 15 bytes cost no allocation.
public struct DN: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, Codable {
  /// The number as it is written in the site file and in events.
  public var number: String

  /// Makes a DN from its text.
  public init(_ number: String) { self.number = number }

  /// Makes a DN from a literal, for tests and examples.
  public init(stringLiteral value: String) { number = value }

  /// Orders DNs by their text.
  public static func < (left: DN, right: DN) -> Bool { left.number < right.number }
}

/// The login identity of an agent (AttributeAgentID).
public struct AgentID: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, Codable {
  /// The id as it is written in the site file and in events.
  public var text: String

  /// Makes an agent id from its text.
  public init(_ text: String) { self.text = text }

  /// Makes an agent id from a literal, for tests and examples.
  public init(stringLiteral value: String) { text = value }

  /// Orders agent ids by their text.
  public static func < (left: AgentID, right: AgentID) -> Bool { left.text < right.text }
}

/// The name of a strategy: the file `strategies/NAME.lua` without its ending.
public struct StrategyName: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, Codable {
  /// The name as written in the site file.
  public var text: String

  /// Makes a strategy name from its text.
  public init(_ text: String) { self.text = text }

  /// Makes a strategy name from a literal, for tests and examples.
  public init(stringLiteral value: String) { text = value }

  /// Orders names by their text.
  public static func < (left: StrategyName, right: StrategyName) -> Bool {
    left.text < right.text
  }
}

/// The 64-bit identity of a call, made by the line side; written as 16 lower-case hex digits.
///
/// Stable across diversion (DOMAIN 1.3). Zero is never used.
public struct ConnID: Sendable, Hashable, Comparable, Codable {
  /// The identity as a number.
  public var value: UInt64

  /// Makes a ConnID from its number.
  public init(_ value: UInt64) { self.value = value }

  /// Orders ConnIDs by their number.
  public static func < (left: ConnID, right: ConnID) -> Bool { left.value < right.value }
}

extension ConnID {
  /// Mixed by one multiplication: no caller chooses the number, so nobody can make it collide.
  ///
  /// Dictionaries ask for this before they ask for `hash(into:)`, which costs ten times as much.
  public func _rawHashValue(seed: Int) -> Int {
    let mixed = (value ^ (value >> 32) ^ UInt64(truncatingIfNeeded: seed)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed ^ (mixed >> 32))
  }
}

/// The globally unique companion of a ConnID: 32 characters of 0-9 and A-V (DOMAIN 1.3).
///
/// The first 24 characters name the engine's run, the last 8 count.
public struct CallUUID: Sendable, Hashable, Codable {
  /// The first 60 bits: characters 1 to 12.
  public var high: UInt64
  /// The next 60 bits: characters 13 to 24.
  public var middle: UInt64
  /// The last 40 bits: characters 25 to 32.
  public var low: UInt64

  /// Makes a CallUUID of its parts; bits beyond 60, 60 and 40 are dropped.
  public init(high: UInt64, middle: UInt64, low: UInt64) {
    self.high = high & ((1 << 60) - 1)
    self.middle = middle & ((1 << 60) - 1)
    self.low = low & ((1 << 40) - 1)
  }
}
