internal import Engine
internal import Journal
internal import Wire

// What the page and the table file are made of.

extension DryRunReport {
  /// The data of the page as one JSON object: `report` is that of `--json`.
  public var pageJSON: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("title")
    writer.value(model.head.title)
    writer.member("recorded_calls", Int64(model.facts.callCount))
    writer.key("epoch")
    writer.time(model.head.epoch)
    writer.key("names")
    writer.beginArray()
    writer.value(a.name)
    if let b { writer.value(b.name) }
    writer.endArray()
    writer.key("course")
    writer.beginObject()
    let width = a.main.course?.width ?? 0
    writer.member("begin", Double(a.main.course?.begin ?? 0) / 1e9)
    writer.member("width", Double(width) / 1e9)
    for (key, side) in [("a", a), ("b", b)] as [(StaticString, DryRunSideReport?)] {
      guard let course = side?.main.course else { continue }
      writer.key(key)
      writer.beginArray()
      for stretch in course.stretches { writer.value(stretch) }
      writer.endArray()
    }
    writer.endObject()
    writer.key("report")
    writer.verbatim(json)
    writer.endObject()
    return writer.text
  }

  /// Every call as a row of a table.
  ///
  /// - Parameter write: Takes the next rows; false when it cannot.
  /// - Returns: Whether everything was written.
  public func writeRows(_ write: ([UInt8]) -> Bool) -> Bool {
    var text = "call,at,time,group,recorded_end,recorded_wait,recorded_target,a_end,a_wait,a_target"
    text += b == nil ? ",a_drawn\n" : ",a_drawn,b_end,b_wait,b_target,b_drawn\n"
    for (place, fact) in model.facts.calls.enumerated() {
      let time = JSONWriter.timeText(model.head.epoch + fact.offered)
      let group = Self.cell(model.facts.groups[Int32(fact.group)])
      let end = fact.end.asRun(wait: fact.wait).word
      text += "\(fact.connID.text),\(Self.seconds(fact.offered)),\(time),\(group),\(end),"
      text += "\(Self.seconds(fact.wait)),\(Self.cell(model.facts.targets[fact.target]))"
      for side in [a] + (b.map { [$0] } ?? []) {
        let outcome = side.main.outcomes[place]
        text += ",\(outcome.end.word),\(Self.seconds(outcome.wait)),"
        text += "\(Self.cell(side.main.names[outcome.target])),\(outcome.isDrawn ? 1 : 0)"
      }
      text += "\n"
      guard text.utf8.count >= 1 << 16 else { continue }
      guard write(Array(text.utf8)) else { return false }
      text = ""
    }
    return write(Array(text.utf8))
  }

  /// Seconds to the nanosecond.
  private static func seconds(_ nanoseconds: UInt64) -> String {
    let fraction = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
    return "\(nanoseconds / 1_000_000_000).\(fraction)"
  }

  private static func cell(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }) else {
      return text
    }
    let doubled = text.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + doubled.joined(separator: "\"\"") + "\""
  }
}

extension JSONWriter {
  fileprivate mutating func value(_ stretch: DayStretch) {
    beginObject()
    member("calls", stretch.calls)
    member("answered", stretch.answered)
    member("abandoned", stretch.abandoned)
    share("wait", stretch.waitSeconds, stretch.answered)
    share("level", stretch.inTarget, stretch.targetBase)
    share("occupancy", stretch.busySeconds, stretch.staffSeconds)
    share("waiting", stretch.waitingSeconds, stretch.seconds)
    endObject()
  }

  /// A quotient; null where there is none.
  private mutating func share(_ name: StaticString, _ dividend: Double, _ divisor: Double) {
    key(name)
    if divisor > 0 {
      value(dividend / divisor)
    } else {
      null()
    }
  }
}
