import SIPGlue
import Testing

@Suite("Replies and requests that we write")
struct ReplyTests {
  private let source = Endpoint(ipv4: 0xC0A8_0102, port: 40_000)

  private func reply(
    _ name: String,
    _ reply: Reply,
    headers: (inout MessageWriter) -> Void = { _ in }
  ) -> String {
    FuzzCorpus.fixture(name).withByteView { bytes in
      var reader = MessageReader()
      let received = reader.read(bytes)
      var writer = MessageWriter()
      writer.writeReply(reply, to: received, from: source, headers: headers)
      return writer.bytes.string
    }
  }

  @Test("A reply repeats Via, From, To, Call-ID and CSeq, and fills in received and rport")
  func invite() {
    let text = reply("invite", Reply(180, tag: SIPToken(0xAB))) { $0.header("Server", "us") }
    let expected = """
      SIP/2.0 180 Ringing
      Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bK-1-invite;received=192.168.1.2;rport=40000
      From: "Anna Schmidt" <sip:+4930123456@example.com>;tag=a73kszlfl
      To: <sip:8000@pbx.example.com>;tag=00000000000000ab
      Call-ID: 3c26700c1adb-x1@192.0.2.10
      CSeq: 1 INVITE
      Server: us
      Content-Length: 0


      """
    #expect(text == expected.replacing("\n", with: "\r\n"))
  }

  @Test("The Call-ID is found again in all that we write, and nowhere else")
  func writtenCallID() {
    var seen = 0
    for message in FuzzCorpus.fixtures() {
      message.bytes.withByteView { bytes in
        var reader = MessageReader()
        let received = reader.read(bytes)
        var writer = MessageWriter()
        let body = ByteView("\r\nCall-ID: of the body\r\n")
        guard received.envelope.isRequest, !received.envelope.callID.isEmpty else { return }
        seen += 1
        let reply = Reply(200, tag: SIPToken(1), body: body, type: ByteView("text/plain"))
        writer.writeReply(reply, to: received, from: source) { $0.header("Contact", "<sip:a>") }
        let found = writer.bytes.writtenCallID.string
        #expect(found == received.bytes[received.envelope.callID].string, "\(message.name)")
      }
    }
    #expect(seen > 5)
    TransactionBench.ours(.bye, 7).withByteView { #expect($0.writtenCallID.string == "leg-1") }
    for text in ["", "\r\n", "BYE sip:a SIP/2.0\r\n", "BYE sip:a SIP/2.0\r\nCall-ID: x"] {
      text.withByteView { #expect($0.writtenCallID.isEmpty) }
    }
  }

  @Test("100 has no tag of ours, and a To that has one keeps it")
  func tags() {
    #expect(
      reply("invite", Reply(100, tag: SIPToken(1))).contains("To: <sip:8000@pbx.example.com>\r\n")
    )
    #expect(
      reply("compact", Reply(200, tag: SIPToken(1))).contains("To: sip:8000@example.com;tag=2\r\n")
    )
  }

