extension Coverage {
  /// The coverage as a table for people, one line a file.
  public var table: String {
    var rows = [["file", "lines", "", "outcomes", "", "missing"]]
    for file in files {
      let lines = (file.lines.count, file.coveredLineCount)
      let outcomes = (file.outcomes.count, file.chosenCount)
      rows.append([
        file.path, Coverage.share(lines), "\(lines.1)/\(lines.0)", Coverage.share(outcomes),
        "\(outcomes.1)/\(outcomes.0)", file.missing,
      ])
    }
    let lines = lineCounts
    let outcomes = outcomeCounts
    rows.append([
      "all", Coverage.share(lines), "\(lines.covered)/\(lines.all)", Coverage.share(outcomes),
      "\(outcomes.covered)/\(outcomes.all)", "",
    ])
    let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let blank = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 || column == 5 ? cell.0 + blank : blank + cell.0
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }

  /// What was never chosen, one a line: `file:line:column: … is never chosen by any test`.
  public var unchosen: [String] {
    files.flatMap { file in
      file.outcomes.filter { $0.hits == 0 }.map { outcome in
        "\(file.path):\(outcome.line):\(outcome.column): \(outcome.text)"
          + " is never chosen by any test"
      }
    }
  }

  private static func share(_ counts: (all: Int, covered: Int)) -> String {
    let percent = Coverage.percent(counts)
    return (percent == 100 ? "100" : "\(percent)") + " %"
  }
}

extension Coverage.File {
  /// The lines that never ran, as `12, 14-16`.
  var missing: String {
    var spans: [(first: Int, last: Int)] = []
    var isRunning = false
    for line in lines {
      if line.hits > 0 {
        isRunning = false
      } else if isRunning {
        spans[spans.count - 1].last = line.number
      } else {
        spans.append((line.number, line.number))
        isRunning = true
      }
    }
    return spans.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
      .joined(separator: ", ")
  }
}
