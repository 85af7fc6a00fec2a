import SIPGlue
import Testing

@Suite("The envelope")
struct EnvelopeTests {
  /// Scans a message and hands out both.
  private func scan(_ text: String, _ body: (Envelope, ByteView) -> Void) {
    let wire = text.replacing("\n", with: "\r\n")
    wire.withByteView { body(Envelope(scanning: $0), $0) }
  }

  private func fixture(_ name: String, _ body: (Envelope, ByteView) -> Void) {
    FuzzCorpus.fixture(name).withByteView { body(Envelope(scanning: $0), $0) }
  }

  @Test(
    "A header without a slice of its own is missed in no spelling, however often it is there",
    arguments: [
      "Accept", "Proxy-Require", "Content-Encoding", "e", "X-Genesys-CallUUID", "Diversion",
      "Replaces", "History-Info", "Timestamp", "Session-Expires", "x", "Min-SE", "RSeq", "Privacy",
    ]
  )
  func otherNames(name: String) {
    for spelling in [name, name.lowercased(), name.uppercased()] {
      let lines = ["Subject: a", "\(spelling): 1", "User-Agent: b", "Allow: BYE", "Supported: c"]
      for others in [[1], [0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [1, 1]] {
        let text = """
          OPTIONS sip:a@b.example SIP/2.0
          Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
          From: <sip:a@b.example>;tag=1
          To: <sip:a@b.example>
          \(others.map { lines[$0] }.joined(separator: "\n"))
          Call-ID: 1
          CSeq: 1 OPTIONS
          Content-Length: 0


          """
        scan(text) { envelope, bytes in
          #expect(!envelope.isOdd)
          var wanted = HeaderNames()
          name.lowercased().withByteView { wanted.insert($0) }
          #expect(!envelope.otherNames.lacksAll(of: wanted))
          #expect(envelope.otherNames.lacksAll(of: HeaderNames("supported")))
          #expect(envelope.otherNames.lacksAll(of: HeaderNames("allow")))
        }
      }
    }
  }

  @Test("An INVITE gives method, target, parties, Via, number and body")
  func plainInvite() {
    fixture("invite") { envelope, bytes in
      #expect(!envelope.isOdd)
      #expect(envelope.isRequest)
      #expect(envelope.method == .invite)
      #expect(bytes[envelope.requestURI].string == "sip:8000@pbx.example.com")
      #expect(bytes[envelope.topVia.branch].string == "z9hG4bK-1-invite")
      #expect(bytes[envelope.topVia.sentBy].string == "192.0.2.10:5062")
      #expect(envelope.topVia.port == 5062)
      #expect(envelope.topVia.responsePort == .requested)
      #expect(envelope.topVia.hasUsefulBranch)
      #expect(bytes[envelope.from.tag].string == "a73kszlfl")
      #expect(bytes[envelope.from.uri].string == "sip:+4930123456@example.com")
      #expect(envelope.to.tag.isEmpty)
      #expect(bytes[envelope.callID].string == "3c26700c1adb-x1@192.0.2.10")
      #expect(envelope.sequence == 1)
      #expect(envelope.maxForwards == 70)
      #expect(Int(envelope.contentLength) == Int(envelope.body.length))
      #expect(bytes[envelope.body].string.hasPrefix("v=0\r\n"))
      #expect(bytes[envelope.contentType].string == "application/sdp")
      #expect(envelope.header("user-agent", in: bytes)?.string == "Our Phone 1.0")
      #expect(envelope.header("subject", in: bytes)?.isEmpty == true)
      #expect(envelope.header("event", in: bytes) == nil)
    }
  }

  @Test("Several Via and Record-Route lines are one block each")
  func blocks() {
    fixture("invite-routed") { envelope, bytes in
      #expect(!envelope.isOdd)
      #expect(envelope.viaCount == 2)
      #expect(bytes[envelope.viaLines].string.split(separator: "\r\n").count == 2)
      #expect(bytes[envelope.recordRouteLines].string.hasSuffix("<sip:edge.example.net;lr>\r\n"))
      #expect(envelope.topVia.responsePort == .absent)
    }
  }

  @Test("Record-Route lines with other lines between them are one route set, in their order")
  func scatteredRoutes() {
    let text =
      "INVITE sip:8000@b.example SIP/2.0\r\nRecord-Route: <sip:one;lr>\r\nRoute: <sip:x;lr>\r\n"
      + "record-route: <sip:two;lr>\r\nFrom: <sip:1@a.example>;tag=1\r\n"
      + "To: <sip:2@b.example>\r\nRoute: <sip:y;lr>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
      + "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
    text.withByteView { view in
      #expect(Envelope(scanning: view).oddity == .scattered)
      var reader = MessageReader()
      let received = reader.read(view)
      #expect(received.verdict == .accept && received.wasOdd)
      #expect(
        received.bytes[received.envelope.recordRouteLines].string
          == "Record-Route: <sip:one;lr>\r\nrecord-route: <sip:two;lr>\r\n"
      )
      #expect(
        received.bytes[received.envelope.routeLines].string
          == "Route: <sip:x;lr>\r\nRoute: <sip:y;lr>\r\n"
      )
    }
  }

  @Test("Compact names and any case are understood")
  func compactNames() {
    fixture("compact") { envelope, bytes in
      #expect(!envelope.isOdd)
      #expect(envelope.method == .bye)
      #expect(bytes[envelope.callID].string == "compact-1")
      #expect(bytes[envelope.to.tag].string == "2")
    }
  }

  @Test("A response has a status and the method of its CSeq")
  func response() {
    fixture("ok") { envelope, bytes in
      #expect(!envelope.isOdd)
      #expect(envelope.statusCode == 200)
      #expect(envelope.method == .invite)
      #expect(envelope.topVia.responsePort == .value(5060))
      #expect(SIPToken(branch: bytes[envelope.topVia.branch]) == SIPToken(0xAA))
    }
  }

  @Test(
    "What lies outside the plain grammar is odd",
    arguments: [
      ("Via: SIP/2.0/UDP h;branch=z9hG4bKa, SIP/2.0/UDP i", Oddity.severalValues),
      ("Via: SIP / 2.0 / UDP h", .via), ("Via: SIP/2.0/UDP h;x=\"q\"", .via),
      ("From: \"a \\\" b\" <sip:x@example.com>;tag=1", .party),
      ("From: <sip:x@example.com>;tag=\"1\"", .tag),
      ("From: <sip:x@example.com>;tag=1;tag=2", .tag),
      ("From: Bell, Alexander <sip:x@example.com>", .party),
      ("Call-ID: a b", .callID), ("Call-ID: \"a\"", .callID), ("Call-ID:", .emptyValue),
      ("CSeq: 1  OPTIONS", .sequence), ("CSeq: 4294967296 OPTIONS", .number),
      ("CSeq: 1 INVITE", .sequenceMethod), ("CSeq: 1", .sequence),
      ("Content-Length: 5", .contentLength), ("Content-Length: -1", .number),
      ("Content-Length: 99999999999999999999", .number), ("Max-Forwards: 256", .number),
      ("Expires: 4294967296", .number), ("Call-ID: x\n folded", .folding),
      ("Call-ID : x", .headerName), ("Call-ID: x\u{1}", .controlByte),
      ("Call-ID: x\u{7f}", .callID),
    ]
  )
  func oddLines(line: String, expected: Oddity) {
    let name = line.prefix { $0 != ":" && $0 != " " }
    let plain = [
      "Via: SIP/2.0/UDP h;branch=z9hG4bKa", "From: <sip:x@example.com>;tag=1",
      "To: <sip:y@example.com>", "Call-ID: c", "CSeq: 1 OPTIONS", "Max-Forwards: 70",
      "Content-Length: 0",
    ]
    let head = "OPTIONS sip:y@example.com SIP/2.0"
    scan(([head] + plain + ["", ""]).joined(separator: "\n")) { envelope, _ in
      #expect(!envelope.isOdd)
    }
    let lines = plain.filter { !$0.hasPrefix(name + ":") } + [line]
    scan(([head] + lines + ["", ""]).joined(separator: "\n")) { envelope, _ in
      #expect(envelope.oddity.contains(expected), "\(envelope.oddity)")
    }
  }

  @Test("A header that may stand once is odd when it stands twice")
  func repeatedHeaders() {
    let original = String(decoding: FuzzCorpus.fixture("ack"), as: UTF8.self)
    for name in ["From", "To", "Call-ID", "CSeq", "Content-Length", "Max-Forwards"] {
      let line = original.split(separator: "\r\n").first { $0.hasPrefix(name + ":") } ?? ""
      let twice = original.replacing(
        "Content-Length: 0\r\n",
        with: "Content-Length: 0\r\n\(line)\r\n"
      )
      twice.withByteView { #expect(Envelope(scanning: $0).oddity.contains(.repeated), "\(name)") }
    }
  }

  @Test("Bare line feeds, bare carriage returns and NUL are odd")
  func lineEnds() {
    let original = FuzzCorpus.fixture("ack")
    let bare = original.filter { $0 != 13 }
    bare.withByteView { #expect(Envelope(scanning: $0).oddity.contains(.bareLineEnd)) }
    for byte: UInt8 in [0, 13] {
      var changed = original
      changed.insert(byte, at: 60)
      changed.withByteView { #expect(Envelope(scanning: $0).oddity.contains(.controlByte)) }
    }
  }

  @Test("The body ends where Content-Length says, whatever follows")
  func trailingBytes() {
    (FuzzCorpus.fixture("ack") + [1, 2, 3]).withByteView {
      let envelope = Envelope(scanning: $0)
      #expect(!envelope.isOdd)
      #expect(envelope.body.isEmpty)
    }
  }

  @Test("Every prefix of a message is scanned without harm")
  func prefixes() {
    let original = FuzzCorpus.fixture("invite")
    for length in 0..<original.count {
      Array(original[..<length]).withByteView { #expect(Envelope(scanning: $0).isOdd) }
    }
  }

  @Test("A datagram beyond 64 kB is odd, not a crash")
  func huge() {
    [UInt8](repeating: 65, count: 70_000).withByteView {
      #expect(Envelope(scanning: $0).oddity == .tooLong)
    }
  }

  @Test("Methods are found by name, case and all")
  func methods() {
    for method in SIPMethod.allCases where method != .other {
      #expect(SIPMethod(ByteView(method.name)) == method)
    }
    #expect(SIPMethod(ByteView("invite")) == .other)
    #expect(SIPMethod(ByteView("INVITES")) == .other)
    #expect(SIPMethod(ByteView("")) == .other)
  }

  @Test("Endpoints are read and written")
  func endpoints() {
    for text in ["192.0.2.1", "255.255.255.255", "0.0.0.0"] {
      #expect(written(text) == text + ":5060")
    }
    #expect(written("[2001:db8::1]") == "[2001:db8::1]:5060")
    #expect(written("64:ff9b::192.0.2.1") == "[64:ff9b::c000:201]:5060")
    // RFC 5118 4.9 and 4.10: an IPv4 address after all, and a colon too many.
    #expect(written("[::ffff:192.0.2.1]") == "192.0.2.1:5060")
    #expect(written("[2001:db8:::192.0.2.1]") == "[2001:db8::c000:201]:5060")
    #expect(written(":::192.0.2.1") == "[::c000:201]:5060")
    // RFC 5952: the longest run of zeros, the first of equals, never a single one.
    for text in [
      "[::]", "[::1]", "[1::]", "[2001:db8:0:1:1:1:1:1]", "[2001:0:0:1::1]", "[2001:db8::1:0:0:1]",
      "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6::]", "[::3:4:5:6:7:8]",
    ] {
      #expect(written(text) == text + ":5060")
    }
    let wrong = [
      "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "a.b.c.d", "1:2", ":::", "g::1", ":::1",
      "1:::2", "1::::192.0.2.1", "1:::192.0.2", "fe80::1%1",
    ]
    for text in wrong {
      text.withByteView { #expect(Endpoint(address: $0, port: 1) == nil, "\(text)") }
    }
  }

  private func written(_ text: String) -> String? {
    text.withByteView {
      guard let endpoint = Endpoint(address: $0, port: 5060) else { return nil }
      var writer = MessageWriter()
      writer.write(endpoint)
      return writer.bytes.string
    }
  }
}
