// Session timers, on each leg by itself (RFC 4028).
//
// Towards a caller we are the server of his INVITE and grant what he asks for, towards a target we
// ask and take what it grants; it is the same with re-INVITE and UPDATE from either side. Who does
// not know session timers has none: the probe finds him when he is gone. A refresh of ours is an
// UPDATE without a body where the other side takes UPDATE, else a re-INVITE with the description
// that it has seen last; it counts as an offer under way, so that nothing crosses it unnoticed.
// A session that nobody refreshes ends by BYE on both legs.

internal import Engine

extension SIPSwitch {
  /// Whether a request asks for a session shorter than we allow; Min-SE is in `lines` then.
  mutating func isTooBrief(_ headers: DialogHeaders) -> Bool {
    let least = plan.session.leastInterval
    guard plan.session.interval > 0, headers.abilities.contains(.timer), headers.interval > 0,
      headers.interval < least
    else { return false }
    lines.header("Min-SE", decimal: UInt64(least))
    return true
  }

  /// Writes what an INVITE to a target asks for.
  mutating func writeSessionOffer(to slot: Slot) {
    let session = legs[slot].session
    guard plan.session.interval > 0 else { return }
    lines.header(
      "Session-Expires",
      decimal: UInt64(max(plan.session.interval, session.leastInterval))
    )
    if session.leastInterval > 0 {
      lines.header("Min-SE", decimal: UInt64(session.leastInterval))
    }
  }

  /// Sends our INVITE again with the interval that a target asks for (RFC 4028 7.3); false when it
  /// has been asked often enough, or says nothing new.
  mutating func asksForMore(
    _ target: Slot,
    _ received: borrowing Received,
    at now: Instant
  ) -> Bool {
    let least = DialogHeaders(received).leastInterval
    let asked = max(plan.session.interval, legs[target].session.leastInterval)
    guard let slot = legs[target].call, plan.session.interval > 0, least > asked,
      legs[target].localSequence < Self.asksMax, legs[target].remoteTag.isEmpty
    else { return false }
    legs[target].session.leastInterval = least
    legs[target].isProceeding = false
    targetURI.removeAll()
    targetURI.write(legs[target].text.bytes[legs[target].target])
    touch(leg: target)
    return invite(target, to: slot, at: now)
  }

  /// How many INVITEs a target gets that always wants a longer session.
  private static var asksMax: UInt32 { 3 }

  /// Writes the timer of a leg into a request that refreshes it.
  mutating func writeSession(of slot: Slot) {
    let session = legs[slot].session
    guard session.interval > 0 else { return }
    lines.header("Supported", "timer")
    writeExpires(session, refresher: session.isOurs ? ";refresher=uac" : ";refresher=uas")
    if session.leastInterval > 0 {
      lines.header("Min-SE", decimal: UInt64(session.leastInterval))
    }
  }

  /// Grants a request's session timer, and writes it into the success that is about to be sent.
  mutating func grantSession(_ headers: DialogHeaders, on slot: Slot, at now: Instant) {
    guard plan.session.interval > 0, headers.abilities.contains(.timer) else {
      return stopSession(of: slot)
    }
    let asked = headers.interval > 0 ? headers.interval : plan.session.interval
    var session = legs[slot].session
    session.interval = max(
      min(asked, plan.session.interval),
      max(headers.leastInterval, plan.session.leastInterval)
    )
    session.isOurs = headers.refresher == .server
    if headers.abilities.contains(.update) { session.takesUpdate = true }
    start(session, on: slot, at: now)
    if !session.isOurs { lines.header("Require", "timer") }
    lines.header("Supported", "timer")
    writeExpires(session, refresher: session.isOurs ? ";refresher=uas" : ";refresher=uac")
  }

  private mutating func writeExpires(_ session: SessionTimer, refresher: StaticString) {
    lines.write("Session-Expires: ")
    lines.write(decimal: UInt64(session.interval))
    lines.write(refresher)
    lines.write("\r\n")
  }

  /// Takes what the other side has granted.
  mutating func adoptSession(_ headers: DialogHeaders, on slot: Slot, at now: Instant) {
    guard plan.session.interval > 0, headers.interval > 0 else { return stopSession(of: slot) }
    var session = legs[slot].session
    session.interval = max(headers.interval, plan.session.leastInterval)
    session.isOurs = headers.refresher != .server
    if headers.abilities.contains(.update) { session.takesUpdate = true }
    start(session, on: slot, at: now)
  }

