/// A dictionary without iteration.
///
/// Swift's hash order differs from process to process; what cannot be walked cannot leak it.
struct Lookup<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private var table: [Key: Value] = [:]

  init() {}

  var count: Int { table.count }

  subscript(key: Key) -> Value? {
    get { table[key] }
    set { table[key] = newValue }
  }

  @discardableResult
  mutating func remove(_ key: Key) -> Value? { table.removeValue(forKey: key) }

  mutating func removeAll() { table.removeAll() }
}

extension Lookup: Codable where Key: Codable & Comparable, Value: Codable {
  private struct Entry: Codable {
    var key: Key
    var value: Value
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd {
      let entry = try container.decode(Entry.self)
      table[entry.key] = entry.value
    }
  }

  /// In the order of the keys, so that equal tables are written alike.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for entry in table.sorted(by: { $0.key < $1.key }) {
      try container.encode(Entry(key: entry.key, value: entry.value))
    }
  }
}
