// The requests that were refused last, so that whoever wonders why his phone does not ring sees it.
//
// A call's messages are in the `Capture`; what never became a call or a registration is in none,
// and is what a newcomer asks for first. A challenge is no refusal: 401 and 407 count only for
// requests that had brought credentials along, and not when these were merely stale.
// Invariant: at most `max` are kept, the newest. Who may change it: `SIPSwitch` only.

public import Engine

/// A request that was refused outside of any call.
public struct RefusedRequest: Sendable, Hashable {
  /// When.
  public var at: Instant
  /// Where it came from.
  public var peer: CapturedMessage.Address
  /// What carried it.
  public var transport: SIPListener.Transport
  /// Its method.
  public var method: String
  /// Who sent it, as its From says.
  public var from: String
  /// Whom it was for: the user of its To.
  public var to: String
  /// The status and the reason phrase of the answer: `403 Forbidden`.
  public var answer: String
}

/// The last refused requests.
struct RefusalLog: ~Copyable {
  private struct Entry {
    var at: Instant
    var source: Endpoint
    var method: String
    var from: String
    var to: String
    var answer: String
  }

  /// How many are kept.
  static let max = 256
  /// Longer texts are cut.
  private static let textMax = 64

  private var ring: [Entry] = []
  private var next = 0

  /// Notes what answers a request, if it refuses it.
  mutating func note(
    _ reply: ByteView,
    to request: borrowing Received,
    from source: Endpoint,
    at now: Instant
  ) {
    guard reply.count > 12, reply.hasPrefixIgnoringCase("sip/2.0 "),
      let status = reply.view(from: 8, to: 11).decimal(atMost: 699), status >= 400
    else { return }
    let envelope = request.envelope
    let bytes = request.bytes
    if status == 401 || status == 407 {
      let isAnonymous = envelope.authorization.isEmpty && envelope.proxyAuthorization.isEmpty
      guard !isAnonymous, !reply.string.contains("stale=true") else { return }
    }
    let end = reply.position(of: 0x0D, from: 8, to: reply.count)
    let entry = Entry(
      at: now,
      source: source,
      method: Self.cut(bytes[envelope.methodText].string),
      from: Self.user(bytes[envelope.from.uri]),
      to: Self.user(bytes[envelope.to.uri]),
      answer: Self.cut(reply.view(from: 8, to: end).string)
    )
    if ring.count < Self.max {
      ring.append(entry)
    } else {
      ring[next] = entry
      next = (next + 1) % Self.max
    }
  }

  private static func user(_ text: ByteView) -> String {
    cut(SIPURI(text)?.userText(in: text) ?? "")
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= textMax ? text : String(text.prefix(textMax - 1)) + "…"
  }

  /// What is kept, the oldest first.
  var all: [RefusedRequest] {
    (ring[next...] + ring[..<next]).map { entry in
      RefusedRequest(
        at: entry.at,
        peer: CapturedMessage.Address(entry.source),
        transport: SIPListener.Transport(entry.source.transport),
        method: entry.method,
        from: entry.from,
        to: entry.to,
        answer: entry.answer
      )
    }
  }
}
