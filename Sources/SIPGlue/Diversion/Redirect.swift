// Diversion by 302: the caller is told where to go, and the call is gone (DOMAIN 6.1, 8.14).
//
// This is the cheapest path through the switch and the one that is measured: the reply is written
// from slices, nothing is parsed, no text is made.

internal import Engine

extension SIPSwitch {
  /// Sends the caller to `targetURI`.
  mutating func redirect(_ slot: Slot, at now: Instant) {
    let conn = calls[slot].conn
    let attempt = calls[slot].attempt
    let uri = targetURI.bytes
    lines.write("Contact: <")
    lines.write(uri)
    lines.write(">\r\n")
    let facts = diversionFacts(slot)
    lines.writeDiversion(facts, keepingEarlier: false)
    lines.writeHistory(facts)
    counters.redirects += 1
    reply(to: calls[slot].transaction, 302, tag: calls[slot].localTag, at: now)
    end(slot, by: nil, at: now)
    signals.append(.diverted(conn, attempt: attempt))
  }

  /// What the diversion headers of a call's diversion to `targetURI` say.
  func diversionFacts(_ slot: Slot) -> DiversionFacts {
    DiversionFacts(
      dn: entries[calls[slot].entry].text.bytes,
      domain: domain.bytes,
      target: targetURI.bytes,
      counter: calls[slot].diversions,
      failure: calls[slot].lastFailure,
      invite: calls[slot].invite.bytes,
      envelope: calls[slot].envelope,
      hasHistory: calls[slot].hasHistory
    )
  }
}
