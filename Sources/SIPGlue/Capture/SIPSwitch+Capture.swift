// Where messages come in and go out, for the capture: the one place that sees both.
//
// A message that came is kept before those that it brought about, and after the switch has dealt
// with it: only then is it known whether it began a call.

public import Engine

extension SIPSwitch {
  /// What is kept of a call's messages; nil: nothing, or nothing any more.
  public func captured(_ conn: ConnID) -> CapturedCall? { capture.call(conn, own: table.own) }

  /// Whether anything is kept of a call's messages.
  public func isCaptured(_ conn: ConnID) -> Bool { capture.has(conn) }

  /// The call that has a leg with this Call-ID, if its messages are kept.
  public func capturedCall(withCallID callID: String) -> ConnID? {
    callID.withByteView { capture.call(named: name(of: $0)) }
  }

  /// The requests that were refused last, outside of any call, the oldest first.
  public var refusedRequests: [RefusedRequest] { refusals.all }

  /// How many calls are captured, and how many bytes that takes.
  public var captureUse: (calls: Int, bytes: Int) { (capture.count, capture.bytes) }

  /// A call begins with this INVITE.
  mutating func openCapture(of conn: ConnID, callID: ByteView, at now: Instant) {
    guard capture.isOn else { return }
    capture.open(conn, name: name(of: callID), at: now)
  }

  /// A call of an earlier process goes on with its legs.
  mutating func resumeCapture(of slot: Slot, at now: Instant) {
    let call = calls[slot]
    openCapture(of: call.conn, callID: call.invite.bytes[call.envelope.callID], at: now)
    for leg in [call.caller, call.target] {
      if let leg { joinCapture(leg) }
    }
  }

  /// A leg of a call begins.
  mutating func joinCapture(_ slot: Slot) {
    guard capture.isOn, let call = legs[slot].call else { return }
    let callID = legs[slot].text.bytes[legs[slot].callID]
    // What becomes of a transfer is shown with the call that is transferred.
    let held = transfers.isEmpty ? nil : transfers.held(of: call)
    capture.join(calls[held ?? call].conn, name: name(of: callID))
  }

  /// Counts what was sent since the queue had `before` entries; keeps that and the message that
  /// brought it about, if they are of a call, and else the refusal, if it is one.
  mutating func noteMessages(
    _ datagram: ByteView,
    _ received: borrowing Received,
    from source: Endpoint,
    sentSince before: Int,
    at now: Instant
  ) {
    let callID = received.bytes[received.envelope.callID]
    guard capture.isOn, let own = capture.place(of: name(of: callID)) else {
      // What answers a message of no call is of no call.
      counters.sent += UInt64(outgoing.count - before)
      guard received.envelope.isRequest else { return }
      for index in before..<outgoing.count {
        refusals.note(outgoing[index].bytes, to: received, from: source, at: now)
      }
      return
    }
    capture.add(datagram, to: own, peer: source, isReceived: true, at: now)
    noteMessages(sentSince: before, answering: (callID, own), at: now)
  }

  /// Counts, and keeps, what was sent since the queue had `before` entries.
  mutating func noteMessages(
    sentSince before: Int,
    answering received: (callID: ByteView, place: Slot)? = nil,
    at now: Instant
  ) {
    counters.sent += UInt64(outgoing.count - before)
    guard capture.isOn else { return }
    for index in before..<outgoing.count {
      let (message, destination) = outgoing[index]
      let callID = message.writtenCallID
      guard !callID.isEmpty else { continue }
      // Most of what is sent has the Call-ID of what came: it need not be looked up again.
      let own = received.flatMap { $0.callID.equals(callID) ? $0.place : nil }
      guard let slot = own ?? capture.place(of: name(of: callID)) else { continue }
      capture.add(message, to: slot, peer: destination, isReceived: false, at: now)
    }
  }

  private func name(of callID: ByteView) -> UInt64 { tokens.hash(callID, .empty, 0) }
}
