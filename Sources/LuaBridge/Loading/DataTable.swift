internal import Engine
internal import Wire

/// A table for `table_lookup`: rows by key, each with named values.
struct DataTable {
  struct Row {
    var key: String
    /// The fields; those without a value are left out.
    var cells: [StateEntry]
  }

  var rows: [Row] = []

  /// Takes over a table of comma-separated values: every value is a text.
  init(_ table: CommaSeparated) {
    rows = table.rows.map { row in
      let cells = zip(table.header, row.fields).map { StateEntry($0, .text($1)) }
      return Row(key: row.fields[0], cells: cells)
    }
  }

  /// Reads an object of objects, named by their keys, or a list of objects whose first member is
  /// the key.
  init(json bytes: [UInt8], file: String) throws(LuaProblem) {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw LuaProblem(
        file: file,
        line: error.line,
        message: error.column > 0 ? "column \(error.column): \(error.message)" : error.message
      )
    }
    if let members = json.members {
      for member in members {
        let cells = try Self.cells(of: member.value, row: "'\(member.key)'", file: file)
        rows.append(Row(key: member.key, cells: cells))
      }
    } else if let elements = json.elements {
      try read(elements, file: file)
    } else {
      throw LuaProblem(
        file: file,
        line: 0,
        message: "a table is an object of objects, or a list of objects"
      )
    }
  }

  private mutating func read(_ elements: [JSONValue], file: String) throws(LuaProblem) {
    var keyName: String?
    var places: [String: Int] = [:]
    for (index, element) in elements.enumerated() {
      let name = "row \(index + 1)"
      let cells = try Self.cells(of: element, row: name, file: file)
      guard let first = element.members?.first else {
        throw LuaProblem(
          file: file,
          line: 0,
          message: "\(name) is empty: its first member is the key"
        )
      }
      let wanted = keyName ?? first.key
      keyName = wanted
      guard first.key == wanted else {
        let message = "\(name) begins with '\(first.key)', the rows before with '\(wanted)'"
        throw LuaProblem(file: file, line: 0, message: message)
      }
      guard let key = Self.key(first.value) else {
        let message = "\(name): the key '\(wanted)' is neither a text nor a whole number"
        throw LuaProblem(file: file, line: 0, message: message)
      }
      if let other = places[key] {
        throw LuaProblem(
          file: file,
          line: 0,
          message: "\(name): the key '\(key)' is already in row \(other)"
        )
      }
      places[key] = index + 1
      rows.append(Row(key: key, cells: cells))
    }
  }

  private static func key(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .null, .bool, .real, .array, .object: nil
    }
  }

  private static func cells(
    of json: JSONValue,
    row: String,
    file: String
  ) throws(LuaProblem) -> [StateEntry] {
    guard let members = json.members else {
      throw LuaProblem(file: file, line: 0, message: "\(row) is no object")
    }
    var cells: [StateEntry] = []
    for member in members {
      switch member.value {
      case .string(let text): cells.append(StateEntry(member.key, .text(text)))
      case .integer(let number): cells.append(StateEntry(member.key, .integer(number)))
      case .real(let number):
        cells.append(StateEntry(member.key, .number(bits: number.bitPattern)))
      case .bool(let truth): cells.append(StateEntry(member.key, .boolean(truth)))
      case .null: continue
      case .array, .object:
        throw LuaProblem(
          file: file,
          line: 0,
          message: "\(row): '\(member.key)' is neither a text nor a number nor true or false"
        )
      }
    }
    return cells
  }
}
