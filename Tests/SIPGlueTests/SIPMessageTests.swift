import Foundation
import SIPGlue
import Testing

@Suite("Messages with meaning")
struct SIPMessageTests {
  @Test("A REGISTER gives its contacts and credentials")
  func register() throws {
    try FuzzCorpus.fixture("register").withByteView { bytes in
      let message = try SIPMessage(parsing: bytes)
      #expect((message.isRequest) == true)
      #expect(message.method == "REGISTER")
      #expect(message.requestURI == "sip:pbx.example.com")
      #expect(message.toURI == "sip:1001@pbx.example.com")
      #expect(message.expires == 600)
      let contacts = message.contacts
      #expect(contacts.map(\.uri).count == 2)
      #expect(contacts.first?.uri == "sip:1001@192.0.2.20:5060;transport=udp")
      #expect(contacts.first?.display == "One")
      #expect(contacts.first?.expires == 300)
      #expect(contacts.first?.q == 700)
      #expect(contacts.last?.expires == nil)
      let credentials = try #require(message.credentials(proxy: false).first)
      #expect(credentials.scheme == "Digest")
      #expect(credentials.username == "1001")
      #expect(credentials.nonce == "abc\"d")
      #expect(credentials.qop == "auth")
      #expect(credentials.nonceCount == "00000001")
      #expect(credentials.clientNonce == "xyz")
      #expect(message.credentials(proxy: true).isEmpty)
    }
  }

  @Test("Headers are found by name, known to libosip2 or not")
  func headersByName() throws {
    try FuzzCorpus.fixture("invite").withByteView { bytes in
      let message = try SIPMessage(parsing: bytes)
      #expect(message.header(named: "User-Agent") == "Our Phone 1.0")
      #expect(message.headers(named: "Via").count == 1)
      #expect(message.header(named: "Contact") == "<sip:anna@192.0.2.10:5062;line=1>")
      #expect(message.headers(named: "allow").count == 5)
      #expect(message.headers(named: "X-Absent").isEmpty)
      #expect(message.fromDisplay == "Anna Schmidt")
      #expect(message.contentType == "application/sdp")
      #expect(message.bodyBytes.starts(with: Array("v=0\r\n".utf8)))
    }
  }

  @Test("A q value is at most three decimals between 0 and 1")
  func thousandths() {
    #expect(SIPMessage.thousandths("0.7") == 700)
    #expect(SIPMessage.thousandths("1") == 1000)
    #expect(SIPMessage.thousandths("0.001") == 1)
    for text in ["1.001", "2", "0.1234", "-0.1", "a", "", "0.1.2"] {
      #expect(SIPMessage.thousandths(text) == nil, "\(text)")
    }
  }

  @Test("Folded and crowded messages are put in plain form as libosip2 understands them")
  func normalised() {
    var reader = MessageReader()
    FuzzCorpus.fixture("folded").withByteView { bytes in
      let received = reader.read(bytes)
      #expect(received.verdict == .accept)
      #expect(received.wasOdd)
      let envelope = received.envelope
      #expect(envelope.viaCount == 2)
      #expect(received.bytes[envelope.topVia.branch].string == "z9hG4bKfold")
      #expect(received.bytes[envelope.from.tag].string == "t1")
      #expect(envelope.sequence == 7)
      #expect(received.bytes[envelope.body].string == "abcd")
      #expect(envelope.header("subject", in: received.bytes)?.string == "a folded subject")
    }
  }

  @Test(
    "Malformed messages get the verdict of RFC 3261",
    arguments: [
      (
        "OPTIONS sip:a@example.com SIP/2.0", "OPTIONS sip:a@example.com SIP/3.0",
        Verdict.answer(505)
      ),
      ("OPTIONS sip:", "OPTIONS foo:", .answer(416)),
      ("OPTIONS sip:", "OPTIONS  sip:", .answer(400)),
      ("OPTIONS sip:a@example.com", "OPTIONS <sip:a@example.com>", .answer(400)),
      ("CSeq: 1 OPTIONS", "CSeq: 1 INVITE", .answer(400)),
      ("CSeq: 1 OPTIONS", "CSeq: 36893488147419103232 OPTIONS", .answer(400)),
      ("CSeq: 1 OPTIONS", "CSeq: -1 OPTIONS", .answer(400)),
      ("Content-Length: 0", "Content-Length: 10", .answer(400)),
      ("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 1", .answer(400)),
      ("Call-ID: c\r\n", "", .answer(400)),
      ("Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n", "", .drop(.garbage)),
      ("OPTIONS", "ACK", .drop(.malformedACK)), ("OPTIONS", "RE%47", .answer(501)),
      ("To: <", "To: \"\\\u{7}\\\0\" <", .accept), ("To: <", "To: \"\u{7}\" <", .drop(.garbage)),
      ("To: <", "To: \"\\\\\u{7}\" <", .drop(.garbage)),
      ("Call-ID: c", "Call-ID: c\r\nX: \\\u{7}", .drop(.garbage)),
      ("OPTIONS sip:a@example.com SIP/2.0", "SIP/2.0 4294967301 OK", .drop(.malformedResponse)),
      ("OPTIONS sip:a@example.com SIP/2.0", "GET / HTTP/1.1", .drop(.garbage)),
    ]
  )
  func verdicts(part: String, instead: String, expected: Verdict) {
    let plain =
      "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
      + "From: <sip:x@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: c\r\n"
      + "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    var reader = MessageReader()
    plain.withByteView { #expect(reader.read($0).verdict == .accept) }
    let range = plain.range(of: part)
    let changed = range.map { plain.replacingCharacters(in: $0, with: instead) } ?? ""
    changed.withByteView { #expect(reader.read($0).verdict == expected) }
  }

  @Test("Keep-alives and noise are dropped")
  func noise() {
    var reader = MessageReader()
    for text in ["", "\r\n\r\n", "\r\n"] {
      text.withByteView { #expect(reader.read($0).verdict == .drop(.keepAlive)) }
    }
    for text in ["jaK", "\0\0\0\0", "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}"] {
      text.withByteView { #expect(reader.read($0).verdict == .drop(.garbage)) }
    }
    ("\r\n\r\n" + String(decoding: FuzzCorpus.fixture("ack"), as: UTF8.self)).withByteView {
      #expect(reader.read($0).verdict == .accept)
    }
  }

  @Test("The published torture messages get the verdict of their table")
  func torture() throws {
    let table = FuzzCorpus.shared.appendingPathComponent("torture/EXPECT.shared.tsv")
    guard let text = try? String(contentsOf: table, encoding: .utf8) else {
      print("shared data is absent: the torture table is not checked")
      return
    }
    let messages = Dictionary(
      uniqueKeysWithValues: FuzzCorpus.torture().map { ($0.name, $0.bytes) }
    )
    var reader = MessageReader()
    for row in text.split(separator: "\n").dropFirst() {
      let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
      let name = String(fields[0].split(separator: "/").last ?? "")
      let bytes = try #require(messages[name])
      let verdict = bytes.withByteView { reader.read($0).verdict }
      #expect(verdict == expected(String(fields[5]), name), "\(name): \(fields[7])")
    }
  }

  /// What the table's words mean to a reader; what an application decides, it must accept.
  private func expected(_ words: String, _ name: String) -> Verdict {
    // The table's alternative: without a useful branch the rules of RFC 2543 apply.
    if name == "badbranch.dat" { return .accept }
    if words.hasPrefix("discard") { return .drop(.malformedResponse) }
    let status = UInt16(words.prefix(3)) ?? 0
    return [400, 416, 505].contains(status) ? .answer(status) : .accept
  }
}
