// All transactions: RFC 3261 17 with RFC 6026, pure and in virtual time.
//
// States, per machine (`TransactionKind`):
//   INVITE server      trying → proceeding → completed → confirmed, or → accepted
//   non-INVITE server  trying → proceeding → completed
//   INVITE client      trying ("Calling") → proceeding → completed, or → accepted
//   non-INVITE client  trying → proceeding → completed
// Invariants: a slot is either free or in the index exactly once; a live slot owns its blocks, a
// free one none; a timer fires only when its stamp is the slot's (`DeadlineLists`); a final reply
// is sent by the transaction once and then only repeated.
// Only the methods here and in InviteServer, InviteClient and NonInvite change a record.
//
// A server transaction is found by branch, sent-by and method (17.2.3); one without a useful branch
// by the fields of RFC 2543. A client transaction is found by the number in the branch that we made
// and the method in CSeq (17.1.3). Timers H, B and F are armed when the first retransmission falls
// due, with the 63 T1 that then remain: a transaction that is answered within T1 never arms them.
//
// Cost: independent of the number of live transactions. Nothing is allocated in the steady state.

package import Engine

/// All live transactions.
package struct TransactionTable: ~Copyable {
  package var records = Pieces<TransactionRecord>()
  package var pool = BlockPool()
  package var deadlines: DeadlineLists
  package var scratch = MessageWriter(capacity: 4096)
  package let timers: TransactionTimers
  /// The first client transaction that waits on each connection, as its slot plus one.
  var waiting: [UInt64: UInt32] = [:]
  private var freeSlots: [UInt32] = []
  private var index = TransactionIndex()
  /// Our own addresses, as they stand in the Vias that we write.
  package var own = OwnAddresses()
  /// Who gets large requests as datagrams all the same.
  package var streamless = StreamlessPeers()
  private let limit: Int
  package let seed: UInt64

  /// Makes a table; `limit` is the greatest number of live transactions, `seed` that of its hashes.
  package init(
    timers: TransactionTimers = .standard,
    limit: Int = 1_000_000,
    seed: UInt64 = 0x5EED_0F5E_ED0F_5EED
  ) {
    self.timers = timers
    self.limit = limit
    self.seed = seed
    deadlines = DeadlineLists(timers: timers)
  }

  deinit {
    for slot in 0..<records.count {
      records[slot].request.release()
      records[slot].last.release()
    }
  }

  /// The number of live transactions.
  package var count: Int { index.count }

  /// The instant at which `advance` must next be called; nil when nothing is pending.
  ///
  /// It may be that of a timer disarmed since: `advance` then finds nothing to do.
  package var nextDeadline: Instant? { deadlines.earliest.map { Instant(nanoseconds: $0) } }

  /// Lets timers expire: sends retransmissions, ends transactions, appends what the switch must
  /// know.
  package mutating func advance(
    to now: Instant,
    into out: inout OutgoingQueue,
    events: inout [TransactionEvent]
  ) {
    while let timer = deadlines.popDue(at: now) {
      let slot = Int(timer.slot)
      guard records[slot].state != .free else { continue }
      if records[slot].retryStamp == timer.stamp {
        records[slot].retryStamp = 0
        retry(slot, at: now, into: &out)
      } else if records[slot].lifeStamp == timer.stamp {
        records[slot].lifeStamp = 0
        if let event = lapse(slot) { events.append(event) }
        end(slot)
      }
    }
  }

  /// Matches a request; of a new one it keeps what replies need.
  package mutating func receive(
    request: borrowing Received,
    from source: Endpoint,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> RequestOutcome {
    let method = request.envelope.method
    let hash = writeKey(of: request, as: method == .ack ? .invite : method)
    if let slot = findServer(hash, toTag: method == .ack ? nil : tagHash(of: request)) {
      return method == .ack
        ? receiveAcknowledgement(slot, at: now)
        : receiveAgain(slot, request, from: source, into: &out)
    }
    guard method != .ack else { return .acknowledgement }
    guard let slot = takeSlot() else { return .refused }
    let keyLength = scratch.count
    let marks = scratch.writeSkeleton(of: request, from: source)
    guard !scratch.overflowed else {
      giveBackUnused(slot)
      return .refused
    }
    records[slot].kind = method == .invite ? .inviteServer : .nonInviteServer
    records[slot].method = method
    records[slot].keyLength = UInt16(keyLength)
    records[slot].requestLength = UInt16(scratch.count)
    records[slot].request = pool.take(copying: scratch.bytes)
    records[slot].marks = marks
    records[slot].peer = request.envelope.replyDestination(from: source)
    records[slot].tagHash = tagHash(of: request)
    start(slot, hash: hash)
    return .new(handle(of: slot))
  }

  /// The INVITE transaction that a CANCEL is about (RFC 3261 9.2).
  package mutating func invite(cancelledBy cancel: borrowing Received) -> TransactionHandle? {
    let hash = writeKey(of: cancel, as: .invite)
    return findServer(hash, toTag: tagHash(of: cancel)).map { handle(of: $0) }
  }

  /// Whose transaction this is; nil when it has ended.
  package func owner(of handle: TransactionHandle) -> UInt64? {
    slot(of: handle).map { records[$0].owner }
  }

  /// Says whose transaction this is; comes back with events.
  package mutating func setOwner(_ owner: UInt64, of handle: TransactionHandle) {
    guard let slot = slot(of: handle) else { return }
    records[slot].owner = owner
  }

  /// The status last sent or received; nil when the transaction has ended, 0 when there is none
  /// yet.
  package func lastStatus(of handle: TransactionHandle) -> UInt16? {
    slot(of: handle).map { records[$0].status }
  }

  /// Ends a transaction without a word, as after an error of the transport.
  package mutating func abandon(_ handle: TransactionHandle) {
    guard let slot = slot(of: handle) else { return }
    end(slot)
  }
}

// Slots.
extension TransactionTable {
  package func handle(of slot: Int) -> TransactionHandle {
    TransactionHandle(index: UInt32(slot), generation: records[slot].generation)
  }

  package func slot(of handle: TransactionHandle) -> Int? {
    let slot = Int(handle.index)
    guard slot < records.count, records[slot].generation == handle.generation,
      records[slot].state != .free
    else { return nil }
    return slot
  }

  /// A free slot with a fresh record; nil when the table is full of what is under way.
  package mutating func takeSlot() -> Int? {
    if freeSlots.isEmpty, records.count >= limit { giveUpOldest() }
    if let slot = freeSlots.popLast() {
      let generation = records[Int(slot)].generation
      records[Int(slot)] = TransactionRecord()
      records[Int(slot)].generation = generation &+ 1
      return Int(slot)
    }
    guard records.count < limit else { return nil }
    records.append(TransactionRecord())
    return records.count - 1
  }

  /// Gives back a slot that did not come to life.
  package mutating func giveBackUnused(_ slot: Int) { freeSlots.append(UInt32(slot)) }

  /// Brings a slot to life.
  package mutating func start(_ slot: Int, hash: UInt64) {
    records[slot].hash = hash
    records[slot].state = .trying
    index.insert(UInt32(slot), hash: hash)
  }

  package mutating func end(_ slot: Int) {
    stopWaiting(slot)
    index.remove(UInt32(slot), hash: records[slot].hash)
    pool.give(back: &records[slot].request)
    pool.give(back: &records[slot].last)
    records[slot].state = .free
    freeSlots.append(UInt32(slot))
  }

  /// Gives up a transaction that only waits for repetitions, about the oldest: a new one is worth
  /// more than an answer that is given twice.
  private mutating func giveUpOldest() {
    var oldest: ArmedTimer?
    for interval in [TimerInterval.doubled(6), .d, .t4] {
      while let first = deadlines.timer(of: interval, after: 0), isDisarmed(first) {
        deadlines.dropFirst(of: interval)
      }
      for others in 0..<Self.looksMax {
        guard let timer = deadlines.timer(of: interval, after: others),
          timer.deadline < oldest?.deadline ?? .max
        else { break }
        guard records[Int(timer.slot)].lifeStamp == timer.stamp, records[Int(timer.slot)].isOver
        else { continue }
        oldest = timer
        break
      }
    }
    if let oldest { end(Int(oldest.slot)) }
  }

  /// How many transactions that are under way are passed over in search of one that is not.
  private static var looksMax: Int { 64 }

  private func isDisarmed(_ timer: ArmedTimer) -> Bool {
    let slot = Int(timer.slot)
    return records[slot].state == .free
      || (records[slot].lifeStamp != timer.stamp && records[slot].retryStamp != timer.stamp)
  }

  package mutating func armRetry(_ slot: Int, _ interval: TimerInterval, at now: Instant) {
    records[slot].retryStamp = deadlines.arm(interval, slot: UInt32(slot), at: now)
  }

  package mutating func armLife(_ slot: Int, _ interval: TimerInterval, at now: Instant) {
    records[slot].lifeStamp = deadlines.arm(interval, slot: UInt32(slot), at: now)
  }

  /// T1 doubled so often, or T2 when that is shorter.
  package func capped(_ times: UInt8) -> TimerInterval {
    times < 7 && timers.t1 << UInt64(times) < timers.t2 ? .doubled(times) : .t2
  }

  /// Keeps bytes for repeating them; what was kept before is given back.
  package mutating func keep(_ bytes: ByteView, in slot: Int) {
    if records[slot].last.capacity < bytes.count || records[slot].last.capacity > 4 * bytes.count {
      pool.give(back: &records[slot].last)
      records[slot].last = pool.take(bytes.count)
    }
    records[slot].last.write(bytes, at: 0)
    records[slot].lastLength = UInt16(bytes.count)
  }

  package mutating func forgetLast(_ slot: Int) {
    pool.give(back: &records[slot].last)
    records[slot].lastLength = 0
  }

  package func sendLast(_ slot: Int, to peer: Endpoint, into out: inout OutgoingQueue) {
    guard records[slot].lastLength > 0 else { return }
    out.append(records[slot].last.view(Int(records[slot].lastLength)), to: peer)
  }
}

// Finding.
extension TransactionTable {
  /// Writes the key of a server transaction into the scratch buffer; its hash.
  private mutating func writeKey(of request: borrowing Received, as method: SIPMethod) -> UInt64 {
    let envelope = request.envelope
    let bytes = request.bytes
    scratch.removeAll()
    scratch.write(byte: method.rawValue)
    if method == .other { scratch.write(bytes[envelope.methodText]) }
    if envelope.topVia.hasUsefulBranch {
      scratch.write(byte: 1)
      scratch.write(bytes[envelope.topVia.branch])
      scratch.write(byte: 0)
      scratch.write(bytes[envelope.topVia.sentBy])
    } else {
      // RFC 3261 17.2.3, second half. The To tag is compared apart: an ACK has ours.
      scratch.write(byte: 2)
      scratch.write(bytes[envelope.requestURI])
      scratch.write(byte: 0)
      scratch.write(bytes[envelope.from.tag])
      scratch.write(byte: 0)
      scratch.write(bytes[envelope.callID])
      scratch.write(byte: 0)
      scratch.write(hex: UInt64(envelope.sequence))
      scratch.write(bytes[envelope.topVia.value])
    }
    return scratch.bytes.hash(seed: seed)
  }

  /// 0 for a useful branch, which says it all; else what stands for the To tag.
  private func tagHash(of request: borrowing Received) -> UInt64 {
    guard !request.envelope.topVia.hasUsefulBranch else { return 0 }
    return request.bytes[request.envelope.to.tag].hash(seed: seed)
  }

  private func findServer(_ hash: UInt64, toTag: UInt64?) -> Int? {
    let key = scratch.bytes
    let found = index.find(hash: hash) { candidate in
      let record = records[Int(candidate)]
      return record.hash == hash && Int(record.keyLength) == key.count
        && (toTag == nil || toTag == record.tagHash)
        && record.request.view(key.count).equals(key)
    }
    return found.map { Int($0) }
  }

  /// Nobody but us chooses branches, and we do so at random: there is nothing to mix.
  package func clientHash(_ branch: SIPToken, _ method: SIPMethod) -> UInt64 {
    (branch.value ^ seed) &+ Self.offset(of: method)
  }

  /// The branch that we made, of a client transaction.
  package func branch(of slot: Int) -> SIPToken {
    SIPToken((records[slot].hash &- Self.offset(of: records[slot].method)) ^ seed)
  }

  private static func offset(of method: SIPMethod) -> UInt64 {
    UInt64(method.rawValue) &* 0x9E37_79B9_7F4A_7C15
  }

  package func findClient(_ branch: SIPToken, _ method: SIPMethod) -> Int? {
    let hash = clientHash(branch, method)
    let found = index.find(hash: hash) { candidate in
      let record = records[Int(candidate)]
      return record.hash == hash && record.keyLength == 0 && record.method == method
    }
    return found.map { Int($0) }
  }

  package func hashOfTag(_ response: borrowing Received) -> UInt64 {
    response.bytes[response.envelope.to.tag].hash(seed: seed)
  }
}

// Time.
extension TransactionTable {
  /// A retransmission is due.
  private mutating func retry(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    switch records[slot].kind {
    case .inviteServer: repeatReply(slot, at: now, into: &out)
    case .nonInviteServer: sayTrying(slot, at: now, into: &out)
    case .inviteClient: repeatInvite(slot, at: now, into: &out)
    case .nonInviteClient: repeatRequest(slot, at: now, into: &out)
    }
  }

  /// What the end of a transaction's time means to the switch.
  private func lapse(_ slot: Int) -> TransactionEvent? {
    let record = records[slot]
    let handle = handle(of: slot)
    switch (record.kind, record.state) {
    case (.inviteServer, .completed): return .failureUnacknowledged(handle, owner: record.owner)
    case (.inviteServer, .accepted):
      return record.isAcknowledged ? nil : .successUnacknowledged(handle, owner: record.owner)
    case (.inviteClient, .trying), (.inviteClient, .proceeding), (.nonInviteClient, .trying),
      (.nonInviteClient, .proceeding):
      return record.isInternal ? nil : .timedOut(handle, owner: record.owner)
    case (.inviteServer, _), (.nonInviteServer, _), (.inviteClient, _), (.nonInviteClient, _):
      return nil
    }
  }
}
