internal import CPCAP

// From a frame to what is in its UDP, TCP and SCTP, through VLANs, tunnels and IP fragments.
//
// Every layer is read from the packet's own bytes and never beyond them. Source: IEEE 802.1Q, RFC
// 791, 8200 (fragments 4.5), 2784 and 2890 (GRE), 2003 and 4213 (IP in IP), 7348 (VXLAN), 3032
// (MPLS), 2516 (PPPoE), 3GPP TS 29.281 (GTP-U), 9260 (SCTP).

/// Takes packets apart.
struct PacketDecoder {
  /// What a transport carries.
  struct Segment {
    var at: Int64
    var flow: Flow
    var payload: ByteSpan
    /// Of TCP only.
    var sequence: UInt32 = 0
    var flags: UInt8 = 0
  }

  private static let depthMax = 8
  private var fragments = FragmentTable()
  private var at: Int64 = 0
  private var found: [Segment] = []
  /// Packets with a layer that is not understood, by its name.
  private(set) var strange: [String: Int] = [:]

  /// Whether frames of this kind are understood.
  static func understands(_ link: Int32) -> Bool {
    links.contains(link)
  }

  private static let links: Set<Int32> = [
    DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, DLT_RAW, 12, 14, 101, DLT_IPV4,
    DLT_IPV6, DLT_PPP, DLT_PPP_SERIAL,
  ]

  /// Takes a packet apart.
  mutating func decode(_ packet: CaptureFile.Packet, link: Int32) -> [Segment] {
    at = packet.at
    found = []
    let frame = ByteSpan(packet.bytes)
    switch link {
    case DLT_EN10MB: ethernet(frame, 0, 0)
    case DLT_LINUX_SLL: typed(frame.word(14), frame.dropping(16), 0, 0)
    case DLT_LINUX_SLL2: typed(frame.word(0), frame.dropping(20), 0, 0)
    case DLT_PPP, DLT_PPP_SERIAL: ppp(frame.word(0) == 0xFF03 ? frame.dropping(2) : frame, 0, 0)
    case DLT_NULL, DLT_LOOP: network(frame.dropping(4), 0, 0)
    default: network(frame, 0, 0)
    }
    return found
  }

  // MARK: Frames

  private mutating func ethernet(_ frame: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    guard frame.count >= 14 else { return }
    typed(frame.word(12), frame.dropping(14), tunnel, depth)
  }

  private mutating func typed(
    _ type: UInt16,
    _ body: ByteSpan,
    _ tunnel: UInt32,
    _ depth: Int
  ) {
    guard depth < Self.depthMax else { return count("layers in layers") }
    switch type {
    case 0x0800, 0x86DD: network(body, tunnel, depth)
    case 0x8100, 0x88A8, 0x9100, 0x9200:
      typed(body.word(2), body.dropping(4), tunnel, depth + 1)
    case 0x8847, 0x8848:
      var rest = body
      while rest.count >= 4, rest[2] & 1 == 0 { rest = rest.dropping(4) }
      network(rest.dropping(4), tunnel, depth + 1)
    case 0x8864: ppp(body.dropping(6), tunnel, depth + 1)
    case 0x6558: ethernet(body, tunnel, depth + 1)
    case 0x0806, 0x88CC, 0x8863, 0...1_500: break
    default: count("EtherType \(String(type, radix: 16))")
    }
  }

  private mutating func ppp(_ body: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    switch body.word(0) {
    case 0x0021, 0x0057: network(body.dropping(2), tunnel, depth)
    default: break
    }
  }

  // MARK: IP

  private mutating func network(_ body: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    guard depth < Self.depthMax else { return count("layers in layers") }
    switch body[0] >> 4 {
    case 4: version4(body, tunnel, depth)
    case 6: version6(body, tunnel, depth)
    default: if !body.isEmpty { count("neither IPv4 nor IPv6") }
    }
  }

