import Engine
import TestSupport
import Testing

@Suite("Percentage allocation")
struct ShareTests {
  /// A desk whose strategies ask for one share and refuse the call.
  static func desk(_ parts: [SharePart], limits: Limits = .standard) -> Desk {
    var plan = Sites.floor(agents: 0)
    plan.limits = limits
    return Desk(
      plan,
      [
        "s": { _, answers in
          answers.isEmpty ? .requested(.share(parts)) : .finished(.reject(480))
        }
      ]
    )
  }

  static func picks(_ parts: [SharePart], _ count: Int) -> [String?] {
    var desk = desk(parts)
    return (1...count).map { number in
      desk.offer(UInt64(number), at: "8000")
      guard case .text(let name)? = desk.lastAnswer else { return nil }
      return name
    }
  }

  /// How far the counts are from the exact shares at worst, over all prefixes: (distance, total),
  /// both times the total weight.
  static func worst(_ parts: [SharePart], _ picks: [String?]) -> (Int128, Int128) {
    let total = parts.reduce(Int128(0)) { $0 + Int128($1.weight) }
    var counts = [Int128](repeating: 0, count: parts.count)
    var worst: Int128 = 0
    for (made, pick) in picks.enumerated() {
      guard let index = parts.firstIndex(where: { $0.name == pick }) else { return (.max, total) }
      counts[index] += 1
      for (part, count) in zip(parts, counts) {
        worst = max(worst, abs(Int128(made + 1) * Int128(part.weight) - count * total))
      }
    }
    return (worst, total)
  }

  @Test("after any number of picks each count is less than one away from its exact share")
  func isExactOverAnyNumberOfPicks() {
    var random = SplitMix64(seed: 4)
    for round in 0..<60 {
      let count = 2 + Int(random.next(below: 11))
      let largest: UInt64 = round % 3 == 0 ? 10 : round % 3 == 1 ? 1_000_000 : 1_000_000_000_000_000
      var parts = (0..<count).map { SharePart("p\($0)", Int64(random.next(below: largest))) }
      parts[0].weight += 1
      let (worst, total) = Self.worst(parts, Self.picks(parts, 400))
      let used = Int128(parts.count { $0.weight > 0 })
      #expect(worst < total, "\(parts)")
      // Tijdeman's bound: 1 − 1/(2k − 2).
      if used > 1 { #expect(worst * (2 * used - 2) <= total * (2 * used - 3), "\(parts)") }
      if used == 1 { #expect(worst == 0) }
    }
  }

  @Test("seventy and thirty per cent are exact after every tenth call")
  func seventyAndThirty() {
    let parts = [SharePart("a", 70_000_000), SharePart("b", 30_000_000)]
    let picks = Self.picks(parts, 1_000)
    for end in stride(from: 10, through: 1_000, by: 10) {
      #expect(picks[..<end].count { $0 == "a" } == end * 7 / 10)
    }
  }

  @Test("a part of nothing is never picked, and one alone always")
  func nothingAndAlone() {
    let parts = [SharePart("none", 0), SharePart("all", 5), SharePart("never", 0)]
    #expect(Set(Self.picks(parts, 50)) == ["all"])
  }

  static let wrong: [([SharePart], String)] = [
    ([], "share: the parts add up to nothing"),
    ([SharePart("a", 0)], "share: the parts add up to nothing"),
    ([SharePart("a", -1), SharePart("b", 2)], "share: a part is negative or too large"),
    ([SharePart("a", .max), SharePart("b", .max)], "share: a part is negative or too large"),
    ((0..<65).map { SharePart("\($0)", 1) }, "share: more than 64 parts"),
  ]

  @Test(arguments: wrong.indices)
  func whatIsNoAllocationIsRefused(index: Int) {
    var desk = Self.desk(Self.wrong[index].0)
    desk.offer(1, at: "8000")
    #expect(desk.lastAnswer == .invalid(Self.wrong[index].1))
  }

  @Test("allocations that a new generation does not use make room when there is none")
  func oldAllocationsMakeRoom() {
    var plan = Sites.floor(agents: 0)
    plan.limits.sharesMax = 2
    var desk = Desk(
      plan,
      [
        "s": { facts, answers in
          answers.isEmpty
            ? .requested(.share([SharePart(facts.ani, 1)])) : .finished(.reject(480))
        }
      ]
    )
    for (number, name) in ["a", "b", "a"].enumerated() {
      desk.offer(UInt64(number + 1), at: "8000", ani: name)
      #expect(desk.lastAnswer == .text(name))
    }
    let message =
      "share: more than 2 different allocations; keep the parts the same"
    desk.offer(4, at: "8000", ani: "c")
    #expect(desk.lastAnswer == .invalid(message))
    desk.signal(.control(.strategies(fingerprint: "two")))
    desk.offer(5, at: "8000", ani: "b")
    desk.offer(6, at: "8000", ani: "c")
    #expect(desk.lastAnswer == .text("c"))
    desk.offer(7, at: "8000", ani: "a")
    #expect(desk.lastAnswer == .invalid(message))
  }
}
