// The only thread-safe door into a shard.
//
// States: open, then closed for ever. Open: waiting elements in order of arrival, at most `limit`.
// Invariants: the elements of one producer keep their order; no element is lost or doubled; while
// elements wait, the descriptor is readable or the producer of the first is about to make it so.
// Who may change it: any thread posts and closes; one thread drains.
// Source: HOUSE 2.9 (lock + eventfd, batch-swapped). The wake-up is written only on the change from
// empty to waiting: a million posts cost a handful of system calls.

internal import CLinux

/// A wake-up that any thread may send to the loop that watches its descriptor.
public final class WakeUp: Sendable {
  private let event: FileDescriptor

  /// Makes a wake-up that nobody has sent yet.
  public init() throws(ReactorError) {
    event = try FileDescriptor(rs_eventfd_create(), "eventfd")
  }

  /// The descriptor to register, readable while a wake-up is pending.
  public var descriptor: Int32 { event.number }

  /// Wakes the loop; wake-ups that were not yet taken become one.
  public func signal() {
    let result = rs_eventfd_signal(event.number)
    precondition(result == 0, "eventfd write: \(ReactorError.text(of: -result))")
  }

  /// Takes the pending wake-up; `false` when there was none.
  @discardableResult
  public func clear() -> Bool { rs_eventfd_clear(event.number) > 0 }
}

/// The door through which other threads hand values to the thread that owns a loop.
public final class Inbox<Element: Sendable>: Sendable {
  /// What became of a posted element.
  public enum Posted: Hashable, Sendable {
    /// It waits for the owner.
    case accepted
    /// The inbox is at its limit; the element was not taken.
    case full
    /// The owner has closed the door; the element was not taken.
    case closed
  }

  private struct State: Sendable {
    var waiting: [Element] = []
    var isClosed = false
  }

  private let state = Locked(State())
  private let wakeUp: WakeUp
  private let limit: Int

  /// Opens an inbox that holds at most `limit` elements.
  public init(limit: Int = 1 << 20) throws(ReactorError) {
    precondition(limit > 0)
    self.limit = limit
    wakeUp = try WakeUp()
  }

  /// The descriptor to register for reading with the owner's loop.
  public var descriptor: Int32 { wakeUp.descriptor }

  /// Hands an element over, from any thread.
  @discardableResult
  public func post(_ element: Element) -> Posted {
    var wasEmpty = false
    let posted = state.withLock { state -> Posted in
      guard !state.isClosed else { return .closed }
      guard state.waiting.count < limit else { return .full }
      wasEmpty = state.waiting.isEmpty
      state.waiting.append(element)
      return .accepted
    }
    if wasEmpty { wakeUp.signal() }
    return posted
  }

  /// Hands several elements over in one piece, from any thread: all of them or none.
  @discardableResult
  public func post(contentsOf elements: [Element]) -> Posted {
    guard !elements.isEmpty else { return .accepted }
    var wasEmpty = false
    let posted = state.withLock { state -> Posted in
      guard !state.isClosed else { return .closed }
      guard elements.count <= limit - state.waiting.count else { return .full }
      wasEmpty = state.waiting.isEmpty
      state.waiting.append(contentsOf: elements)
      return .accepted
    }
    if wasEmpty { wakeUp.signal() }
    return posted
  }

  /// Takes everything that waits, on the owner's thread.
  ///
  /// - Parameter batch: Receives the elements in order of arrival. What it held is discarded; its
  ///   storage is kept and becomes the inbox's next one.
  public func drain(into batch: inout [Element]) {
    batch.removeAll(keepingCapacity: true)
    // The wake-up is taken before the elements: a post in between leaves a superfluous one behind.
    wakeUp.clear()
    state.withLock { state in swap(&state.waiting, &batch) }
  }

  /// Refuses further elements; those that wait can still be drained.
  public func close() {
    state.withLock { state in state.isClosed = true }
    wakeUp.signal()
  }

  /// Whether the door is closed.
  public var isClosed: Bool { state.withLock { state in state.isClosed } }
}
