/// One step into a table: a string key or an integer one.
public enum TableKey: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// A string key.
  case name(String)

  /// An integer key; positional fields count from 1.
  case index(Int)

  /// Creates a string key.
  public init(stringLiteral value: String) {
    self = .name(value)
  }

  /// Creates an integer key.
  public init(integerLiteral value: Int) {
    self = .index(value)
  }
}

/// Finds the place in a file where the table that it returns says something.
///
/// Made for validators that hold the finished table and want to point at the line: the site file is
/// run to get its value, and read here to find where each part of it stands. Follows local
/// variables that never change; what a file computes is found at the nearest part that is written
/// down.
public struct TableLocator: Sendable {
  private let bindings: LuaBindings
  private let root: LuaExpression?

  /// Reads a source that ends in `return { … }`.
  ///
  /// - Throws: `LuaSyntaxError` when it is not Lua.
  public init(source: String) throws(LuaSyntaxError) {
    self.init(chunk: try LuaParser.parse(source).get())
  }

  package init(chunk: LuaChunk) {
    bindings = chunk.bindings
    guard case .returned(let values)? = chunk.body.statements.last?.kind else {
      root = nil
      return
    }
    root = values.first
  }

  /// The place of the part under `path`, or of the nearest part above it that the file has.
  ///
  /// A field is found where its key stands, a positional one where its value stands; the empty path
  /// is the returned table, and the start of the file when nothing is returned.
  public func position(of path: [TableKey]) -> SourcePosition {
    guard let root else { return SourcePosition() }
    var place = root.position
    var value = root
    for key in path {
      guard let field = field(key, in: value) else { return place }
      place = field.position
      value = field.value
    }
    return place
  }

  /// Whether the whole path is written down in the file.
  public func contains(_ path: [TableKey]) -> Bool {
    guard var value = root else { return false }
    for key in path {
      guard let field = field(key, in: value) else { return false }
      value = field.value
    }
    return true
  }

  private func field(_ key: TableKey, in expression: LuaExpression) -> LuaField? {
    guard case .table(let fields) = written(expression).kind else { return nil }
    var index = 0
    var found: LuaField?
    var lookalike: LuaField?
    for field in fields {
      let fieldKey: TableKey?
      switch field.key {
      case .positional:
        index += 1
        fieldKey = .index(index)
      case .named(let name): fieldKey = .name(name)
      case .computed(let computed): fieldKey = self.key(written(computed))
      }
      guard let fieldKey else { continue }
      // Of two equal keys the later one counts, as when the table is built.
      if fieldKey == key { found = field }
      if Self.text(fieldKey) == Self.text(key) { lookalike = field }
    }
    return found ?? lookalike
  }

  private func key(_ expression: LuaExpression) -> TableKey? {
    switch expression.kind {
    case .string(let text): .name(text.text)
    case .number(.integer(let number)): Int(exactly: number).map { .index($0) }
    case .number(.float(let number)): Self.index(number)
    case .nil, .boolean, .variadic, .function, .table, .name, .suffixed, .parenthesised, .unary,
      .binary:
      nil
    }
  }

  /// Lua takes a float key that has an integer value as that integer.
  private static func index(_ number: Double) -> TableKey? {
    guard number.magnitude < 1e15, Double(Int(number)) == number else { return nil }
    return .index(Int(number))
  }

  /// A validator may have read `[8000]` as "8000": the key is then found by its text.
  private static func text(_ key: TableKey) -> String {
    switch key {
    case .name(let name): name
    case .index(let index): String(index)
    }
  }

  /// The expression behind parentheses and locals that never change.
  private func written(_ expression: LuaExpression) -> LuaExpression {
    var result = expression.bare
    for _ in 0..<8 {
      guard let index = bindings.variable(of: result),
        case .local(let value?) = bindings.variables[index].origin,
        !bindings.variables[index].isAssigned
      else { break }
      result = value.bare
    }
    return result
  }
}
