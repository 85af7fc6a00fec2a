internal import Engine
internal import Glibc
internal import Workbench

/// The report of a simulation, for people.
enum SimulateTable {
  static func lines(_ report: SimulationReport) -> [String] {
    var lines: [String] = []
    if report.wasStopped { lines.append("stopped early: this is what there is so far") }
    var counts = Table(["CALLS", "ANSWERED", "ABANDONED", "TURNED AWAY", "DEFAULT ROUTE"])
    counts.add([
      "\(report.calls)", "\(report.answered)", "\(report.abandoned)", "\(report.rejected)",
      "\(report.defaulted)",
    ])
    lines += counts.lines + [""]
    lines += figures(report).lines + [""]
    let quantiles = [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99")]
    let waits = quantiles.map { "\($0.1) \(seconds(report.waitQuantile($0.0)))" }
    lines.append("waits: \(waits.joined(separator: ", ")), longest \(seconds(report.waitMax))")
    let rate = report.wallSeconds > 0 ? Double(report.calls) / report.wallSeconds : 0
    lines.append(
      "\(report.calls) calls in \(Decimal.fixed(report.wallSeconds, 2)) s:"
        + " \(Int(rate)) calls a second"
    )
    return lines
  }

  private static func figures(_ report: SimulationReport) -> Table {
    let method =
      report.method == .batches
      ? "\(report.sampleCount) batches" : "\(report.sampleCount) runs"
    var table = Table(["", "ESTIMATE", "95 %", "99 % (\(method))"])
    let figures: [(String, SimulationReport.Figure, (Double) -> String)] = [
      ("mean wait", .waitMean, seconds),
      ("waited", .waitedShare, share),
      ("gave up", .abandonedShare, share),
      ("turned away", .rejectedShare, share),
      ("answered within \(Decimal.fixed(report.threshold, 0)) s", .serviceLevel, share),
      ("agents busy", .occupancy, share),
      ("callers waiting", .queueLengthMean, { Decimal.fixed($0, 3) }),
    ]
    for (name, figure, text) in figures {
      var row = [name, text(report.value(figure))]
      if let interval = report.interval(figure) {
        row.append("± \(text(interval.half95))")
        row.append("± \(text(interval.half99))")
      } else {
        row += ["-", "-"]
      }
      table.add(row)
    }
    return table
  }

  private static func seconds(_ value: Double) -> String { Decimal.fixed(value, 3) + " s" }

  private static func share(_ value: Double) -> String { Decimal.fixed(100 * value, 2) + " %" }
}

/// Time that passed, and processor time of this process.
struct Stopwatch {
  private let wall = Self.now(CLOCK_MONOTONIC)
  private let processor = Self.now(CLOCK_PROCESS_CPUTIME_ID)

  /// Seconds since it was made.
  var elapsed: (wall: Double, processor: Double) {
    (Self.now(CLOCK_MONOTONIC) - wall, Self.now(CLOCK_PROCESS_CPUTIME_ID) - processor)
  }

  /// The most memory that this process has held, in bytes.
  static var memoryBytes: Int64 {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int64(usage.ru_maxrss) * 1_024
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// How far a simulation is, on a terminal; and whether somebody pressed Ctrl-C.
final class SimulateProgress {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let calls: Int?
  private let runs: Int
  private let watch = Stopwatch()
  private var interrupt = sigset_t()
  private var before = sigset_t()
  private var shownAt = 1.0
  private var wasShown = false

  init(_ model: SimulationModel, runs: Int) {
    calls = model.calls
    self.runs = runs
    // Held back, so that what there is so far is still told.
    unsafe sigemptyset(&interrupt)
    unsafe sigaddset(&interrupt, SIGINT)
    unsafe sigprocmask(SIG_BLOCK, &interrupt, &before)
  }

  /// Shows how far it is; false when somebody pressed Ctrl-C.
  func goesOn(run: Int, arrived: Int) -> Bool {
    let elapsed = isShown ? watch.elapsed.wall : 0
    if elapsed > shownAt {
      shownAt = elapsed + 0.1
      wasShown = true
      var text = runs > 1 ? "run \(run + 1) of \(runs), \(arrived) calls" : "\(arrived) calls"
      if let calls {
        let done = (Double(run) + Double(arrived) / Double(calls)) / Double(runs)
        let share = min(24, Int(24 * done))
        let bar = String(repeating: "#", count: share) + String(repeating: "·", count: 24 - share)
        text = "[\(bar)] \(text)"
      }
      Console.complainWithoutEnd("\r\(text)\u{1B}[K")
    }
    var pending = sigset_t()
    unsafe sigpending(&pending)
    return unsafe sigismember(&pending, SIGINT) != 1
  }

  /// Clears the line, and takes the Ctrl-C out of the way.
  func end() {
    if wasShown { Console.complainWithoutEnd("\r\u{1B}[K") }
    var pending = sigset_t()
    unsafe sigpending(&pending)
    if unsafe sigismember(&pending, SIGINT) == 1 {
      var number: Int32 = 0
      unsafe sigwait(&interrupt, &number)
    }
    unsafe sigprocmask(SIG_SETMASK, &before, nil)
  }
}
