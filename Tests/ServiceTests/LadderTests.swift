import Foundation
import Service
import Testing
import Wire

@Suite("The ladder of a call")
struct LadderTests {
  private static let start: UInt64 = 1_800_000_000_000_000_000

  /// A message so many seconds after the start.
  private static func message(
    _ seconds: Double,
    _ direction: String,
    _ peer: String,
    _ text: String,
    transport: String = "udp"
  ) throws -> CallMessage {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("time")
    writer.time(start + UInt64(seconds * 1e9))
    for (key, value) in [
      ("direction", direction), ("transport", transport), ("own", "192.0.2.1:5060"),
      ("peer", peer), ("text", text),
    ] {
      writer.key(key)
      writer.value(value)
    }
    writer.endObject()
    return try #require(CallMessage(try JSONValue(parsing: writer.text)))
  }

  private static func sip(
    _ first: String,
    _ callID: String,
    from: String = "4420",
    to: String = "8000",
    method: String = "INVITE",
    body: String = ""
  ) -> String {
    let type = body.isEmpty ? "" : "Content-Type: application/sdp\r\n"
    let party = first.hasPrefix("BYE") ? ";tag=2" : ""
    return "\(first)\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n"
      + "From: <sip:\(from)@a>;tag=1\r\nTo: <sip:\(to)@b>\(party)\r\nCall-ID: \(callID)\r\n"
      + "CSeq: 1 \(method)\r\n\(type)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func invite(_ user: String, _ callID: String) -> String {
    sip("INVITE sip:\(user)@x SIP/2.0", callID, to: user, body: "v=0")
  }

