internal import Wire

// The object of SURFACE 7 for a dry-run; of two for one against another.

extension DryRunReport {
  /// The report as one JSON object, in one line.
  public var json: String {
    var writer = JSONWriter()
    guard let b else {
      writer.beginObject()
      writeMembers(of: a, fromRecorded, &writer)
      writer.endObject()
      return writer.text
    }
    writer.beginObject()
    writer.key("a")
    writer.beginObject()
    writeMembers(of: a, fromRecorded, &writer)
    writer.endObject()
    writer.key("b")
    writer.beginObject()
    writeMembers(of: b, fromRecordedB, &writer)
    writer.endObject()
    writer.member("changed", Int64(counts.changed))
    writer.key("changed_by")
    writer.value(counts)
    writeDifferences(&writer)
    writer.key("changes")
    writer.beginArray()
    for change in changes { write(change, &writer) }
    writer.endArray()
    writer.member("tolerance", Double(tolerance) / 1e9)
    writer.endObject()
    return writer.text
  }

  private func writeMembers(
    of side: DryRunSideReport,
    _ counts: ChangeCounts,
    _ writer: inout JSONWriter
  ) {
    side.report.writeMembers(&writer)
    writer.key("name")
    writer.value(side.name)
    writer.member("seed", Int64(clamping: model.seed))
    writer.key("exact")
    writer.value(side.isExact)
    writer.key("patience_rule")
    writer.value(model.patience.rawValue)
    let drawn: [(StaticString, Int)] = [
      ("patience", side.main.drawn.patience), ("gave_up", side.main.drawn.gaveUp),
      ("talk", side.main.drawn.talk), ("announcements", side.main.drawn.announcements),
    ]
    writer.key("drawn")
    writer.beginObject()
    for (name, count) in drawn { writer.member(name, Int64(count)) }
    writer.endObject()
    writer.key("from_recorded")
    writer.value(counts)
    writer.key("unanswerable_calls")
    writer.beginArray()
    for question in side.main.unanswerable {
      writer.beginObject()
      writer.key("call")
      writer.value(question.call)
      writer.member("at", question.at)
      writer.key("reason")
      writer.value(question.reason)
      writer.endObject()
    }
    writer.endArray()
    writer.member("ignored_agent_requests", Int64(side.main.ignoredRequests))
    side.report.writeTypes(&writer)
    writeGroups(&writer)
    writer.key("intervals")
    writer.beginObject()
    writer.key("method")
    writer.value(side.isExact ? "nothing was drawn" : "prediction over runs")
    writer.member("samples", Int64(side.runs))
    for (name, _, interval) in side.intervals {
      writer.key(name)
      writer.value(interval)
    }
    writer.endObject()
  }

  /// How much is known of each group's patience and talk.
  private func writeGroups(_ writer: inout JSONWriter) {
    writer.key("groups")
    writer.beginObject()
    for group in groups {
      writer.key(group.name)
      writer.beginObject()
      writer.member("calls", Int64(group.calls))
      writer.member("gave_up", Int64(group.gaveUp))
      writer.member("spoke", Int64(group.spoke))
      writer.key("patience_pooled")
      writer.value(group.poolsPatience)
      writer.key("talk_pooled")
      writer.value(group.poolsTalk)
      writer.endObject()
    }
    writer.endObject()
  }

  private func writeDifferences(_ writer: inout JSONWriter) {
    writer.key("difference")
    writer.beginObject()
    writer.key("of")
    writer.value("a - b")
    for (name, value, interval) in differences {
      writer.key(name)
      if let interval {
        writer.value(interval)
      } else {
        writer.value(value)
      }
    }
    writer.endObject()
  }

  private func write(_ change: CallChange, _ writer: inout JSONWriter) {
    let fact = model.facts.calls[Int(change.place)]
    writer.beginObject()
    writer.key("call")
    writer.value(fact.connID.text)
    writer.member("at", Double(fact.offered) / 1e9)
    writer.key("group")
    writer.value(model.facts.groups[Int32(fact.group)])
    writer.key("what")
    writer.beginArray()
    for word in change.words { writer.value(word) }
    writer.endArray()
    for (key, side) in [("a", a), ("b", b ?? a)] as [(StaticString, DryRunSideReport)] {
      writer.key(key)
      writer.beginObject()
      let outcome = side.main.outcomes[Int(change.place)]
      writer.key("end")
      writer.value(outcome.end.word)
      writer.key("target")
      writer.value(side.main.names[outcome.target])
      writer.member("wait", Double(outcome.wait) / 1e9)
      writer.key("defaulted")
      writer.value(outcome.isDefaulted)
      writer.key("drawn")
      writer.value(outcome.isDrawn)
      writer.key("why")
      writer.beginArray()
      for line in side.traces[change.place] ?? [] { writer.value(line) }
      writer.endArray()
      writer.endObject()
    }
    writer.endObject()
  }
}

extension JSONWriter {
  fileprivate mutating func value(_ counts: ChangeCounts) {
    beginObject()
    member("compared", Int64(counts.compared))
    member("open", Int64(counts.open))
    member("changed", Int64(counts.changed))
    member("end", Int64(counts.end))
    member("target", Int64(counts.target))
    member("wait", Int64(counts.wait))
    endObject()
  }
}

extension CallChange {
  /// What changed: `end`, `target`, `wait`.
  var words: [String] {
    [(isOtherEnd, "end"), (isOtherTarget, "target"), (isOtherWait, "wait")].filter(\.0).map(\.1)
  }
}

extension SimulatedEnd {
  /// The end in one word.
  var word: String {
    switch self {
    case .answered: "answered"
    case .abandoned: "abandoned"
    case .rejected: "rejected"
    case .gone: "gone"
    case .unanswerable: "unanswerable"
    }
  }
}

/// How much a recording says about a group of callers.
public struct DryRunGroup: Sendable, Hashable {
  /// The type, or the DN at which they called.
  public var name: String
  /// How many called.
  public var calls = 0
  /// How many of them gave up.
  public var gaveUp = 0
  /// How many of them spoke to somebody.
  public var spoke = 0
  /// Whether patience is drawn from all groups together, because too few gave up.
  public var poolsPatience: Bool
  /// Whether talk times are.
  public var poolsTalk: Bool
}

extension DryRunReport {
  /// The groups of callers.
  public var groups: [DryRunGroup] {
    let facts = model.facts
    let pooled = facts.groups.texts.count
    var groups = facts.groups.texts.enumerated().map { index, name in
      DryRunGroup(
        name: name,
        poolsPatience: model.basis.patienceOf[index] == pooled,
        poolsTalk: model.basis.talkOf[index] == pooled
      )
    }
    for fact in facts.calls {
      groups[Int(fact.group)].calls += 1
      if fact.end == .abandoned { groups[Int(fact.group)].gaveUp += 1 }
      if fact.end.isAnswered { groups[Int(fact.group)].spoke += 1 }
    }
    return groups
  }
}
