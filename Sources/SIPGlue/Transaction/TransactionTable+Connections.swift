// Client transactions that expect their answer on a connection: when it is lost, they learn it at
// once and not when their time is up (RFC 3261 17.1.4, 18.4).
//
// Invariants: a client transaction is in the list of its connection exactly while
// `waitsOnConnection` says so: from sending until a success of INVITE, the connection's end or its
// own.

package import Engine

extension TransactionTable {
  /// How many connections some transaction waits on.
  package var awaitedConnections: Int { waiting.count }

  /// Puts a client transaction on the list of its connection.
  mutating func awaitOnConnection(_ slot: Int) {
    let connection = records[slot].peer.connection
    let first = waiting[connection] ?? 0
    if first != 0 { records[Int(first) - 1].previousWaiting = UInt32(slot) + 1 }
    records[slot].nextWaiting = first
    records[slot].previousWaiting = 0
    records[slot].waitsOnConnection = true
    waiting[connection] = UInt32(slot) + 1
  }

  /// Takes it off again.
  mutating func stopWaiting(_ slot: Int) {
    guard records[slot].waitsOnConnection else { return }
    let next = records[slot].nextWaiting
    let previous = records[slot].previousWaiting
    if next != 0 { records[Int(next) - 1].previousWaiting = previous }
    if previous != 0 {
      records[Int(previous) - 1].nextWaiting = next
    } else {
      waiting[records[slot].peer.connection] = next == 0 ? nil : next
    }
    records[slot].waitsOnConnection = false
  }

  /// A connection is gone: what waited for an answer on it tries another way, or ends.
  ///
  /// A request that went on a connection that had been there for others goes out once more, on a
  /// new one: the old one may have ended before it arrived. One that went by a stream for its size
  /// alone goes as a datagram when nobody took the connection.
  ///
  /// - Parameters:
  ///   - connection: Its number.
  ///   - wasOpen: Whether the connection was ever there.
  ///   - now: The present moment.
  ///   - out: Where requests are sent again.
  ///   - events: Takes what the switch must know.
  package mutating func connectionLost(
    _ connection: UInt64,
    wasOpen: Bool,
    at now: Instant,
    into out: inout OutgoingQueue,
    events: inout [TransactionEvent]
  ) {
    while let first = waiting[connection] {
      let slot = Int(first) - 1
      stopWaiting(slot)
      let record = records[slot]
      guard record.state == .trying || record.state == .proceeding else { continue }
      if record.state == .trying, goAnotherWay(slot, wasOpen: wasOpen, at: now, into: &out) {
        continue
      }
      if !record.isInternal {
        events.append(.connectionLost(handle(of: slot), owner: record.owner))
      }
      end(slot)
    }
  }

  /// Sends a request again by what is left; false when nothing is.
  private mutating func goAnotherWay(
    _ slot: Int,
    wasOpen: Bool,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> Bool {
    let request = records[slot].request.view(Int(records[slot].requestLength))
    if records[slot].datagramWay > 0, !wasOpen {
      var datagramPeer = records[slot].peer.by(.udp)
      datagramPeer.connection = UInt64(records[slot].datagramWay - 1)
      streamless.note(datagramPeer, at: now)
      scratch.removeAll()
      scratch.rewrite(request, sentBy: own.address(toward: datagramPeer))
      guard !scratch.overflowed, scratch.count > 0 else { return false }
      guard out.append(scratch.bytes, to: datagramPeer) != nil else { return false }
      pool.give(back: &records[slot].request)
      records[slot].request = pool.take(copying: scratch.bytes)
      records[slot].requestLength = UInt16(scratch.count)
      records[slot].peer = datagramPeer
      records[slot].datagramWay = 0
      records[slot].lifeStamp = 0
      armRetry(slot, .doubled(0), at: now)
      return true
    }
    guard wasOpen, records[slot].tries == 0 else { return false }
    records[slot].tries = 1
    guard let way = out.append(request, to: records[slot].peer) else { return false }
    records[slot].peer.connection = way.connection
    awaitOnConnection(slot)
    return true
  }
}
