internal import CLinux
internal import Glibc

/// A signal from outside the process that the service answers.
public enum ProcessSignal: CaseIterable, Hashable, Sendable {
  /// SIGTERM: drain and stop.
  case terminate
  /// SIGINT: Ctrl-C.
  case interrupt
  /// SIGHUP: reload.
  case hangUp

  var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangUp: SIGHUP
    }
  }
}

/// Turns process signals into something that a loop can wait for.
///
/// Make it on the main thread before any other thread exists: the signals are then blocked in all
/// of them, and no handler ever runs. SIGPIPE is ignored from then on.
public struct SignalWatch: ~Copyable {
  private let source: FileDescriptor

  /// Blocks the signals for this thread and all that it starts, and opens the descriptor.
  public init() throws(ReactorError) {
    try ReactorError.check(SignalWatch.block(), "block signals")
    try ReactorError.check(rs_ignore_sigpipe(), "ignore SIGPIPE")
    let numbers = SignalWatch.numbers
    source = try FileDescriptor(
      unsafe rs_signals_descriptor(numbers, Int32(numbers.count)),
      "signalfd"
    )
  }

  /// The descriptor to register for reading.
  public var descriptor: Int32 { source.number }

  /// The next signal that arrived; `nil` when there is none.
  public func next() throws(ReactorError) -> ProcessSignal? {
    let number = try ReactorError.check(rs_signals_next(source.number), "read signals")
    return ProcessSignal.allCases.first { $0.number == number }
  }

  private static var numbers: [Int32] { ProcessSignal.allCases.map(\.number) }

  static func block() -> Int32 {
    let numbers = numbers
    return unsafe rs_signals_block(numbers, Int32(numbers.count))
  }
}
