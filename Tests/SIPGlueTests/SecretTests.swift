import Engine
import Foundation
import SIPGlue
import Testing

@Suite("What proves a password does not leave the process")
struct SecretTests {
  private static let response = "00112233445566778899aabbccddeeff"

  /// A call whose INVITE has credentials, as of a phone behind a trusted proxy.
  private static func world(_ name: String) throws -> PairWorld {
    var world = try PairWorld()
    world.line.keepsDialogs = true
    let proof =
      "\(name): Digest username=\"7001\", realm=\"demo.local\", nonce=\"a\", uri=\"sip:b\", "
      + "response=\"\(response)\"\r\n"
    let invite = SwitchTests.request("INVITE", extra: SwitchTests.contact + proof)
    world.inject(invite, from: 6100)
    world.run(0.1)
    return world
  }

  @Test(arguments: ["Authorization", "Proxy-Authorization"])
  func theStoreIsNotToldIt(name: String) throws {
    var world = try Self.world(name)
    let offers = world.offers
    #expect(offers.count == 1)
    _ = world.keep()
    let rows = world.rows.values.compactMap(\.message)
    let messages = rows.map { String(decoding: $0, as: UTF8.self) }
    #expect(messages.contains { $0.contains("username=\"7001\"") })
    #expect(!messages.contains { $0.contains(Self.response) })
  }

  @Test(arguments: ["Authorization", "proxy-authorization"])
  func strategiesAreNotToldIt(name: String) throws {
    var world = try Self.world(name)
    let offered = world.offers.last?.connID
    let conn = try #require(offered)
    world.perform(.readHeader(conn, name))
    #expect(world.signals.last == .header(conn, nil))
    world.perform(.readHeader(conn, "from"))
    #expect(world.signals.last == .header(conn, "<sip:4420@test>;tag=a"))
  }
}
