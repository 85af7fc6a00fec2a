/// What carries a message.
package enum SIPTransport: UInt8, CaseIterable, Sendable {
  case udp, tcp, tls

  /// Whether messages arrive, in order, or the connection is lost (RFC 3261 18).
  package var isStream: Bool { self != .udp }

  /// The port that is meant when none is said (RFC 3261 19.1.2).
  package var standardPort: UInt16 { self == .tls ? 5061 : 5060 }

  /// The name in a Via (RFC 3261 20.42).
  package var viaName: StaticString {
    switch self {
    case .udp: "UDP"
    case .tcp: "TCP"
    case .tls: "TLS"
    }
  }
}

/// Where a message comes from or goes to: an IPv4 or IPv6 address with a port, what carries it, and
/// the connection, or the socket of ours, when there is a choice; a trivial value.
package struct Endpoint: Hashable, Sendable {
  package enum Family: UInt8, Sendable { case ipv4, ipv6 }

  /// The 16 bytes of the address in network order, as two numbers; IPv4 is the low 32 bits of
  /// `low`.
  package var high: UInt64
  package var low: UInt64
  package var port: UInt16
  package var family: Family
  package var transport = SIPTransport.udp
  /// The scope of a link-local IPv6 address; 0 otherwise.
  package var scope: UInt32 = 0
  /// The connection, or of datagrams the socket of ours; 0: none in particular.
  ///
  /// `ConnectionTable` numbers the ones, `OwnAddresses` the others. The address says where to go
  /// when the connection is gone.
  package var connection: UInt64 = 0

  package static let unspecified = Endpoint(ipv4: 0, port: 0)

  /// An IPv4 endpoint; 127.0.0.1 is 0x7F00_0001.
  package init(ipv4 address: UInt32, port: UInt16) {
    high = 0
    low = UInt64(address)
    self.port = port
    family = .ipv4
  }

  /// An IPv6 endpoint; ::1 is (0, 1).
  package init(ipv6 high: UInt64, _ low: UInt64, port: UInt16, scope: UInt32 = 0) {
    self.high = high
    self.low = low
    self.port = port
    self.scope = scope
    family = .ipv6
  }
}

