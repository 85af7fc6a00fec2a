/// One file of a queue log: with bars, or as a table.
struct QueueLogFile {
  private let path: String
  private let request: ImportRequest
  private let columns: QueueLogColumns?

  /// Opens a file and finds out which form it has.
  ///
  /// - Throws: Why it cannot be a queue log.
  init(_ path: String, _ request: ImportRequest) throws(ImportError) {
    (self.path, self.request) = (path, request)
    let file = try InputFile(path)
    guard let first = try file.nextLine() else { throw ImportError("\(path): the file is empty") }
    let text = LineText.decode(first).text
    if text.hasPrefix("{") {
      throw ImportError("\(path):1: this is JSON, not a queue log: is it a recording already?")
    }
    if first.contains(0) { throw ImportError("\(path):1: this is no text") }
    guard !text.contains("|"), text.contains(",") || text.contains("\t") || text.contains(";")
    else {
      columns = nil
      return
    }
    let table = try TableFile(path)
    guard let columns = QueueLogColumns(table.header) else {
      throw ImportError(
        "\(path):1: neither lines like 1266833911|1266833905.2|9000|NONE|ENTERQUEUE||… nor a "
          + "table with the columns callid, queue_name, event, param1"
      )
    }
    self.columns = columns
  }

  /// The first time in it.
  func begins() throws(ImportError) -> Int64 {
    if let columns {
      var table = try TableFile(path)
      while let row = try table.next() {
        if let line = try? columns.line(row, zone: request.zone ?? 0) { return line.at }
      }
      return 0
    }
    let file = try InputFile(path)
    while let bytes = try file.nextLine() {
      if let line = try? QueueLogLine(Self.fields(bytes).fields) { return line.at }
    }
    return 0
  }

  /// Reads it line by line.
  mutating func read(
    _ collector: inout FactCollector,
    _ progress: Import.Progress,
    _ body: (QueueLogLine, inout FactCollector) throws(ImportError) -> Void
  ) throws(ImportError) {
    var guardian = BrokenLines(path, "is this a queue log?")
    if let columns {
      var table = try TableFile(path)
      collector.report.understood.append("\(path): a table, separated by \(table.delimiterName)")
      while let row = try table.next() {
        try guardian.line(table.line, table.offset, table.size, &collector, progress)
        let line: QueueLogLine
        do { line = try columns.line(row, zone: request.zone ?? 0) } catch {
          try guardian.isBroken(table.line, error.message, &collector)
          continue
        }
        try body(line, &collector)
      }
    } else {
      let file = try InputFile(path)
      collector.report.understood.append("\(path): lines with bars, seconds since 1970")
      while let bytes = try file.nextLine() {
        guard !bytes.isEmpty else { continue }
        try guardian.line(file.lines, file.offset, file.size, &collector, progress)
        let (fields, isUTF8) = Self.fields(bytes)
        if !isUTF8 { collector.report.count("lines that are not UTF-8, read as Latin-1") }
        let line: QueueLogLine
        do { line = try QueueLogLine(fields) } catch {
          try guardian.isBroken(file.lines, error.message, &collector)
          continue
        }
        try body(line, &collector)
      }
    }
    try guardian.finish(collector)
  }

  private static func fields(_ bytes: [UInt8]) -> (fields: [Substring], isUTF8: Bool) {
    let (text, isUTF8) = LineText.decode(bytes)
    return (text.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed), isUTF8)
  }
}
