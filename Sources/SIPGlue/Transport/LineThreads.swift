// The switch's side of several line threads: it takes what they received, and divides among them
// what is to be sent.
//
// Invariants: datagrams of one peer come in the order in which they were received (the kernel gives
// a peer to one socket). What belongs to one Call-ID leaves by one socket, in the order in which
// it was written, whoever it goes to and whoever sends it: no reply overtakes another of its call,
// and a peer that sends all calls from one address is still served by all threads. When a thread
// has no room, what comes after waits in the outgoing queue, in order. Of several addresses each
// has as many threads, and a full socket keeps only what its own address sends waiting. Nothing is
// allocated per datagram.
// Who may change it: the thread that owns the switch. Source: ADR 0023, 0026.

internal import Engine
internal import Reactor

/// The line threads of one address, or of several.
final class LineThreads {
  /// How many an address may have.
  static let countMax = 8
  /// After so many datagrams of a thread, those of the others have their turn.
  private static let turnMax = 64

  /// Those of the first address, then those of the next.
  private let threads: [LineThread]
  /// How many an address has.
  private let countEach: Int
  private let wakeUp: WakeUp
  /// What is being filled for each thread.
  private var open: [OutgoingBatch?]
  /// The thread of each address that had no room for what is to be sent next; nil: there was room.
  private var stuck: [Int?]
  /// How many of the first messages in the queue have nothing left for each address.
  private var passed: [Int]
  /// How many of the batches that each thread was ever handed over are late, unless they are sent:
  /// those that came when it had something else to do, or a turn ago.
  private var late: [Int]
  /// Whether a thread was promised to be heard.
  private var mayBeWoken = false
  /// Datagrams that the switch was given.
  private(set) var received = 0
  /// Datagrams that were ignored because they were larger than their buffer.
  private(set) var tooLarge = 0

  /// Starts so many line threads on each address; port 0 lets the kernel choose.
  init(
    count: Int,
    addresses: [SIPListener],
    limits: LineThread.Limits = LineThread.Limits()
  ) throws(ReactorError) {
    precondition(count >= 1)
    wakeUp = try WakeUp()
    var threads: [LineThread] = []
    for address in addresses {
      guard var local = SocketAddress(address.host, port: address.port) else {
        let operation = "bind udp \(address.host):\(address.port)"
        throw ReactorError(operation, reason: "not a numeric IP address")
      }
      for number in 0..<count {
        let thread = try LineThread(
          name: "line\(threads.count + 1)",
          bindingTo: local,
          sharing: number == 0 ? .first : .joins,
          limits: limits,
          other: wakeUp
        )
        local = thread.address
        threads.append(thread)
      }
    }
    self.threads = threads
    countEach = count
    open = Array(repeating: nil, count: threads.count)
    stuck = Array(repeating: nil, count: addresses.count)
    passed = Array(repeating: 0, count: addresses.count)
    late = Array(repeating: 0, count: threads.count)
  }

  /// The ports of the addresses, in order.
  var ports: [UInt16] {
    stride(from: 0, to: threads.count, by: countEach).map { threads[$0].address.port }
  }

  /// Readable when something came, or when there is room again.
  var descriptor: Int32 { wakeUp.descriptor }

  /// Datagrams that the kernel has taken.
  var sent: Int { threads.reduce(0) { $0 + $1.counters.sent } }

  /// Datagrams that the kernel refused.
  var refused: Int { threads.reduce(0) { $0 + $1.counters.refused } }

  /// Gives the switch what each thread has received, but not much more than one full batch.
  func receive(into telephony: inout SIPSwitch, at now: Instant) {
    for (index, thread) in threads.enumerated() {
      let socket = threads.count == countEach ? 0 : UInt64(index / countEach + 1)
      var taken = 0
      while taken < Self.turnMax, case .batch(let batch) = thread.received.toEmpty(orWait: false) {
        take(batch, by: socket, into: &telephony, at: now)
        taken += batch.datagrams.count
        thread.received.giveBack()
      }
    }
  }

