// From datagram to verdict.
//
// The plain majority goes through the scanner alone. Whatever the scanner finds odd is parsed by
// libosip2, written out by it in canonical form, and scanned again: what follows then reads one kind
// of bytes only. What libosip2 refuses, or cannot make plain, is answered or dropped as RFC 3261
// says; nothing that arrives from outside stops the switch.

/// What to do with a datagram.
enum Verdict: Equatable, Sendable {
  /// Go on with `Received.envelope`.
  case accept
  /// Answer with this status, statelessly; the envelope is good enough for that.
  case answer(UInt16)
  case drop(DropReason)
}

/// Why a datagram is dropped without an answer.
enum DropReason: UInt8, CaseIterable, Sendable {
  /// Nothing but line ends: a keep-alive.
  case keepAlive
  /// Not SIP at all, or too broken to be answered.
  case garbage
  case malformedResponse
  /// An ACK must never be answered.
  case malformedACK
}

/// A datagram, read.
struct Received {
  /// The bytes that the envelope's slices refer to: the datagram's own, or the normalised copy.
  var bytes: ByteView
  var envelope: Envelope
  var verdict: Verdict
  /// Whether libosip2 had to look at it.
  var wasOdd: Bool
}

/// Reads datagrams; owns the buffer in which odd ones are normalised.
struct MessageReader: ~Copyable {
  init() {}

  /// Reads one datagram; what it returns is valid until the next call and while `datagram` is.
  mutating func read(_ datagram: ByteView) -> Received { preconditionFailure() }
}
