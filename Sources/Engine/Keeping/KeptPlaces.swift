// Places in line that are kept for callers who come back (PEERS B 23 to 25).
//
// States of a place: kept while its call is alive (`owner`) -> kept for so long after its end
// (until `expires`) -> taken over once, or expired. An expired place is dropped when somebody asks
// for it, or when room is wanted; it needs no timer.
// Invariants: a key names one place; an owner is alive (`RoutingEngine.placesBegin` when it ends).
// Who may change it: `RoutingEngine` only.

/// The place of a call, kept under a key.
struct KeptPlace: Sendable, Codable {
  var key: String
  var ticket: UInt64
  /// Since when its waiting counts.
  var seniority: Instant
  /// How long it is kept after the end of its call.
  var duration: Duration
  /// The call whose place it is, while it is alive.
  var owner: CallSlot?
  /// Its last instant, once the call has ended.
  var expires: Instant
}

/// All kept places.
struct KeptPlaces: Sendable {
  private var places: [KeptPlace] = []
  private var byKey = Lookup<String, Int32>()

  init() {}

  /// Those that have not expired, in no particular order that means anything.
  func present(at now: Instant) -> [KeptPlace] {
    places.filter { Self.isPresent($0, at: now) }
  }

  private static func isPresent(_ place: borrowing KeptPlace, at now: Instant) -> Bool {
    place.owner != nil || place.expires >= now
  }

  /// Keeps a place; one that is kept under that key already is given up for it.
  ///
  /// - Returns: Whether there was room.
  mutating func keep(_ place: KeptPlace, at now: Instant, max: Int) -> Bool {
    if let index = byKey[place.key] {
      places[Int(index)] = place
      return true
    }
    if places.count >= max { dropExpired(at: now) }
    guard places.count < max else { return false }
    byKey[place.key] = Int32(places.count)
    places.append(place)
    return true
  }

  /// The call of these keys has ended: from now on its places expire.
  mutating func begin(_ key: String, of call: CallSlot, at now: Instant) {
    guard let index = byKey[key].map({ Int($0) }), places[index].owner == call else { return }
    places[index].owner = nil
    places[index].expires = now + places[index].duration
  }

  /// A call gives its own place up.
  mutating func drop(_ key: String, of call: CallSlot) {
    guard let index = byKey[key], places[Int(index)].owner == call else { return }
    remove(at: Int(index))
  }

  /// Takes a place for good; nil: there is none, it has expired, or its call is still there.
  mutating func take(_ key: String, at now: Instant) -> KeptPlace? {
    guard let index = byKey[key].map({ Int($0) }), places[index].owner == nil else { return nil }
    let place = places[index]
    remove(at: index)
    return Self.isPresent(place, at: now) ? place : nil
  }

  private mutating func dropExpired(at now: Instant) {
    var index = 0
    while index < places.count {
      if Self.isPresent(places[index], at: now) { index += 1 } else { remove(at: index) }
    }
  }

  private mutating func remove(at index: Int) {
    byKey.remove(places[index].key)
    let last = places.removeLast()
    guard index < places.count else { return }
    places[index] = last
    byKey[last.key] = Int32(index)
  }
}

extension KeptPlaces: Codable {
  init(from decoder: any Decoder) throws {
    places = try [KeptPlace](from: decoder)
    for (index, place) in places.enumerated() { byKey[place.key] = Int32(index) }
  }

  func encode(to encoder: any Encoder) throws { try places.encode(to: encoder) }
}
