public import Wire

/// What an import did and could not do, for people and for programs.
public struct ImportReport: Sendable, Hashable {
  /// A line, or a packet, that could not be used.
  public struct Broken: Sendable, Hashable {
    /// The file.
    public var file: String
    /// The line of a text, the packet of a capture; from 1.
    public var number: Int
    /// What is wrong with it.
    public var reason: String
  }

  /// A named number.
  public struct Count: Sendable, Hashable {
    /// What was counted.
    public var name: String
    /// How many there are.
    public var count: Int
  }

  /// What was imported: `csv`, `queue-log`, `pcap` or `sip-server-log`.
  public var source: String
  /// The files, as they were named.
  public var files: [String]
  /// Lines, or packets, that were read.
  public var lines = 0
  /// What a line is called: `lines` or `packets`.
  public var unit = "lines"
  /// Lines that could not be used.
  public var brokenCount = 0
  /// The first of them.
  public private(set) var broken: [Broken] = []
  /// Signals that were written.
  public var signals = 0
  /// Calls that arrived, were answered, were given up by their callers, had no end.
  public var calls = 0
  /// Calls that somebody answered.
  public var answered = 0
  /// Calls whose caller gave up before an answer.
  public var abandoned = 0
  /// Calls that have no end in the files.
  public var unfinished = 0
  /// How many agents there are.
  public var agents = 0
  /// Calls by queue.
  public var queues: [Count] = []
  /// Further counts, in the order in which they matter.
  public private(set) var counts: [Count] = []
  /// How the files were understood: delimiter, time format, units.
  public var understood: [String] = []
  /// What the files do not say and was concluded.
  public var inferred: [String] = []
  /// What the files do not say and could not be concluded.
  public var notInferred: [String] = []
  /// Beginning and end in nanoseconds since 1970.
  public var span: Range<UInt64>?

  /// Makes an empty report.
  init(source: String, files: [String]) { (self.source, self.files) = (source, files) }

  /// Notes a line that could not be used.
  mutating func isBroken(_ file: String, _ number: Int, _ reason: String) {
    brokenCount += 1
    guard broken.count < ImportLimits.shownMax else { return }
    broken.append(Broken(file: file, number: number, reason: reason))
  }

  /// Notes how something was understood, as long as there is not too much of it.
  mutating func isUnderstood(_ sentence: String) {
    guard understood.count < ImportLimits.namesMax, !understood.contains(sentence) else { return }
    understood.append(sentence)
  }

  /// Counts something by its name; what comes after many names is counted together.
  mutating func count(_ name: String, by number: Int = 1) {
    if let index = counts.firstIndex(where: { $0.name == name }) {
      counts[index].count += number
    } else if counts.count == ImportLimits.namesMax {
      counts[counts.count - 1].count += number
    } else if counts.count == ImportLimits.namesMax - 1 {
      counts.append(Count(name: "others", count: number))
    } else {
      counts.append(Count(name: name, count: number))
    }
  }

  /// What was counted under a name.
  public func counted(_ name: String) -> Int { counts.first { $0.name == name }?.count ?? 0 }
}

extension ImportReport {
  /// The report as text for people, line by line.
  public var text: [String] {
    var lines = [
      "\(Self.grouped(self.lines)) \(unit) of \(files.joined(separator: ", "))",
      "\(Self.grouped(calls)) calls, \(Self.grouped(answered)) answered, "
        + "\(Self.grouped(abandoned)) abandoned, \(Self.grouped(unfinished)) unfinished; "
        + "\(agents) agents, \(queues.count) queues; \(Self.grouped(signals)) signals",
    ]
    for (title, sentences) in [
      ("understood", understood), ("inferred", inferred), ("not known", notInferred),
    ] where !sentences.isEmpty {
      lines.append("\(title):")
      lines += sentences.map { "  \($0)" }
    }
    if !counts.isEmpty {
      lines.append("counts:")
      lines += counts.map { "  \(Self.grouped($0.count)) \($0.name)" }
    }
    if brokenCount > 0 {
      lines.append("\(Self.grouped(brokenCount)) \(unit) could not be used:")
      lines += broken.prefix(5).map { "  \($0.file):\($0.number): \($0.reason)" }
      if brokenCount > 5 { lines.append("  … (--json shows \(min(brokenCount, broken.count)))") }
    }
    return lines
  }

  private static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// The report as one JSON object.
  public var json: String {
    var writer = JSONWriter()
    writer.value(self)
    return writer.text
  }
}

extension JSONWriter {
  /// Writes the report of an import as one object.
  public mutating func value(_ report: ImportReport) {
    beginObject()
    key("from")
    value(report.source)
    list("files", report.files)
    for (name, number) in [
      (report.unit, report.lines), ("broken", report.brokenCount), ("signals", report.signals),
      ("calls", report.calls), ("answered", report.answered), ("abandoned", report.abandoned),
      ("unfinished", report.unfinished), ("agents", report.agents),
    ] {
      key(name)
      value(Int64(number))
    }
    if let span = report.span {
      key("begins")
      time(span.lowerBound)
      key("ends")
      time(span.upperBound)
    }
    counts("queues", report.queues)
    counts("counts", report.counts)
    list("understood", report.understood)
    list("inferred", report.inferred)
    list("not_known", report.notInferred)
    key("broken_\(report.unit)")
    beginArray()
    for broken in report.broken {
      beginObject()
      key("file")
      value(broken.file)
      key("number")
      value(Int64(broken.number))
      key("reason")
      value(broken.reason)
      endObject()
    }
    endArray()
    endObject()
  }

  private mutating func counts(_ name: StaticString, _ counts: [ImportReport.Count]) {
    key(name)
    beginObject()
    for count in counts {
      key(count.name)
      value(Int64(count.count))
    }
    endObject()
  }

  private mutating func list(_ name: StaticString, _ texts: [String]) {
    key(name)
    beginArray()
    for text in texts { value(text) }
    endArray()
  }
}
