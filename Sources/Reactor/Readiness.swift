internal import CLinux

/// What a descriptor is ready for, or what a registration asks for.
public struct Readiness: OptionSet, Hashable, Sendable {
  /// The bits, as the C room counts them.
  public let rawValue: UInt32

  /// Makes a set of the given bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// There is something to read, or to accept.
  public static let readable = Readiness(rawValue: RS_READABLE)
  /// There is room to write.
  public static let writable = Readiness(rawValue: RS_WRITABLE)
  /// The peer has closed its side; reported whether asked for or not.
  public static let closed = Readiness(rawValue: RS_CLOSED)
  /// An error waits on the descriptor; reported whether asked for or not.
  public static let failed = Readiness(rawValue: RS_FAILED)

  /// Waits for one descriptor without a loop, for command-line tools.
  ///
  /// - Parameters:
  ///   - descriptor: The descriptor to wait for.
  ///   - interest: What to wait for.
  ///   - timeout: Nanoseconds; `nil` waits for ever.
  /// - Returns: What it is ready for; empty on time-out, or when a signal handler ran.
  /// - Throws: What the kernel refused.
  public static func wait(
    for descriptor: Int32,
    _ interest: Readiness,
    timeout: UInt64?
  ) throws(ReactorError) -> Readiness {
    let limit = timeout.map { Int64(clamping: $0) } ?? -1
    let bits = try ReactorError.check(rs_poll(descriptor, interest.rawValue, limit), "poll")
    return Readiness(rawValue: UInt32(bits))
  }
}
