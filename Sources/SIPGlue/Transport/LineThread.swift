// A thread that receives and sends datagrams for the thread that owns the switch, and reads what it
// receives as far as it can be read without the switch.
//
// States: running; blocked (the kernel takes no datagrams for now); over.
// Invariants: what one peer sends is handed over in the order in which it came, and what is handed
// to this thread leaves in that order; nothing is allocated per datagram. When the other thread
// gives no batch back, this one stops receiving: the kernel's buffer fills, and then drops. Nothing
// that happens to one datagram stops another: it is counted. What was handed over before the end
// is sent, unless the kernel takes nothing for a second.
// Who may change it: its own thread; others reach it through its doors only.
// Source: HOUSE 2.9, ADR 0023.

internal import Reactor

/// Datagrams that a line thread has received, and what the scanner found in each.
final class ScannedBatch: @unchecked Sendable {
  let datagrams: ReceivedBatch
  private(set) var envelopes: [Envelope]

  init(slots: Int, datagramMax: Int) throws(ReactorError) {
    datagrams = try ReceivedBatch(slots: slots, datagramMax: datagramMax)
    envelopes = Array(repeating: Envelope(), count: slots)
  }

  /// Receives what waits, and scans it; a datagram that is too large is left alone.
  func fill(from socket: borrowing BoundSocket) throws(ReactorError) {
    try datagrams.fill(from: socket)
    for index in 0..<datagrams.count where !datagrams.isTruncated(at: index) {
      envelopes[index] = Envelope()
      envelopes[index].scan(datagram: unsafe ByteView(datagrams.bytes(at: index)))
    }
  }
}

/// A line thread: a UDP socket of its own, and a door each way.
final class LineThread: Sendable {
  /// How much may be on its way.
  struct Limits: Hashable, Sendable {
    /// Batches on their way to the other thread, and as many from there: more than a few would
    /// only fill the caches.
    var batchesMax = 4
    /// Datagrams in a batch, and in a system call.
    var batchMax = 64
    /// Bytes of the datagrams in a batch to be sent; at least those of the largest datagram.
    var batchBytesMax = 128 << 10
    /// Larger datagrams are reported as truncated; the standard is the largest that there can be.
    var datagramMax = 65_535
  }

  /// What has become of the datagrams so far.
  struct Counters: Hashable, Sendable {
    /// Datagrams that the kernel has taken.
    var sent = 0
    /// Datagrams that the kernel refused: no route, unreachable, forbidden, too large.
    var refused = 0
    /// Times that the kernel's send buffer was full.
    var blocked = 0
    /// Times that receiving failed.
    var receiveFailures = 0
    /// The `errno` of the last refusal or failure; 0 when there was none.
    var lastFailure: Int32 = 0
  }

  private struct Standing: Sendable {
    var counters = Counters()
    var address = SocketAddress(ipv4: 0, port: 0)
    var failure: ReactorError?
  }

  /// What came; the other thread empties it.
  let received: BatchDoor<ScannedBatch>
  /// What is to be sent; the other thread fills it.
  let outgoing: BatchDoor<OutgoingBatch>
  private let standing: Locked<Standing>
  private let thread: ShardThread

  /// Starts a line thread; returns when its socket is bound.
  ///
  /// - Parameters:
  ///   - name: The thread's name.
  ///   - address: The address of its socket.
  ///   - sharing: Whether it is the first of several.
  ///   - limits: How much may be on its way.
  ///   - other: Wakes the thread that works with it.
  /// - Throws: What the kernel refused.
  init(
    name: String,
    bindingTo address: SocketAddress,
    sharing: PortSharing,
    limits: Limits = Limits(),
    other: WakeUp
  ) throws(ReactorError) {
    let own = try WakeUp()
    var room: [ScannedBatch] = []
    var batches: [OutgoingBatch] = []
    for _ in 0..<limits.batchesMax {
      room.append(try ScannedBatch(slots: limits.batchMax, datagramMax: limits.datagramMax))
      batches.append(try OutgoingBatch(slots: limits.batchMax, bytes: limits.batchBytesMax))
    }
    let received = BatchDoor(room, filler: own, emptier: other)
    let outgoing = BatchDoor(batches, filler: other, emptier: own)
    let standing = Locked(Standing())
    self.received = received
    self.outgoing = outgoing
    self.standing = standing
    do {
      thread = try ShardThread.start(
        name: name,
        make: {
          let socket = try BoundSocket(bindingTo: address, sharing: sharing)
          standing.withLock { standing in standing.address = socket.address }
          return try LineLoop(socket: socket, received: received, outgoing: outgoing, wakeUp: own)
        },
        run: { work in
          var work = work
          ShardThread.keep(to: .others)
          let failure = work.run { counters in
            standing.withLock { standing in standing.counters = counters }
          }
          standing.withLock { standing in standing.failure = failure }
          received.close()
        }
      )
    } catch {
      throw error as? ReactorError ?? ReactorError("start thread \(name)", reason: "\(error)")
    }
  }

