internal import CLinux

/// A UDP socket with an address, and nothing else.
public struct BoundSocket: ~Copyable, Sendable {
  /// The address, with the port that the kernel chose for port 0.
  public let address: SocketAddress
  /// The socket buffer that the kernel granted.
  public let bufferBytes: Int
  private let socket: FileDescriptor

  /// Opens and binds a socket.
  ///
  /// - Parameters:
  ///   - local: The address; port 0 lets the kernel choose.
  ///   - sharing: Whether other sockets of this process have the same port.
  ///   - wanted: Bytes asked for as socket buffers; the kernel may grant less.
  /// - Throws: What the kernel refused.
  public init(
    bindingTo local: SocketAddress,
    sharing: PortSharing,
    bufferBytes wanted: Int = 8 << 20
  ) throws(ReactorError) {
    let operation = "bind udp \(local)"
    var peer = local.peer
    let socket = try FileDescriptor(unsafe rs_udp_open(&peer, sharing.option), operation)
    try ReactorError.check(unsafe rs_udp_local(socket.number, &peer), operation)
    let granted = rs_udp_buffers(socket.number, Int32(clamping: wanted))
    bufferBytes = Int(try ReactorError.check(granted, operation))
    address = SocketAddress(peer)
    self.socket = socket
  }

  /// The descriptor to register.
  public var descriptor: Int32 { socket.number }

  /// Datagrams that the kernel threw away because nobody read them in time.
  public var kernelDrops: Int { max(0, Int(rs_udp_kernel_drops(socket.number))) }
}

/// Whether several sockets of this process have one port; the kernel spreads the peers over them.
public enum PortSharing: Hashable, Sendable {
  /// The port is this socket's alone.
  case none
  /// It must be free; others may join then.
  case first
  /// It is one that others share.
  case joins

  fileprivate var option: UInt32 {
    switch self {
    case .none: 0
    case .first: RS_UDP_SHARE
    case .joins: RS_UDP_JOIN
    }
  }
}
