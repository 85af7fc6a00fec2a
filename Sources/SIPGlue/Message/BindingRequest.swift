// STUN between SIP messages: how a phone on UDP keeps its flow alive and sees that it is alive.
//
// The first two bits of STUN are zero, those of SIP never are. Only a Binding request is served,
// without authentication, as RFC 5626 8 has it; one with an attribute that must be understood gets
// no answer. Source: RFC 5626 3.5.2, 4.4.2, 8; RFC 5389 6, 7.3.1, 15.2.

/// A request of STUN that asks for the sender's own address.
package struct BindingRequest {
  private static let headLength = 20
  private static let cookie: UInt32 = 0x2112_A442

  /// Cookie and transaction, which the answer repeats.
  private let name: ByteView

  /// Reads a datagram; nil when it is no such request.
  package init?(_ datagram: ByteView) {
    guard datagram.count >= Self.headLength, datagram[0] == 0, datagram[1] == 1,
      datagram.number(at: 2) == datagram.count - Self.headLength,
      datagram.number(at: 4) == Self.cookie >> 16, datagram.number(at: 6) == Self.cookie & 0xFFFF
    else { return nil }
    var index = Self.headLength
    while index < datagram.count {
      // Those from 0x8000 on may be left out of account.
      guard index + 4 <= datagram.count, datagram[index] >= 0x80 else { return nil }
      index += 4 + (datagram.number(at: index + 2) + 3) & ~3
    }
    guard index == datagram.count else { return nil }
    name = datagram.view(from: 4, to: Self.headLength)
  }

  /// Writes the answer: where the request came from, as we see it.
  package func writeAnswer(to source: Endpoint, into writer: inout MessageWriter) {
    let isIPv4 = source.family == .ipv4
    let addressLength = isIPv4 ? 4 : 16
    // Binding success; one attribute, XOR-MAPPED-ADDRESS.
    writer.write(number: 0x0101)
    writer.write(number: UInt16(8 + addressLength))
    writer.write(name)
    writer.write(number: 0x0020)
    writer.write(number: UInt16(4 + addressLength))
    writer.write(number: isIPv4 ? 1 : 2)
    writer.write(number: source.port ^ UInt16(Self.cookie >> 16))
    for index in 0..<addressLength {
      let word = index < addressLength - 8 ? source.high : source.low
      let shift = UInt64(8 * (7 - (index + 16 - addressLength) % 8))
      writer.write(byte: UInt8(truncatingIfNeeded: word >> shift) ^ name[index])
    }
  }
}

extension ByteView {
  /// The two bytes at a place, the first one the greater.
  fileprivate func number(at place: Int) -> Int { Int(self[place]) << 8 | Int(self[place + 1]) }
}

extension MessageWriter {
  /// Appends two bytes, the greater one first.
  fileprivate mutating func write(number: UInt16) {
    write(byte: UInt8(number >> 8))
    write(byte: UInt8(truncatingIfNeeded: number))
  }
}
