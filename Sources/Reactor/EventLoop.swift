// Waiting for descriptors and for one deadline.
//
// States: a registration exists from `add` to `remove`; between two `wait`s the loop holds the
// batch of ready registrations that the last `wait` brought. One descriptor may stand apart.
// Invariants: a removed registration is never handed out, not even from a batch fetched before the
// removal; the deadline is the driver's and is given to every `wait` (no timer lives here).
// Who may change it: the one thread that created it; it is neither copyable nor sendable.
// Source: epoll(7), HOUSE 2.9 (one OS timer per shard: the time-out of this wait).

internal import CLinux

/// Waits for descriptors and one deadline on behalf of the thread that owns it.
///
/// The driver's contract: `wait(until:)`, then `ready(at:)` for every index below its result, then
/// work, then `wait` again with the earliest deadline of everybody on this thread. Readiness is
/// level-triggered: what is not read now is reported again. Waking early with nothing ready is
/// allowed.
public struct EventLoop: ~Copyable {
  /// The driver's own name for a registration.
  public struct Token: RawRepresentable, Hashable, Sendable {
    /// The name; all values but `UInt64.max` are the driver's.
    public let rawValue: UInt64
    /// Makes a name.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Makes a name.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    fileprivate static let removed = Token(UInt64.max)
  }

  /// A registration that is ready, and for what.
  public struct Ready: Hashable, Sendable {
    /// The registration.
    public let token: Token
    /// What it is ready for; empty when it was removed after the batch was fetched.
    public let readiness: Readiness
  }

  /// A descriptor that is not in the epoll.
  private struct Apart {
    var descriptor: Int32
    var interest: Readiness
    var token: Token
  }

  private let epoll: FileDescriptor
  private var apart: Apart?
  private var tokens: [Int32: Token] = [:]
  private var batch: [rs_ready]
  private var batchCount = 0

  /// Opens a loop that fetches at most `batchMax` ready registrations at a time.
  public init(batchMax: Int = 64) throws(ReactorError) {
    precondition(batchMax > 0)
    epoll = try FileDescriptor(rs_epoll_create(), "epoll_create")
    batch = Array(repeating: rs_ready(token: 0, readiness: 0), count: batchMax)
  }

  /// Registers a descriptor under the driver's token.
  ///
  /// The descriptor stays the driver's: it must be removed before it is closed.
  public mutating func add(
    _ descriptor: Int32,
    _ interest: Readiness,
    token: Token
  ) throws(ReactorError) {
    precondition(token != .removed, "reserved token")
    try ReactorError.check(
      rs_epoll_add(epoll.number, descriptor, interest.rawValue, token.rawValue),
      "epoll add"
    )
    tokens[descriptor] = token
  }

  /// Registers the descriptor that is looked at most.
  ///
  /// It is asked at each `wait`, instead of telling the loop of everything that happens to it: the
  /// kernel tells an epoll also of each datagram that has left a socket. There can be one, it stays
  /// to the end, and loops around this one do not see it.
  public mutating func add(
    apart descriptor: Int32,
    _ interest: Readiness,
    token: Token
  ) {
    precondition(token != .removed, "reserved token")
    precondition(apart == nil, "one descriptor stands apart already")
    apart = Apart(descriptor: descriptor, interest: interest, token: token)
  }

  /// Changes what a registered descriptor waits for.
  public mutating func change(_ descriptor: Int32, _ interest: Readiness) throws(ReactorError) {
    if apart?.descriptor == descriptor {
      apart?.interest = interest
      return
    }
    guard let token = tokens[descriptor] else {
      throw ReactorError("epoll change", code: Errno.noEntry)
    }
    try ReactorError.check(
      rs_epoll_change(epoll.number, descriptor, interest.rawValue, token.rawValue),
      "epoll change"
    )
  }

  /// Ends a registration and withdraws it from the batch in hand.
  public mutating func remove(_ descriptor: Int32) throws(ReactorError) {
    guard let token = tokens.removeValue(forKey: descriptor) else {
      throw ReactorError("epoll remove", code: Errno.noEntry)
    }
    for index in 0..<batchCount where batch[index].token == token.rawValue {
      batch[index] = rs_ready(token: Token.removed.rawValue, readiness: 0)
    }
    try ReactorError.check(rs_epoll_remove(epoll.number, descriptor), "epoll remove")
  }

  /// The loop's own descriptor, readable when a registration is ready: loops can be nested.
  public var descriptor: Int32 { epoll.number }

  /// How many descriptors are registered.
  public var registrationCount: Int { tokens.count + (apart == nil ? 0 : 1) }

  /// Waits until something is ready or the deadline has come.
  ///
  /// - Parameter deadline: An instant of `Clock.monotonic`; one that has passed only polls; `nil`
  ///   waits for ever.
  /// - Returns: How many registrations are ready; 0 at the deadline, or when a signal handler ran.
  /// - Throws: What the kernel refused.
  public mutating func wait(until deadline: UInt64?) throws(ReactorError) -> Int {
    var timeout: Int64 = -1
    if let deadline {
      let now = Clock.monotonic
      timeout = deadline > now ? Int64(clamping: deadline - now) : 0
    }
    batchCount = 0
    let capacity = Int32(batch.count)
    let result = unsafe batch.withUnsafeMutableBufferPointer { ready in
      guard let apart else {
        return unsafe rs_epoll_wait(epoll.number, ready.baseAddress, capacity, timeout)
      }
      return unsafe rs_epoll_wait_and(
        epoll.number,
        apart.descriptor,
        apart.interest.rawValue,
        apart.token.rawValue,
        ready.baseAddress,
        capacity,
        timeout
      )
    }
    batchCount = Int(try ReactorError.check(result, "epoll wait"))
    return batchCount
  }

  /// The ready registration at an index below the last result of `wait`.
  public func ready(at index: Int) -> Ready {
    precondition(index < batchCount, "no ready registration at \(index)")
    let entry = batch[index]
    return Ready(
      token: Token(entry.token),
      readiness: Readiness(rawValue: entry.readiness)
    )
  }
}
