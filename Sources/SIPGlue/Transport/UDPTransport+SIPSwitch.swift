public import Engine

// The switch and the socket know each other only here.
extension UDPTransport {
  /// Receives one batch of datagrams into a switch.
  ///
  /// All are scanned before the first is dealt with: what a processor does again and again it does
  /// faster than what it does by turns.
  ///
  /// - Returns: How many datagrams the kernel had; fewer than 64 means that none is left.
  @discardableResult
  public mutating func receive(into telephony: inout SIPSwitch, at now: Instant) -> Int {
    scanned.removeAll(keepingCapacity: true)
    let count = receiveBatch()
    for index in 0..<count {
      guard let source = source(at: index), telephony.admits(source, at: now) else { continue }
      scanned.append(ScannedDatagram(index: index, source: source))
      scanned[scanned.count - 1].envelope.scan(datagram: bytes(at: index))
    }
    for position in scanned.indices {
      telephony.receive(
        bytes(at: scanned[position].index),
        scanned: scanned[position].envelope,
        from: scanned[position].source,
        at: now
      )
    }
    return count
  }

  /// Sends what a switch has written; see `send(_:first:)` for what happens when the kernel takes
  /// no more.
  ///
  /// - Parameters:
  ///   - telephony: The switch.
  ///   - first: How many of its datagrams may leave; nil: all.
  /// - Returns: How many have left its queue.
  @discardableResult
  public mutating func send(from telephony: inout SIPSwitch, first: Int? = nil) -> Int {
    send(&telephony.outgoing, first: first)
  }
}

extension SIPSwitch {
  /// Whether datagrams wait to be sent.
  public var hasOutgoing: Bool { !outgoing.isEmpty }

  /// How many datagrams wait to be sent.
  public var outgoingCount: Int { outgoing.count }
}
