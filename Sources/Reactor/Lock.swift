// Mutual exclusion. `Synchronization.Mutex` reports false races under the thread sanitizer with
// this toolchain (MEASURED 4); the pthread mutex at a fixed heap address is clean and as fast.

internal import Glibc

/// A mutual exclusion lock; not recursive.
@safe public final class Lock: Sendable {
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// Makes an open lock.
  public init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    let failure = unsafe pthread_mutex_init(mutex, nil)
    precondition(failure == 0, "pthread_mutex_init: \(failure)")
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Runs `body` while no other thread holds the lock.
  public func withLock<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let failure = unsafe pthread_mutex_lock(mutex)
    precondition(failure == 0, "pthread_mutex_lock: \(failure)")
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Runs `body` if no other thread holds the lock.
  ///
  /// - Returns: nil when another thread holds it.
  public func withLockIfOpen<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard unsafe pthread_mutex_trylock(mutex) == 0 else { return nil }
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }
}

/// A value that threads share, reached only under its lock.
public final class Locked<State: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private var state: State

  /// Shares a value.
  public init(_ state: State) { self.state = state }

  /// Reads or changes the value while no other thread does.
  public func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try lock.withLock { () throws(Failure) -> Result in try body(&state) }
  }
}
