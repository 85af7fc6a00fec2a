internal import CLinux

/// Copies of datagrams that are to be sent, those to each peer in order.
///
/// Runs of one size to one peer are cut apart by the kernel (GSO), if it can.
///
/// Belongs to one thread at a time; a `BatchDoor` hands it to another.
@safe public final class OutgoingBatch: @unchecked Sendable {
  /// What became of sending.
  public enum Sent: Hashable, Sendable {
    /// So many datagrams at the front are with the kernel.
    case some(Int)
    /// The kernel is full; what is left stays.
    case blocked
    /// The datagram at the front was refused and is given up.
    case refused(code: Int32)
  }

  /// Whether the kernel cuts runs apart.
  static let canSegment = rs_udp_can_segment() != 0

  private let sender: OpaquePointer
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  private var used = 0

  /// Makes room for datagrams.
  ///
  /// - Parameters:
  ///   - slots: How many.
  ///   - bytes: Their bytes together; at least those of the largest datagram.
  /// - Throws: There is no memory.
  public init(slots: Int, bytes: Int) throws(ReactorError) {
    guard let sender = unsafe rs_sender_create(UInt32(slots)) else {
      throw ReactorError("make room for \(slots) datagrams", code: Errno.noBuffers)
    }
    unsafe rs_sender_segment(sender, Self.canSegment ? 1 : 0)
    unsafe self.sender = sender
    unsafe memory = .allocate(byteCount: bytes, alignment: 64)
    capacity = bytes
  }

  deinit {
    unsafe rs_sender_destroy(sender)
    unsafe memory.deallocate()
  }

  /// How many datagrams are left.
  public var count: Int { Int(unsafe rs_sender_staged(sender)) }

  /// Forgets everything, sent or not.
  public func removeAll() {
    used = 0
    unsafe rs_sender_clear(sender)
  }

  /// Adds a copy of a datagram.
  ///
  /// - Parameters:
  ///   - bytes: The datagram.
  ///   - address: Where it goes.
  /// - Returns: `false` when there is no room for it.
  @unsafe public func append(_ bytes: UnsafeRawBufferPointer, to address: SocketAddress) -> Bool {
    let count = bytes.count
    guard count <= capacity - used else { return false }
    let place = unsafe memory + used
    if let start = bytes.baseAddress { unsafe place.copyMemory(from: start, byteCount: count) }
    var peer = address.peer
    guard unsafe rs_sender_stage(sender, place, count, &peer) != 0 else { return false }
    used += count
    return true
  }

  /// Hands the kernel what it takes.
  public func send(on socket: borrowing BoundSocket) -> Sent {
    while true {
      let result = unsafe rs_sender_flush(sender, socket.descriptor)
      if result >= 0 { return .some(Int(result)) }
      if result == -Errno.again || result == -Errno.noBuffers { return .blocked }
      guard unsafe rs_sender_front(sender) > 1 else {
        unsafe rs_sender_skip(sender)
        return .refused(code: -result)
      }
      unsafe rs_sender_apart(sender, result)
    }
  }
}
