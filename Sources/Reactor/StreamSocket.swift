// TCP sockets: listening ones, and connections that never block.
//
// States of a connection: connecting → open → ended (by the peer, or by an error); bytes that the
// kernel does not take wait here, at most `outgoingMax` of them.
// Invariants: bytes leave in the order in which they were given; nothing here knows what they mean.
// Who may change it: the one thread that owns it. Source: tcp(7), accept(2), connect(2).

internal import CLinux

/// Accepts TCP connections.
public final class StreamListener {
  /// The address that it is bound to, with the port that the kernel chose for port 0.
  public let address: SocketAddress
  private let socket: FileDescriptor

  /// Listens on an address.
  public init(bindingTo local: SocketAddress) throws(ReactorError) {
    let operation = "listen on tcp \(local)"
    var peer = local.peer
    socket = try FileDescriptor(unsafe rs_tcp_listen(&peer, 1024), operation)
    try ReactorError.check(unsafe rs_udp_local(socket.number, &peer), operation)
    address = SocketAddress(peer)
  }

  /// The descriptor to register for reading.
  public var descriptor: Int32 { socket.number }

  /// What became of an attempt to accept.
  public enum Accepted {
    /// A connection.
    case connection(StreamSocket)
    /// None waits.
    case none
    /// The process has no more descriptors, or the system no more memory: try again later.
    case exhausted
  }

  /// The next connection.
  public func accept() -> Accepted {
    var peer = rs_peer()
    let client = unsafe rs_tcp_accept(socket.number, &peer)
    guard client < 0 else {
      return .connection(
        StreamSocket(FileDescriptor(owning: client), peer: SocketAddress(peer), isOpen: true)
      )
    }
    return Self.isExhausted(-client) ? .exhausted : .none
  }

  /// Whether accepting failed for want of descriptors or memory.
  ///
  /// Any other code is that of the connection that was to be accepted, which is gone; the next one
  /// may be had (accept(2)).
  public static func isExhausted(_ code: Int32) -> Bool {
    code == Errno.noFilesInSystem || code == Errno.noFiles || code == Errno.noBuffers
      || code == Errno.noMemory
  }
}

/// A TCP connection.
public final class StreamSocket {
  /// What became of reading.
  public enum Received: Hashable {
    /// So many bytes.
    case bytes(Int)
    /// Nothing at the moment.
    case nothing
    /// The peer sends no more, or the connection is broken.
    case ended
  }

  /// What became of sending.
  public enum Sent: Hashable {
    /// The kernel has everything.
    case all
    /// The rest waits until the descriptor is writable.
    case waits
    /// The connection is broken, or too much waits.
    case broken
  }

  /// The other side's address.
  public let peer: SocketAddress
  /// Whether the connection is there.
  public private(set) var isOpen: Bool
  /// How many bytes may wait for the kernel.
  public var outgoingMax = 256 << 10

  private let socket: FileDescriptor
  private var outgoing: [UInt8] = []
  private var sent = 0

  init(_ socket: consuming FileDescriptor, peer: SocketAddress, isOpen: Bool) {
    self.socket = socket
    self.peer = peer
    self.isOpen = isOpen
  }

  /// Begins to connect.
  public convenience init(connectingTo peer: SocketAddress) throws(ReactorError) {
    var address = peer.peer
    let socket = try FileDescriptor(unsafe rs_tcp_connect(&address), "connect to tcp \(peer)")
    self.init(socket, peer: peer, isOpen: false)
  }

  /// The descriptor to register.
  public var descriptor: Int32 { socket.number }

  /// What to register for.
  public var interest: Readiness {
    !isOpen ? .writable : outgoing.isEmpty ? .readable : [.readable, .writable]
  }

  /// How many bytes wait for the kernel.
  public var outgoingCount: Int { outgoing.count - sent }

  /// Finds out what became of connecting, once the descriptor is writable or has failed.
  ///
  /// - Returns: Whether the connection is there.
  public func finishConnecting() -> Bool {
    isOpen = rs_tcp_status(socket.number) == 0
    return isOpen
  }

  /// Receives what there is, at most as much as the buffer holds.
  public func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
    let got = unsafe rs_read(socket.number, buffer.baseAddress, buffer.count)
    if got > 0 { return .bytes(got) }
    return got == -Int(Errno.again) ? .nothing : .ended
  }

  /// Sends bytes, now or when the kernel takes them.
  public func send(_ bytes: UnsafeRawBufferPointer) -> Sent {
    var rest = unsafe bytes[...]
    if isOpen, outgoing.isEmpty {
      while unsafe !rest.isEmpty {
        let put = unsafe rs_send(
          socket.number,
          UnsafeRawBufferPointer(rebasing: rest).baseAddress,
          rest.count
        )
        if put == -Int(Errno.again) { break }
        guard put >= 0 else { return .broken }
        unsafe rest = rest.dropFirst(put)
      }
      if unsafe rest.isEmpty { return .all }
    }
    guard unsafe outgoingCount + rest.count <= outgoingMax else { return .broken }
    if sent > 0 {
      outgoing.removeFirst(sent)
      sent = 0
    }
    unsafe outgoing.append(contentsOf: rest)
    return .waits
  }

  /// Hands the kernel as much as it takes of what waits.
  public func flush() -> Sent {
    while sent < outgoing.count {
      let put = socket.send(outgoing, from: sent)
      if put == -Int(Errno.again) { return .waits }
      guard put >= 0 else { return .broken }
      sent += put
    }
    outgoing = []
    sent = 0
    return .all
  }
}

extension StreamSocket {
  /// Says goodbye: nothing more is sent.
  ///
  /// What has come is read away, so that the kernel does not take back what it has been given.
  public func finish(using buffer: UnsafeMutableRawBufferPointer) {
    guard isOpen else { return }
    _ = flush()
    _ = rs_shutdown_write(descriptor)
    for _ in 0..<16 {
      guard case .bytes = unsafe receive(into: buffer) else { return }
    }
  }
}

/// What the process may have of the system.
public enum ProcessLimits {
  /// Lets this process have as many descriptors as the system allows.
  ///
  /// - Returns: How many that are; 0 when it cannot be found out.
  @discardableResult
  public static func raiseDescriptors() -> Int { max(0, Int(clamping: rs_files_raise())) }

  /// Lets the heap be one piece for all threads, and grow by megabytes.
  ///
  /// glibc gives every thread a heap of its own, which grows page by page with a system call each.
  /// To be called before there are threads.
  public static func keepHeapTogether() { rs_heap_together() }
}
