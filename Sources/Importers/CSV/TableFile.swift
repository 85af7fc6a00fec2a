/// A table in a text file: a header, then rows.
struct TableFile {
  /// What stands between two fields.
  let delimiter: UInt8
  /// The names of the columns.
  let header: [String]
  private let file: InputFile
  /// The line on which the last row began.
  private(set) var line = 1
  /// Rows that are not UTF-8.
  private(set) var latin = 0

  /// Opens a table and reads its header.
  init(_ path: String) throws(ImportError) {
    file = try InputFile(path)
    guard var first = try file.nextLine() else { throw ImportError("\(path): the file is empty") }
    if first.starts(with: [0xEF, 0xBB, 0xBF]) { first.removeFirst(3) }
    if first.first == UInt8(ascii: "{") {
      throw ImportError("\(path):1: this is JSON, not a table: is it a recording already?")
    }
    if first.contains(0) {
      throw ImportError("\(path):1: this is no text: a table begins with a line of column names")
    }
    let counts = [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "|")].map {
      delimiter in (delimiter, first.count { $0 == delimiter })
    }
    guard let best = counts.max(by: { $0.1 < $1.1 }), best.1 > 0 else {
      throw ImportError(
        "\(path):1: no column names, separated by comma, semicolon or tab, in \""
          + LineText.decode(first.prefix(60)).text + "\""
      )
    }
    delimiter = best.0
    header = Self.split(first, best.0).map { LineText.decode($0).text }
  }

  /// How many bytes were read.
  var offset: UInt64 { file.offset }
  /// How many bytes there are.
  var size: UInt64 { file.size }

  /// The next row that is not empty; nil at the end.
  mutating func next() throws(ImportError) -> [Substring]? {
    while var bytes = try file.nextLine() {
      line = file.lines
      guard !bytes.isEmpty else { continue }
      // A quoted field may hold line ends.
      while bytes.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1,
        bytes.count < ImportLimits.lineBytesMax, let more = try file.nextLine()
      {
        bytes.append(10)
        bytes += more
      }
      let (text, isUTF8) = LineText.decode(bytes)
      if !isUTF8 { latin += 1 }
      if !bytes.contains(UInt8(ascii: "\"")) {
        let separator = Character(UnicodeScalar(delimiter))
        return text.split(separator: separator, omittingEmptySubsequences: false).map(\.trimmed)
      }
      return Self.split(Array(text.utf8), delimiter).map {
        Substring(String(decoding: $0, as: UTF8.self)).trimmed
      }
    }
    return nil
  }

  /// What the delimiter is called.
  var delimiterName: String {
    switch delimiter {
    case UInt8(ascii: "\t"): "tab"
    case UInt8(ascii: ";"): "semicolon"
    case UInt8(ascii: "|"): "bar"
    default: "comma"
    }
  }

  /// Fields of a line; quotes keep delimiters, doubled quotes are one.
  static func split(_ line: [UInt8], _ delimiter: UInt8) -> [[UInt8]] {
    let quote = UInt8(ascii: "\"")
    var fields: [[UInt8]] = [[]]
    var isQuoted = false
    var wasQuote = false
    for byte in line {
      if byte == quote {
        if wasQuote { fields[fields.count - 1].append(quote) }
        wasQuote = isQuoted && !wasQuote
        isQuoted.toggle()
        continue
      }
      wasQuote = false
      if byte == delimiter, !isQuoted {
        fields.append([])
      } else {
        fields[fields.count - 1].append(byte)
      }
    }
    return fields
  }
}

extension Substring {
  /// Without blanks at its ends.
  var trimmed: Substring {
    var text = self
    while text.first == " " || text.first == "\t" || text.first == "\r" { text = text.dropFirst() }
    while text.last == " " || text.last == "\t" || text.last == "\r" { text = text.dropLast() }
    return text
  }
}
