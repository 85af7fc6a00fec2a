// Which place of a plan a DN has.
//
// Linear probing over one array. The DNs in it are those of the plan, so nobody from outside can
// make them collide, and a plain function of their bytes will do; no order can be seen.
// Invariant: less than half of the places are taken; a DN stands at its home or behind it, with no
// free place between.

/// Numbers by DN; nothing is ever taken out.
package struct DNTable: Sendable {
  private struct Place: Sendable {
    var dn = DN("")
    var value: Int32 = -1
  }

  private var places = [Place](repeating: Place(), count: 16)
  private var mask = 15
  private var count = 0

  /// Makes an empty table.
  package init() {}

  /// The number of a DN, which is not negative; nil: there is none.
  package subscript(dn: DN) -> Int32? {
    get {
      let value = places[place(of: dn)].value
      return value < 0 ? nil : value
    }
    set {
      guard let newValue, newValue >= 0 else { preconditionFailure("a DN has a number") }
      if (count + 1) * 2 > places.count { grow() }
      let index = place(of: dn)
      if places[index].value < 0 { count += 1 }
      places[index] = Place(dn: dn, value: newValue)
    }
  }

  /// The number of a DN as a position; nil: there is none.
  package func index(of dn: DN) -> Int? { self[dn].map { Int($0) } }

  /// Where a DN stands, or would stand.
  private func place(of dn: DN) -> Int {
    var index = Self.hash(dn) & mask
    while places[index].value >= 0, places[index].dn != dn { index = (index + 1) & mask }
    return index
  }

  /// Texts that are equal have equal hashes: one that is not ASCII may be written in several ways.
  private static func hash(_ dn: DN) -> Int {
    var hash: UInt32 = 0x811C_9DC5
    let bytes = dn.number.utf8.span
    for index in bytes.indices {
      let byte = bytes[index]
      if byte >= 0x80 { return 0 }
      hash = (hash ^ UInt32(byte)) &* 0x0100_0193
    }
    return Int(hash ^ (hash >> 15))
  }

  private mutating func grow() {
    let old = places
    places = [Place](repeating: Place(), count: old.count * 2)
    mask = places.count - 1
    for place in old where place.value >= 0 { places[self.place(of: place.dn)] = place }
  }
}

extension DNTable: Codable {
  private struct Entry: Codable {
    var key: DN
    var value: Int32
  }

  package init(from decoder: any Decoder) throws {
    self.init()
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd {
      let entry = try container.decode(Entry.self)
      guard entry.value >= 0 else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "a number below 0")
      }
      self[entry.key] = entry.value
    }
  }

  /// In the order of the DNs, so that equal tables are written alike.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for place in places.filter({ $0.value >= 0 }).sorted(by: { $0.dn < $1.dn }) {
      try container.encode(Entry(key: place.dn, value: place.value))
    }
  }
}
