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
