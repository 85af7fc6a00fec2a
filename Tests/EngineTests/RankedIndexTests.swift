import Engine
import Testing

@Suite("The ranked index against a plain list")
struct RankedIndexTests {
  /// What the index must do, done the slow way.
  struct Model {
    var ranks: [Int32: Rank] = [:]

    func ordered() -> [Int32] {
      let pairs = ranks.map { (rank: $0.value, slot: $0.key) }
      return pairs.sorted { $0.rank < $1.rank }.map(\.slot)
    }
  }

  @Test(.timeLimit(.minutes(15)), arguments: [1, 3] as [Int])
  func everyAnswerIsThatOfTheList(words: Int) {
    var random = SplitMix64(seed: UInt64(words))
    func chance(_ bound: Int) -> Int { Int(random.next(below: UInt64(bound))) }
    let slots = 200
    var bits = BitRows(words: words)
    bits.grow(to: slots + 1)
    var index = RankedIndex(words: words)
    var model = Model()
    for step in 0..<20_000 {
      let slot = Int32(chance(slots))
      if index.contains(slot) {
        index.remove(slot)
        model.ranks[slot] = nil
      } else {
        bits.clear(slot)
        for _ in 0..<chance(4) { bits.set(Int32(chance(words * 64)), slot) }
        // Minor ranks are unique, as tickets are.
        let rank = Rank(major: Int64(chance(3)), minor: UInt64(step))
        index.insert(slot, rank, bits: bits, slot)
        model.ranks[slot] = rank
      }
      guard step % 7 == 0 else { continue }
      #expect(index.count == model.ranks.count)
      #expect(index.lowest == model.ranks.values.map(\.minor).min() ?? .max)
      let bit = Int32(chance(words * 64))
      let wanted = model.ordered().filter { bits.has(bit, $0) }
      #expect(index.first(OneBit(bit)) == wanted.first)
      walk(index, OneBit(bit), wanted)
      bits.clear(Int32(slots))
      for _ in 0..<3 { bits.set(Int32(chance(words * 64)), Int32(slots)) }
      let question = CommonBit(bits, Int32(slots))
      let met = model.ordered().filter { question.isMet(by: bits, $0) }
      walk(index, question, met)
      let bound = Rank(major: Int64(chance(3)), minor: UInt64(chance(step + 1)))
      let from = met.first { !((model.ranks[$0] ?? .zero) < bound) }
      #expect(index.first(from: bound, question) == from)
      let early = UInt64(chance(step + 1))
      let found = index.any(minorBelow: early, question) { _ in true }
      let expected = met.filter { (model.ranks[$0]?.minor ?? 0) < early }
      #expect(found == nil ? expected.isEmpty : expected.contains(found ?? -1))
    }
  }

  private func walk(_ index: RankedIndex, _ question: some BitQuestion, _ expected: [Int32]) {
    var seen: [Int32] = []
    var next = index.first(question)
    while let slot = next {
      seen.append(slot)
      next = index.next(after: slot, question)
    }
    #expect(seen == expected)
  }
}

extension Rank {
  fileprivate static let zero = Rank(major: 0, minor: 0)
}
