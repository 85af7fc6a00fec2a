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
    writeFurtherContacts(of: slot, at: now)
    let facts = diversionFacts(slot)
    lines.writeDiversion(facts, keepingEarlier: false)
    lines.writeHistory(facts)
    counters.redirects += 1
    reply(to: calls[slot].transaction, 302, tag: calls[slot].localTag, at: now)
    end(slot, by: nil, at: now)
    signals.append(.diverted(conn, attempt: attempt))
  }

  /// Writes the other contacts of the DN that the caller is sent to, with what they are worth.
  private mutating func writeFurtherContacts(of slot: Slot, at now: Instant) {
    guard let dn = calls[slot].reached, registrar.hasSeveralContacts(dn) else { return }
    var rank = Int(calls[slot].rank) + 1
    while rank < 64, let binding = registrar.contact(of: dn, rank: rank, at: now) {
      lines.write("Contact: <")
      lines.write(binding.uri)
      lines.write(">;q=")
      // Those before it have shown no q, or theirs: never more than the first.
      lines.writeShare(min(binding.q, 999))
      lines.write("\r\n")
      rank += 1
    }
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
