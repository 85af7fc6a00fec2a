import Engine
import SIPGlue

/// The bytes of a caller's INVITE and ACK, with a number patched in place for every call.
private struct Caller {
  private var invite: [UInt8]
  private var acknowledgement: [UInt8]
  private let invitePlaces: [Int]
  private let acknowledgementPlaces: [Int]
  private static let mark = "00000000"

  init() {
    let head = { (method: String) in
      """
      \(method) sip:8000@127.0.0.1:5060 SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK.bench\(Self.mark)\r
      Max-Forwards: 70\r
      From: "Caller" <sip:+7490000001@127.0.0.1>;tag=f\(Self.mark)\r
      To: <sip:8000@127.0.0.1>\r
      Call-ID: call-\(Self.mark)@127.0.0.1\r
      CSeq: 1 \(method)\r

      """
    }
    let body = """
      v=0\r
      o=- 1 1 IN IP4 127.0.0.1\r
      s=-\r
      c=IN IP4 127.0.0.1\r
      t=0 0\r
      m=audio 40000 RTP/AVP 8 0\r

      """
    let rest = """
      Contact: <sip:+7490000001@127.0.0.1:6000>\r
      Content-Type: application/sdp\r
      Content-Length: \(body.utf8.count)\r
      \r

      """
    invite = Array((head("INVITE") + rest + body).utf8)
    acknowledgement = Array((head("ACK") + "Content-Length: 0\r\n\r\n").utf8)
    invitePlaces = Self.places(in: invite)
    acknowledgementPlaces = Self.places(in: acknowledgement)
  }

  private static func places(in bytes: [UInt8]) -> [Int] {
    let wanted = Array(mark.utf8)
    return bytes.indices.dropLast(wanted.count).filter {
      Array(bytes[$0..<$0 + wanted.count]) == wanted
    }
  }

  private static func patch(_ bytes: inout [UInt8], _ places: [Int], _ number: Int) {
    for place in places {
      var rest = number
      for offset in stride(from: 7, through: 0, by: -1) {
        bytes[place + offset] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
    }
  }

  mutating func sendInvite(_ number: Int, to line: inout SIPSwitch, at now: Instant) {
    Self.patch(&invite, invitePlaces, number)
    invite.withUnsafeBytes { line.receive($0, fromIPv4: 0x7F00_0001, port: 6000, at: now) }
  }

  mutating func sendACK(_ number: Int, to line: inout SIPSwitch, at now: Instant) {
    Self.patch(&acknowledgement, acknowledgementPlaces, number)
    acknowledgement.withUnsafeBytes { line.receive($0, fromIPv4: 0x7F00_0001, port: 6000, at: now) }
  }
}

/// A switch with that many calls waiting for the engine's word, and a caller.
private final class Line {
  var line: SIPSwitch
  var caller = Caller()
  var now = Instant.zero
  var number = 0

  init(live: Int, captures: Bool) {
    var plan = SIPPlan(advertisedHost: "127.0.0.1", domain: "127.0.0.1")
    plan.trusted = [AddressRange("127.0.0.0/8")].compactMap { $0 }
    plan.routingPoints = ["8000"]
    plan.limits.provisionalInterval = .seconds(86_400 * 365)
    if !captures { plan.limits.captureBytesMax = 0 }
    do {
      line = try SIPSwitch(plan: plan, start: 1_700_000_000_000_000_000, secret: (1, 2))
    } catch {
      preconditionFailure("no switch: \(error)")
    }
    for _ in 0..<live { offer() }
    precondition(line.callCount == live, "the calls that should wait do not")
  }

  @discardableResult
  func offer() -> ConnID? {
    number += 1
    caller.sendInvite(number, to: &line, at: now)
    var call: ConnID?
    for signal in line.signals { if case .offered(let offer) = signal { call = offer.connID } }
    line.removeSignals()
    line.discardOutgoing()
    return call
  }

  /// INVITE in, 100 and a refusal out, ACK in: two messages in, two out, one transaction.
  func refusedCall() {
    guard let call = offer() else { preconditionFailure("the call was not offered") }
    line.perform(.reject(call, status: 486), at: now)
    line.discardOutgoing()
    caller.sendACK(number, to: &line, at: now)
    // Ten seconds later the transaction is over: the number of live ones stays what it was.
    now = now + .seconds(10)
    line.advance(to: now)
    line.removeSignals()
  }
}

private func liveCase(_ live: Int, captures: Bool = true) -> Case {
  let name = "sip: INVITE, 486, ACK beside \(live) live transactions"
  return Case(name: captures ? name : name + ", not captured", operations: 20_000) { count in
    let line = Line(live: live, captures: captures)
    return { for _ in 0..<count { line.refusedCall() } }
  }
}

/// A switch with that many calls between callers and a phone, and one more that comes and goes.
private final class Bridge {
  private var line: SIPSwitch
  private var caller = Caller()
  private var now = Instant.zero
  private var number = 0
  /// What the switch has sent last: its INVITE and BYE to the phone, its answer to the caller.
  private var invite = MessageWriter()
  private var answer = MessageWriter()
  private var bye = MessageWriter()
  private var scratch = MessageWriter()

