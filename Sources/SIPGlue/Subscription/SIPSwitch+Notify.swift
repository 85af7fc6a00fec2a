// NOTIFY: what subscribers are told, and what becomes of those who do not answer.

internal import Engine

extension SIPSwitch {
  /// Tells the subscribers of DNs what has happened to their contacts.
  mutating func tellSubscribers(at now: Instant) {
    guard !registrar.news.isEmpty else { return }
    let news = registrar.news
    registrar.news.removeAll(keepingCapacity: true)
    var start = 0
    while start < news.count {
      var end = start + 1
      while end < news.count, news[end].dn == news[start].dn { end += 1 }
      for slot in subscriptions.to(news[start].dn) {
        if subscriptions.slab[slot].isNotifying {
          subscriptions.slab[slot].isBehind = true
        } else {
          notify(slot, news[start..<end], at: now)
        }
      }
      start = end
    }
  }

  /// Ends the subscriptions whose time is over.
  mutating func endSubscriptions(at now: Instant) {
    while let slot = subscriptions.popDue(at: now) {
      end(subscription: slot, because: "timeout", at: now)
    }
  }

  /// A final answer to a NOTIFY; 408 for none.
  mutating func noticed(_ slot: Slot, _ status: UInt16, at now: Instant) {
    guard subscriptions.slab.contains(slot) else { return }
    subscriptions.slab[slot].isNotifying = false
    guard status < 300 else { return forget(subscription: slot) }
    if subscriptions.slab[slot].isBehind { notify(slot, nil, at: now) }
  }

  /// The last NOTIFY.
  mutating func end(subscription slot: Slot, because reason: StaticString, at now: Instant) {
    notify(slot, nil, ending: reason, at: now)
    if subscriptions.slab.contains(slot) { forget(subscription: slot) }
  }

  private mutating func forget(subscription slot: Slot) {
    let dn = subscriptions.slab[slot].dn
    subscriptions.remove(slot)
    if subscriptions.to(dn).isEmpty { registrar.watch(dn, false) }
  }

  /// Sends a NOTIFY: with what has changed, or with everything when `changes` is nil.
  mutating func notify(
    _ slot: Slot,
    _ changes: ArraySlice<ContactNews>?,
    ending reason: StaticString? = nil,
    at now: Instant
  ) {
    var document = MessageWriter(capacity: 1024)
    write(slot, changes, to: &document, at: now)
    subscriptions.slab[slot].version &+= 1
    subscriptions.slab[slot].localSequence += 1
    subscriptions.slab[slot].isBehind = false
    let subscription = subscriptions.slab[slot]
    let text = subscription.text.bytes
    let branch = tokens.next()
    scratch.removeAll()
    scratch.begin(
      RequestHead(
        method: .notify,
        uri: text[subscription.words.target],
        branch: branch,
        sentBy: table.own.address(toward: subscription.hop),
        from: text[subscription.words.local],
        to: text[subscription.words.remote],
        callID: text[subscription.words.callID],
        sequence: subscription.localSequence,
        routeLines: text[subscription.words.routes]
      )
    )
    scratch.write("Event: reg")
    scratch.write(text[subscription.eventID])
    scratch.write("\r\nSubscription-State: ")
    if let reason {
      scratch.write("terminated;reason=")
      scratch.write(reason)
    } else {
      let left = (subscription.expiresAt - now).components.seconds
      scratch.write("active;expires=")
      scratch.write(decimal: UInt64(max(0, left)))
    }
    scratch.write("\r\n")
    lines.removeAll()
    writeContact(subscription: slot)
    scratch.write(lines.bytes)
    lines.removeAll()
    scratch.finish(body: document.bytes, type: ByteView("application/reginfo+xml"))
    guard !scratch.overflowed else { return }
    let owner = reason == nil ? Owner(.notice, slot) : .nobody
    let request = ClientRequest(
      method: .notify,
      branch: branch,
      destination: subscription.hop,
      owner: owner.raw
    )
    let handle = send(request, at: now)
    if handle != nil { counters.notifies += 1 }
    if reason == nil {
      subscriptions.slab[slot].isNotifying = handle != nil
      // Without room for a transaction, the next change brings everything.
      subscriptions.slab[slot].isBehind = handle == nil
    }
  }

  private func write(
    _ slot: Slot,
    _ changes: ArraySlice<ContactNews>?,
    to document: inout MessageWriter,
    at now: Instant
  ) {
    let subscription = subscriptions.slab[slot]
    let present = registrar.contacts(of: subscription.dn, at: now)
    var reginfo = Reginfo(
      dn: subscription.dn,
      domain: domain.bytes,
      version: subscription.version,
      isFull: changes == nil
    )
    reginfo.hasContacts = !present.isEmpty
    if let changes {
      reginfo.contacts = changes.map { ($0.binding, $0.event) }
    } else {
      reginfo.contacts = present.map {
        ($0, $0.expiresAt == nil ? ContactEvent.created : .registered)
      }
    }
    document.write(reginfo, at: now)
  }
}
