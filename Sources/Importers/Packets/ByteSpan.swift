/// A part of a packet; what lies outside of it cannot be read.
struct ByteSpan {
  let bytes: [UInt8]
  private(set) var start: Int
  private(set) var end: Int

  init(_ bytes: [UInt8]) { (self.bytes, start, end) = (bytes, 0, bytes.count) }

  var count: Int { end - start }
  var isEmpty: Bool { end <= start }

  /// The byte at a place; 0 outside.
  subscript(position: Int) -> UInt8 {
    position >= 0 && start + position < end ? bytes[start + position] : 0
  }

  func word(_ position: Int) -> UInt16 { UInt16(self[position]) << 8 | UInt16(self[position + 1]) }

  func long(_ position: Int) -> UInt32 {
    UInt32(word(position)) << 16 | UInt32(word(position + 2))
  }

  func double(_ position: Int) -> UInt64 {
    UInt64(long(position)) << 32 | UInt64(long(position + 4))
  }

  /// Without the first bytes.
  func dropping(_ count: Int) -> ByteSpan {
    var rest = self
    rest.start = min(end, start + max(0, count))
    return rest
  }

  /// The first bytes only.
  func prefix(_ count: Int) -> ByteSpan {
    var part = self
    part.end = min(end, start + max(0, count))
    return part
  }

  var array: [UInt8] { Array(bytes[start..<end]) }
  var slice: ArraySlice<UInt8> { bytes[start..<end] }
}

/// An address and a port.
struct Peer: Hashable {
  var high: UInt64 = 0
  var low: UInt64 = 0
  var port: UInt16 = 0
}

/// Two peers, one transport, one tunnel: what belongs together.
struct Flow: Hashable {
  var source: Peer
  var target: Peer
  var transport: UInt8
  /// The tunnels around it, one number each.
  var tunnel: UInt32

  static let tcp: UInt8 = 6
  static let udp: UInt8 = 17
  static let sctp: UInt8 = 132
}