  /// The address that the socket is bound to.
  var address: SocketAddress { standing.withLock { standing in standing.address } }

  /// What has become of the datagrams so far.
  var counters: Counters { standing.withLock { standing in standing.counters } }

  /// Why the thread has ended by itself, when `received` has come to its end; nil: it has not.
  var failure: ReactorError? { standing.withLock { standing in standing.failure } }

  /// Sends what was handed over, ends the thread, and closes its socket.
  func stop() {
    outgoing.close()
    thread.join()
  }

  deinit { stop() }
}

/// What a line thread does.
struct LineLoop: ~Copyable {
  /// How an attempt went.
  private enum Attempt {
    case progress
    case nothing
    /// Only somebody else can bring it on: the kernel, or the other thread.
    case stuck
    case over
  }

  private static let socketToken = EventLoop.Token(1)
  private static let doorToken = EventLoop.Token(2)
  /// How long the kernel may take nothing when the thread shall end.
  private static let patience: UInt64 = 1_000_000_000

  private var loop: EventLoop
  private let socket: BoundSocket
  private let received: BatchDoor<ScannedBatch>
  private let outgoing: BatchDoor<OutgoingBatch>
  private let wakeUp: WakeUp
  private var interest = Readiness.readable
  private var counters = LineThread.Counters()

  init(
    socket: consuming BoundSocket,
    received: BatchDoor<ScannedBatch>,
    outgoing: BatchDoor<OutgoingBatch>,
    wakeUp: WakeUp
  ) throws(ReactorError) {
    var loop = try EventLoop(batchMax: 2)
    loop.add(apart: socket.descriptor, .readable, token: Self.socketToken)
    try loop.add(wakeUp.descriptor, .readable, token: Self.doorToken)
    self.loop = loop
    self.socket = socket
    self.received = received
    self.outgoing = outgoing
    self.wakeUp = wakeUp
  }

  /// Works until the other thread closes the door; returns why it ended before, if it did.
  mutating func run(_ report: (LineThread.Counters) -> Void) -> ReactorError? {
    do throws(ReactorError) {
      while true {
        let sending = send()
        let isEnding = outgoing.isClosed
        let receiving: Attempt = isEnding ? .nothing : receive()
        report(counters)
        if sending == .over { return nil }
        if sending == .progress || receiving == .progress { continue }
        guard try wait(receiving, sending, isEnding: isEnding) else { return nil }
      }
    } catch {
      return error
    }
  }

  /// Waits for what may bring it on; `false` when the thread shall end and nothing does.
  private mutating func wait(
    _ receiving: Attempt,
    _ sending: Attempt,
    isEnding: Bool
  ) throws(ReactorError) -> Bool {
    var wanted: Readiness = []
    if receiving == .nothing, !isEnding { wanted.insert(.readable) }
    if sending == .stuck { wanted.insert(.writable) }
    if wanted != interest {
      interest = wanted
      try loop.change(socket.descriptor, wanted)
    }
    let count = try loop.wait(until: isEnding ? Clock.monotonic + Self.patience : nil)
    for index in 0..<count where loop.ready(at: index).token == Self.doorToken { wakeUp.clear() }
    return count > 0 || !isEnding
  }

  /// Receives one batch and hands it over.
  private mutating func receive() -> Attempt {
    guard let batch = received.toFill() else { return .stuck }
    do {
      try batch.fill(from: socket)
    } catch {
      counters.receiveFailures += 1
      counters.lastFailure = error.code
    }
    guard batch.datagrams.count > 0 else { return .nothing }
    received.handOver()
    return .progress
  }

  /// Sends one batch.
  private mutating func send() -> Attempt {
    switch outgoing.toEmpty() {
    case .nothing: return .nothing
    case .end: return .over
    case .batch(let batch):
      while batch.count > 0 {
        switch batch.send(on: socket) {
        case .some(let sent): counters.sent += sent
        case .blocked:
          counters.blocked += 1
          return .stuck
        case .refused(let refused, let code):
          counters.refused += refused
          counters.lastFailure = code
        }
      }
      outgoing.giveBack()
      return .progress
    }
  }
}
