public import Engine

// The switch and the socket know each other only here.
extension UDPTransport {
  /// Receives one batch of datagrams into a switch.
  ///
  /// - Returns: How many datagrams the kernel had; fewer than 64 means that none is left.
  @discardableResult
  public mutating func receive(into telephony: inout SIPSwitch, at now: Instant) -> Int {
    receive { datagram, source in telephony.receive(datagram, from: source, at: now) }
  }

  /// Sends what a switch has written; see `send(_:)` for what happens when the kernel takes no
  /// more.
  public mutating func send(from telephony: inout SIPSwitch) { send(&telephony.outgoing) }
}

extension SIPSwitch {
  /// Whether datagrams wait to be sent.
  public var hasOutgoing: Bool { !outgoing.isEmpty }
}
