// What a bridged call costs the switch beside many others that talk.

import Engine
import Glibc
import SIPGlue

/// A message that is put together from texts and from lines of another one.
private struct Composer {
  private(set) var bytes: [UInt8] = []

  mutating func begin(_ text: StaticString) {
    bytes.removeAll(keepingCapacity: true)
    append(text)
  }

  mutating func append(_ text: StaticString) {
    bytes += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// Appends a number with nine digits.
  mutating func append(_ number: Int) {
    var divisor = 100_000_000
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  /// Copies the first line that begins so, without its end.
  mutating func copy(_ name: StaticString, of message: [UInt8]) {
    message.withUnsafeBufferPointer { all in
      guard let base = all.baseAddress else { return }
      var start = 0
      while start < all.count, let end = memchr(base + start, 10, all.count - start) {
        let next = UnsafePointer<UInt8>(end.assumingMemoryBound(to: UInt8.self)) - base + 1
        if next - start > name.utf8CodeUnitCount,
          memcmp(base + start, name.utf8Start, name.utf8CodeUnitCount) == 0
        {
          bytes += UnsafeBufferPointer(rebasing: all[start..<next - 2])
          return
        }
        start = next
      }
    }
  }
}

private let description: StaticString = """
  Content-Type: application/sdp\r
  Content-Length: 90\r
  \r
  v=0\r
  o=- 1 1 IN IP4 127.0.0.1\r
  s=-\r
  c=IN IP4 127.0.0.1\r
  t=0 0\r
  m=audio 40000 RTP/AVP 8 0\r

  """

/// A caller and a phone that know one call at a time, and the switch between them.
private final class BridgedLine {
  private var line: SIPSwitch
  private var message = Composer()
  /// What the switch sent last, to the phone and to the caller.
  private var toPhone: [UInt8] = []
  private var toCaller: [UInt8] = []
  private var now = Instant.zero
  private var number = 0
  /// A call's transactions are over after so long.
  private static let lifetime = Duration.seconds(40)

  /// Opens a switch over which that many calls talk.
  init(talking: Int) {
    var plan = SIPPlan(advertisedHost: "127.0.0.1", domain: "127.0.0.1")
    plan.trusted = [AddressRange("127.0.0.0/8")].compactMap { $0 }
    plan.routingPoints = ["8000"]
    plan.extensions = [RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7000")]
    plan.limits.probeInterval = .zero
    do {
      line = try SIPSwitch(plan: plan, start: 1_700_000_000_000_000_000, secret: (1, 2))
    } catch {
      preconditionFailure("no switch: \(error)")
    }
    for _ in 0..<talking { connect() }
    precondition(line.legCount == 2 * talking, "the calls that should talk do not")
    // What is kept of calls for people has its full size before anything is measured.
    for _ in 0..<8_000 { wholeCall() }
    precondition(line.legCount == 2 * talking, "calls are left")
  }

  /// INVITE to BYE: six messages in, seven out.
  func wholeCall() {
    connect()
    startRequest("BYE")
    message.append("CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")
    give(from: 6000)
    startReply("SIP/2.0 200 OK\r\n")
    message.append("\r\nContent-Length: 0\r\n\r\n")
    give(from: 7000)
    now = now + Self.lifetime
    line.advance(to: now)
    line.removeSignals()
  }

  /// INVITE, divert, 180, 200, ACK.
  private func connect() {
    number += 1
    toCaller.removeAll(keepingCapacity: true)
    startRequest("INVITE")
    message.append("CSeq: 1 INVITE\r\nContact: <sip:44@127.0.0.1:6000>\r\n")
    message.append(description)
    give(from: 6000)
    for signal in line.signals {
      guard case .offered(let offer) = signal else { continue }
      line.perform(.divert(offer.connID, attempt: 1, to: .dn("7002"), mode: .bridge), at: now)
    }
    take()
    for isAnswer in [false, true] {
      startReply(isAnswer ? "SIP/2.0 200 OK\r\n" : "SIP/2.0 180 Ringing\r\n")
      message.append(";tag=phone\r\nContact: <sip:7002@127.0.0.1:7000>\r\n")
      message.append(isAnswer ? description : "Content-Length: 0\r\n\r\n")
      give(from: 7000)
    }
    startRequest("ACK")
    message.append("CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n")
    give(from: 6000)
  }

  /// A request of the caller up to its CSeq; inside the dialog once there is one.
  private func startRequest(_ method: StaticString) {
    message.begin(method)
    message.append(" sip:8000@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=")
    message.append("z9hG4bK.")
    message.append(method)
    message.append(number)
    message.append("\r\nMax-Forwards: 70\r\nFrom: \"Caller\" <sip:44@127.0.0.1>;tag=f")
    message.append(number)
    message.append("\r\n")
    if toCaller.isEmpty {
      message.append("To: <sip:8000@127.0.0.1>")
    } else {
      message.copy("To:", of: toCaller)
    }
    message.append("\r\nCall-ID: call-")
    message.append(number)
    message.append("@127.0.0.1\r\n")
  }

  /// A reply of the phone to what it got last, up to the middle of its To.
  private func startReply(_ status: StaticString) {
    message.begin(status)
    for name: StaticString in ["Via:", "From:", "Call-ID:", "CSeq:", "To:"] {
      if name.utf8Start[0] != UInt8(ascii: "V") { message.append("\r\n") }
      message.copy(name, of: toPhone)
    }
  }

  private func give(from port: UInt16) {
    message.bytes.withUnsafeBytes { line.receive($0, fromIPv4: 0x7F00_0001, port: port, at: now) }
    guard !line.signals.contains(where: { if case .offered = $0 { true } else { false } }) else {
      return
    }
    take()
  }

  /// Reads what the switch sends.
  private func take() {
    line.removeSignals()
    line.drain { datagram, port in
      if port == 7000 { toPhone = datagram } else { toCaller = datagram }
    }
  }
}

let dialogCases: [Case] = [100, 10_000, 100_000].map { dialogs in
  Case(name: "sip: a bridged call beside \(dialogs) live dialogs", operations: 20_000) { count in
    // A bridged call is two dialogs.
    let line = BridgedLine(talking: dialogs / 2)
    return { for _ in 0..<count { line.wholeCall() } }
  }
}