  private mutating func version4(_ packet: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    let header = Int(packet[0] & 15) * 4
    guard header >= 20, packet.count >= header else { return count("broken IPv4") }
    // A length of zero: the network card was to fill it in.
    let total = Int(packet.word(2)) == 0 ? packet.count : Int(packet.word(2))
    var payload = packet.prefix(max(header, total)).dropping(header)
    let source = Peer(high: 0, low: UInt64(packet.long(12)))
    let target = Peer(high: 0, low: UInt64(packet.long(16)))
    let fragment = packet.word(6)
    if fragment & 0x3FFF != 0 {
      let key = FragmentTable.Key(
        source: source,
        target: target,
        number: UInt32(packet.word(4)),
        next: packet[9],
        tunnel: tunnel
      )
      let offset = Int(fragment & 0x1FFF) * 8
      let isLast = fragment & 0x2000 == 0
      guard let whole = fragments.add(payload, at: offset, isLast: isLast, of: key) else { return }
      payload = whole
    }
    transport(packet[9], payload, source, target, tunnel, depth)
  }

  private mutating func version6(_ packet: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    guard packet.count >= 40 else { return count("broken IPv6") }
    let source = Peer(high: packet.double(8), low: packet.double(16))
    let target = Peer(high: packet.double(24), low: packet.double(32))
    let length = Int(packet.word(4))
    var next = packet[6]
    var body = packet.dropping(40)
    if length > 0 { body = body.prefix(length) }
    for _ in 0..<Self.depthMax {
      switch next {
      case 0, 43, 60:
        next = body[0]
        body = body.dropping((Int(body[1]) + 1) * 8)
      case 51:
        next = body[0]
        body = body.dropping((Int(body[1]) + 2) * 4)
      case 44:
        let key = FragmentTable.Key(
          source: source,
          target: target,
          number: body.long(4),
          next: body[0],
          tunnel: tunnel
        )
        let place = body.word(2)
        next = body[0]
        guard
          let whole = fragments.add(
            body.dropping(8),
            at: Int(place & 0xFFF8),
            isLast: place & 1 == 0,
            of: key
          )
        else { return }
        body = whole
      default: return transport(next, body, source, target, tunnel, depth)
      }
    }
  }

  // MARK: Transports and tunnels

  private mutating func transport(
    _ kind: UInt8,
    _ body: ByteSpan,
    _ source: Peer,
    _ target: Peer,
    _ tunnel: UInt32,
    _ depth: Int
  ) {
    var flow = Flow(source: source, target: target, transport: kind, tunnel: tunnel)
    (flow.source.port, flow.target.port) = (body.word(0), body.word(2))
    switch kind {
    case Flow.udp: udp(body, flow, depth)
    case Flow.tcp:
      let header = Int(body[12] >> 4) * 4
      guard header >= 20, body.count >= header else { return count("broken TCP") }
      var segment = Segment(at: at, flow: flow, payload: body.dropping(header))
      segment.sequence = body.long(4)
      segment.flags = body[13]
      found.append(segment)
    case Flow.sctp: sctp(body, flow)
    case 4, 41: network(body, tunnel * 8 + 1, depth + 1)
    case 47: gre(body, tunnel, depth)
    case 1, 2, 58, 89, 103: break
    default: count("IP protocol \(kind)")
    }
  }

  private mutating func udp(_ body: ByteSpan, _ flow: Flow, _ depth: Int) {
    guard body.count >= 8 else { return count("broken UDP") }
    let length = Int(body.word(4))
    let payload = body.prefix(length < 8 ? body.count : length).dropping(8)
    let ports = [flow.source.port, flow.target.port]
    if ports.contains(2_152), payload[0] >> 5 == 1, payload[1] == 0xFF {
      return gtp(payload, flow.tunnel, depth)
    }
    if flow.target.port == 4_789, payload[0] & 0x08 != 0 {
      return ethernet(payload.dropping(8), flow.tunnel * 8 + 4, depth + 1)
    }
    found.append(Segment(at: at, flow: flow, payload: payload))
  }

  private mutating func gtp(_ body: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    let flags = body[0]
    var inner = body.dropping(8)
    if flags & 7 != 0 {
      var next = flags & 4 != 0 ? inner[3] : 0
      inner = inner.dropping(4)
      while next != 0, !inner.isEmpty {
        let length = Int(inner[0]) * 4
        guard length > 0 else { return count("broken GTP-U") }
        next = inner[length - 1]
        inner = inner.dropping(length)
      }
    }
    network(inner, tunnel * 8 + 2, depth + 1)
  }