extension Endpoint {
  /// Reads an address as it stands in a URI or Via: dotted IPv4, or IPv6 with or without brackets.
  ///
  /// An IPv4 address in the dress of IPv6 (`::ffff:192.0.2.1`) is reached by IPv4.
  package init?(address text: ByteView, port: UInt16) {
    var bare = text
    if text.count > 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") {
      bare = text.view(from: 1, to: text.count - 1)
    }
    if bare.position(of: UInt8(ascii: ":"), from: 0, to: bare.count) < bare.count {
      guard let (high, low) = Self.parseIPv6(bare) else { return nil }
      if high == 0, low >> 32 == 0xFFFF {
        self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
      } else {
        self.init(ipv6: high, low, port: port)
      }
    } else {
      guard let address = Self.parseIPv4(bare) else { return nil }
      self.init(ipv4: address, port: port)
    }
  }

  /// One of the eight groups of an IPv6 address.
  fileprivate func group(_ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
  }

  /// The groups of zeros that are written as two colons: the longest run of at least two, of equals
  /// the first (RFC 5952 4.2); empty at 8: none.
  fileprivate var longestGap: Range<Int> {
    var longest = 8..<8
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, group(end) == 0 { end += 1 }
      if end - start > max(longest.count, 1) { longest = start..<end }
      start = max(end, start + 1)
    }
    return longest
  }

  /// Whether only this machine has the address.
  package var isLoopback: Bool {
    switch family {
    case .ipv4: low >> 24 == 127
    case .ipv6: high == 0 && low == 1
    }
  }

  /// Whether both have the same address, whatever the port.
  package func hasSameAddress(as other: Endpoint) -> Bool {
    family == other.family && low == other.low && high == other.high
  }

  /// Whether both have the same address, port and transport, whatever the connection.
  package func hasSamePlace(as other: Endpoint?) -> Bool {
    guard let other else { return false }
    return by(transport) == other.by(other.transport)
  }

  /// The same address by another transport, on no connection in particular.
  package func by(_ transport: SIPTransport) -> Endpoint {
    var other = self
    other.transport = transport
    other.connection = 0
    return other
  }

  package static func parseIPv4(_ text: ByteView) -> UInt32? {
    var address: UInt32 = 0
    var start = 0
    for group in 0..<4 {
      let end = group == 3 ? text.count : text.position(of: 0x2E, from: start, to: text.count)
      guard end < text.count || group == 3, end - start <= 3,
        let byte = text.view(from: start, to: end).decimal(atMost: 255)
      else { return nil }
      address = address << 8 | UInt32(byte)
      start = min(end + 1, text.count)
    }
    return address
  }

  private static func parseIPv6(_ text: ByteView) -> (UInt64, UInt64)? {
    var groups: [UInt16] = []
    var gap: Int?
    var index = 0
    if text.count >= 2, text[0] == UInt8(ascii: ":"), text[1] == UInt8(ascii: ":") {
      gap = 0
      index = 2 + spareColon(text, 2)
    }
    while index < text.count {
      let end = text.position(of: UInt8(ascii: ":"), from: index, to: text.count)
      let part = text.view(from: index, to: end)
      if end == text.count, part.position(of: 0x2E, from: 0, to: part.count) < part.count {
        guard let last = parseIPv4(part) else { return nil }
        groups.append(UInt16(last >> 16))
        groups.append(UInt16(truncatingIfNeeded: last))
        index = end
        break
      }
      guard let group = hexGroup(part), groups.count < 8 else { return nil }
      groups.append(group)
      index = end
      guard index < text.count else { break }
      index += 1
      guard index < text.count else { return nil }
      if text[index] == UInt8(ascii: ":") {
        guard gap == nil else { return nil }
        gap = groups.count
        index += 1
        index += spareColon(text, index)
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    let high = groups[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    let low = groups[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    return (high, low)
  }

  /// 1 for the third colon that the grammar of RFC 3261 puts before an IPv4 address by mistake
  /// (RFC 5118 4.10), else 0.
  private static func spareColon(_ text: ByteView, _ index: Int) -> Int {
    guard index < text.count, text[index] == UInt8(ascii: ":") else { return 0 }
    return parseIPv4(text.view(from: index + 1, to: text.count)) == nil ? 0 : 1
  }

  private static func hexGroup(_ text: ByteView) -> UInt16? {
    guard (1...4).contains(text.count) else { return nil }
    var value: UInt16 = 0
    for index in 0..<text.count {
      guard let digit = text[index].hexValue else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}

extension MessageWriter {
  /// Appends an address without its port, in brackets when it is IPv6.
  package mutating func write(addressOf endpoint: Endpoint) {
    switch endpoint.family {
    case .ipv4:
      write(dotted: UInt32(truncatingIfNeeded: endpoint.low))
    case .ipv6:
      write(byte: UInt8(ascii: "["))
      let gap = endpoint.longestGap
      var group = 0
      while group < 8 {
        if group == gap.lowerBound, !gap.isEmpty {
          write("::")
          group = gap.upperBound
        } else {
          if group > 0, group != gap.upperBound { write(byte: UInt8(ascii: ":")) }
          writeHexGroup(endpoint.group(group))
          group += 1
        }
      }
      write(byte: UInt8(ascii: "]"))
    }
  }

  /// Appends address and port.
  package mutating func write(_ endpoint: Endpoint) {
    write(addressOf: endpoint)
    write(byte: UInt8(ascii: ":"))
    write(decimal: UInt64(endpoint.port))
  }

  private mutating func writeHexGroup(_ group: UInt16) {
    var started = false
    var shift: UInt16 = 12
    while true {
      let digit = UInt8(truncatingIfNeeded: group >> shift) & 15
      if digit != 0 || started || shift == 0 {
        write(byte: digit < 10 ? digit + 0x30 : digit + 0x57)
        started = true
      }
      guard shift > 0 else { return }
      shift -= 4
    }
  }
}