  private mutating func start(_ session: SessionTimer, on slot: Slot, at now: Instant) {
    legs[slot].session = session
    legs[slot].session.restart(at: now)
    sessions.arm(Int(slot.index), at: legs[slot].session.next(at: now))
    if !session.repeatsDescription { forgetDescription(of: slot) }
    touch(leg: slot, isUrgent: false)
  }

  /// A session goes on in another process: it begins anew.
  mutating func goOnWithSession(of slot: Slot, at now: Instant) {
    guard legs[slot].session.interval > 0 else { return }
    start(legs[slot].session, on: slot, at: now)
  }

  private mutating func stopSession(of slot: Slot) {
    guard legs[slot].session.interval > 0 else { return }
    legs[slot].session.interval = 0
    sessions.disarm(Int(slot.index))
    forgetDescription(of: slot)
    touch(leg: slot, isUrgent: false)
  }

  // MARK: Descriptions

  /// Keeps the description that the other side of a leg has seen, where a refresh must repeat it.
  mutating func keepDescription(_ body: ByteView, on slot: Slot) {
    guard legs[slot].session.repeatsDescription, !body.isEmpty else { return }
    let copy = texts.make(body)
    forgetDescription(of: slot)
    legs[slot].description = copy
  }

  mutating func forgetDescription(of slot: Slot) {
    guard let description = legs[slot].description else { return }
    texts.free(description)
    legs[slot].description = nil
  }

  // MARK: Refreshing

  /// The session of a leg is to be refreshed, or nobody has refreshed it.
  mutating func sessionIsDue(_ slot: Slot, at now: Instant) {
    guard legs[slot].state == .talking, let call = legs[slot].call else { return }
    let session = legs[slot].session
    guard now < session.end else {
      counters.expiredSessions += 1
      return end(call, by: .line, because: .expired, at: now)
    }
    sessions.arm(Int(slot.index), at: session.end)
    refresh(slot, of: call, at: now)
  }

  private mutating func refresh(_ slot: Slot, of call: Slot, at now: Instant) {
    let isBusy =
      calls[call].renegotiation != nil || legs[slot].awaitsACK || legs[slot].owesACK
    // What is under way may refresh the session itself.
    guard !isBusy else { return refreshLater(slot, at: now) }
    let description = legs[slot].description?.bytes ?? .empty
    let takesUpdate = legs[slot].session.takesUpdate
    guard takesUpdate || !description.isEmpty else { return stopSession(of: slot) }
    let method: SIPMethod = takesUpdate ? .update : .invite
    var entry = Relay(
      from: slot,
      to: slot,
      server: nil,
      serverSequence: 0,
      client: nil,
      clientSequence: legs[slot].localSequence + 1,
      method: method,
      hasBody: true
    )
    let made = relays.insert(entry)
    var request = LegRequest(method, owner: Owner(.relay, made))
    if !takesUpdate {
      request.body = description
      request.bodyType = ByteView("application/sdp")
    }
    writeSession(of: slot)
    guard let client = send(request, on: slot, at: now) else {
      relays.remove(made)
      return
    }
    entry.client = client
    relays[made] = entry
    calls[call].renegotiation = made
  }

  /// The answer to a refresh of ours.
  mutating func refreshed(_ relay: Relay, _ received: borrowing Received, at now: Instant) {
    let slot = relay.to
    guard legs.contains(slot), let call = legs[slot].call, legs[slot].state == .talking else {
      return
    }
    let headers = DialogHeaders(received)
    switch received.envelope.statusCode {
    case 200...299: adoptSession(headers, on: slot, at: now)
    case 408, 481: end(call, by: .line, at: now)
    case 422:
      guard headers.leastInterval > legs[slot].session.interval else { return }
      legs[slot].session.raise(to: headers.leastInterval)
      refresh(slot, of: call, at: now)
    case 405, 501: stopSession(of: slot)
    case 491, 500: refreshLater(slot, at: now)
    default: break
    }
  }

  private mutating func refreshLater(_ slot: Slot, at now: Instant) {
    let again = now + glareWait(on: slot)
    sessions.arm(Int(slot.index), at: min(again, legs[slot].session.end))
  }

  /// How long to wait after a 491, as RFC 3261 14.1 says: who made the Call-ID waits longer.
  mutating func glareWait(on slot: Slot) -> Duration {
    let random = tokens.next().value
    let wait =
      legs[slot].side == .target ? 2_100 + random % 191 * 10 : random % 201 * 10
    return .milliseconds(Int64(wait))
  }
}

extension SessionTimer {
  /// The other side wants sessions to be this long at least.
  mutating func raise(to least: UInt32) {
    leastInterval = max(leastInterval, least)
    if interval > 0 { interval = max(interval, least) }
  }
}