  @Test("All Via lines are repeated; Record-Route only where a dialog may begin")
  func routes() {
    let progress = reply("invite-routed", Reply(183, tag: SIPToken(1)))
    #expect(
      progress.contains(
        "Via: SIP/2.0/TCP [2001:db8::9]:5061;branch=z9hG4bKc12;received=2001:db8::9\r\n"
      )
    )
    #expect(
      progress.contains(
        "Via: SIP/2.0/UDP proxy.example.com:5060;branch=z9hG4bKp77.1;received=192.168.1.2\r\n"
      )
    )
    #expect(progress.contains("Record-Route: <sip:edge.example.net;lr>\r\n"))
    for status: UInt16 in [100, 302, 486] {
      #expect(!reply("invite-routed", Reply(status, tag: SIPToken(1))).contains("Record-Route"))
    }
  }

  @Test("A skeleton gives the same reply as the request itself")
  func skeleton() {
    for name in ["invite", "invite-routed", "compact", "folded", "old", "register"] {
      FuzzCorpus.fixture(name).withByteView { bytes in
        var reader = MessageReader()
        let received = reader.read(bytes)
        for status: UInt16 in [100, 183, 200, 404] {
          "body".withByteView { body in
            let reply = Reply(status, tag: SIPToken(7), body: body, type: ByteView("text/plain"))
            var direct = MessageWriter()
            direct.writeReply(reply, to: received, from: source)
            var kept = MessageWriter()
            let marks = kept.writeSkeleton(of: received, from: source)
            var later = MessageWriter()
            later.writeReply(reply, from: kept.bytes, marks) { _ in }
            #expect(later.bytes.string == direct.bytes.string)
            let envelope = Envelope(scanning: direct.bytes)
            #expect(envelope.statusCode == status)
            #expect(envelope.viaCount == received.envelope.viaCount)
          }
        }
      }
    }
  }

  @Test("Replies go to rport, to the sent-by port, or to 5060")
  func destinations() {
    for (name, port) in [("invite", 40_000), ("invite-routed", 5060), ("old", 5060)] {
      FuzzCorpus.fixture(name).withByteView {
        let destination = Envelope(scanning: $0).replyDestination(from: source)
        #expect(destination.port == UInt16(port))
        #expect(destination.hasSameAddress(as: source))
      }
    }
  }

  @Test("A request that we write is plain to our own scanner")
  func requests() {
    let own = Endpoint(ipv4: 0x7F00_0001, port: 5060)
    var writer = MessageWriter()
    for method in SIPMethod.allCases where method != .other {
      writer.removeAll()
      writer.begin(
        RequestHead(
          method: method,
          uri: ByteView("sip:1001@192.0.2.20"),
          branch: SIPToken(0xFEED),
          sentBy: own,
          from: ByteView("<sip:8000@pbx>;tag=01"),
          to: ByteView("<sip:1001@pbx.example.com>"),
          callID: ByteView("x@y"),
          sequence: 5
        )
      )
      writer.finish(body: ByteView("hello"), type: ByteView("text/plain"))
      let bytes = writer.bytes
      let envelope = Envelope(scanning: bytes)
      #expect(!envelope.isOdd)
      #expect(envelope.method == method)
      #expect(SIPToken(branch: bytes[envelope.topVia.branch]) == SIPToken(0xFEED))
      #expect(bytes[envelope.body].string == "hello")
    }
  }

  @Test("Text from outside cannot break out of a quoted string or a user part")
  func escaping() {
    var writer = MessageWriter()
    writer.writeQuoted(ByteView("a\"b\\c\r\nVia: x"))
    #expect(writer.bytes.string == "\"a\\\"b\\\\cVia: x\"")
    writer.removeAll()
    writer.writeEscaped(ByteView("a b@c;\r\n"))
    #expect(writer.bytes.string == "a%20b%40c%3B%0D%0A")
  }

  @Test("A writer grows to its limit and then says that it overflowed")
  func overflow() {
    var writer = MessageWriter(capacity: 16, limit: 64)
    for _ in 0..<8 { writer.write("12345678") }
    #expect((writer.overflowed) == false)
    #expect(writer.count == 64)
    writer.write(byte: 1)
    #expect((writer.overflowed) == true)
    #expect(writer.count == 64)
    var out = OutgoingQueue(bytes: 64, limit: 64)
    for _ in 0..<3 {
      out.append(to: source) { writer in for _ in 0..<4 { writer.write("12345678") } }
    }
    #expect(out.count == 2)
    #expect(out.dropped == 1)
    out.removeAll()
    #expect((out.isEmpty) == true)
  }

  @Test("Numbers and tokens are written and read back")
  func numbers() {
    var writer = MessageWriter()
    for number: UInt64 in [0, 9, 10, 12_345, .max] {
      writer.removeAll()
      writer.write(decimal: number)
      #expect(writer.bytes.string == "\(number)")
      writer.removeAll()
      writer.write(branch: SIPToken(number))
      #expect(SIPToken(branch: writer.bytes) == SIPToken(number))
    }
    for text in ["", "z9hG4bK", "z9hG4bK00000000000000AA", "x9hG4bK00000000000000aa"] {
      text.withByteView { #expect(SIPToken(branch: $0) == nil) }
    }
  }

  @Test("URIs are taken apart, and refused when malformed")
  func uris() {
    let text = "sips:al%69ce:pw@[2001:db8::1]:5061;transport=tls;lr?subject=x"
    text.withByteView { bytes in
      guard let uri = SIPURI(bytes) else {
        Issue.record("not parsed")
        return
      }
      #expect(uri.scheme == .sips)
      #expect(uri.userText(in: bytes) == "alice")
      #expect(uri.hostText(in: bytes) == "[2001:db8::1]")
      #expect(uri.port == 5061)
      #expect(uri.parameter("transport", in: bytes)?.string == "tls")
      #expect(uri.parameter("lr", in: bytes)?.isEmpty == true)
      #expect(uri.parameter("maddr", in: bytes) == nil)
      #expect(bytes[uri.headers].string == "?subject=x")
    }
    #expect(SIPURI.unescaped(ByteView("%25%34%31")) == "%41")
    "tel:+4930;phone-context=x".withByteView {
      #expect(SIPURI($0)?.userText(in: $0) == "+4930")
    }
    for bad in [
      "", "sip", "sip:", "sip:@h", "sip:a@", "sip:a@h:0", "sip:a@h:99999", "sip:a b@h", "sip:a%4@h",
      "<sip:a@h>", "sip:a@[::1", "1ip:a", "sip:a@h:5060x",
    ] {
      bad.withByteView { #expect(SIPURI($0) == nil, "\(bad)") }
    }
  }

  @Test(
    "A telephone number is its digits",
    arguments: [
      ("tel:+44-20.(1234)", "+44201234"), ("tel:8-000;phone-context=+1", "8000"),
      ("sip:+4420;phone-context=a.b@h;user=phone", "+4420"), ("sip:*%31-2#;x@h;user=PHONE", "*12#"),
      ("sip:8-000@h;user=phone", "8000"), ("sip:8-000@h", "8-000"), ("sip:1;x@h;user=ip", "1;x"),
      ("sip:bad-1@h;user=phone", "bad-1"), ("sip:7x-1;y@h;user=phone", "7x-1;y"),
      ("tel:sales-1", "sales-1"),
    ]
  )
  func numbers(uri: String, number: String) {
    uri.withByteView { #expect(SIPURI($0)?.userText(in: $0) == number) }
  }

  @Test("Name-addr values are taken apart, and refused when malformed")
  func nameAddresses() {
    "\"A, B\" <sip:a@h;x=1>;expires=5;q=0.5".withByteView { bytes in
      let address = NameAddress(bytes)
      #expect(address.map { bytes[$0.uri].string } == "sip:a@h;x=1")
      #expect(address.map { bytes[$0.display].string } == "A, B")
      #expect(address?.parameter("expires", in: bytes)?.string == "5")
    }
    "sip:a@h;tag=1".withByteView { bytes in
      #expect(NameAddress(bytes)?.parameter("tag", in: bytes)?.string == "1")
    }
    for bad in [
      "", "A, B <sip:a@h>", "\"A <sip:a@h>", "<sip:a@h", "sip:a@h?x=1", "<sip:a@h>x",
      "<sip:a@h>, <sip:b@h>",
    ] {
      bad.withByteView { #expect(NameAddress($0) == nil, "\(bad)") }
    }
  }
}
