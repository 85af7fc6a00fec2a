import Engine
import SIPGlue

/// A transaction table with its queue, driven in virtual time by messages made for the purpose.
final class TransactionBench {
  var table: TransactionTable
  var out = OutgoingQueue()
  var reader = MessageReader()
  var events: [TransactionEvent] = []
  var now: UInt64 = 0
  /// The last transaction that was new.
  var latest: TransactionHandle?

  /// Where requests come from and go to.
  var peer = TransactionBench.peer
  static let peer = Endpoint(ipv4: 0xC000_020A, port: 5062)
  static let millisecond: UInt64 = 1_000_000

  init(limit: Int = 1_000_000) { table = TransactionTable(limit: limit) }

  var instant: Instant { Instant(nanoseconds: now) }

  var count: Int { table.count }
  /// Bytes that the table keeps.
  var lent: Int { table.pool.lent }

  func lastStatus(of handle: TransactionHandle) -> UInt16? { table.lastStatus(of: handle) }
  func owner(of handle: TransactionHandle) -> UInt64? { table.owner(of: handle) }

  /// What a dialog does when the ACK to its success arrives.
  func acknowledgeLatest() {
    if let latest { table.successAcknowledged(latest) }
  }

  /// The first lines of what has been sent since last asked.
  func sent() -> [String] {
    var lines: [String] = []
    for index in 0..<out.count {
      lines.append(String(out[index].bytes.string.prefix { $0 != "\r\n" }))
    }
    out.removeAll()
    return lines
  }

  /// The whole text of the last datagram.
  var lastSent: String { out.count == 0 ? "" : out[out.count - 1].bytes.string }

  func request(_ text: String) -> RequestOutcome {
    text.withByteView { bytes in
      let received = reader.read(bytes)
      return table.receive(request: received, from: peer, at: instant, into: &out)
    }
  }

  func response(_ text: String) -> ResponseOutcome {
    text.withByteView { bytes in
      let received = reader.read(bytes)
      return table.receive(response: received, at: instant, into: &out)
    }
  }

  /// Does with a datagram what a switch without any calls would do.
  func swallow(_ bytes: ByteView) -> Verdict {
    let received = reader.read(bytes)
    switch received.verdict {
    case .accept where received.envelope.isRequest:
      let outcome = table.receive(request: received, from: peer, at: instant, into: &out)
      if case .new(let handle) = outcome { reply(handle, now % 3 == 0 ? 200 : 404) }
    case .accept: _ = table.receive(response: received, at: instant, into: &out)
    case .answer(let status):
      let destination = received.envelope.replyDestination(from: peer)
      out.append(to: destination) { writer in
        writer.writeReply(Reply(status, tag: SIPToken(1)), to: received, from: peer)
      }
    case .drop: break
    }
    table.advance(to: instant, into: &out, events: &events)
    return received.verdict
  }

  func cancelled(_ text: String) -> TransactionHandle? {
    text.withByteView { table.invite(cancelledBy: reader.read($0)) }
  }

  func reply(_ handle: TransactionHandle, _ status: UInt16) {
    table.reply(to: handle, with: Reply(status, tag: SIPToken(1)), at: instant, into: &out)
  }

  func send(_ method: SIPMethod, _ branch: UInt64 = 0xAA) -> TransactionHandle? {
    let text = Self.ours(method, branch)
    let client = ClientRequest(
      method: method,
      branch: SIPToken(branch),
      destination: peer,
      owner: branch
    )
    return text.withByteView { table.send($0, as: client, at: instant, into: &out) }
  }

  /// Lets time pass until `milliseconds`, stopping at every deadline; when what was sent, in ms.
  func run(to milliseconds: UInt64) -> [UInt64] {
    var times: [UInt64] = []
    let end = milliseconds * Self.millisecond
    while let next = table.nextDeadline, next.nanoseconds <= end {
      now = max(now, next.nanoseconds)
      let before = out.count
      table.advance(to: instant, into: &out, events: &events)
      for _ in before..<out.count { times.append(now / Self.millisecond) }
    }
    now = end
    return times
  }
}

// Messages.
extension TransactionBench {
  static func theirs(
    _ method: String,
    branch: String = ";branch=z9hG4bKx1",
    number: Int = 1,
    call: String = "c1",
    tag: String = ""
  ) -> String {
    """
    \(method) sip:8000@pbx.example.com SIP/2.0\r
    Via: SIP/2.0/UDP 192.0.2.10:5062\(branch)\r
    Max-Forwards: 70\r
    From: <sip:anna@example.com>;tag=a1\r
    To: <sip:8000@pbx.example.com>\(tag)\r
    Call-ID: \(call)\r
    CSeq: \(number) \(method)\r
    Content-Length: 0\r
    \r

    """
  }

  static func ours(_ method: SIPMethod, _ branch: UInt64) -> String {
    var writer = MessageWriter()
    writer.begin(
      RequestHead(
        method: method,
        uri: ByteView("sip:1001@192.0.2.20"),
        branch: SIPToken(branch),
        sentBy: Endpoint(ipv4: 0xC000_0201, port: 5060),
        from: ByteView("<sip:8000@pbx.example.com>;tag=f1"),
        to: ByteView("<sip:1001@pbx.example.com>"),
        callID: ByteView("leg-1"),
        sequence: 3,
        routeLines: ByteView("Route: <sip:edge.example.com;lr>\r\n")
      )
    )
    writer.finish()
    return writer.bytes.string
  }

  static func answer(
    _ status: Int,
    to method: SIPMethod = .invite,
    branch: UInt64 = 0xAA,
    tag: String = "p1"
  ) -> String {
    var writer = MessageWriter()
    writer.write(branch: SIPToken(branch))
    return """
      SIP/2.0 \(status) Some Reason\r
      Via: SIP/2.0/UDP 192.0.2.1:5060;branch=\(writer.bytes.string)\r
      From: <sip:8000@pbx.example.com>;tag=f1\r
      To: <sip:1001@pbx.example.com>;tag=\(tag)\r
      Call-ID: leg-1\r
      CSeq: 3 \(method.name)\r
      Content-Length: 0\r
      \r

      """
  }
}