  init(live: Int) {
    var plan = SIPPlan(advertisedHost: "127.0.0.1", domain: "127.0.0.1")
    plan.trusted = [AddressRange("127.0.0.0/8")].compactMap { $0 }
    plan.routingPoints = ["8000"]
    plan.extensions = [RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7002")]
    plan.limits.probeInterval = .zero
    do {
      line = try SIPSwitch(plan: plan, start: 1_700_000_000_000_000_000, secret: (1, 2))
    } catch {
      preconditionFailure("no switch: \(error)")
    }
    for index in 0..<live {
      connect()
      if index % 1_000 == 999 { pass() }
    }
    pass()
    precondition(line.callCount == live, "the calls that should be bridged are not")
  }

  /// INVITE, 100, INVITE, 200, ACK, 200, ACK, then BYE, 200, BYE, 200.
  func call() {
    connect()
    request("BYE", number: 2)
    collect()
    reply(to: bye.bytes, withBody: false)
    pass()
  }

  private func connect() {
    number += 1
    caller.sendInvite(number, to: &line, at: now)
    var call: ConnID?
    for signal in line.signals { if case .offered(let offer) = signal { call = offer.connID } }
    line.removeSignals()
    guard let call else { preconditionFailure("the call was not offered") }
    line.perform(.divert(call, attempt: 1, to: .dn("7002"), mode: .bridge), at: now)
    collect()
    reply(to: invite.bytes, withBody: true)
    collect()
    request("ACK", number: 1)
  }

  /// The transactions are over: the number of live ones stays what it was.
  private func pass() {
    now = now + .seconds(40)
    line.advance(to: now)
    line.removeSignals()
    line.discardOutgoing()
  }

  private func collect() {
    line.drain { bytes, _, _ in
      let envelope = Envelope(scanning: bytes)
      switch (envelope.statusCode, envelope.method) {
      case (0, .invite): Self.copy(bytes, to: &invite)
      case (0, .bye): Self.copy(bytes, to: &bye)
      case (200, .invite): Self.copy(bytes, to: &answer)
      default: break
      }
    }
    line.removeSignals()
  }

  private static func copy(_ bytes: ByteView, to writer: inout MessageWriter) {
    writer.removeAll()
    writer.write(bytes)
  }

  /// The phone answers 200.
  private func reply(to bytes: ByteView, withBody: Bool) {
    let envelope = Envelope(scanning: bytes)
    scratch.removeAll()
    scratch.write("SIP/2.0 200 OK\r\n")
    scratch.header("Via", bytes[envelope.topVia.value])
    scratch.header("From", bytes[envelope.from.value])
    scratch.write("To: ")
    scratch.write(bytes[envelope.to.value])
    scratch.write(envelope.to.tag.isEmpty ? ";tag=phone\r\n" : "\r\n")
    scratch.header("Call-ID", bytes[envelope.callID])
    scratch.header("CSeq", bytes[envelope.sequenceValue])
    scratch.header("Contact", "<sip:7002@127.0.0.1:7002>")
    scratch.finish(
      body: withBody ? bytes[envelope.body] : .empty,
      type: ByteView("application/sdp")
    )
    send(from: 7002)
  }

  /// The caller sends a request in his dialog.
  private func request(_ method: StaticString, number: UInt64) {
    let bytes = answer.bytes
    let envelope = Envelope(scanning: bytes)
    scratch.removeAll()
    scratch.write(method)
    scratch.write(
      " sip:8000@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK."
    )
    scratch.write(method)
    scratch.write(decimal: self.number)
    scratch.write("\r\nMax-Forwards: 70\r\n")
    scratch.header("From", bytes[envelope.from.value])
    scratch.header("To", bytes[envelope.to.value])
    scratch.header("Call-ID", bytes[envelope.callID])
    scratch.write("CSeq: ")
    scratch.write(decimal: number)
    scratch.write(" ")
    scratch.write(method)
    scratch.write("\r\n")
    scratch.finish()
    send(from: 6000)
  }

  private func send(from port: UInt16) {
    let time = now
    scratch.bytes.withUnsafeBytes {
      line.receive($0, fromIPv4: 0x7F00_0001, port: port, at: time)
    }
  }
}

private func bridgeCase(_ live: Int) -> Case {
  Case(name: "sip: a bridged call beside \(live) live calls", operations: 20_000) { count in
    let bridge = Bridge(live: live)
    return { for _ in 0..<count { bridge.call() } }
  }
}

let sipCases: [Case] =
  [100, 10_000, 100_000].map { liveCase($0) } + [liveCase(100, captures: false)]
  + [100, 10_000, 100_000].map(bridgeCase)
