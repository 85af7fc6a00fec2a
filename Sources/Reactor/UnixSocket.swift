// The control socket: lines of text over a Unix stream socket.
//
// States of a listener: bound until its life ends; the socket file then disappears. Of a stream:
// open; the peer has closed its side (what was received may still be read, what is queued may still
// be sent); broken.
// Invariants: at most one server listens on a path, guarded by a lock on `PATH.lock` that dies with
// its process; the file is never open to other users; a stream buffers at most `lineMax` unread and
// `outgoingMax` unsent bytes.
// Who may change it: the one thread that owns it. Source: unix(7), SURFACE 2 (`--data DIR`).

internal import CLinux

/// Accepts connections on a path of the file system, for this user only.
public struct UnixListener: ~Copyable {
  /// The path that clients connect to.
  public let path: String
  private let socket: FileDescriptor
  private let lock: FileDescriptor

  /// Listens on a path; a socket file left behind by a dead server is replaced.
  ///
  /// - Throws: `another server is listening` when one lives there; a reason in words when the path
  ///   is too long or is not a socket; otherwise what the kernel refused.
  public init(path: String) throws(ReactorError) {
    let operation = "listen on \(path)"
    let pathMax = rs_unix_path_max()
    guard path.utf8.count <= pathMax else {
      throw ReactorError(operation, reason: "the path is longer than \(pathMax) bytes")
    }
    let kind = unsafe rs_unix_kind(path)
    guard kind != -Errno.exists else {
      throw ReactorError(operation, reason: "the path exists and is not a socket")
    }
    try ReactorError.check(kind, operation)
    let locked = unsafe rs_lock_file(path + ".lock")
    guard locked != -Errno.again else {
      throw ReactorError(operation, reason: "another server is listening there")
    }
    let lock = try FileDescriptor(locked, operation)
    if kind == 1 { try UnixListener.removeStale(path, operation) }
    let socket = try FileDescriptor(unsafe rs_unix_listen(path, 64), operation)
    self.path = path
    self.socket = socket
    self.lock = lock
  }

  deinit { _ = unsafe rs_unix_unlink(path) }

  /// The descriptor to register for reading.
  public var descriptor: Int32 { socket.number }

  /// The next connection; `nil` when none waits.
  public func accept() throws(ReactorError) -> UnixStream? {
    let client = rs_unix_accept(socket.number)
    guard client != -Errno.again else { return nil }
    return UnixStream(owning: try FileDescriptor(client, "accept on \(path)"))
  }

  /// Whoever answers is alive, even one that does not know our lock; whoever refuses is dead.
  private static func removeStale(_ path: String, _ operation: String) throws(ReactorError) {
    let probe = unsafe rs_unix_connect(path)
    if probe >= 0 { _ = rs_close(probe) }
    guard probe < 0, probe != -Errno.again else {
      throw ReactorError(operation, reason: "another server is listening there")
    }
    guard probe == -Errno.connectionRefused || probe == -Errno.noEntry else {
      throw ReactorError(operation, code: -probe)
    }
    let removed = unsafe rs_unix_unlink(path)
    guard removed < 0, removed != -Errno.noEntry else { return }
    throw ReactorError(operation, code: -removed)
  }
}

/// A connection that carries lines of text; never blocks unless asked to.
public struct UnixStream: ~Copyable {
  /// What became of reading.
  public enum Received: Hashable, Sendable {
    /// The peer may send more.
    case open
    /// The peer sends no more; what arrived can still be taken.
    case ended
    /// A line is longer than allowed; the connection is of no more use.
    case lineTooLong
  }

  /// What became of writing.
  public enum Sent: Hashable, Sendable {
    /// Everything is with the kernel.
    case all
    /// The rest waits until the descriptor is writable.
    case blocked
    /// More waits than is allowed; nothing of the new was taken.
    case tooMuch
    /// The peer reads no more.
    case broken
  }

  private let socket: FileDescriptor
  private let lineMax: Int
  private let outgoingMax: Int
  private var incoming: [UInt8] = []
  private var taken = 0
  private var scanned = 0
  private var outgoing: [UInt8] = []
  private var sent = 0
  private var hasEnded = false

  /// Takes over a connected, non-blocking socket.
  public init(
    owning socket: consuming FileDescriptor,
    lineMax: Int = 1 << 16,
    outgoingMax: Int = 1 << 25
  ) {
    self.socket = socket
    self.lineMax = lineMax
    self.outgoingMax = outgoingMax
  }

  /// Connects to a listening server.
  public init(connectingTo path: String, lineMax: Int = 1 << 26) throws(ReactorError) {
    let operation = "connect to \(path)"
    let pathMax = rs_unix_path_max()
    guard path.utf8.count <= pathMax else {
      throw ReactorError(operation, reason: "the path is longer than \(pathMax) bytes")
    }
    let socket = unsafe rs_unix_connect(path)
    guard socket != -Errno.noEntry, socket != -Errno.connectionRefused else {
      throw ReactorError(operation, reason: "no server is listening there")
    }
    self.init(owning: try FileDescriptor(socket, operation), lineMax: lineMax)
  }

