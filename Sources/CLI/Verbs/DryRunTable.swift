internal import Glibc
internal import Journal
internal import Reactor
internal import Service
internal import Workbench

/// A dry-run for people.
enum DryRunTable {
  /// The lines that `pointsman dryrun` prints.
  static func lines(_ report: DryRunReport) -> [String] {
    var lines = [heading(report), ""]
    lines += report.b == nil ? single(report) : pair(report)
    lines.append("")
    lines += sureness(report)
    lines += changes(report)
    return lines
  }

  private static func heading(_ report: DryRunReport) -> String {
    let calls = report.model.facts.callCount
    let title = report.model.head.title
    let what = title.isEmpty ? "" : " (\(title))"
    guard let b = report.b else { return "\(calls) recorded calls\(what), with \(report.a.name)" }
    return "\(calls) recorded calls\(what): A is \(report.a.name), B is \(b.name)"
  }

  private static func single(_ report: DryRunReport) -> [String] {
    var table = Table(["", "ESTIMATE", "95 %"])
    for (name, value, interval) in report.a.intervals {
      guard let row = Self.names[name] else { continue }
      table.add([row.label, row.text(value), interval.map { "± " + row.text($0.half95) } ?? "-"])
    }
    return table.lines
  }

  private static func pair(_ report: DryRunReport) -> [String] {
    var table = Table(["", "A", "B", "A - B", "95 %"])
    guard let b = report.b else { return [] }
    for (index, (name, value, interval)) in report.differences.enumerated() {
      guard let row = Self.names[name] else { continue }
      table.add([
        row.label, row.text(report.a.intervals[index].value), row.text(b.intervals[index].value),
        row.text(value), interval.map { "± " + row.text($0.half95) } ?? "-",
      ])
    }
    return table.lines
  }

  private struct Row: Sendable {
    let label: String
    let text: @Sendable (Double) -> String
  }

  private static let names: [String: Row] = {
    let count: @Sendable (Double) -> String = { Decimal.fixed($0, 0) }
    let seconds: @Sendable (Double) -> String = { Decimal.fixed($0, 1) + " s" }
    let share: @Sendable (Double) -> String = { Decimal.fixed(100 * $0, 2) + " %" }
    return [
      "answered": Row(label: "answered", text: count),
      "abandoned": Row(label: "gave up", text: count),
      "rejected": Row(label: "turned away", text: count),
      "defaulted": Row(label: "default route", text: count),
      "unanswerable": Row(label: "unanswerable", text: count),
      "wait_mean": Row(label: "mean wait", text: seconds),
      "wait_p90": Row(label: "90 % waited up to", text: seconds),
      "wait_max": Row(label: "longest wait", text: seconds),
      "waited_share": Row(label: "waited", text: share),
      "service_level_share": Row(label: "answered in time", text: share),
      "occupancy": Row(label: "agents busy", text: share),
      "queue_length_mean": Row(label: "callers waiting", text: { Decimal.fixed($0, 2) }),
    ]
  }()

  private static func sureness(_ report: DryRunReport) -> [String] {
    let counts = report.fromRecorded
    var lines = [
      "\(counts.compared - counts.changed) of \(counts.compared) calls fared as recorded"
        + (counts.changed == 0
          ? ""
          : " (\(counts.end) ended otherwise, \(counts.target) met somebody else,"
            + " \(counts.wait) waited longer or shorter)")
        + (counts.open == 0 ? "" : "; \(counts.open) still wait where the recording ends")
    ]
    for (letter, side) in [("A", report.a)] + (report.b.map { [("B", $0)] } ?? []) {
      let drawn = side.main.drawn
      let what = report.b == nil ? "" : "\(letter): "
      if side.isExact {
        lines.append("\(what)nothing had to be drawn: every run gives the same")
      } else {
        lines.append(
          "\(what)\(side.runs) runs; drawn in the first: patience of \(drawn.patience) callers,"
            + " of whom \(drawn.gaveUp) gave up; \(drawn.talk) talk times"
        )
      }
      if drawn.announcements > 0 {
        lines.append("\(what)\(drawn.announcements) announcements of unknown length took 5 s")
      }
      for question in side.main.unanswerable.prefix(5) {
        lines.append("\(what)unanswerable: call \(question.call): \(question.reason)")
      }
      if side.main.ignoredRequests > 0 {
        lines.append("\(what)\(side.main.ignoredRequests) requests of agents were left out")
      }
    }
    let groups = report.groups
    let pooled = groups.filter(\.poolsPatience).map(\.name)
    if !report.a.isExact, !pooled.isEmpty, groups.count > 1 {
      lines.append(
        "too few gave up to know the patience of \(pooled.prefix(8).joined(separator: ", ")):"
          + " drawn from all callers"
      )
    }
    return lines
  }

  private static func changes(_ report: DryRunReport) -> [String] {
    guard report.b != nil else { return [] }
    let counts = report.counts
    guard counts.changed > 0 else { return ["no call changed"] }
    return [
      "\(counts.changed) calls changed: \(counts.end) ended otherwise, \(counts.target) met"
        + " somebody else, \(counts.wait) waited longer or shorter"
        + " (--html and --json have both decision records)"
    ]
  }
}

/// Numbers for people.
enum Decimal {
  /// A number with so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "-" }
    var unit = 1.0
    for _ in 0..<digits { unit *= 10 }
    let whole = Int64((abs(value) * unit).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let rest = String(whole % Int64(unit))
    let zeros = String(repeating: "0", count: digits - rest.count)
    return "\(sign)\(whole / Int64(unit)).\(zeros)\(rest)"
  }
}

/// How far a dry-run is, on a terminal.
final class DryRunProgress: Sendable {
  private struct State: Sendable {
    var shownAt = 1.0
    var wasShown = false
  }

  private let isShown = isatty(STDERR_FILENO) == 1
  private let watch = Stopwatch()
  private let state = Locked(State())

  /// Shows what share of the work is done; it always goes on.
  func goesOn(_ done: Double) -> Bool {
    guard isShown else { return true }
    let elapsed = watch.elapsed.wall
    let text = state.withLock { state -> String? in
      guard elapsed > state.shownAt else { return nil }
      state.shownAt = elapsed + 0.1
      state.wasShown = true
      let share = min(24, Int(24 * done))
      let bar = String(repeating: "#", count: share) + String(repeating: "·", count: 24 - share)
      return "\r[\(bar)] \(Int(100 * min(done, 1))) %\u{1B}[K"
    }
    if let text { Console.complainWithoutEnd(text) }
    return true
  }

  /// Clears the line.
  func end() {
    let wasShown = state.withLock { state in
      defer { state.wasShown = false }
      return state.wasShown
    }
    if wasShown { Console.complainWithoutEnd("\r\u{1B}[K") }
  }
}
