// The bytes of a row: numbers in groups of seven bits, texts with their length before them.

/// Writes the bytes of a row.
package struct RowWriter {
  /// What has been written.
  package private(set) var bytes: [UInt8] = []

  package init() { bytes.reserveCapacity(512) }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  package mutating func write(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  package mutating func write(_ text: ByteView) {
    write(UInt64(text.count))
    unsafe text.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  package mutating func write(_ text: String) { text.withByteView { write($0) } }

  /// Without its connection, which does not outlive the process; a socket has its number again.
  package mutating func write(_ endpoint: Endpoint) {
    let socket = endpoint.transport.isStream ? 0 : endpoint.connection
    write(UInt64(endpoint.family.rawValue) | UInt64(endpoint.transport.rawValue) << 1 | socket << 3)
    write(endpoint.high)
    write(endpoint.low)
    write(UInt64(endpoint.port))
    write(UInt64(endpoint.scope))
  }
}

/// Reads the bytes of a row; what is missing reads as nothing, and `isBroken` says so.
package struct RowReader {
  private let bytes: [UInt8]
  private var position = 0
  /// Whether something was not there.
  package private(set) var isBroken = false

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package mutating func number() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    isBroken = true
    return 0
  }

  package mutating func flag() -> Bool { number() != 0 }

  package mutating func text() -> [UInt8] {
    let count = number()
    guard count <= UInt64(bytes.count - position) else {
      isBroken = true
      return []
    }
    defer { position += Int(count) }
    return Array(bytes[position..<position + Int(count)])
  }

  package mutating func string() -> String { String(decoding: text(), as: UTF8.self) }

  package mutating func endpoint() -> Endpoint {
    let kind = number()
    let family = kind & 1
    let transport = SIPTransport(rawValue: UInt8(truncatingIfNeeded: kind >> 1 & 3)) ?? .udp
    let high = number()
    let low = number()
    let port = UInt16(truncatingIfNeeded: number())
    let scope = UInt32(truncatingIfNeeded: number())
    var endpoint =
      family == UInt64(Endpoint.Family.ipv6.rawValue)
      ? Endpoint(ipv6: high, low, port: port, scope: scope)
      : Endpoint(ipv4: UInt32(truncatingIfNeeded: low), port: port)
    endpoint.transport = transport
    endpoint.connection = kind >> 3
    return endpoint
  }
}
