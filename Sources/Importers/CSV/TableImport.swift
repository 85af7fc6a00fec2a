// A table with a row per call.
//
// What a row says is carried as exactly as it says it: where a row has both clock times and
// durations, the clock times are taken, because waits then come out as they were recorded.
// Source: docs/import.md, "csv".

/// Imports tables.
struct TableImport {
  /// Words that stand where no agent is named.
  private static let nobody: Set<String> = [
    "", "no_server", "none", "null", "nobody", "-", "n/a", "na", "unknown",
  ]
  /// What outcomes are called elsewhere.
  private static let usual: [String: TableOptions.Outcome] = [
    "agent": .answered, "answered": .answered, "answer": .answered, "completed": .answered,
    "complete": .answered, "connected": .answered, "served": .answered, "handled": .answered,
    "completeagent": .answered, "completecaller": .answered, "hang": .abandoned,
    "hangup": .abandoned, "abandon": .abandoned, "abandoned": .abandoned, "lost": .abandoned,
    "reneged": .abandoned, "unanswered": .abandoned, "no answer": .abandoned,
    "missed": .abandoned, "phantom": .ignored,
  ]
  /// A row's answer may lie so far before its arrival, by rounding, and the arrival is moved.
  private static let clockSlack: Int64 = 60 * ClockText.second
  private static let halfDay: Int64 = 12 * 3_600 * ClockText.second

  private let path: String
  private let request: ImportRequest
  private let columns: TableColumns
  private var table: TableFile
  private var days: Set<Int64> = []
  private var unknownOutcomes: [String: Int] = [:]
  private var movedMax: Int64 = 0
  private var differsMax: Int64 = 0

  /// Reads all files of a request.
  static func run(
    _ request: ImportRequest,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    var days: Set<Int64> = []
    for path in request.files {
      var one = try TableImport(path, request)
      try one.read(&collector, progress)
      days.formUnion(one.days)
    }
    try staff(request, days, &collector)
    collector.report.understood.append(
      request.zone.map { "local times are \($0) s before UTC" }
        ?? "no zone: times are taken as UTC (--zone says otherwise)"
    )
  }

  private init(_ path: String, _ request: ImportRequest) throws(ImportError) {
    (self.path, self.request) = (path, request)
    columns = try TableColumns(path, request.table)
    table = try TableFile(path)
  }

  private mutating func read(
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    for sentence in columns.understood { collector.report.isUnderstood(sentence) }
    var guardian = BrokenLines(path, "is --map right?")
    while let row = try table.next() {
      try guardian.line(table.line, table.offset, table.size, &collector, progress)
      if let reason = try take(row, &collector) {
        try guardian.isBroken(table.line, reason, &collector)
      }
    }
    try guardian.finish(collector)
    if table.latin > 0 {
      collector.report.count("lines that are not UTF-8, read as Latin-1", by: table.latin)
    }
    for (word, count) in unknownOutcomes.sorted(by: { $0.key < $1.key }) {
      collector.report.notInferred.append(
        "\(count) rows with the outcome \"\(word)\" are left out: --outcome says what it means"
      )
    }
    if movedMax > 0 {
      collector.report.inferred.append(
        "where an answer lies before the arrival, by at most \(movedMax / ClockText.second) s, "
          + "the call arrived when it was answered"
      )
    }
    if differsMax > 0 {
      collector.report.understood.append(
        "conversations differ from the service column by at most "
          + "\(differsMax / ClockText.second) s: the clock times are taken"
      )
    }
  }

  // MARK: A row

  /// Takes a row.
  ///
  /// - Returns: Why it cannot be used, or nil.
  private mutating func take(
    _ row: [Substring],
    _ collector: inout FactCollector
  ) throws(ImportError) -> String? {
    guard row.count == table.header.count else {
      return "\(row.count) fields and not \(table.header.count), as the header has"
    }
    let day: Int64
    switch try self.day(of: row) {
    case .known(let known): day = known
    case .broken(let reason): return reason
    }
    guard let (outcome, word) = outcome(of: row) else { return nil }
    if !word.isEmpty { collector.report.count("rows with the outcome \(word)") }
    guard outcome != .ignored else {
      collector.report.count("rows that are no calls")
      return nil
    }
    guard let arrival = try time(.arrival, row, day: day, after: nil) else {
      return "no time of arrival"
    }
    if outcome == .abandoned, arrival.isAlternate {
      collector.report.count("callers who gave up before they waited (not offered)")
      return nil
    }
    var call = Call(at: arrival.at)
    let end: Int64?
    if outcome == .answered {
      end = try answered(row, day, &call, &collector)
    } else {
      end = try abandoned(row, day, call.at)
    }
    guard let end else { return "no time at which the call was answered or left the line" }
    guard end >= call.at, call.answered.map({ $0 <= end && $0 >= call.at }) ?? true else {
      return "the call ends before it begins"
    }
    call.end = end
    try write(row, call, &collector)
    return nil
  }

