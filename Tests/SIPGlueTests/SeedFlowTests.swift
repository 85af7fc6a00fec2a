import Engine
import Foundation
import SIPGlue
import Testing

/// The flows that the project began with; they lie beside it, and where they do not, nothing is
/// checked here (`SubscriptionTests` and `ContactsWireTests` say the same with other words).
@Suite("The flows of the seeds")
struct SeedFlowTests {
  /// The text of a seed; nil when it is not there.
  private static func seed(_ prefix: String) -> String? {
    let folder = FuzzCorpus.root.deletingLastPathComponent().appendingPathComponent("shared/seeds")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard let name = names.first(where: { $0.hasPrefix(prefix) }) else {
      print("the seeds are absent: \(prefix) is not checked")
      return nil
    }
    return try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  private static func world(
    _ dn: DN,
    trusted: String,
    configure: (inout SIPPlan) -> Void = { _ in }
  ) throws -> PairWorld {
    var plan = SIPPlan(advertisedHost: "10.1.14.175", domain: "one.att.net")
    plan.extensions = [RegistrarExtension(dn)]
    if let network = AddressRange(trusted) { plan.trusted = [network] }
    configure(&plan)
    return try PairWorld(plan: plan)
  }

  /// Sends bytes from an address, and gives all that comes back.
  private static func send(
    _ bytes: [UInt8],
    from address: UInt32,
    to world: inout PairWorld
  ) -> [PairMessage] {
    let before = world.sent.count
    let now = world.instant
    bytes.withUnsafeBytes { world.line.receive($0, fromIPv4: address, port: 5060, at: now) }
    world.take()
    return world.sent[before...].compactMap { PairMessage($0) }
  }

  /// A message that stands in a text from its start line to the fence, with CR LF.
  private static func message(in text: String, from start: String) -> String? {
    guard let begin = text.range(of: start),
      let end = text.range(of: "```", range: begin.upperBound..<text.endIndex)
    else { return nil }
    let lines = text[begin.lowerBound..<end.lowerBound].split(whereSeparator: \.isNewline)
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  @Test func seed000() throws {
    guard let text = Self.seed("000") else { return }
    let request = try #require(Self.message(in: text, from: "REGISTER sip:"))
    let shown = try #require(Self.message(in: text, from: "SIP/2.0 200 OK"))
    // What its log says about the size, with the CR LF of the wire.
    #expect(request.utf8.count == 502)
    var world = try Self.world("7014", trusted: "10.1.33.4")
    world.signals = []
    let answers = Self.send(Array(request.utf8), from: 0x0A01_2104, to: &world)
    let answer = try #require(answers.first)
    let expected = try #require(PairMessage(shown))
    #expect(answer.startLine == expected.startLine)
    let names = Set(expected.headers.map(\.name)).union(answer.headers.map(\.name))
    for name in names where name != "to" {
      #expect(answer.all(name) == expected.all(name), "\(name)")
    }
    let bare = expected["to"].components(separatedBy: ";tag=")[0]
    #expect(answer["to"].hasPrefix(bare + ";tag="))
    #expect(world.story == ["in 7014"])
    world.run(59.9)
    #expect(world.story == ["in 7014"])
    world.run(0.2)
    #expect(world.story == ["in 7014", "out 7014"])
  }

  /// The last of the headers with each name in a part of seed 002: those that were received.
  private static func headers(_ part: Substring) -> [String: String] {
    var result: [String: String] = [:]
    var name = ""
    for line in part.split(separator: "\n", omittingEmptySubsequences: false) {
      let colon = line.firstIndex(of: ":")
      let word = colon.map { line[..<$0] } ?? ""
      let isHeader = !word.isEmpty && word.allSatisfy { $0.isLetter || $0 == "-" }
      if isHeader, let colon {
        name = String(word)
        result[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      } else if line.allSatisfy(\.isWhitespace) {
        name = ""
      } else if !name.isEmpty {
        result[name, default: ""] += line.trimmingCharacters(in: .whitespaces)
      }
    }
    return result
  }

  private static func request(_ startLine: String, _ headers: [String: String]) -> [UInt8] {
    let wanted = ["Via", "From", "To", "Call-ID", "CSeq", "Contact", "Expires"]
    let lines = wanted.compactMap { name in headers[name].map { "\(name): \($0)\r\n" } }
    return Array((startLine + "\r\n" + lines.joined() + "Content-Length: 0\r\n\r\n").utf8)
  }

  @Test func seed002() throws {
    guard let text = Self.seed("002") else { return }
    let parts = text.components(separatedBy: "---------------------------------------------------")
      .filter { $0.count > 1 }
    let register = Self.headers(try #require(parts.first { $0.contains("# REGISTER") })[...])
    let subscribe = Self.headers(try #require(parts.first { $0.contains("// SUBSCRIBE") })[...])
    let notify = Self.headers(try #require(parts.first { $0.contains("// notify") })[...])
    var world = try Self.world("13800011103", trusted: "182.0.123.58") { plan in
      plan.registrar.defaultExpires = 600_000
      plan.registrar.maxExpires = 600_000
    }
    world.signals = []
    let address: UInt32 = 0xB600_7B3A

    let registered = Self.send(
      Self.request("REGISTER sip:one.att.net SIP/2.0", register),
      from: address,
      to: &world
    )
    #expect(registered.first?.status == 200)
    let contact = registered.first?["contact"] ?? ""
    #expect(contact.hasPrefix("<sip:13800011103@182.0.123.58:5060>;expires=600000;"))
    #expect(contact.contains(";audio;video;"))
    #expect(contact.contains(";+sip.instance=\"<urn:gsma:imei:"))
    #expect(world.story == ["in 13800011103"])

    let watched = Self.send(
      Self.request("SUBSCRIBE sip:13800011103@one.att.net SIP/2.0", subscribe),
      from: address,
      to: &world
    )
    #expect(watched.first?.status == 200)
    #expect(watched.first?["expires"] == "600000")
    #expect(watched.first?["call-id"] == subscribe["Call-ID"])
    let notice = try #require(watched.dropFirst().first)
    #expect(notice.startLine == "NOTIFY sip:13800011103@182.0.123.58:5060 SIP/2.0")
    #expect(notice.callID == notify["Call-ID"])
    #expect(notice["cseq"] == notify["CSeq"])
    #expect(notice["to"] == notify["To"])
    #expect(notice["event"] == notify["Event"])
    #expect(notice["max-forwards"] == notify["Max-Forwards"])
    #expect(notice["subscription-state"] == "active;expires=600000")
    #expect(notice.fromTag == watched.first?.toTag)
    #expect(notice.body.contains("<uri>sip:13800011103@182.0.123.58:5060</uri>"))
  }
}