  @Test("A call of two sides, with what happened in between")
  func drawn() throws {
    let (caller, phone) = ("192.0.2.9:5060", "[2001:db8::7]:5061")
    let messages = [
      try Self.message(0, "in", caller, Self.invite("8000", "a")),
      try Self.message(0, "out", caller, Self.sip("SIP/2.0 100 Trying", "a")),
      try Self.message(0, "out", phone, Self.invite("7001", "b"), transport: "tls"),
      try Self.message(0.5, "out", phone, Self.invite("7001", "b"), transport: "tls"),
      try Self.message(
        2.25,
        "in",
        phone,
        Self.sip("SIP/2.0 486 Busy Here", "b", to: "7001"),
        transport: "tls"
      ),
      try Self.message(2.25, "out", caller, Self.sip("SIP/2.0 200 OK", "a", body: "v=0")),
      try Self.message(2.5, "in", caller, Self.sip("BYE sip:8000@x SIP/2.0", "a", method: "BYE")),
      try Self.message(2.5, "out", caller, Self.sip("SIP/2.0 200 OK", "a", method: "BYE")),
    ]
    let remarks = [
      Ladder.Remark(Self.start, "EventQueued 8000"),
      Ladder.Remark(Self.start + 2_500_000_000, "EventReleased 8000"),
    ]
    var style = Ladder.Style()
    style.isASCII = true
    let lines = Ladder.lines(of: messages, remarks: remarks, style: style)
    #expect(
      lines == [
        "              caller 4420                     Pointsman                       7001",
        "              192.0.2.9:5060                  192.0.2.1:5060                  "
          + "[2001:db8::7]:5061",
        String(repeating: " ", count: 78) + "tls",
        "08:00:00.000  |- INVITE 8000 SDP ------------>|                               |",
        "08:00:00.000  |<----------------- 100 Trying -|                               |",
        "08:00:00.000  | * EventQueued 8000            |                               |",
        "08:00:00.000  |                               |- INVITE 7001 SDP ------------>|",
        "08:00:00.500  |                               |- INVITE 7001 SDP again ------>|",
        "    +1.750 s  |                               |                               |",
        "08:00:02.250  |                               |<-------------- 486 Busy Here -|",
        "08:00:02.250  |<----------------- 200 OK SDP -|                               |",
        "08:00:02.500  |- BYE ------------------------>|                               |",
        "08:00:02.500  | * EventReleased 8000          |                               |",
        "08:00:02.500  |<--------------- 200 OK (BYE) -|                               |",
      ]
    )
    style.isASCII = false
    let drawn = Ladder.lines(of: messages, remarks: remarks, style: style)
    #expect(drawn[3].hasPrefix("08:00:00.000  │─ INVITE 8000 SDP ────────────▶│"))
    #expect(drawn.map(\.count) == lines.map(\.count))
  }

  @Test("Whoever the call is sent to third gets a line that has become free, with his name")
  func manyTargets() throws {
    var messages = [try Self.message(0, "in", "192.0.2.9:5060", Self.invite("8000", "a"))]
    let order = [0, 1, 2, 3, 0, 4, 1]
    for (step, target) in order.enumerated() {
      let peer = "192.0.2.\(100 + target):5060"
      let user = "700\(target)"
      let callID = "leg\(step)"
      messages.append(
        try Self.message(Double(step), "out", peer, Self.invite(user, callID))
      )
      messages.append(
        try Self.message(
          Double(step),
          "in",
          peer,
          Self.sip("SIP/2.0 480 Temporarily Unavailable", callID, to: user)
        )
      )
    }
    let lines = Ladder.lines(of: messages)
    #expect(lines.allSatisfy { $0.count <= 100 })
    for target in 0...4 {
      // Named over the ladder, or where he takes a line: never twice in a row.
      let naming = lines.filter { $0.contains("192.0.2.\(100 + target):5060") }.count
      #expect(naming == (target == 0 || target == 1 ? 2 : 1), "700\(target)")
    }
    #expect(lines.filter { $0.contains("INVITE 700") }.count == order.count)
    #expect(lines.filter { $0.contains("480 Temp") }.count == order.count)
  }

  @Test("Nothing from outside leaves its place or reaches the terminal as it is")
  func hostile() throws {
    let text = Self.sip(
      "INVITE sip:\u{1B}[2J\u{7}8000\u{202E}\(String(repeating: "9", count: 300))@x SIP/2.0",
      "a",
      from: "\u{1B}]0;x\u{7}\(String(repeating: "é", count: 200))"
    )
    let reply = Self.sip("SIP/2.0 299 \(String(repeating: "long ", count: 60))", "a")
    let peer = "[2001:0db8:1111:2222:3333:4444:5555:6666%eth0]:65535"
    for isASCII in [true, false] {
      var style = Ladder.Style()
      style.isASCII = isASCII
      let lines = Ladder.lines(
        of: [
          try Self.message(0, "in", peer, text), try Self.message(0, "out", peer, reply),
          try Self.message(1, "in", peer, "no SIP at all"),
          try Self.message(1, "out", peer, ""),
        ],
        remarks: [Ladder.Remark(Self.start, "\u{1B}[31m" + String(repeating: "x", count: 300))],
        lost: (7, 2),
        style: style
      )
      #expect(lines.allSatisfy { $0.count <= 100 })
      for scalar in lines.joined().unicodeScalars {
        #expect(scalar.value >= 0x20 && scalar.value != 0x7F)
        if isASCII { #expect(scalar.isASCII) }
      }
      #expect(lines.filter { $0.contains("* 7 messages in between are not kept") }.count == 1)
    }
    #expect(Ladder.lines(of: []).count == 1)
  }

  @Test("Random calls are drawn within their columns", arguments: [60, 80, 100, 160])
  func bounded(width: Int) throws {
    var random = SystemRandomNumberGenerator()
    var style = Ladder.Style()
    style.width = width
    for _ in 0..<40 {
      var messages: [CallMessage] = []
      for step in 0..<Int.random(in: 1...40, using: &random) {
        let leg = Int.random(in: 0...6, using: &random)
        let text =
          Bool.random(using: &random)
          ? Self.invite("70\(leg)", "leg\(leg)") : Self.sip("SIP/2.0 180 Ringing", "leg\(leg)")
        messages.append(
          try Self.message(
            Double(step) / 2,
            Bool.random(using: &random) ? "in" : "out",
            "10.0.0.\(leg):5060",
            text
          )
        )
      }
      let lines = Ladder.lines(of: messages, style: style)
      #expect(lines.allSatisfy { $0.count <= width })
      #expect(lines.filter { $0.contains("▶") || $0.contains("◀") }.count == messages.count)
    }
  }
}