  /// What a row says about its call.
  private struct Call {
    var at: Int64
    var answered: Int64?
    var end: Int64 = 0
    init(at instant: Int64) { at = instant }
  }

  private mutating func answered(
    _ row: [Substring],
    _ day: Int64,
    _ call: inout Call,
    _ collector: inout FactCollector
  ) throws(ImportError) -> Int64? {
    let arrival = call.at
    let service = duration(.service, row)
    var answer: Int64? = try time(.answered, row, day: day, after: arrival)?.at
    if answer == nil {
      if columns.has(.answered) {
        collector.report.count("answered calls without a time of the answer: when the wait ended")
      }
      answer = try time(.left, row, day: day, after: arrival)?.at
      if answer == nil { answer = duration(.wait, row).map { arrival + $0 } }
    }
    guard let answer else { return nil }
    if answer < arrival {
      guard arrival - answer <= Self.clockSlack else { return nil }
      collector.report.count("calls whose arrival was moved to their answer")
      movedMax = max(movedMax, arrival - answer)
      call.at = answer
    }
    call.answered = answer
    guard let ended = try time(.ended, row, day: day, after: answer)?.at else {
      return service.map { answer + $0 }
    }
    if let service, abs(ended - answer - service) > 0 {
      differsMax = max(differsMax, abs(ended - answer - service))
      collector.report.count("conversations whose clock times differ from the service column")
    }
    return ended
  }

  private func abandoned(
    _ row: [Substring],
    _ day: Int64,
    _ arrival: Int64
  ) throws(ImportError) -> Int64? {
    if let left = try time(.left, row, day: day, after: arrival)?.at { return left }
    if let wait = duration(.wait, row) { return arrival + wait }
    return try time(.ended, row, day: day, after: arrival)?.at
  }

  private mutating func write(
    _ row: [Substring],
    _ call: Call,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let number = collector.newCall()
    days.insert((call.at + (request.zone ?? 0) * ClockText.second) / ClockText.day)
    var offered = Fact(.offered, at: call.at, call: number)
    offered.dn = columns.field(.queue, row).map(String.init) ?? request.table.queue
    offered.first = columns.field(.ani, row).map(String.init) ?? ""
    offered.second = columns.field(.dnis, row).map(String.init) ?? ""
    offered.sort = columns.field(.type, row).map(String.init) ?? ""
    for role in [TableOptions.Role.type, .priority, .customer, .call] {
      guard let value = columns.field(role, row) else { continue }
      offered.data += [role == .call ? "call_id" : role.rawValue, String(value)]
    }
    for (key, column) in columns.data where column < row.count && !row[column].isEmpty {
      offered.data += [key, String(row[column])]
    }
    try collector.add(offered)
    var released = Fact(.released, at: call.end, call: number)
    if let answer = call.answered {
      var answered = Fact(.answered, at: answer, call: number)
      (answered.first, answered.sort) = (offered.dn, offered.sort)
      let agent = columns.field(.agent, row).map(String.init) ?? ""
      if !Self.nobody.contains(agent.lowercased()) {
        answered.agent = agent
      } else if columns.has(.agent) {
        collector.report.count("answers that name no agent")
      }
      try collector.add(answered, rank: 3)
      released.first = "target"
    } else {
      (released.first, released.second) = ("caller", "abandoned")
    }
    // Who ends makes room for who begins in the same second, unless he began in it himself.
    let isInstant = call.end == (call.answered ?? call.at)
    try collector.add(released, rank: isInstant ? 4 : 1)
  }

  // MARK: Fields

  private enum Day {
    case known(Int64)
    case broken(String)
  }

  private func day(of row: [Substring]) throws(ImportError) -> Day {
    guard let (column, form) = columns.date else { return .known(0) }
    if let day = form.day(row[column]) { return .known(day * ClockText.day) }
    if let other = DateForm.forms(of: row[column]).first {
      throw ImportError(
        "\(path):\(table.line): the date \"\(row[column])\" is written as \(other.rawValue), "
          + "those before it as \(form.rawValue)"
      )
    }
    return .broken("\"\(row[column])\" is no date")
  }

