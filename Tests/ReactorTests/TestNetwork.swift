import Glibc

/// A network with nothing but a loopback interface, whose packets are as small as those of other
/// interfaces; it is gone with the descriptors that were opened in it.
enum TestNetwork {
  /// The step that was refused, and with which `errno`.
  struct Refused: Error { let step: String, code: Int32 }

  /// `CLONE_NEWNET`, which Glibc's module hides with the calls that take it.
  private static let kind: Int32 = 0x4000_0000

  /// Does something in such a network that stays on this thread; nil where only root may.
  static func run<Value>(packetMax: Int32, _ body: () throws -> Value) throws -> Value? {
    let before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard before >= 0 else { throw Refused(step: "open", code: errno) }
    defer { close(before) }
    guard leave(kind) == 0 else {
      guard errno == EPERM else { throw Refused(step: "unshare", code: errno) }
      return nil
    }
    defer { precondition(enter(before, kind) == 0, "setns") }
    try configure(SIOCSIFMTU, packetMax)
    try configure(SIOCSIFFLAGS, Int32(IFF_UP))
    return try body()
  }

  private static func leave(_ kind: Int32) -> Int32 {
    typealias Call = @convention(c) (Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "unshare"), to: Call.self)(kind)
  }

  private static func enter(_ network: Int32, _ kind: Int32) -> Int32 {
    typealias Call = @convention(c) (Int32, Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "setns"), to: Call.self)(network, kind)
  }

  /// Sets a value of the loopback interface (netdevice(7)).
  private static func configure(_ request: Int32, _ value: Int32) throws {
    let control = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(control) }
    var words = [Int32](repeating: 0, count: 10)
    words.withUnsafeMutableBytes { $0.copyBytes(from: Array("lo".utf8)) }
    // What follows the 16 bytes of the name; flags are its lower half.
    words[4] = value.littleEndian
    guard ioctl(control, UInt(request), &words) == 0 else {
      throw Refused(step: "ioctl \(request)", code: errno)
    }
  }
}
