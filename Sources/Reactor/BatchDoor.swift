// The door through which two threads hand batches of datagrams to each other, there and back.
//
// States: open, then closed for ever. Each batch is the filler's, or waits, or is the emptier's;
// they go round in order, and there are never more than the door was made with.
// Invariants: batches are emptied in the order in which they were filled, each once; nothing is
// allocated or copied on the way; who found nothing to do is woken when there is something, and
// nobody else is; what was handed over before the door closed can still be emptied.
// Who may change it: one thread fills, one at a time empties; any closes.
// Source: HOUSE 2.9 (lock + eventfd, batch-swapped), ADR 0023.

private struct DoorState: Sendable {
  var handedOver = 0
  var givenBack = 0
  var fillerWaits = false
  var emptierWaits = false
  var isClosed = false
}

/// A ring of batches between the thread that fills them and the thread that empties them.
public final class BatchDoor<Batch: AnyObject & Sendable>: Sendable {
  /// What the emptying thread finds.
  public enum Found {
    /// The oldest batch, which is its own until `giveBack`.
    case batch(Batch)
    /// Nothing yet.
    case nothing
    /// Nothing any more.
    case end
  }

  private let state = Locked(DoorState())
  private let batches: [Batch]
  private let filler: WakeUp
  private let emptier: WakeUp

  /// Opens a door.
  ///
  /// - Parameters:
  ///   - batches: What goes round; at most so many batches are on their way.
  ///   - filler: Wakes the thread that fills them, when it found none.
  ///   - emptier: Wakes the thread that empties them, when it found none.
  public init(_ batches: [Batch], filler: WakeUp, emptier: WakeUp) {
    precondition(!batches.isEmpty)
    self.batches = batches
    self.filler = filler
    self.emptier = emptier
  }

  // MARK: Filling

  /// The batch to fill next, the filling thread's until `handOver`.
  ///
  /// - Returns: nil when all are on their way: the filling thread will be woken.
  public func toFill() -> Batch? {
    let index = state.withLock { state -> Int? in
      guard state.handedOver - state.givenBack < batches.count else {
        state.fillerWaits = true
        return nil
      }
      return state.handedOver % batches.count
    }
    return index.map { batches[$0] }
  }

  /// Hands over the batch that `toFill` gave.
  ///
  /// - Returns: Whether the emptying thread had nothing to do, and is woken.
  @discardableResult
  public func handOver() -> Bool {
    let isAwaited = state.withLock { state -> Bool in
      state.handedOver += 1
      defer { state.emptierWaits = false }
      return state.emptierWaits
    }
    if isAwaited { emptier.signal() }
    return isAwaited
  }

  /// How many batches have been handed over so far.
  public var handedOver: Int { state.withLock { state in state.handedOver } }

  /// Hands nothing over any more.
  public func close() {
    state.withLock { state in state.isClosed = true }
    emptier.signal()
  }

  // MARK: Emptying

  /// The oldest batch that waits, if there is one.
  ///
  /// - Parameter waits: Whether the emptying thread wants to be woken when there is none.
  /// - Returns: What it finds.
  public func toEmpty(orWait waits: Bool = true) -> Found {
    let (index, isClosed) = state.withLock { state -> (Int?, Bool) in
      guard state.givenBack < state.handedOver else {
        state.emptierWaits = waits
        return (nil, state.isClosed)
      }
      return (state.givenBack % batches.count, false)
    }
    if let index { return .batch(batches[index]) }
    return isClosed ? .end : .nothing
  }

  /// The oldest batch, if it is one of the first so many that were ever handed over.
  ///
  /// - Parameter count: Of how many batches.
  /// - Returns: The batch, the caller's until `giveBack`.
  public func toEmpty(ofFirst count: Int) -> Batch? {
    let index = state.withLock { state in
      state.givenBack < min(count, state.handedOver) ? state.givenBack % batches.count : nil
    }
    return index.map { batches[$0] }
  }

  /// Gives back the batch that `toEmpty` gave, to be filled again.
  public func giveBack() {
    let isAwaited = state.withLock { state -> Bool in
      state.givenBack += 1
      defer { state.fillerWaits = false }
      return state.fillerWaits
    }
    if isAwaited { filler.signal() }
  }

  /// Whether nothing more is handed over.
  public var isClosed: Bool { state.withLock { state in state.isClosed } }
}
