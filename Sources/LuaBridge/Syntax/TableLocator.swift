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
  /// A key of a table; the table is known by the offset of its brace.
  private struct Step: Hashable {
    let table: Int
    let key: TableKey
  }

  private struct Place {
    let position: SourcePosition
    /// The table that is written there; nil: no table.
    let table: Int?
  }

  private let bindings: LuaBindings
  private var root: Place?
  private var places: [Step: Place] = [:]

  /// How many fields of tables were read to know all places: each field of the file once.
  package private(set) var fieldsRead = 0

  /// Reads a source that ends in `return { … }`.
  ///
  /// - Throws: `LuaSyntaxError` when it is not Lua.
  public init(source: String) throws(LuaSyntaxError) {
    self.init(chunk: try LuaParser.parse(source).get())
  }

  package init(chunk: LuaChunk) {
    bindings = chunk.bindings
    guard case .returned(let values)? = chunk.body.statements.last?.kind, let value = values.first
    else { return }
    var found: [LuaExpression] = []
    root = place(of: value, at: value.position, &found)
    var read: Set<Int> = []
    // Not recursive: tables that name each other may be nested deeper than the source is.
    while let table = found.popLast() {
      // A table behind a local variable may be named often.
      if read.insert(table.position.offset).inserted { readFields(of: table, &found) }
    }
  }

  /// The place of the part under `path`, or of the nearest part above it that the file has.
  ///
  /// A field is found where its key stands, a positional one where its value stands; the empty path
  /// is the returned table, and the start of the file when nothing is returned.
  ///
  /// **Complexity**: one look for each key of the path, however large the tables are.
  public func position(of path: [TableKey]) -> SourcePosition {
    guard var place = root else { return SourcePosition() }
    for key in path {
      guard let next = self.place(of: key, in: place.table) else { break }
      place = next
    }
    return place.position
  }

  /// Whether the whole path is written down in the file.
  public func contains(_ path: [TableKey]) -> Bool {
    guard var place = root else { return false }
    for key in path {
      guard let next = self.place(of: key, in: place.table) else { return false }
      place = next
    }
    return true
  }

  private func place(of key: TableKey, in table: Int?) -> Place? {
    guard let table else { return nil }
    if let place = places[Step(table: table, key: key)] { return place }
    return Self.lookalike(of: key).flatMap { places[Step(table: table, key: $0)] }
  }

  /// A validator may have read `[8000]` as "8000": the key is then found by its text.
  private static func lookalike(of key: TableKey) -> TableKey? {
    switch key {
    case .index(let index): .name(String(index))
    case .name(let name): Int(name).flatMap { String($0) == name ? .index($0) : nil }
    }
  }

  private mutating func readFields(of table: LuaExpression, _ found: inout [LuaExpression]) {
    guard case .table(let fields) = table.kind else { return }
    var index = 0
    for field in fields {
      fieldsRead += 1
      let key: TableKey?
      switch field.key {
      case .positional:
        index += 1
        key = .index(index)
      case .named(let name): key = .name(name)
      case .computed(let computed): key = self.key(written(computed))
      }
      guard let key else { continue }
      // Of two equal keys the later one counts, as when the table is built.
      places[Step(table: table.position.offset, key: key)] =
        place(of: field.value, at: field.position, &found)
    }
  }

  /// What stands at a place; a table is noted as found.
  private func place(
    of expression: LuaExpression,
    at position: SourcePosition,
    _ found: inout [LuaExpression]
  ) -> Place {
    let value = written(expression)
    guard case .table = value.kind else { return Place(position: position, table: nil) }
    found.append(value)
    return Place(position: position, table: value.position.offset)
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
