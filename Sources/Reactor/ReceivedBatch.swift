internal import CLinux

/// Datagrams that have come, in order, where the kernel has put them.
///
/// Belongs to one thread at a time; a `BatchDoor` hands it to another.
@safe public final class ReceivedBatch: @unchecked Sendable {
  private let receiver: OpaquePointer
  /// How many datagrams there are.
  public var count: Int { Int(unsafe rs_receiver_filled(receiver)) }

  /// Makes room for datagrams.
  ///
  /// - Parameters:
  ///   - slots: How many.
  ///   - datagramMax: The bytes of the largest.
  /// - Throws: There is no memory.
  public init(slots: Int, datagramMax: Int) throws(ReactorError) {
    guard let receiver = unsafe rs_receiver_create(UInt32(slots), datagramMax) else {
      throw ReactorError("make room for \(slots) datagrams", code: Errno.noBuffers)
    }
    unsafe self.receiver = receiver
  }

  deinit { unsafe rs_receiver_destroy(receiver) }

  /// The bytes of a datagram, in place; valid until the batch is filled again.
  @unsafe public func bytes(at index: Int) -> UnsafeRawBufferPointer {
    precondition(index < count, "no datagram at \(index)")
    let slot = UInt32(index)
    return unsafe UnsafeRawBufferPointer(
      start: rs_receiver_bytes(receiver, slot),
      count: rs_receiver_length(receiver, slot)
    )
  }

  /// Where a datagram came from.
  public func source(at index: Int) -> SocketAddress {
    precondition(index < count, "no datagram at \(index)")
    var peer = rs_peer()
    unsafe rs_receiver_peer(receiver, UInt32(index), &peer)
    return SocketAddress(peer)
  }

  /// Whether a datagram was larger than there was room for.
  public func isTruncated(at index: Int) -> Bool {
    precondition(index < count, "no datagram at \(index)")
    return unsafe rs_receiver_truncated(receiver, UInt32(index)) != 0
  }

  /// Asks for a datagram that will be looked at soon: another processor's cache has it.
  public func prefetch(at index: Int) {
    if index < count { unsafe rs_receiver_prefetch(receiver, UInt32(index)) }
  }

  /// Receives what waits, as many as there is room for.
  ///
  /// - Parameter socket: Where it waits.
  /// - Throws: What the kernel refused; an error that an earlier datagram provoked is none.
  public func fill(from socket: borrowing BoundSocket) throws(ReactorError) {
    let number = unsafe rs_receiver_fill(receiver, socket.descriptor)
    if number == -Errno.again || number == -Errno.connectionRefused { return }
    _ = try ReactorError.check(number, "receive on udp \(socket.address)")
  }
}
