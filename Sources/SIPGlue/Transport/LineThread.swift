// A thread that receives and sends datagrams for the thread that owns the switch, and reads what it
// receives as far as it can be read without the switch.
//
// States: running; blocked (the kernel takes no datagrams for now); over.
// Invariants: what one peer sends is handed over in the order in which it came; nothing is
// allocated per datagram. When the other thread gives no batch back, this one stops receiving: the
// kernel's buffer fills, and then drops. What was handed over before the end is sent, unless the
// kernel takes nothing for a second.
// Who may change it: its own thread; others reach it through its door and its sender only.
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

  /// What came; the other thread empties it.
  let received: BatchDoor<ScannedBatch>
  /// What is to be sent; the other thread fills it, and may lend a hand.
  let sender: LineSender
  private let ended: Locked<ReactorError?>
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
    let sender = LineSender(
      socket: try BoundSocket(bindingTo: address, sharing: sharing),
      outgoing: BatchDoor(batches, filler: other, emptier: own)
    )
    let ended = Locked<ReactorError?>(nil)
    self.received = received
    self.sender = sender
    self.ended = ended
    do {
      thread = try ShardThread.start(
        name: name,
        make: { try LineLoop(received: received, sender: sender, wakeUp: own) },
        run: { work in
          var work = work
          ShardThread.keep(to: .others)
          let failure = work.run()
          ended.withLock { ended in ended = failure }
          received.close()
        }
      )
    } catch {
      throw error as? ReactorError ?? ReactorError("start thread \(name)", reason: "\(error)")
    }
  }

  /// The address that the socket is bound to.
  var address: SocketAddress { sender.socket.address }

  /// What has become of the datagrams so far.
  var counters: Counters { sender.counters }

  /// Why the thread has ended by itself, when `received` has come to its end; nil: it has not.
  var failure: ReactorError? { ended.withLock { ended in ended } }

  /// Sends what was handed over, ends the thread, and closes its socket.
  func stop() {
    sender.outgoing.close()
    thread.join()
  }

  deinit { stop() }
}

/// What a line thread does.
struct LineLoop: ~Copyable {
  private static let socketToken = EventLoop.Token(1)
  private static let doorToken = EventLoop.Token(2)

  /// How receiving went.
  private enum Received {
    case some
    case nothing
    /// No batch came back from the other thread.
    case stuck
  }

  private var loop: EventLoop
  private let received: BatchDoor<ScannedBatch>
  private let sender: LineSender
  private let wakeUp: WakeUp
  private var interest = Readiness.readable
  private var standstill = Standstill()

  init(
    received: BatchDoor<ScannedBatch>,
    sender: LineSender,
    wakeUp: WakeUp
  ) throws(ReactorError) {
    var loop = try EventLoop(batchMax: 2)
    loop.add(apart: sender.socket.descriptor, .readable, token: Self.socketToken)
    try loop.add(wakeUp.descriptor, .readable, token: Self.doorToken)
    self.loop = loop
    self.received = received
    self.sender = sender
    self.wakeUp = wakeUp
  }

  /// Works until the other thread closes the door; returns why it ended before, if it did.
  mutating func run() -> ReactorError? {
    do throws(ReactorError) {
      while true {
        let sent = sender.sendOldest()
        let isEnding = sender.outgoing.isClosed
        let received: Received = isEnding ? .nothing : receive()
        if sent == .over { return nil }
        if sent == .batch || received == .some { continue }
        guard try wait(received, sent, isEnding: isEnding) else { return nil }
      }
    } catch {
      return error
    }
  }

  /// Waits for what may bring it on; `false` when the thread shall end and nothing has for long.
  ///
  /// What a socket has not taken for long is given up, or it would keep other addresses waiting.
  private mutating func wait(
    _ received: Received,
    _ sent: LineSender.Outcome,
    isEnding: Bool
  ) throws(ReactorError) -> Bool {
    var wanted: Readiness = []
    if received == .nothing, !isEnding { wanted.insert(.readable) }
    if sent == .blocked { wanted.insert(.writable) }
    if wanted != interest {
      interest = wanted
      try loop.change(sender.socket.descriptor, wanted)
    }
    var deadline: UInt64?
    if isEnding || sent == .blocked {
      let counters = sender.counters
      let patience = isEnding ? Standstill.atEnd : Standstill.inService
      guard let rest = standstill.rest(at: counters.sent + counters.refused, of: patience) else {
        if !isEnding { sender.giveUp() }
        return !isEnding
      }
      deadline = Clock.monotonic + rest
    }
    let count = try loop.wait(until: deadline)
    for index in 0..<count where loop.ready(at: index).token == Self.doorToken { wakeUp.clear() }
    return true
  }

  /// Receives one batch and hands it over.
  private mutating func receive() -> Received {
    guard let batch = received.toFill() else { return .stuck }
    do {
      try batch.fill(from: sender.socket)
    } catch {
      sender.noteReceiveFailure(error.code)
    }
    guard batch.datagrams.count > 0 else { return .nothing }
    received.handOver()
    return .some
  }
}
