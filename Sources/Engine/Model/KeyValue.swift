/// One pair of a key-value list (user data, Reasons, Extensions).
public struct KeyValue: Sendable, Hashable, Codable {
  /// The key.
  public var key: String
  /// The value; numbers are written in decimal.
  public var value: String

  /// Makes a pair.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// Attached data: ordered key-value pairs that travel with the call (AttributeUserData).
///
/// A later value of a key replaces the earlier one at the earlier one's place.
public struct UserData: Sendable, Hashable, Codable {
  /// The pairs in the order in which their keys were first attached.
  public private(set) var pairs: [KeyValue] = []

  /// Makes empty user data.
  public init() {}

  /// Makes user data of pairs; later values of a key win.
  public init(_ pairs: [KeyValue]) {
    for pair in pairs { attach(pair) }
  }

  /// Whether nothing is attached.
  public var isEmpty: Bool { pairs.isEmpty }

  /// The value of a key, if attached.
  public subscript(key: String) -> String? {
    pairs.first { $0.key == key }?.value
  }

  /// Attaches a pair, replacing the value of an existing key.
  public mutating func attach(_ pair: KeyValue) {
    if let index = pairs.firstIndex(where: { $0.key == pair.key }) {
      pairs[index].value = pair.value
    } else {
      pairs.append(pair)
    }
  }

  /// Bytes of all keys and values, for `Limits.userDataBytesMax`.
  public var byteCount: Int {
    pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
  }
}
