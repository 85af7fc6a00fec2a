/// A table of comma-separated values: a header row, then rows by the key in their first column.
///
/// Fields may be quoted with `"`, a quote inside is doubled, rows end with LF or CR LF, empty lines
/// do not count (RFC 4180).
struct CommaSeparated {
  var header: [String] = []
  var rows: [(line: Int, fields: [String])] = []

  init(_ bytes: [UInt8], file: String) throws(LuaProblem) {
    var reader = Reader(bytes: bytes)
    while let row = try reader.nextRow(file: file) {
      if header.isEmpty {
        header = row.fields
        try checkHeader(file: file, line: row.line)
        continue
      }
      guard row.fields.count == header.count else {
        throw LuaProblem(
          file: file,
          line: row.line,
          message: "\(row.fields.count) fields where the header has \(header.count)"
        )
      }
      rows.append(row)
    }
    guard !header.isEmpty else {
      throw LuaProblem(file: file, line: 0, message: "a table needs a header row")
    }
    try checkKeys(file: file)
  }

  private func checkHeader(file: String, line: Int) throws(LuaProblem) {
    for (index, name) in header.enumerated() {
      if name.isEmpty {
        throw LuaProblem(file: file, line: line, message: "column \(index + 1) has no name")
      }
      if header[..<index].contains(name) {
        throw LuaProblem(file: file, line: line, message: "two columns are named '\(name)'")
      }
    }
  }

  private func checkKeys(file: String) throws(LuaProblem) {
    let ordered = rows.sorted { ($0.fields[0], $0.line) < ($1.fields[0], $1.line) }
    for (first, second) in zip(ordered, ordered.dropFirst())
    where first.fields[0] == second.fields[0] {
      throw LuaProblem(
        file: file,
        line: second.line,
        message: "the key '\(second.fields[0])' is already in line \(first.line)"
      )
    }
  }
}

extension CommaSeparated {
  private struct Reader {
    let bytes: [UInt8]
    var position = 0
    var line = 1

    init(bytes: [UInt8]) {
      self.bytes = bytes
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func nextRow(file: String) throws(LuaProblem) -> (line: Int, fields: [String])? {
      while position < bytes.count, isLineEnd(bytes[position]) { endLine() }
      guard position < bytes.count else { return nil }
      let start = line
      var fields = [try nextField(file: file)]
      while position < bytes.count, bytes[position] == UInt8(ascii: ",") {
        position += 1
        fields.append(try nextField(file: file))
      }
      guard position >= bytes.count || isLineEnd(bytes[position]) else {
        throw LuaProblem(file: file, line: line, message: "text after a closing quote")
      }
      return (start, fields)
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

    private mutating func endLine() {
      if bytes[position] == 10 { line += 1 }
      position += 1
    }

    private mutating func nextField(file: String) throws(LuaProblem) -> String {
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        return try quotedField(file: file)
      }
      let start = position
      while position < bytes.count, bytes[position] != UInt8(ascii: ","),
        !isLineEnd(bytes[position])
      {
        position += 1
      }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quotedField(file: String) throws(LuaProblem) -> String {
      let start = line
      var field: [UInt8] = []
      position += 1
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") {
          guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            return String(decoding: field, as: UTF8.self)
          }
          position += 1
        }
        if byte == 10 { line += 1 }
        field.append(byte)
      }
      throw LuaProblem(file: file, line: start, message: "a quote is not closed")
    }
  }
}
