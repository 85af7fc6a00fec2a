// Where the switch meets its socket: the transport carries bytes, the switch gives them meaning.

public import Engine

extension UDPTransport {
  /// Receives one batch of datagrams for a switch.
  ///
  /// - Returns: How many the kernel had; fewer than 64 means that none is left.
  @discardableResult
  public mutating func receive(into line: inout SIPSwitch, at now: Instant) -> Int {
    receive { datagram, source in line.receive(datagram, from: source, at: now) }
  }

  /// Sends what a switch has written.
  public mutating func send(from line: inout SIPSwitch) { send(&line.outgoing) }
}

extension SIPSwitch {
  /// Whether datagrams wait to be sent.
  public var hasOutgoing: Bool { !outgoing.isEmpty }
}
