// The switch for shells that have sockets of their own, and for tests and benchmarks.

public import Engine

extension SIPSwitch {
  /// Reads one datagram that came from an IPv4 peer.
  ///
  /// - Parameters:
  ///   - datagram: The bytes; only looked at during the call.
  ///   - address: The peer's address; 127.0.0.1 is 0x7F00_0001.
  ///   - port: The peer's port.
  ///   - now: The present moment.
  public mutating func receive(
    _ datagram: UnsafeRawBufferPointer,
    fromIPv4 address: UInt32,
    port: UInt16,
    at now: Instant
  ) {
    let source = Endpoint(ipv4: address, port: port)
    unsafe receive(ByteView(datagram), from: source, at: now)
  }

  /// Shows every datagram that waits to be sent, in order, and forgets them.
  ///
  /// - Parameter body: Sees the bytes and the port of the destination.
  public mutating func drain(_ body: (_ datagram: [UInt8], _ port: UInt16) -> Void) {
    sayTrying()
    outgoing.forEach { bytes, destination in
      body((0..<bytes.count).map { bytes[$0] }, destination.port)
    }
    outgoing.removeAll()
  }

  /// Forgets every datagram that waits to be sent.
  ///
  /// - Returns: How many there were.
  @discardableResult
  public mutating func discardOutgoing() -> Int {
    sayTrying()
    let count = outgoing.count
    outgoing.removeAll()
    return count
  }
}