  private func time(
    _ role: TableOptions.Role,
    _ row: [Substring],
    day: Int64,
    after arrival: Int64?
  ) throws(ImportError) -> (at: Int64, isAlternate: Bool)? {
    let clocks = columns.clocks[role] ?? []
    for (index, clock) in clocks.enumerated() {
      let text = row[clock.column]
      guard !text.isEmpty else { continue }
      guard var at = ClockText.instant(text, clock.form) else {
        if case .dateAndTime(let form) = clock.form,
          case .dateAndTime(let other)? = ClockText.forms(of: text).first
        {
          throw ImportError(
            "\(path):\(table.line): \"\(text)\" is written as \(other.rawValue), those before it "
              + "as \(form.rawValue)"
          )
        }
        continue
      }
      if clock.form == .timeOfDay {
        // Midnight to the second is how such tables write that there is no time.
        if at == 0, role != .arrival || index < clocks.count - 1 { continue }
        at += day - (request.zone ?? 0) * ClockText.second
        if let arrival, at < arrival - Self.halfDay { at += ClockText.day }
      } else if case .dateAndTime = clock.form, !text.hasZone {
        at -= (request.zone ?? 0) * ClockText.second
      }
      return (at, index > 0)
    }
    return nil
  }

  private func duration(_ role: TableOptions.Role, _ row: [Substring]) -> Int64? {
    guard let text = columns.field(role, row) else { return nil }
    return ClockText.duration(text, isMilliseconds: columns.isMilliseconds[role] ?? false)
  }

  /// What became of the call; nil: nobody knows what the word means.
  private mutating func outcome(
    of row: [Substring]
  ) -> (TableOptions.Outcome, String)? {
    if columns.has(.outcome) {
      let word = columns.field(.outcome, row).map(String.init) ?? ""
      let key = word.lowercased()
      if let known = request.table.outcomes[key] ?? Self.usual[key] { return (known, word) }
      if unknownOutcomes.count < 100 || unknownOutcomes[word] != nil {
        unknownOutcomes[word, default: 0] += 1
      }
      return nil
    }
    let talked = (duration(.service, row) ?? 0) > 0
    let wasAnswered =
      columns.has(.answered)
      ? columns.field(.answered, row) != nil
      : talked || !Self.nobody.contains((columns.field(.agent, row) ?? "").lowercased())
    return (wasAnswered ? .answered : .abandoned, "")
  }

  // MARK: Agents of a table that names none

  private static func staff(
    _ request: ImportRequest,
    _ days: Set<Int64>,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let count = request.table.agents else {
      if collector.agents.isEmpty {
        collector.report.notInferred.append(
          "no column names agents: --agents N says how many there were, or a site file does"
        )
      }
      return
    }
    guard collector.first <= collector.last else { return }
    let queues = collector.queues.map(\.dn)
    func all(_ kind: Fact.Kind, at instant: Int64, rank: UInt8) throws(ImportError) {
      for index in 0..<count {
        for queue in kind == .join ? queues : [""] {
          var fact = Fact(kind, at: instant)
          fact.agent = String((count > 900 ? 100_001 : 1_001) + index)
          fact.first = String((count > 900 ? 700_001 : 7_001) + index)
          (fact.dn, fact.isInferred) = (queue, true)
          try collector.add(fact, rank: rank)
        }
      }
    }
    guard let shift = request.table.shift else {
      try all(.join, at: collector.first, rank: 0)
      collector.report.inferred.append("\(count) agents (--agents), who are always there")
      return
    }
    for day in days.sorted() {
      let midnight = day * ClockText.day - (request.zone ?? 0) * ClockText.second
      try all(.join, at: midnight + shift.lowerBound * ClockText.second, rank: 0)
      try all(.leave, at: midnight + shift.upperBound * ClockText.second, rank: 5)
    }
    collector.report.inferred.append(
      "\(count) agents (--agents), there from \(shift.lowerBound / 60) to "
        + "\(shift.upperBound / 60) minutes after midnight (--shift) of \(days.count) days"
    )
  }
}

extension Substring {
  /// Whether a time says its zone.
  fileprivate var hasZone: Bool {
    last == "Z" || dropFirst(11).contains { $0 == "+" || $0 == "-" }
  }
}
