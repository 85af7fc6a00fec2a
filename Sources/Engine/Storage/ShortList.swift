/// A list of numbers, the first few of which need no memory of their own.
struct ShortList: Sendable {
  private var head: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
  private var tail: [Int32] = []
  private(set) var count = 0

  init() {}

  mutating func append(_ value: Int32) {
    switch count {
    case 0: head.0 = value
    case 1: head.1 = value
    case 2: head.2 = value
    case 3: head.3 = value
    default: tail.append(value)
    }
    count += 1
  }

  /// Forgets everything.
  mutating func removeAll() {
    count = 0
    if !tail.isEmpty { tail = [] }
  }

  func contains(_ value: Int32) -> Bool {
    if count > 0, head.0 == value { return true }
    if count > 1, head.1 == value { return true }
    if count > 2, head.2 == value { return true }
    if count > 3, head.3 == value { return true }
    return count > 4 && tail.contains(value)
  }
}

extension ShortList: Codable {
  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd { append(try container.decode(Int32.self)) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for value in [head.0, head.1, head.2, head.3].prefix(count) + tail {
      try container.encode(value)
    }
  }
}
