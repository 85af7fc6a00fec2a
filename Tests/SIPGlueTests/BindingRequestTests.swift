import Engine
import Foundation
import SIPGlue
import Testing

@Suite("STUN between SIP messages (RFC 5626 4.4.2)")
struct BindingRequestTests {
  private static let transaction: [UInt8] = [
    0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE,
  ]
  private static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]

  private static func request(_ attributes: [UInt8] = []) -> [UInt8] {
    [0, 1, 0, UInt8(attributes.count)] + cookie + transaction + attributes
  }

  /// What the answer to the sample request of RFC 5769 says of the sender.
  private static func address(_ source: Endpoint) -> [UInt8]? {
    request().withByteView { bytes in
      guard let request = BindingRequest(bytes) else { return nil }
      var writer = MessageWriter()
      request.writeAnswer(to: source, into: &writer)
      let answer = writer.bytes.array
      #expect(Array(answer[0..<2]) == [1, 1])
      #expect(Int(answer[3]) == answer.count - 20)
      #expect(Array(answer[4..<20]) == cookie + transaction)
      return Array(answer[20...])
    }
  }

  @Test func theSampleAnswerOfIPv4() {
    // RFC 5769 2.2: 192.0.2.1, port 32853.
    #expect(
      Self.address(Endpoint(ipv4: 0xC000_0201, port: 32_853))
        == [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43]
    )
  }

  @Test func theSampleAnswerOfIPv6() {
    // RFC 5769 2.3: 2001:db8:1234:5678:11:2233:4455:6677, port 32853.
    let source = Endpoint(ipv6: 0x2001_0DB8_1234_5678, 0x0011_2233_4455_6677, port: 32_853)
    #expect(
      Self.address(source) == [
        0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xA1, 0x47, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1,
        0x79, 0xBC, 0x25, 0xF4, 0xB5, 0xBE, 0xD2, 0xB9, 0xD9,
      ]
    )
  }

  @Test func theSwitchAnswersWhoAsksByUDP() throws {
    var world = try PairWorld()
    world.receive(Self.request([0x80, 0x22, 0, 1, 0x61, 0, 0, 0]), from: 6100)
    let counters = world.line.counters
    #expect(counters.keepAlives == 1 && counters.sent == 1 && counters.malformed == 0)
    #expect(world.sent.count == 1)
  }

  @Test(arguments: [
    // Another class, a wrong length, no cookie, an attribute that must be understood, one cut off.
    [1, 1, 0, 0] + cookie + transaction,
    [0, 1, 0, 4] + cookie + transaction,
    [0, 1, 0, 0, 0, 0, 0, 0] + transaction,
    request([0, 6, 0, 4, 1, 2, 3, 4]),
    request([0x80, 0x22, 0, 8, 1, 2, 3, 4]),
    [0, 1, 0],
  ])
  func whatIsNoBindingRequestGetsNoAnswer(bytes: [UInt8]) throws {
    var world = try PairWorld()
    world.receive(bytes, from: 6100)
    let malformed = world.line.counters.malformed
    #expect(malformed == 1)
    #expect(world.sent.isEmpty)
  }
}
