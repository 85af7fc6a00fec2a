internal import CLinux

/// The two clocks of a shell; nothing below it may read one.
public enum Clock {
  /// Nanoseconds of a clock that never goes back and stands still for nobody: all deadlines.
  public static var monotonic: UInt64 { rs_monotonic_ns() }

  /// Nanoseconds since 1970 in UTC: read once at the start, never for deadlines.
  public static var realtime: UInt64 { rs_realtime_ns() }
}
