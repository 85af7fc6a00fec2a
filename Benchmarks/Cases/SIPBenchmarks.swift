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

let sipCases: [Case] =
  [100, 10_000, 100_000].map { liveCase($0) } + [liveCase(100, captures: false)]
