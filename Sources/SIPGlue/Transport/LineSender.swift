// What a line thread sends by, and the thread that decides, when it has nothing else to do.
//
// States: open; blocked (the kernel takes no datagrams for now); over.
// Invariants: one thread at a time sends, always what is left of the oldest batch: what was handed
// over leaves in that order, whoever sends it. Nothing that happens to one datagram stops another:
// it is counted.
// Who may change it: who holds the lock of the sending.
// Source: ADR 0023, 0026.

internal import Reactor

/// A socket, and the batches that leave by it.
final class LineSender: Sendable {
  /// How an attempt to send went.
  enum Outcome {
    /// A batch has left.
    case batch
    case nothing
    /// The kernel takes no more for now.
    case blocked
    /// Nothing will be handed over any more.
    case over
  }

  let socket: BoundSocket
  let outgoing: BatchDoor<OutgoingBatch>
  private let sending = Lock()
  private let counted = Locked(LineThread.Counters())

  init(socket: consuming BoundSocket, outgoing: BatchDoor<OutgoingBatch>) {
    self.socket = socket
    self.outgoing = outgoing
  }

  /// What has become of the datagrams so far.
  var counters: LineThread.Counters { counted.withLock { counted in counted } }

  /// Sends the oldest batch, the line thread's way: when there is none, it will be woken.
  func sendOldest() -> Outcome {
    sending.withLock {
      switch outgoing.toEmpty() {
      case .nothing: .nothing
      case .end: .over
      case .batch(let batch): send(batch)
      }
    }
  }

  /// Sends the oldest batch, the way of a thread that has time, if it is one of the first so many
  /// that were ever handed over and nobody sends just now.
  ///
  /// - Returns: Whether a batch has left.
  func lendHand(withFirst count: Int) -> Bool {
    let outcome = sending.withLockIfOpen {
      outgoing.toEmpty(ofFirst: count).map { send($0) } ?? .nothing
    }
    return outcome == .batch
  }

  /// Gives up what was handed over and has not left.
  func giveUp() {
    sending.withLock {
      while case .batch(let batch) = outgoing.toEmpty() {
        counted.withLock { counted in counted.refused += batch.count }
        batch.removeAll()
        outgoing.giveBack()
      }
    }
  }

  /// Counts a failure to receive.
  func noteReceiveFailure(_ code: Int32) {
    counted.withLock { counted in
      counted.receiveFailures += 1
      counted.lastFailure = code
    }
  }

  private func send(_ batch: OutgoingBatch) -> Outcome {
    while batch.count > 0 {
      let result = batch.send(on: socket)
      counted.withLock { counted in counted.note(result) }
      if result == .blocked { return .blocked }
    }
    outgoing.giveBack()
    return .batch
  }
}

extension LineThread.Counters {
  /// Counts what became of sending.
  fileprivate mutating func note(_ result: OutgoingBatch.Sent) {
    switch result {
    case .some(let count): sent += count
    case .blocked: blocked += 1
    case .refused(let code):
      refused += 1
      lastFailure = code
    }
  }
}