  private mutating func gre(_ body: ByteSpan, _ tunnel: UInt32, _ depth: Int) {
    let flags = body.word(0)
    var header = 4
    for bit in [UInt16(0x8000), 0x2000, 0x1000] where flags & bit != 0 { header += 4 }
    typed(body.word(2), body.dropping(header), tunnel * 8 + 3, depth + 1)
  }

  private mutating func sctp(_ body: ByteSpan, _ flow: Flow) {
    var rest = body.dropping(12)
    while rest.count >= 4 {
      let length = Int(rest.word(2))
      guard length >= 4 else { return count("broken SCTP") }
      if rest[0] == 0, length > 16 {
        let payload = rest.prefix(length).dropping(16)
        var key = FragmentTable.Key(
          source: flow.source,
          target: flow.target,
          number: UInt32(rest.word(8)) << 16 | UInt32(rest.word(10)),
          next: Flow.sctp,
          tunnel: flow.tunnel
        )
        key.source.high ^= 1
        let isFirst = rest[1] & 2 != 0
        let isLast = rest[1] & 1 != 0
        if isFirst, isLast {
          found.append(Segment(at: at, flow: flow, payload: payload))
        } else if let whole = fragments.append(payload, isFirst: isFirst, isLast: isLast, of: key) {
          found.append(Segment(at: at, flow: flow, payload: whole))
        }
      }
      rest = rest.dropping((length + 3) & ~3)
    }
  }

  private mutating func count(_ what: String) {
    guard strange.count < 100 || strange[what] != nil else { return }
    strange[what, default: 0] += 1
  }
}

/// Fragments that wait for their other parts.
///
/// Invariant: no more than `ImportLimits.streamsMax` wait; then all that wait are forgotten.
struct FragmentTable {
  struct Key: Hashable {
    var source: Peer
    var target: Peer
    var number: UInt32
    var next: UInt8
    var tunnel: UInt32
  }

  private struct Parts {
    var parts: [(offset: Int, bytes: [UInt8])] = []
    var total: Int?
  }

  private var waiting: [Key: Parts] = [:]

  /// Adds a fragment of an IP packet; the whole when it is the last that was missing.
  mutating func add(_ span: ByteSpan, at offset: Int, isLast: Bool, of key: Key) -> ByteSpan? {
    if waiting.count >= ImportLimits.streamsMax { waiting.removeAll() }
    var own = waiting[key] ?? Parts()
    guard offset + span.count <= 65_535, own.parts.count < 8_192 else {
      waiting[key] = nil
      return nil
    }
    own.parts.append((offset, span.array))
    if isLast { own.total = offset + span.count }
    waiting[key] = own
    guard let total = own.total else { return nil }
    var bytes = [UInt8](repeating: 0, count: total)
    var filled = 0
    for part in own.parts.sorted(by: { $0.offset < $1.offset }) {
      guard part.offset <= filled else { return nil }
      for (index, byte) in part.bytes.enumerated() where part.offset + index < total {
        bytes[part.offset + index] = byte
      }
      filled = max(filled, part.offset + part.bytes.count)
    }
    guard filled >= total else { return nil }
    waiting[key] = nil
    return ByteSpan(bytes)
  }

  /// Adds a part of an SCTP message, which come one after the other.
  mutating func append(
    _ span: ByteSpan,
    isFirst: Bool,
    isLast: Bool,
    of key: Key
  ) -> ByteSpan? {
    if waiting.count >= ImportLimits.streamsMax { waiting.removeAll() }
    if isFirst { waiting[key] = Parts() }
    guard var own = waiting[key], (own.total ?? 0) + span.count <= 1 << 20 else {
      waiting[key] = nil
      return nil
    }
    own.parts.append((own.total ?? 0, span.array))
    own.total = (own.total ?? 0) + span.count
    waiting[key] = isLast ? nil : own
    return isLast ? ByteSpan(own.parts.flatMap(\.bytes)) : nil
  }
}
