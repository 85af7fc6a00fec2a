internal import Reactor

/// How long nothing has left a socket that takes nothing.
///
/// That a socket is writable says little: a kernel without memory for a datagram says so as well.
struct Standstill {
  /// What a server waits that has nothing else to do any more, in nanoseconds.
  static let atEnd: UInt64 = 1_000_000_000
  /// What is given up later has been repeated (RFC 3261 17: after 500 ms, then 1 s, then 2 s).
  static let inService: UInt64 = 4_000_000_000

  private var count: Int?
  private var began: UInt64 = 0

  /// What is left of a patience, in nanoseconds; nil: as much has left as now for all of it.
  mutating func rest(at count: Int, of patience: UInt64) -> UInt64? {
    let now = Clock.monotonic
    if count != self.count {
      self.count = count
      began = now
    }
    let end = began + patience
    return now < end ? end - now : nil
  }
}
