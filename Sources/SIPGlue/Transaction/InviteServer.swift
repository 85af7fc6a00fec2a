// Server transactions: RFC 3261 17.2, RFC 6026 7.1. The machine of non-INVITE is a part of this
// one.

package import Engine

extension TransactionTable {
  /// Replies to the request of a server transaction; `headers` appends further header lines.
  ///
  /// Statuses from 200 on end the transaction's life as RFC 3261 17.2 and RFC 6026 say. A success
  /// to INVITE is sent again until `successAcknowledged` or 64 T1 (RFC 3261 13.3.1.4). A reply
  /// after the final one is not sent.
  package mutating func reply(
    to handle: TransactionHandle,
    with reply: Reply,
    at now: Instant,
    into out: inout OutgoingQueue,
    headers: (inout MessageWriter) -> Void = { _ in }
  ) {
    guard let slot = slot(of: handle) else { return }
    let record = records[slot]
    guard record.kind == .inviteServer || record.kind == .nonInviteServer,
      record.state == .trying || record.state == .proceeding
    else { return }
    scratch.removeAll()
    let kept = record.request.view(Int(record.requestLength))
    var isPlain = false
    scratch.writeReply(
      reply,
      from: kept.view(from: Int(record.keyLength), to: kept.count),
      record.marks
    ) { writer in
      let before = writer.count
      headers(&writer)
      isPlain = writer.count == before && reply.isPlain
    }
    if scratch.overflowed {
      // What no datagram holds is treated as one that was lost: the timers end the transaction.
      guard reply.status >= 200 else { return }
      forgetLast(slot)
    } else {
      out.append(scratch.bytes, to: record.peer)
      if isPlain, reply.status >= 200, record.kind == .nonInviteServer, record.marks.isTagged {
        forgetLast(slot)
        records[slot].repliesAnew = true
      } else {
        keep(scratch.bytes, in: slot)
      }
    }
    records[slot].status = reply.status
    if reply.status < 200 {
      records[slot].state = .proceeding
    } else {
      shrinkToKey(slot)
      finish(slot, at: now)
    }
  }

  /// The dialog's ACK has arrived: the success is not sent again.
  package mutating func successAcknowledged(_ handle: TransactionHandle) {
    guard let slot = slot(of: handle), records[slot].state == .accepted,
      records[slot].kind == .inviteServer
    else { return }
    records[slot].isAcknowledged = true
    records[slot].retryStamp = 0
    forgetLast(slot)
  }

  private mutating func finish(_ slot: Int, at now: Instant) {
    guard records[slot].kind == .inviteServer else {
      records[slot].state = .completed
      return armLife(slot, records[slot].isReliable ? .atOnce : .doubled(6), at: now)  // J
    }
    if records[slot].status < 300 {
      // Repeated on streams too: a later hop may lose it (RFC 3261 13.3.1.4).
      armRetry(slot, .doubled(0), at: now)
      records[slot].state = .accepted
      armLife(slot, .doubled(6), at: now)  // L
    } else {
      records[slot].state = .completed
      if records[slot].isReliable {
        armLife(slot, .doubled(6), at: now)  // H
      } else {
        armRetry(slot, .doubled(0), at: now)  // G; H follows with the first retransmission
      }
    }
  }

  /// After the final reply nothing of the request is needed but its key.
  private mutating func shrinkToKey(_ slot: Int) {
    let length = Int(records[slot].keyLength)
    records[slot].requestLength = records[slot].keyLength
    guard records[slot].request.capacity > max(64, 2 * length) else { return }
    var large = records[slot].request
    records[slot].request = pool.take(copying: large.view(length))
    pool.give(back: &large)
  }

  /// A request that was seen before.
  package mutating func receiveAgain(
    _ slot: Int,
    _ request: borrowing Received,
    from source: Endpoint,
    into out: inout OutgoingQueue
  ) -> RequestOutcome {
    // RFC 6026 7.1: in Accepted a retransmitted INVITE is absorbed; the success has its own timer.
    if records[slot].repliesAnew {
      scratch.removeAll()
      scratch.writeReply(Reply(records[slot].status, tag: nil), to: request, from: source)
      if !scratch.overflowed { out.append(scratch.bytes, to: records[slot].peer) }
    } else if records[slot].state == .proceeding || records[slot].state == .completed {
      sendLast(slot, to: records[slot].peer, into: &out)
    }
    return .retransmission(handle(of: slot))
  }

  package mutating func receiveAcknowledgement(_ slot: Int, at now: Instant) -> RequestOutcome {
    switch records[slot].state {
    case .accepted: return .acknowledgement
    case .completed:
      records[slot].state = .confirmed
      records[slot].retryStamp = 0
      forgetLast(slot)
      armLife(slot, records[slot].isReliable ? .atOnce : .t4, at: now)  // I
      return .absorbed(handle(of: slot))
    case .free, .trying, .proceeding, .confirmed:
      return .absorbed(handle(of: slot))
    }
  }

  /// Timer G, or the repetition of a success.
  package mutating func repeatReply(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    guard records[slot].state == .completed || records[slot].state == .accepted else { return }
    sendLast(slot, to: records[slot].peer, into: &out)
    if records[slot].tries == 0, records[slot].state == .completed {
      armLife(slot, .rest, at: now)  // H
    }
    records[slot].tries = min(records[slot].tries + 1, 64)
    armRetry(slot, capped(records[slot].tries), at: now)
  }
}
