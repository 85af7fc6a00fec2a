/// Rows of text with aligned columns.
struct Table {
  private let titles: [String]
  private var rows: [[String]] = []

  /// Makes an empty table.
  init(_ titles: [String]) { self.titles = titles }

  /// Adds a row; names and numbers in it may come from callers.
  mutating func add(_ cells: [String]) { rows.append(cells.map { Human.plain($0) }) }

  /// The lines, title first; the last column is not padded.
  var lines: [String] {
    let all = [titles] + rows
    let widths = titles.indices.map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return all.map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        let isLast = column == cells.count - 1
        line += isLast ? cell : cell.padded(to: widths[column] + 2)
      }
      return line
    }
  }
}

extension String {
  /// The text, with blanks up to a width.
  func padded(to width: Int) -> String {
    let missing = width - count
    return missing > 0 ? self + String(repeating: " ", count: missing) : self
  }

  /// The text, cut to a width.
  func cut(to width: Int) -> String {
    count <= width ? self : width < 1 ? "" : prefix(width - 1) + "…"
  }
}
