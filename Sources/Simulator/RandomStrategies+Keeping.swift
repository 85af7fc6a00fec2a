internal import Engine

// What outlives calls: allocations, the strategies' values, kept places; with a model of each.
extension RandomStrategies {
  /// The parts of the one allocation; the third never gets a call.
  static let parts = [
    SharePart("a", 70), SharePart("b", 29), SharePart("none", 0), SharePart("c", 1),
  ]

  mutating func keepingRequest() -> StrategyRequest {
    let key = "k\(random.next(below: 3))"
    switch random.next(below: 12) {
    case 0, 1: return .share(Self.parts)
    case 2: return .share([SharePart("a", -1)])
    case 3, 4: return .state(key)
    case 5: return .setState(key, nil)
    case 6: return .setState(key, .integer(Int64(random.next(below: 9))))
    case 7, 8, 9: return .keepPlace(key, .milliseconds(random.next(below: 30) * 1_000))
    default: return .takePlace(key)
    }
  }

  /// What an answer means for later ones.
  mutating func remember(_ call: ConnID, _ request: StrategyRequest, _ answer: StrategyAnswer) {
    guard let name = names[call] else { return }
    switch (request, answer) {
    case (.share(let parts), .text(let picked)): count(parts, picked, by: name)
    case (.state(let key), .value(let value)):
      if values[name]?[key] != value {
        breaches.append("state \(key) is \(String(describing: value))")
      }
    case (.setState(let key, let value), .done): values[name, default: [:]][key] = value
    case (.keepPlace(let key, let duration), .done): keep(key, duration, call)
    case (.takePlace(let key), .done):
      guard let place = keptStays.removeValue(forKey: key) else {
        breaches.append("a place under \(key) that nobody kept")
        return
      }
      inherited[call, default: []] += place.stays
    default: break
    }
  }

  private mutating func keep(_ key: String, _ duration: Duration, _ call: ConnID) {
    guard duration > .zero else {
      if keptStays[key]?.call == call { keptStays[key] = nil }
      return
    }
    let own = stays[call].map { [$0] } ?? []
    keptStays[key] = (call, own + (inherited[call] ?? []))
  }

  /// Holds every prefix of the picks to its exact share, less than one pick away.
  private mutating func count(_ parts: [SharePart], _ picked: String?, by name: StrategyName) {
    guard let index = parts.firstIndex(where: { $0.name == picked }) else {
      breaches.append("share picked \(picked ?? "nothing")")
      return
    }
    picks[name, default: Array(repeating: 0, count: parts.count)][index] += 1
    let counts = picks[name] ?? []
    let total = parts.reduce(0) { $0 + Int($1.weight) }
    let made = counts.reduce(0, +)
    for (part, count) in zip(parts, counts)
    where abs(made * Int(part.weight) - count * total) >= total {
      breaches.append("\(part.name) got \(count) of \(made)")
    }
  }
}
