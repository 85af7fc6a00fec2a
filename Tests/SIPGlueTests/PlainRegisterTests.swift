import Engine
import SIPGlue
import Testing

/// A REGISTER that is read in place must mean what libosip2 reads in it.
@Suite("The plain REGISTER against libosip2")
struct PlainRegisterTests {
  private static let head =
    "REGISTER sip:demo.local SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6100;branch=z9hG4bKa;rport\r\n"
    + "Max-Forwards: 70\r\nFrom: <sip:7001@demo.local>;tag=a\r\n"
    + "To: \"Ana\" <sip:7001@demo.local>\r\nCall-ID: reg@test\r\nCSeq: 3 REGISTER\r\n"

  private static let digest =
    "Digest username=\"7001\", realm=\"demo.local\", nonce=\"0123456789abcdef\", "
    + "uri=\"sip:demo.local\", response=\"00112233445566778899aabbccddeeff\", algorithm=MD5, "
    + "qop=auth, nc=00000001, cnonce=\"abc\", opaque=\"o\""

  private static let contacts = [
    "<sip:7001@127.0.0.1:6100>", "<sip:7001@127.0.0.1:6100>;expires=60", "<sip:10.0.0.1>;q=0.5",
    "<sips:a@[2001:db8::1]:5061;transport=tls;lr>;q=1;expires=4294967295;foo;bar=baz",
    "Ana <sip:7001@phone.example;ob>;expires=0", "<sip:7001@h>;q=0.35;expires=7;video",
  ]

  private static func corpus() -> [[UInt8]] {
    var messages: [[UInt8]] = []
    for contact in contacts {
      for proof in ["", "Authorization: \(digest)\r\n"] {
        let text =
          "\(head)Contact: \(contact)\r\nExpires: 300\r\n\(proof)User-Agent: x/1\r\n"
          + "Content-Length: 0\r\n\r\n"
        messages.append(Array(text.utf8))
      }
    }
    let others = FuzzCorpus.fixtures() + FuzzCorpus.torture() + FuzzCorpus.captured()
    return messages
      + others.map(\.bytes).filter { $0.starts(with: Array("REGISTER ".utf8)) }
  }

  /// What the two readings of a message that both accept differ in; nil: nothing.
  private static func difference(_ received: Received, _ tally: inout Tally) -> String? {
    guard received.verdict == .accept, received.envelope.method == .register,
      let plain = PlainRegister(received)
    else { return nil }
    tally.plain += 1
    guard var expected = RegisterRequest(reading: received) else {
      // For the sake of a header that a REGISTER is not served by.
      tally.refused += 1
      return nil
    }
    let credentials = expected.credentials
    var made = RegisterRequest(plain)
    // What the plain form leaves out means nothing without a device.
    made.supportsOutbound = expected.supportsOutbound
    made.source = nil
    made.flow = nil
    if plain.userAgent != expected.userAgent { return "User-Agent" }
    made.userAgent = expected.userAgent
    expected.credentials = []
    if made != expected { return "\(made) is not \(expected)" }
    return Self.difference(plain.credentials, credentials)
  }

  private static func difference(_ fields: DigestFields?, _ all: [Credentials]) -> String? {
    guard let fields else { return all.isEmpty ? nil : "overlooked: \(all)" }
    guard all.count == 1 else { return "invented, of \(all)" }
    let pairs = [
      (fields.username, all[0].username), (fields.realm, all[0].realm),
      (fields.nonce, all[0].nonce), (fields.uri, all[0].uri), (fields.response, all[0].response),
      (fields.algorithm, all[0].algorithm ?? ""), (fields.qop, all[0].qop ?? ""),
      (fields.nonceCount, all[0].nc ?? ""), (fields.clientNonce, all[0].cnonce ?? ""),
      (fields.opaque, all[0].opaque ?? ""),
    ]
    for (field, text) in pairs where field.string != text { return "\(field.string), not \(text)" }
    return nil
  }

  private static func compare(_ bytes: [UInt8], _ reader: inout MessageReader, _ tally: inout Tally)
  {
    bytes.withByteView { view in
      guard let field = difference(reader.read(view), &tally) else { return }
      tally.differences.append(Difference(name: "REGISTER", field: field, bytes: bytes))
    }
  }

  @Test("What phones send is plain")
  func phonesArePlain() {
    var reader = MessageReader()
    var tally = Tally()
    for message in Self.corpus().prefix(2 * Self.contacts.count) {
      Self.compare(message, &reader, &tally)
    }
    #expect(tally.plain == 2 * Self.contacts.count)
    #expect(tally.refused == 0)
    #expect(tally.differences.isEmpty, "\(tally.differences.prefix(2))")
  }

  @Test("On 60,000 mutations they agree, or it is not plain", .timeLimit(.minutes(10)))
  func mutationsAgree() {
    let corpus = Self.corpus()
    var mutator = Mutator(seed: 21)
    var reader = MessageReader()
    var tally = Tally()
    for round in 0..<60_000 {
      Self.compare(mutator.mutate(corpus[round % corpus.count]), &reader, &tally)
    }
    #expect(tally.differences.isEmpty, "\(tally.differences.prefix(3))")
    #expect(tally.plain > 10_000)
    #expect(tally.refused < tally.plain / 10)
  }
}
