// Diversion by 302: the caller is told where to go, and the call is gone (DOMAIN 6.1, 8.14).
//
// This is the cheapest path through the switch and the one that is measured: the reply is written
// from slices, nothing is parsed, no text is made.

internal import Engine

extension SIPSwitch {
  /// Sends the caller to `targetURI`.
  mutating func redirect(_ slot: Slot, at now: Instant) {
    let uri = targetURI.bytes
    lines.write("Contact: <")
    lines.write(uri)
    lines.write(">\r\n")
    writeFurtherContacts(of: slot, at: now)
    sendRedirect(slot, at: now)
  }

  /// Sends the caller to the first of several places, and tells him the others, each with every
  /// contact that it has: what is worth less comes later (RFC 3261 8.3, 20.10).
  mutating func redirect(_ slot: Slot, to places: [Destination], at now: Instant) {
    let conn = calls[slot].conn
    let attempt = calls[slot].attempt
    var uris: [String] = []
    var failure = RouteFailure.unreachable
    for place in places {
      var rank = 0
      repeat {
        switch name(place, rank: rank, at: now) {
        case .success: uris.append(targetURI.bytes.string)
        case .failure(let unresolved): failure = unresolved.reason
        }
        rank += 1
      } while rank < 64 && uris.count < 100 && hasContact(place, rank: rank, at: now)
    }
    guard let first = uris.first else {
      calls[slot].lastFailure = failure
      return signals.append(.diversionFailed(conn, attempt: attempt, failure))
    }
    let step = uris.count > 10 ? 1000 / uris.count : 100
    for (index, uri) in uris.enumerated() {
      lines.write("Contact: <")
      lines.write(text: uri)
      lines.write(">;q=")
      lines.writeShare(UInt16(1000 - index * step))
      lines.write("\r\n")
    }
    targetURI.removeAll()
    targetURI.write(text: first)
    sendRedirect(slot, at: now)
  }

  private func hasContact(_ place: Destination, rank: Int, at now: Instant) -> Bool {
    guard case .dn(let dn) = place else { return false }
    return registrar.contact(of: dn, rank: rank, at: now) != nil
  }

  /// Sends the 302 whose contacts are in `lines`.
  private mutating func sendRedirect(_ slot: Slot, at now: Instant) {
    let conn = calls[slot].conn
    let attempt = calls[slot].attempt
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
      lines.write(text: binding.uri)
      lines.write(">;q=")
      // Those before it have shown no q, or theirs: never more than the first.
      lines.writeShare(min(binding.q, 999))
      lines.write("\r\n")
      rank += 1
    }
  }

  /// Whether a call goes to the very extension that was called: nothing is diverted.
  func isDirect(_ slot: Slot) -> Bool {
    guard let reached = calls[slot].reached, reached == entries[calls[slot].entry].dn else {
      return false
    }
    return detours.isEmpty || detours[slot] == nil
  }

  /// What the diversion headers of a call's diversion to `targetURI` say.
  func diversionFacts(_ slot: Slot) -> DiversionFacts {
    DiversionFacts(
      dn: entries[calls[slot].entry].text.bytes,
      domain: domain.bytes,
      target: targetURI.bytes,
      counter: calls[slot].diversions,
      failure: calls[slot].lastFailure,
      isDirect: isDirect(slot),
      invite: calls[slot].invite.bytes,
      envelope: calls[slot].envelope,
      hasHistory: calls[slot].hasHistory
    )
  }
}