  /// The descriptor to register.
  public var descriptor: Int32 { socket.number }

  /// What to register for: reading until the peer ends, writing while something waits.
  public var interest: Readiness {
    var interest: Readiness = hasEnded ? [] : .readable
    if sent < outgoing.count { interest.insert(.writable) }
    return interest
  }

  /// How many bytes wait to be sent.
  public var outgoingCount: Int { outgoing.count - sent }

  // MARK: Reading

  /// Takes in what has arrived, at most one line's length beyond the lines that are complete.
  public mutating func receive() throws(ReactorError) -> Received {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while !hasEnded {
      guard incoming.count - taken <= lineMax else {
        return hasLine ? .open : .lineTooLong
      }
      let capacity = chunk.count
      let got = unsafe chunk.withUnsafeMutableBytes { bytes in
        unsafe rs_read(socket.number, bytes.baseAddress, capacity)
      }
      if got == -Int(Errno.again) { return .open }
      if got == 0 || got == -Int(Errno.connectionReset) {
        hasEnded = true
        break
      }
      let count = try ReactorError.check(got, "read")
      compact()
      incoming.append(contentsOf: chunk[..<count])
    }
    return .ended
  }

  /// The next complete line without its end; the last one of a closed connection may lack it.
  public mutating func nextLine() -> String? {
    guard let end = lineEnd() else {
      guard hasEnded, taken < incoming.count else { return nil }
      defer { taken = incoming.count }
      return String(decoding: incoming[taken...], as: UTF8.self)
    }
    var last = end
    if last > taken, incoming[last - 1] == UInt8(ascii: "\r") { last -= 1 }
    defer {
      taken = end + 1
      scanned = taken
    }
    return String(decoding: incoming[taken..<last], as: UTF8.self)
  }

  /// Waits for a complete line, for command-line tools.
  ///
  /// - Parameter deadline: An instant of `Clock.monotonic`; `nil` waits for ever.
  /// - Returns: The line, or `nil` when the server has closed.
  /// - Throws: A reason in words when the deadline passes or a line is too long.
  public mutating func readLine(until deadline: UInt64? = nil) throws(ReactorError) -> String? {
    while true {
      if let line = nextLine() { return line }
      switch try receive() {
      case .lineTooLong:
        throw ReactorError("read line", reason: "it is longer than \(lineMax) bytes")
      case .ended: return nextLine()
      case .open: break
      }
      if hasLine { continue }
      let now = Clock.monotonic
      let timeout = deadline.map { $0 > now ? $0 - now : 0 }
      let ready = try Readiness.wait(for: socket.number, .readable, timeout: timeout)
      if ready.isEmpty, let deadline, Clock.monotonic >= deadline {
        throw ReactorError("read line", reason: "no answer in time")
      }
    }
  }

  private var hasLine: Bool { incoming[taken...].contains(UInt8(ascii: "\n")) }

  private mutating func lineEnd() -> Int? {
    scanned = max(scanned, taken)
    let end = incoming[scanned...].firstIndex(of: UInt8(ascii: "\n"))
    if end == nil { scanned = incoming.count }
    return end
  }

  private mutating func compact() {
    guard taken > 0, taken * 2 >= incoming.count else { return }
    incoming.removeFirst(taken)
    scanned = max(0, scanned - taken)
    taken = 0
  }

  // MARK: Writing

  /// Sends a line of text, now or when the peer reads again.
  public mutating func send(line: String) throws(ReactorError) -> Sent {
    guard outgoingCount + line.utf8.count + 1 <= outgoingMax else { return .tooMuch }
    outgoing.append(contentsOf: line.utf8)
    outgoing.append(UInt8(ascii: "\n"))
    return try flush()
  }

  /// Sends bytes that already hold complete lines.
  public mutating func send(_ bytes: borrowing [UInt8]) throws(ReactorError) -> Sent {
    guard outgoingCount + bytes.count <= outgoingMax else { return .tooMuch }
    outgoing.append(contentsOf: copy bytes)
    return try flush()
  }

  /// Hands the kernel as much as it takes; call it when the descriptor is writable.
  public mutating func flush() throws(ReactorError) -> Sent {
    while sent < outgoing.count {
      let put = socket.send(outgoing, from: sent)
      if put == -Int(Errno.again) { return .blocked }
      if put == -Int(Errno.brokenPipe) || put == -Int(Errno.connectionReset) { return .broken }
      sent += Int(try ReactorError.check(put, "send"))
    }
    outgoing.removeAll(keepingCapacity: outgoing.capacity <= 1 << 16)
    sent = 0
    return .all
  }

  /// Sends everything that waits, for command-line tools.
  public mutating func flushAll(until deadline: UInt64) throws(ReactorError) -> Sent {
    while true {
      let result = try flush()
      guard result == .blocked else { return result }
      let now = Clock.monotonic
      guard now < deadline else { return .blocked }
      _ = try Readiness.wait(for: socket.number, .writable, timeout: deadline - now)
    }
  }

  /// Tells the peer that nothing more follows; reading goes on.
  public func finishSending() throws(ReactorError) {
    try ReactorError.check(rs_shutdown_write(socket.number), "shutdown")
  }
}
