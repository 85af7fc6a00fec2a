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

  private static func request(_ startLine: String, _ headers: [String: String]) -> String {
    let wanted = ["Via", "From", "To", "Call-ID", "CSeq", "Contact", "Expires"]
    let lines = wanted.compactMap { name in headers[name].map { "\(name): \($0)\r\n" } }
    return startLine + "\r\n" + lines.joined() + "Content-Length: 0\r\n\r\n"
  }

  /// The phone of seed 002, which speaks UDP or TCP.
  private struct IMSPhone {
    static let address: UInt32 = 0xB600_7B3A
    let world: StreamWorld
    let connection: UInt64?

    init(by transport: SIPTransport) throws {
      let host = "10.88.120.110"
      var plan = SIPPlan(
        listeners: [
          SIPListener(.udp, host: host, port: 5060), SIPListener(.tcp, host: host, port: 5060),
        ],
        domain: "one.att.net"
      )
      plan.extensions = [RegistrarExtension("13800011103")]
      if let network = AddressRange("182.0.123.58") { plan.trusted = [network] }
      plan.registrar.defaultExpires = 600_000
      plan.registrar.maxExpires = 600_000
      world = try StreamWorld(plan)
      world.signals = []
      connection = transport == .tcp ? world.connect(5060, Self.address) : nil
    }

    /// Sends a request by the phone's transport, whatever its Via says, and gives what comes back.
    func send(_ text: String) throws -> [PairMessage] {
      let before = world.sent.count
      let name = connection == nil ? "UDP" : "TCP"
      let own = text.replacingOccurrences(
        of: "SIP/2.0/(UDP|TCP)",
        with: "SIP/2.0/\(name)",
        options: .regularExpression
      )
      if let connection {
        world.say(own, on: connection)
      } else {
        world.say(own, fromPort: 5060, Self.address)
      }
      return try world.sent[before...].map { sent in
        #expect(sent.to.hasSameAddress(as: StreamWorld.peer(5060, Self.address)))
        return try #require(sent.message)
      }
    }
  }

  @Test(arguments: [SIPTransport.tcp, .udp])
  func seed002(transport: SIPTransport) throws {
    guard let text = Self.seed("002") else { return }
    let parts = text.components(separatedBy: "---------------------------------------------------")
      .filter { $0.count > 1 }
    let register = Self.headers(try #require(parts.first { $0.contains("# REGISTER") })[...])
    let subscribe = Self.headers(try #require(parts.first { $0.contains("// SUBSCRIBE") })[...])
    let notify = Self.headers(try #require(parts.first { $0.contains("// notify") })[...])
    let phone = try IMSPhone(by: transport)
    let name = transport == .tcp ? "TCP" : "UDP"

    let registered = try phone.send(
      Self.request("REGISTER sip:one.att.net SIP/2.0", register)
    )
    let answer = try #require(registered.first)
    #expect(answer.startLine == "SIP/2.0 200 OK")
    Self.expect(answer, repeats: register, by: name)
    let contact = answer["contact"]
    #expect(contact.hasPrefix("<sip:13800011103@182.0.123.58:5060>;expires=600000;"))
    #expect(contact.contains(";audio;video;"))
    #expect(contact.contains(";+sip.instance=\"<urn:gsma:imei:"))
    #expect(phone.world.signals == [.inService("13800011103")])

    let watched = try phone.send(
      Self.request("SUBSCRIBE sip:13800011103@one.att.net SIP/2.0", subscribe)
    )
    let accepted = try #require(watched.first)
    #expect(accepted.startLine == "SIP/2.0 200 OK")
    Self.expect(accepted, repeats: subscribe, by: name)
    #expect(accepted["expires"] == "600000")
    if transport == .udp {
      // More than 1300 bytes: by TCP first (RFC 3261 18.1.1), and nobody listens there.
      let first = try #require(phone.world.sent.last)
      #expect(first.deed == .open && first.text.utf8.count > 1300)
      phone.world.lose(first.to.connection)
    }
    let sent = try #require(phone.world.sent.last)
    #expect(sent.deed == .send && sent.to.transport == transport)
    let notice = try #require(sent.message)
    #expect(notice.startLine == "NOTIFY sip:13800011103@182.0.123.58:5060 SIP/2.0")
    #expect(notice["via"].hasPrefix("SIP/2.0/\(name) 10.88.120.110:5060;"))
    #expect(notice.callID == notify["Call-ID"])
    #expect(notice["cseq"] == notify["CSeq"])
    #expect(notice["to"] == notify["To"])
    #expect(notice["event"] == notify["Event"])
    #expect(notice["max-forwards"] == notify["Max-Forwards"])
    #expect(notice["subscription-state"] == "active;expires=600000")
    #expect(notice.fromTag == accepted.toTag)
    #expect(notice.body.contains("<uri>sip:13800011103@182.0.123.58:5060</uri>"))
  }

  /// Whether an answer has what it must repeat of its request, byte for byte.
  private static func expect(
    _ answer: PairMessage,
    repeats request: [String: String],
    by transport: String
  ) {
    for name in ["From", "Call-ID", "CSeq"] {
      #expect(answer[name.lowercased()] == request[name])
    }
    #expect(answer["to"].hasPrefix((request["To"] ?? "?") + ";tag="))
    let via = (request["Via"] ?? "").drop { $0 != " " }
    #expect(answer["via"] == "SIP/2.0/\(transport)\(via);received=182.0.123.58")
  }

  /// What seed 003 names of an answer to OPTIONS; it has no message.
  @Test(arguments: [SIPTransport.tcp, .udp])
  func seed003(transport: SIPTransport) throws {
    let phone = try IMSPhone(by: transport)
    let answers = try phone.send(
      "OPTIONS sip:one.att.net SIP/2.0\r\n"
        + "Via: SIP/2.0/UDP 182.0.123.58:5060;branch=z9hG4bK3\r\nMax-Forwards: 70\r\n"
        + "From: <sip:13800011103@one.att.net>;tag=3\r\nTo: <sip:one.att.net>\r\n"
        + "Call-ID: 3\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    let answer = try #require(answers.first)
    #expect(answers.count == 1)
    #expect(answer.startLine == "SIP/2.0 200 OK")
    #expect(answer["accept"] == "application/sdp")
    #expect(answer["accept-encoding"] == "identity")
    #expect(answer["accept-language"] == "en")
    #expect(answer["supported"] == "100rel, timer, replaces, norefersub, path, outbound")
    #expect(answer["allow"].hasPrefix("INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER"))
  }
}
