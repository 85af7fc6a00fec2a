// Threads that own what they use.
//
// States: running, then ended; joined at most once, by one thread.
// Invariants: what is not sendable is made inside the thread and dies there: only the sendable
// closures enter. SIGTERM, SIGINT, SIGHUP are blocked in every thread, so that only `SignalWatch`
// sees them.
// Who may change it: `join` and `interrupt` from any thread.

internal import CLinux
internal import Glibc

/// A named thread, optionally on one processor.
public final class ShardThread: Sendable {
  private enum Phase: Sendable {
    case running
    case joining
    case joined
  }

  private struct Start: Sendable {
    let name: String
    let cpu: Int?
    let body: @Sendable () -> Void
  }

  private final class Box {
    let start: Start
    init(_ start: Start) { self.start = start }
  }

  /// The name, of which the kernel keeps fifteen characters.
  public let name: String
  private let thread: pthread_t
  private let phase = Locked(Phase.running)

  /// Starts a thread that runs `body` to its end.
  ///
  /// - Parameters:
  ///   - name: Shown by `top -H` and debuggers.
  ///   - cpu: The processor to stay on; ignored when the machine has no such processor.
  ///   - stackBytes: The size of its stack.
  ///   - body: Makes what the thread owns, and works until told to stop.
  /// - Throws: What the kernel refused.
  public init(
    name: String,
    cpu: Int? = nil,
    stackBytes: Int = 4 << 20,
    _ body: @escaping @Sendable () -> Void
  ) throws(ReactorError) {
    self.name = name
    let box = unsafe Unmanaged.passRetained(Box(Start(name: name, cpu: cpu, body: body)))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, stackBytes)
    let failure = unsafe pthread_create(
      &thread,
      &attributes,
      { context in
        guard let context = unsafe context else { return nil }
        ShardThread.run(unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().start)
        return nil
      },
      box.toOpaque()
    )
    guard failure == 0 else {
      unsafe box.release()
      throw ReactorError("start thread \(name)", code: failure)
    }
    self.thread = thread
  }

  /// Starts a thread and returns when what it owns is made, or throws why it could not be made.
  ///
  /// - Parameters:
  ///   - name: Shown by `top -H` and debuggers.
  ///   - cpu: The processor to stay on.
  ///   - make: Builds, inside the thread, everything that the thread owns.
  ///   - run: Works with it until told to stop.
  /// - Returns: The running thread.
  /// - Throws: The error of `make`, or what the kernel refused; no thread is left then.
  public static func start<Work: ~Copyable>(
    name: String,
    cpu: Int? = nil,
    make: @escaping @Sendable () throws -> Work,
    run: @escaping @Sendable (consuming Work) -> Void
  ) throws -> ShardThread {
    let made = Locked<Result<Void, any Error>?>(nil)
    let wakeUp = try WakeUp()
    let thread = try ShardThread(name: name, cpu: cpu) {
      do {
        let work = try make()
        made.withLock { made in made = .success(()) }
        wakeUp.signal()
        run(work)
      } catch {
        made.withLock { made in made = .failure(error) }
        wakeUp.signal()
      }
    }
    while made.withLock({ made in made == nil }) {
      _ = try Readiness.wait(for: wakeUp.descriptor, .readable, timeout: nil)
    }
    if case .failure(let error) = made.withLock({ made in made }) {
      thread.join()
      throw error
    }
    return thread
  }

  /// Waits until the thread has ended; later calls return at once.
  public func join() {
    let mine = phase.withLock { phase -> Bool in
      guard case .running = phase else { return false }
      phase = .joining
      return true
    }
    guard mine else { return }
    let failure = pthread_join(thread, nil)
    precondition(failure == 0, "join \(name): \(ReactorError.text(of: failure))")
    phase.withLock { phase in phase = .joined }
  }

  /// Sends a signal to this very thread, for a watchdog; nothing happens once it is being joined.
  public func interrupt(with signal: Int32) {
    phase.withLock { phase in
      guard case .running = phase else { return }
      _ = pthread_kill(thread, signal)
    }
  }

  deinit {
    if case .running = phase.withLock({ phase in phase }) { pthread_detach(thread) }
  }

  /// Which of the processors that the process may use a thread keeps to.
  public enum Processors: Hashable, Sendable {
    /// All, as every thread of this type does from its start.
    case all
    /// The last one.
    case last
    /// All but the last.
    case others

    fileprivate var number: Int32 {
      switch self {
      case .all: RS_PROCESSORS_ALL
      case .last: RS_PROCESSORS_LAST
      case .others: RS_PROCESSORS_OTHERS
      }
    }
  }

  /// Keeps the calling thread to some processors.
  ///
  /// Nothing changes where there is only one, or where the kernel does not allow it.
  public static func keep(to processors: Processors) { _ = rs_thread_keep(processors.number) }

  private static func run(_ start: Start) {
    unsafe start.name.withCString { name in _ = unsafe rs_thread_name(name) }
    // Not the processors of the thread that starts it: that may be one which keeps to few.
    keep(to: .all)
    if let cpu = start.cpu { _ = rs_thread_pin(Int32(clamping: cpu)) }
    _ = SignalWatch.block()
    start.body()
  }
}
