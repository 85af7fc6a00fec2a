internal import Glibc

/// An address of the site file's `listen`: `udp:127.0.0.1:5060` or `udp:[::1]:5060`.
package struct ListenAddress: Sendable, Hashable {
  /// The transport: `udp`, `tcp` or `tls`.
  package enum Transport: String, Sendable, Hashable, CaseIterable {
    case udp
    case tcp
    case tls

    /// Whether it is carried by TCP.
    var isStream: Bool { self != .udp }
  }

  /// The transport.
  package var transport: Transport
  /// The IP address, without brackets.
  package var host: String
  /// The port; 0: any that is free.
  package var port: UInt16

  /// Reads an address; nil when it is not one.
  package init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    guard let transport = Transport(rawValue: String(text[..<colon])) else { return nil }
    guard let place = HostAndPort(String(text[text.index(after: colon)...])) else { return nil }
    self.transport = transport
    host = place.host
    port = place.port
  }

  /// The address as it is written.
  package var text: String { "\(transport.rawValue):\(HostAndPort.text(host: host, port: port))" }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { IPAddress.isLoopback(host) }

  /// Whether it is an IPv6 address.
  package var isVersion6: Bool { host.contains(":") }

  /// Whether it stands for every address of its family.
  package var isEverywhere: Bool { host == "0.0.0.0" || host == "::" }

  /// Whether both cannot be listened on, since one of them is every address.
  package func overlaps(_ other: ListenAddress) -> Bool {
    isEverywhere != other.isEverywhere && isVersion6 == other.isVersion6
      && transport.isStream == other.transport.isStream && port == other.port && port != 0
  }
}

/// An IP address and a port: `127.0.0.1:8080` or `[::1]:8080`.
package struct HostAndPort: Sendable, Hashable {
  /// The IP address, without brackets.
  package var host: String
  /// The port.
  package var port: UInt16

  /// Reads both; nil when it is not an IP address with a port.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard IPAddress.isVersion6(host) else { return nil }
    } else {
      guard IPAddress.isVersion4(host) else { return nil }
    }
    self.host = host
    self.port = port
  }

  /// Writes both.
  package static func text(host: String, port: UInt16) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// A range of IP addresses: `127.0.0.0/8`, `10.1.2.3`, `fd00::/8`.
package struct Network: Sendable, Hashable {
  /// The address, without the prefix length.
  package var address: String
  /// How many leading bits count.
  package var prefixLength: Int

  /// Reads a range; nil when it is not one.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let address = String(parts[0])
    let most: Int
    if IPAddress.isVersion4(address) {
      most = 32
    } else if IPAddress.isVersion6(address) {
      most = 128
    } else {
      return nil
    }
    self.address = address
    prefixLength = most
    guard parts.count == 2 else { return }
    guard let length = Int(parts[1]), (0...most).contains(length) else { return nil }
    prefixLength = length
  }

  /// The range as it is written.
  package var text: String { "\(address)/\(prefixLength)" }
}

/// Questions about the text of IP addresses.
package enum IPAddress {
  /// Whether the text is an IPv4 address in dotted decimal.
  package static func isVersion4(_ text: String) -> Bool { parses(text, family: AF_INET) }

  /// Whether the text is an IPv6 address.
  package static func isVersion6(_ text: String) -> Bool { parses(text, family: AF_INET6) }

  /// Whether only this machine can be meant.
  package static func isLoopback(_ text: String) -> Bool {
    text == "::1" || (isVersion4(text) && text.hasPrefix("127."))
  }

  private static func parses(_ text: String, family: Int32) -> Bool {
    var storage = in6_addr()
    return unsafe inet_pton(family, text, &storage) == 1
  }
}
