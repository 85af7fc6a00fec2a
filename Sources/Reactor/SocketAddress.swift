internal import CLinux

/// An IPv4 or IPv6 address with a port, as numbers.
public struct SocketAddress: Hashable, Sendable {
  /// Whether it is an IPv6 address.
  public let isIPv6: Bool
  /// The upper 64 bits of an IPv6 address; 0 for IPv4.
  public let high: UInt64
  /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
  public let low: UInt64
  /// The interface of a link-local IPv6 address; 0 otherwise.
  public let scope: UInt32
  /// The port.
  public let port: UInt16

  /// Makes an IPv4 address of its 32 bits.
  public init(ipv4 bits: UInt32, port: UInt16) {
    self.init(isIPv6: false, high: 0, low: UInt64(bits), scope: 0, port: port)
  }

  /// Makes an IPv6 address of its 128 bits.
  public init(ipv6 high: UInt64, _ low: UInt64, scope: UInt32 = 0, port: UInt16) {
    self.init(isIPv6: true, high: high, low: low, scope: scope, port: port)
  }

  /// Reads a numeric address such as `127.0.0.1` or `::1`; names are not looked up.
  public init?(_ address: String, port: UInt16) {
    var peer = rs_peer()
    guard unsafe rs_peer_parse(address, port, &peer) == 0 else { return nil }
    self.init(peer)
  }

  private init(isIPv6: Bool, high: UInt64, low: UInt64, scope: UInt32, port: UInt16) {
    self.isIPv6 = isIPv6
    self.high = high
    self.low = low
    self.scope = scope
    self.port = port
  }

  init(_ peer: rs_peer) {
    self.init(
      isIPv6: peer.family == 6,
      high: peer.high,
      low: peer.low,
      scope: peer.scope,
      port: peer.port
    )
  }

  var peer: rs_peer {
    rs_peer(high: high, low: low, scope: scope, port: port, family: isIPv6 ? 6 : 4)
  }

  /// The address without its port, IPv6 without brackets.
  public var host: String {
    var text = [CChar](repeating: 0, count: 64)
    var peer = peer
    unsafe rs_peer_text(&peer, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension SocketAddress: CustomStringConvertible {
  /// The address with its port, IPv6 in brackets.
  public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
