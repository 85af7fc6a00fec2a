// SIP messages as a capture that Wireshark, tcpdump and `import pcap` read.
//
// A message becomes one packet of IP with UDP or TCP. What is not known is made up: TTL 64, no
// handshake; the sequence numbers of TCP are those of a connection on which nothing but these
// messages went. What TLS carried stands in TCP as it was before it was encrypted.
// Source: draft-ietf-opsawg-pcap (nanoseconds, LINKTYPE_RAW); RFC 791, 768, 8200, 9293, 1071.

internal import SIPGlue

/// A message on its way, as a packet.
package struct CapturedPacket: Sendable, Hashable {
  /// When, in nanoseconds since 1970.
  package var time: UInt64
  /// Who sent it: an IP address and a port, IPv6 in brackets.
  package var source: String
  /// Who was to get it.
  package var target: String
  /// Whether it went by a connection.
  package var isStream: Bool
  /// What is kept of it.
  package var bytes: [UInt8]
  /// How many bytes it had.
  package var length: Int

  /// Makes a packet of a message.
  package init(
    at time: UInt64,
    from source: String,
    to target: String,
    isStream: Bool,
    bytes: [UInt8]
  ) {
    self.time = time
    self.source = source
    self.target = target
    self.isStream = isStream
    self.bytes = bytes
    length = bytes.count
  }
}

/// Writes captures.
package struct CaptureWriter {
  private static let linkRaw: UInt32 = 101
  private static let packetMax: UInt32 = 262_144

  /// The bytes of the file.
  package private(set) var bytes: [UInt8] = []
  /// Packets that have an address that is none, and were left out.
  package private(set) var leftOut = 0
  /// The sequence number that comes next, of each direction of a connection.
  private var sequences: [Flow: UInt32] = [:]

  /// Begins a capture.
  package init() {
    little(0xA1B2_3C4D)
    bytes += [2, 0, 4, 0]
    little(0)
    little(0)
    little(Self.packetMax)
    little(Self.linkRaw)
  }

  /// Adds a packet.
  package mutating func add(_ packet: CapturedPacket) {
    guard let source = Self.endpoint(packet.source), let target = Self.endpoint(packet.target),
      source.family == target.family
    else {
      leftOut += 1
      return
    }
    let flow = Flow(
      source: Peer(high: source.high, low: source.low, port: source.port),
      target: Peer(high: target.high, low: target.low, port: target.port),
      transport: packet.isStream ? Flow.tcp : Flow.udp,
      tunnel: 0
    )
    let head = packet.isStream ? tcp(packet, flow) : udp(packet, flow)
    let ip = Self.header(source.family, flow, head.count + packet.length)
    let pseudo = Self.pseudoHeader(source.family, flow, head.count + packet.length)
    var segment = head
    if packet.bytes.count == packet.length {
      var sum = Self.checksum(pseudo + head + packet.bytes)
      // RFC 768: no checksum is spelled 0, and 0 otherwise.
      if !packet.isStream, sum == 0 { sum = 0xFFFF }
      let place = packet.isStream ? 16 : 6
      segment[place] = UInt8(sum >> 8)
      segment[place + 1] = UInt8(truncatingIfNeeded: sum)
    }
    little(UInt32(truncatingIfNeeded: packet.time / 1_000_000_000))
    little(UInt32(packet.time % 1_000_000_000))
    little(UInt32(ip.count + segment.count + packet.bytes.count))
    little(UInt32(ip.count + segment.count + packet.length))
    bytes += ip + segment + packet.bytes
  }

  // MARK: Headers

  private static func endpoint(_ text: String) -> Endpoint? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    return String(text[..<colon]).withByteView { Endpoint(address: $0, port: port) }
  }

  private func udp(_ packet: CapturedPacket, _ flow: Flow) -> [UInt8] {
    var head: [UInt8] = []
    head.big(flow.source.port)
    head.big(flow.target.port)
    head.big(UInt16(truncatingIfNeeded: 8 + packet.length))
    head.big(0)
    return head
  }

  private mutating func tcp(_ packet: CapturedPacket, _ flow: Flow) -> [UInt8] {
    let back = Flow(
      source: flow.target,
      target: flow.source,
      transport: flow.transport,
      tunnel: flow.tunnel
    )
    let sequence = sequences[flow] ?? 1
    sequences[flow] = sequence &+ UInt32(truncatingIfNeeded: packet.length)
    var head: [UInt8] = []
    head.big(flow.source.port)
    head.big(flow.target.port)
    head.big(UInt16(truncatingIfNeeded: sequence >> 16))
    head.big(UInt16(truncatingIfNeeded: sequence))
    let acknowledged = sequences[back] ?? 1
    head.big(UInt16(truncatingIfNeeded: acknowledged >> 16))
    head.big(UInt16(truncatingIfNeeded: acknowledged))
    // Twenty bytes of header; PSH and ACK.
    head.big(0x5018)
    head.big(UInt16.max)
    head.big(0)
    head.big(0)
    return head
  }

  private static func header(_ family: Endpoint.Family, _ flow: Flow, _ length: Int) -> [UInt8] {
    var head: [UInt8] = []
    switch family {
    case .ipv4:
      head += [0x45, 0]
      head.big(UInt16(truncatingIfNeeded: 20 + length))
      head += [0, 0, 0x40, 0, 64, flow.transport, 0, 0]
      addresses(family, flow, to: &head)
      let sum = checksum(head)
      head[10] = UInt8(sum >> 8)
      head[11] = UInt8(truncatingIfNeeded: sum)
    case .ipv6:
      head += [0x60, 0, 0, 0]
      head.big(UInt16(truncatingIfNeeded: length))
      head += [flow.transport, 64]
      addresses(family, flow, to: &head)
    }
    return head
  }

  /// What the checksums of UDP and TCP cover besides themselves.
  private static func pseudoHeader(
    _ family: Endpoint.Family,
    _ flow: Flow,
    _ length: Int
  ) -> [UInt8] {
    var head: [UInt8] = []
    addresses(family, flow, to: &head)
    head.big(UInt16(truncatingIfNeeded: length >> 16))
    head.big(UInt16(truncatingIfNeeded: length))
    head += [0, 0, 0, flow.transport]
    return head
  }

  private static func addresses(_ family: Endpoint.Family, _ flow: Flow, to head: inout [UInt8]) {
    for peer in [flow.source, flow.target] {
      let words = family == .ipv4 ? [] : [peer.high >> 32, peer.high & 0xFFFF_FFFF, peer.low >> 32]
      for word in words + [peer.low & 0xFFFF_FFFF] {
        head.big(UInt16(truncatingIfNeeded: word >> 16))
        head.big(UInt16(truncatingIfNeeded: word))
      }
    }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      let low = index + 1 < bytes.count ? bytes[index + 1] : 0
      sum += UInt32(bytes[index]) << 8 | UInt32(low)
      sum = (sum & 0xFFFF) + sum >> 16
    }
    return ~UInt16(truncatingIfNeeded: (sum & 0xFFFF) + sum >> 16)
  }

  private mutating func little(_ number: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

extension [UInt8] {
  fileprivate mutating func big(_ number: UInt16) {
    append(UInt8(number >> 8))
    append(UInt8(truncatingIfNeeded: number))
  }
}
