/// A value of the site file as the sandbox returned it: plain data, nothing that runs.
package indirect enum SiteNode: Sendable, Hashable {
  case `nil`
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  /// A table: its array part in order, and its named fields sorted by name.
  case table(items: [SiteNode], fields: [Field])
  /// Something that a site file cannot hold (a function, for example), by the name of its type.
  case other(String)

  /// A named field of a table.
  package struct Field: Sendable, Hashable {
    /// Its key; keys that are not text are written as Lua writes them, and marked.
    package var key: String
    /// Whether the key was text.
    package var keyIsText: Bool
    /// Its value.
    package var value: SiteNode

    /// Makes a field.
    package init(key: String, keyIsText: Bool = true, value: SiteNode) {
      self.key = key
      self.keyIsText = keyIsText
      self.value = value
    }
  }

  /// What people call this kind of value.
  package var kind: String {
    switch self {
    case .nil: "nothing"
    case .boolean: "a boolean"
    case .integer, .number: "a number"
    case .string: "text"
    case .table: "a table"
    case .other(let type): "a \(type)"
    }
  }
}
