// Transactions that outlive the process.
//
// A transaction that was under way goes on where it was: what we had sent is sent again by its
// timers, what the other side repeats is recognised.

package import Engine

extension TransactionTable {
  /// Writes what `restore` needs; nothing at all for a transaction that has ended.
  ///
  /// - Parameters:
  ///   - handle: The transaction.
  ///   - writer: Where it is written.
  ///   - isApart: Whether the request is kept by the caller, and given back to `restore`.
  package func write(
    _ handle: TransactionHandle?,
    to writer: inout RowWriter,
    isApart: Bool = false
  ) {
    guard let handle, let slot = slot(of: handle) else { return writer.write(false) }
    let record = records[slot]
    writer.write(true)
    writer.write(UInt64(record.kind.rawValue))
    writer.write(UInt64(record.state.rawValue))
    writer.write(UInt64(record.method.rawValue))
    writer.write(UInt64(record.status))
    writer.write(UInt64(record.keyLength))
    writer.write(isApart)
    if !isApart { writer.write(record.request.view(Int(record.requestLength))) }
    writer.write(record.last.view(Int(record.lastLength)))
    writer.write(record.isServer ? 0 : branch(of: slot).value)
    writer.write(record.tagHash)
    writer.write(record.peer)
    writer.write(record.peer)  // once that of the ACK to a success
    writer.write(UInt64(record.marks.viaEnd))
    writer.write(UInt64(record.marks.routeEnd))
    writer.write(UInt64(record.marks.toEnd))
    writer.write(UInt64(record.marks.end))
    writer.write(record.marks.isTagged)
    writer.write(record.isAcknowledged)
    writer.write(record.wantsCancel || record.isCancelled)
    writer.write(UInt64(record.cancelCause.rawValue))
  }

  /// The bytes of a transaction's request, while it has them.
  package func request(of handle: TransactionHandle?) -> [UInt8]? {
    guard let handle, let slot = slot(of: handle), !records[slot].request.isNone else { return nil }
    let view = records[slot].request.view(Int(records[slot].requestLength))
    return unsafe view.withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Reads what `write` has written, and goes on from there.
  ///
  /// - Returns: The transaction; nil when there was none, or none that can go on.
  package mutating func restore(
    _ reader: inout RowReader,
    request kept: [UInt8]? = nil,
    owner: UInt64,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> TransactionHandle? {
    guard reader.flag() else { return nil }
    var record = TransactionRecord()
    let kind = TransactionKind(rawValue: UInt8(truncatingIfNeeded: reader.number()))
    let state = TransactionState(rawValue: UInt8(truncatingIfNeeded: reader.number()))
    let method = SIPMethod(rawValue: UInt8(truncatingIfNeeded: reader.number()))
    record.status = UInt16(truncatingIfNeeded: reader.number())
    let keyLength = Int(truncatingIfNeeded: reader.number())
    let isApart = reader.flag()
    let request = isApart ? (state == .accepted ? [] : kept ?? []) : reader.text()
    let last = reader.text()
    let branch = SIPToken(reader.number())
    record.tagHash = reader.number()
    let peer = reader.endpoint()
    let acknowledged = reader.endpoint()
    record.peer = state == .accepted && acknowledged != .unspecified ? acknowledged : peer
    record.marks.viaEnd = UInt16(truncatingIfNeeded: reader.number())
    record.marks.routeEnd = UInt16(truncatingIfNeeded: reader.number())
    record.marks.toEnd = UInt16(truncatingIfNeeded: reader.number())
    record.marks.end = UInt16(truncatingIfNeeded: reader.number())
    record.marks.isTagged = reader.flag()
    record.isAcknowledged = reader.flag()
    record.wantsCancel = reader.flag()
    record.cancelCause =
      CancelCause(rawValue: UInt8(truncatingIfNeeded: reader.number())) ?? .unsaid
    guard !reader.isBroken, let kind, let state, let method, state != .free,
      request.count <= 65_507, last.count <= 65_507, keyLength <= request.count,
      state != .completed || kind == .inviteServer || kind == .nonInviteServer,
      state == .accepted || !request.isEmpty
    else { return nil }
    record.kind = kind
    record.method = method
    record.owner = owner
    record.keyLength = UInt16(keyLength)
    let hash: UInt64
    if record.isServer {
      hash = request.withByteView { $0.view(from: 0, to: keyLength).hash(seed: seed) }
    } else {
      hash = clientHash(branch, method)
    }
    guard let slot = takeSlot() else { return nil }
    record.generation = records[slot].generation
    record.requestLength = UInt16(request.count)
    if !request.isEmpty { record.request = request.withByteView { pool.take(copying: $0) } }
    record.lastLength = UInt16(last.count)
    if !last.isEmpty { record.last = last.withByteView { pool.take(copying: $0) } }
    records[slot] = record
    start(slot, hash: hash)
    goOn(slot, from: state, at: now, into: &out)
    return handle(of: slot)
  }

  /// Arms what the state needs.
  private mutating func goOn(
    _ slot: Int,
    from state: TransactionState,
    at now: Instant,
    into out: inout OutgoingQueue
  ) {
    records[slot].state = state
    switch records[slot].kind {
    case .inviteServer:
      let isUnheard = state == .accepted && !records[slot].isAcknowledged
      if isUnheard || (state == .completed && !records[slot].isReliable) {
        armRetry(slot, .doubled(0), at: now)
      } else if state == .completed {
        armLife(slot, .doubled(6), at: now)
      }
      if state == .accepted { armLife(slot, .doubled(6), at: now) }
      if state == .confirmed { armLife(slot, .t4, at: now) }
    case .nonInviteServer:
      if state == .completed { armLife(slot, .doubled(6), at: now) }
    case .inviteClient, .nonInviteClient:
      if state == .accepted { return armLife(slot, .doubled(6), at: now) }
      if state == .proceeding, records[slot].kind == .inviteClient { return }
      records[slot].state = .trying
      let request = records[slot].request.view(Int(records[slot].requestLength))
      let peer = out.append(request, to: records[slot].peer)
      guard records[slot].isReliable else { return armRetry(slot, .doubled(0), at: now) }
      armLife(slot, peer == nil ? .atOnce : .doubled(6), at: now)
      guard let peer else { return }
      records[slot].peer = peer
      awaitOnConnection(slot)
    }
  }
}
