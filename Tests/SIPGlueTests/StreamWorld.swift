// A switch that speaks UDP and TCP, without sockets: what it sends is looked at entry by entry.

import Engine
import Reactor
import SIPGlue
import Testing

final class StreamWorld {
  struct Sent {
    var text: String
    var to: Endpoint
    var deed: OutgoingQueue.Deed
    var message: PairMessage? { PairMessage(text) }
  }

  var line: SIPSwitch
  var now = 0.0
  var signals: [LineSignal] = []
  var sent: [Sent] = []
  /// Where `attempt`s of the next diversion begin.
  private var attempt: UInt32 = 0

  static func plan(_ change: (inout SIPPlan) -> Void = { _ in }) -> SIPPlan {
    var plan = PairWorld.plan()
    plan.listeners = [
      SIPListener(.udp, host: "127.0.0.1", port: 5060),
      SIPListener(.tcp, host: "127.0.0.1", port: 5062),
    ]
    plan.extensions = [
      RegistrarExtension("7001"),
      RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7002"),
      RegistrarExtension("7003", contact: "sip:7003@127.0.0.1:7003;transport=tcp"),
      RegistrarExtension("7004", contact: "sips:7004@127.0.0.1"),
    ]
    change(&plan)
    return plan
  }

  /// A switch for real sockets, whose peers may send as fast as they can.
  static func line(on listeners: [SIPListener]) throws -> SIPSwitch {
    let plan = plan {
      $0.listeners = listeners
      $0.defence.rate = 0
    }
    return try SIPSwitch(plan: plan, start: Clock.realtime, secret: (1, 2))
  }

  init(_ plan: SIPPlan = StreamWorld.plan()) throws {
    line = try SIPSwitch(plan: plan, start: 1_800_000_000_000_000_000, secret: (1, 2))
    take()
  }

  var instant: Instant { Instant(nanoseconds: UInt64(now * 1e9)) }

  static func peer(_ port: UInt16, _ address: UInt32 = 0x7F00_0001) -> Endpoint {
    Endpoint(ipv4: address, port: port).by(.tcp)
  }

  /// Takes what the switch has produced.
  func take() {
    signals += line.signals
    line.removeSignals()
    var fresh: [Sent] = []
    line.drain { bytes, destination, deed in
      fresh.append(Sent(text: bytes.string, to: destination, deed: deed))
    }
    sent += fresh
  }

  func connect(_ port: UInt16 = 40_000, _ address: UInt32 = 0x7F00_0001) -> UInt64? {
    line.accept(from: Self.peer(port, address), at: instant)
  }

  func say(_ text: String, on connection: UInt64) {
    let time = instant
    text.withByteView { line.receive($0, on: connection, at: time) }
    take()
  }

  func say(_ text: String, fromPort port: UInt16, _ address: UInt32 = 0x7F00_0001) {
    let time = instant
    Array(text.utf8).withUnsafeBytes {
      line.receive($0, fromIPv4: address, port: port, at: time)
    }
    take()
  }

  func lose(_ connection: UInt64) {
    line.lost(connection, at: instant)
    take()
  }

  func run(_ seconds: Double) {
    let end = now + seconds
    while let deadline = line.nextDeadline, Double(deadline.nanoseconds) / 1e9 <= end {
      now = max(now, Double(deadline.nanoseconds) / 1e9 + 1e-6)
      line.advance(to: instant)
      take()
    }
    now = end
  }

  /// Sends the call that was offered last to a DN.
  func divert(to dn: DN) {
    let offers = signals.compactMap { if case .offered(let offer) = $0 { offer } else { nil } }
    guard let offer = offers.last else { return }
    attempt += 1
    let command = LineCommand.divert(offer.connID, attempt: attempt, to: .dn(dn), mode: .bridge)
    line.perform(command, at: instant)
    take()
  }

  /// The failures of diversions, in order.
  var failures: [RouteFailure] {
    signals.compactMap { if case .diversionFailed(_, _, let why, _) = $0 { why } else { nil } }
  }

  var isIdle: Bool { line.isIdle }
  var connections: Int { line.connectionCount }
  var hasNoConnections: Bool { line.hasNoConnections }
  var closed: [UInt64] { sent.filter { $0.deed == .close }.map(\.to.connection) }

  // MARK: Messages

  static func request(
    _ method: String,
    via: String = "TCP 127.0.0.1:6100",
    branch: String = "1",
    to: String = "<sip:8000@127.0.0.1>",
    contact: String = "<sip:4420@127.0.0.1:6100;transport=tcp>",
    number: Int = 1,
    extra: String = "",
    body: String = ""
  ) -> String {
    "\(method) sip:8000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/\(via);branch=z9hG4bK\(branch)\r\n"
      + "Max-Forwards: 70\r\nFrom: <sip:4420@test>;tag=a\r\nTo: \(to)\r\nCall-ID: call@test\r\n"
      + "CSeq: \(number) \(method)\r\nContact: \(contact)\r\n\(extra)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static func register(_ contact: String, number: Int = 1) -> String {
    "REGISTER sip:demo.local SIP/2.0\r\n"
      + "Via: SIP/2.0/TCP 127.0.0.1:6100;branch=z9hG4bKr\(number)\r\n"
      + "Max-Forwards: 70\r\nFrom: <sip:7001@demo.local>;tag=r\r\nTo: <sip:7001@demo.local>\r\n"
      + "Call-ID: reg@test\r\nCSeq: \(number) REGISTER\r\nContact: <\(contact)>\r\nExpires: 60\r\n"
      + "Content-Length: 0\r\n\r\n"
  }

  /// A response to a request that the switch has sent.
  static func answer(_ status: Int, to text: String, contact: String) -> String {
    let message = PairMessage(text)
    return "SIP/2.0 \(status) Because\r\nVia: \(message?["via"] ?? "")\r\n"
      + "From: \(message?["from"] ?? "")\r\nTo: \(message?["to"] ?? "");tag=t\r\n"
      + "Call-ID: \(message?.callID ?? "")\r\nCSeq: \(message?["cseq"] ?? "")\r\n"
      + "Contact: <\(contact)>\r\nContent-Length: 0\r\n\r\n"
  }
}
