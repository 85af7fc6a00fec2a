import CMallocCount
import Glibc

/// One thing to be measured: sets itself up for a number of operations, then does them.
struct Case: Sendable {
  let name: String
  /// Operations in one measured run.
  let operations: Int
  /// Makes everything that is not measured, and returns what is.
  let prepare: @Sendable (_ operations: Int) -> (() -> Void)
}

/// What a case costs per operation.
struct Measurement {
  var nanoseconds: Double
  var allocations: Double
}

/// CPU time of this process in nanoseconds.
func cpuNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Runs a case `runs` times and keeps the best.
func measure(_ subject: Case, runs: Int, scale: Double) -> Measurement {
  let operations = max(1, Int(Double(subject.operations) * scale))
  var best = Measurement(nanoseconds: .infinity, allocations: .infinity)
  for _ in 0..<runs {
    let body = subject.prepare(operations)
    let allocationsBefore = rs_allocation_count()
    let before = cpuNanoseconds()
    body()
    let elapsed = cpuNanoseconds() - before
    let allocated = rs_allocation_count() - allocationsBefore
    best.nanoseconds = min(best.nanoseconds, Double(elapsed) / Double(operations))
    best.allocations = min(best.allocations, Double(allocated) / Double(operations))
  }
  return best
}

/// Keeps the optimiser from dropping what nobody reads.
@inline(never)
func keep<T>(_ value: borrowing T) {}
