// A target that sends the call on: 3xx, followed as far as the site allows (RFC 3261 8.1.3.4).
//
// States: a call has a detour from the first 3xx of an attempt to the attempt's end. Invariants: no
// place is tried twice in one attempt; not more than `redirectsMax` answers of 3xx are followed; an
// address of ours is one of our extensions or nothing, so that no call is sent back to ourselves.
// Who may change it: here only. The engine hears nothing of it: it is still the same attempt.

internal import Engine

/// Where an attempt has been sent.
struct Detour {
  /// Where the call may still go, best first.
  var places: [String] = []
  /// Where it has been, or is.
  var seen: [String] = []
  /// How many answers of 3xx were followed.
  var count = 0
}

extension SIPSwitch {
  /// Follows a 3xx; false when the attempt has failed.
  mutating func follows(_ target: Slot, _ received: borrowing Received, at now: Instant) -> Bool {
    let status = received.envelope.statusCode
    guard plan.redirectsMax > 0, status <= 302 || status == 305, let slot = legs[target].call,
      calls[slot].phase == .diverting
    else { return false }
    var detour = detours[slot] ?? Detour()
    detour.count += 1
    guard detour.count <= plan.redirectsMax else { return false }
    let text = legs[target].text.bytes
    detour.seen.append(text[legs[target].target].string)
    detour.places = Self.contacts(of: received) + detour.places
    detours[slot] = detour
    removeLeg(target)
    if takesNextPlace(slot, at: now) { return true }
    failed(slot, .unreachable, at: now)
    return true
  }

  /// Calls the next place of a detour, if there is one.
  mutating func takesNextPlace(_ slot: Slot, at now: Instant) -> Bool {
    guard !detours.isEmpty, var detour = detours[slot], calls[slot].phase == .diverting else {
      return false
    }
    let hasRung = calls[slot].hasRung
    while !detour.places.isEmpty {
      let place = detour.places.removeFirst()
      guard !detour.seen.contains(place) else { continue }
      detour.seen.append(place)
      guard let hop = way(to: place, at: now) else { continue }
      detours[slot] = detour
      counters.detours += 1
      bridge(slot, to: hop, at: now)
      // The engine has been told once that it rings.
      calls[slot].hasRung = hasRung
      return true
    }
    return false
  }

  /// The attempt is over.
  mutating func forgetDetour(of slot: Slot) {
    guard !detours.isEmpty else { return }
    detours[slot] = nil
  }

  /// Where a contact is reached; its URI is in `targetURI` afterwards.
  private mutating func way(to place: String, at now: Instant) -> Endpoint? {
    let (hop, dn) = place.withByteView { text -> (Endpoint?, DN?) in
      guard let uri = SIPURI(text), uri.scheme == .sip || uri.scheme == .sips else {
        return (nil, nil)
      }
      let hop = NextHop.endpoint(of: text, unsaid: standardTransport)
      let isDomain = text[uri.host].equalsIgnoringCase(domain.bytes)
      let isOurs =
        isDomain && (uri.port == 0 || table.own.contains(port: uri.port))
        || hop.map { table.own.contains($0) } == true
      guard isOurs else { return (hop, nil) }
      return (nil, DN(uri.userText(in: text)))
    }
    if let dn {
      guard registrar.isExtension(dn), case .success(let found) = resolve(.dn(dn), rank: 0, at: now)
      else { return nil }
      return found
    }
    guard let hop else { return nil }
    targetRoutes.removeAll()
    targetURI.removeAll()
    targetURI.write(text: place)
    return hop
  }

  /// The URIs in Contact, best first; one without `q` is worth 1.
  private static func contacts(of received: borrowing Received) -> [String] {
    var found: [(uri: String, worth: UInt64)] = []
    received.forEachToken(of: "contact", or: UInt8(ascii: "m")) { value in
      guard found.count < placesMax, let address = NameAddress(value) else { return }
      let uri = value[address.uri]
      let question = uri.position(of: UInt8(ascii: "?"), from: 0, to: uri.count)
      let worth = address.parameter("q", in: value).map { thousandths($0) } ?? 1_000
      found.append((uri.view(from: 0, to: question).string, worth))
    }
    // Equals stay in their order.
    return found.enumerated()
      .sorted { ($1.element.worth, $0.offset) < ($0.element.worth, $1.offset) }
      .map(\.element.uri)
  }

  /// A `q` of 0 to 1 with three digits at most.
  private static func thousandths(_ text: ByteView) -> UInt64 {
    guard text.count > 0, text[0] == UInt8(ascii: "0") else { return 1_000 }
    var value: UInt64 = 0
    for index in 2..<5 {
      let digit = index < text.count && text[index].isDigit ? text[index] - 0x30 : 0
      value = value * 10 + UInt64(digit)
    }
    return value
  }

  /// More contacts of one answer are not looked at.
  private static var placesMax: Int { 16 }
}
