import Engine
import Wire

extension TestReport {
  /// The report as one JSON object; `took` is the run's own wall time.
  public func json(took: Duration) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("passed")
    writer.value(UInt64(passedCount))
    writer.key("failed")
    writer.value(UInt64(failures.count))
    writer.key("pending")
    writer.value(UInt64(pendingCount))
    writer.key("seconds")
    writer.seconds(took)
    writer.key("tests")
    writer.beginArray()
    for result in results { TestReport.write(result, to: &writer) }
    writer.endArray()
    if let coverage {
      writer.key("coverage")
      coverage.write(to: &writer)
    }
    writer.endObject()
    return writer.text
  }

  private static func write(_ result: Result, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("file")
    writer.value(result.file)
    writer.key("line")
    writer.value(UInt64(result.line))
    writer.key("name")
    writer.value(result.name)
    writer.key("outcome")
    switch result.outcome {
    case .passed: writer.value("passed")
    case .pending(let reason):
      writer.value("pending")
      if let reason {
        writer.key("message")
        writer.value(reason)
      }
    case .failed(let message):
      writer.value("failed")
      writer.key("message")
      writer.value(message)
    }
    writer.key("seconds")
    writer.seconds(result.duration)
    writer.endObject()
  }
}

extension Coverage {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("lines")
    writer.value(Coverage.percent(lineCounts))
    writer.key("outcomes")
    writer.value(Coverage.percent(outcomeCounts))
    writer.key("files")
    writer.beginArray()
    for file in files {
      writer.beginObject()
      writer.key("file")
      writer.value(file.path)
      writer.key("missing_lines")
      writer.beginArray()
      for line in file.lines where line.hits == 0 { writer.value(UInt64(line.number)) }
      writer.endArray()
      writer.key("missing_outcomes")
      writer.beginArray()
      for outcome in file.outcomes where outcome.hits == 0 {
        writer.beginObject()
        writer.key("line")
        writer.value(UInt64(outcome.line))
        writer.key("column")
        writer.value(UInt64(outcome.column))
        writer.key("target")
        writer.value(outcome.text)
        writer.endObject()
      }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }
}