  private func take(
    _ batch: ScannedBatch,
    by socket: UInt64,
    into telephony: inout SIPSwitch,
    at now: Instant
  ) {
    let datagrams = batch.datagrams
    for index in 0..<datagrams.count {
      datagrams.prefetch(at: index + 1)
      guard !datagrams.isTruncated(at: index) else {
        tooLarge += 1
        continue
      }
      received += 1
      var source = Endpoint(datagrams.source(at: index))
      source.connection = socket
      guard telephony.admits(source, at: now) else { continue }
      let datagram = unsafe ByteView(datagrams.bytes(at: index))
      telephony.receive(datagram, scanned: batch.envelopes[index], from: source, at: now)
    }
  }

  /// Whether something came, or there is room again; if not, the descriptor will say so.
  ///
  /// - Throws: Why a thread has ended.
  func isReady() throws(ReactorError) -> Bool {
    if mayBeWoken { wakeUp.clear() }
    mayBeWoken = false
    defer { noteLate() }
    repeat {
      for case .some(let number) in stuck
      where threads[number].sender.outgoing.toFill() != nil { return true }
      for thread in threads {
        switch thread.received.toEmpty() {
        case .batch: return true
        case .nothing: mayBeWoken = true
        case .end: if let failure = thread.failure { throw failure }
        }
      }
    } while lendHand()
    return false
  }

  /// Sends a batch of each thread that is behind with it; `false` when none is.
  private func lendHand() -> Bool {
    var hasSent = false
    for (thread, count) in zip(threads, late) where thread.sender.lendHand(withFirst: count) {
      hasSent = true
    }
    return hasSent
  }

  /// What a thread has now, and still has when the next turn is over, is late.
  private func noteLate() {
    for (index, thread) in threads.enumerated() { late[index] = thread.sender.outgoing.handedOver }
  }

  /// Hands over the first messages, but for those that go by streams, and removes them.
  ///
  /// - Returns: How many were removed; less than wanted when a thread has no room.
  func send(_ queue: inout OutgoingQueue, first end: Int) -> Int {
    for number in stuck.indices { stuck[number] = nil }
    var stuckCount = 0
    var index = 0
    while index < end, stuckCount < stuck.count {
      if !queue.isStream(at: index) {
        let (bytes, destination) = queue[index]
        let number = destination.connection == 0 ? 0 : Int(destination.connection - 1)
        if index >= passed[number], stuck[number] == nil, !append(bytes, to: destination, number) {
          passed[number] = index
          stuckCount += 1
        }
      }
      index += 1
    }
    var removed = index
    for number in stuck.indices {
      if stuck[number] == nil { passed[number] = max(passed[number], index) }
      removed = min(removed, passed[number])
    }
    for number in passed.indices { passed[number] -= removed }
    for (number, batch) in open.enumerated() where batch != nil { handOver(number) }
    queue.removeFirst(removed)
    return removed
  }

  /// Puts a datagram into the batch of its thread among those of an address; `false` when all its
  /// batches are on their way.
  private func append(_ bytes: ByteView, to destination: Endpoint, _ own: Int) -> Bool {
    let callID = bytes.writtenCallID
    let share = (callID.isEmpty ? destination.number : callID.hash(seed: 0)) % UInt64(countEach)
    let number = own * countEach + Int(share)
    let address = SocketAddress(destination)
    while true {
      let batch: OutgoingBatch
      if let current = open[number] {
        batch = current
      } else {
        guard let next = threads[number].sender.outgoing.toFill() else {
          stuck[own] = number
          mayBeWoken = true
          return false
        }
        next.removeAll()
        open[number] = next
        batch = next
      }
      let fits = unsafe bytes.withUnsafeBytes { unsafe batch.append($0, to: address) }
      if fits { return true }
      handOver(number)
    }
  }

  private func handOver(_ number: Int) {
    let outgoing = threads[number].sender.outgoing
    if !outgoing.handOver() { late[number] = outgoing.handedOver }
    open[number] = nil
  }
}

extension Endpoint {
  /// The same number for all that is sent to one address and port.
  fileprivate var number: UInt64 { (high ^ low &* 31 ^ UInt64(port)).mixed }
}

extension UInt64 {
  /// A number whose low bits depend on all bits of this one.
  fileprivate var mixed: UInt64 { (self ^ self >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 32 }
}
