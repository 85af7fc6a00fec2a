// What the kernel refuses to send, where a test wants it to.
//
// The program's own `sendmmsg` stands before that of the C library: rules for single ports say what
// is refused, everything else goes its way.

import Glibc
import Reactor

enum KernelFaults {
  /// The `errno` that a message is refused with, or 0, by its datagrams and the port it is for.
  typealias Rule = @Sendable (_ datagrams: Int, _ port: UInt16) -> Int32

  private static let rules = Locked<[UInt16: Rule]>([:])

  /// Refuses what the socket at a port of ours sends as a rule says; nil: nothing more.
  static func refuse(from port: UInt16, _ rule: Rule?) {
    rules.withLock { rules in rules[port] = rule }
  }

  private typealias Call =
    @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32) -> Int32

  private static let kernel = unsafeBitCast(
    dlsym(UnsafeMutableRawPointer(bitPattern: -1), "sendmmsg"),
    to: Call.self
  )

  /// As the kernel does it: an error when the first is refused, else how many went before.
  fileprivate static func send(
    _ socket: Int32,
    _ messages: UnsafeMutableRawPointer,
    _ count: UInt32,
    _ flags: Int32
  ) -> Int32 {
    guard let rule = rule(of: socket) else { return kernel(socket, messages, count, flags) }
    // A message header is followed by a number, and filled up to 64 bytes.
    for index in 0..<Int(count) {
      let header = messages.load(fromByteOffset: index * 64, as: msghdr.self)
      let code = rule(Int(header.msg_iovlen), port(of: header.msg_name))
      guard code != 0 else { continue }
      if index > 0 { return kernel(socket, messages, UInt32(index), flags) }
      errno = code
      return -1
    }
    return kernel(socket, messages, count, flags)
  }

  private static func rule(of socket: Int32) -> Rule? {
    guard rules.withLock({ rules in !rules.isEmpty }) else { return nil }
    var own = sockaddr_storage()
    var length = socklen_t(MemoryLayout.size(ofValue: own))
    let port = withUnsafeMutablePointer(to: &own) { own in
      _ = own.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(socket, $0, &length)
      }
      return self.port(of: own)
    }
    return rules.withLock { rules in rules[port] }
  }

  /// Of an address of either family.
  private static func port(of address: UnsafeMutableRawPointer) -> UInt16 {
    UInt16(bigEndian: address.load(fromByteOffset: 2, as: UInt16.self))
  }
}

@_cdecl("sendmmsg")
func sendmmsgOfTests(
  _ socket: Int32,
  _ messages: UnsafeMutableRawPointer,
  _ count: UInt32,
  _ flags: Int32
) -> Int32 {
  KernelFaults.send(socket, messages, count, flags)
}
