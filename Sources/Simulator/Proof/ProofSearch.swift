// Breadth first over everything that can happen in a small world.
//
// From every state every possible signal is given; a state that was seen before is not walked
// again. States are searched in the order of their distance from the beginning, so the first
// finding has no shorter way to it: all states with a way of n signals are walked before any that
// needs n + 1. States are told apart by a digest of 128 bits.
// Who may change it: `run`.

internal import Engine

/// How far a search has come.
public struct ProofCoverage: Sendable, Hashable {
  /// Worlds that it began with.
  public var starts = 0
  /// Distinct states.
  public var states = 0
  /// States whose every signal has been tried.
  public var walked = 0
  /// Signals given, one for every way from state to state.
  public var steps = 0
  /// Signals on the longest of the shortest ways so far.
  public var depth = 0
  /// Interleavings of at most `length` signals.
  public var interleavings = 0.0
  /// Signals in those interleavings.
  public var length = 0
}

/// How a search ended.
public struct ProofOutcome: Sendable {
  /// What was covered.
  public var coverage = ProofCoverage()
  /// Whether no state was left.
  public var isExhausted = false
  /// Whether nothing was left within the bound that was asked for.
  public var isWithinBound = false
  /// The first thing that must not be, with the shortest way to it.
  public var finding: ProofFinding?
  /// What was seen and is allowed: of each kind the first.
  public var seen: [ProofFinding] = []
}

/// A search through a small world.
public struct ProofSearch<Strategies: ProvableStrategies> {
  private final class Node {
    let world: ProofWorld<Strategies>
    init(_ world: consuming ProofWorld<Strategies>) { self.world = world }
  }

  private let setup: ProofSetup
  private let letters: [ProofLetter]
  private let strategies: Strategies
  private var outcome = ProofOutcome()
  private var numbers: [Digest: Int32] = [:]
  private var frontier: [Node?] = []
  /// Where each state was first reached from: its predecessor (negative: a start) and the letter.
  private var origins: [(from: Int32, letter: UInt16)] = []
  private var depths: [UInt16] = []
  /// The successors of all walked states, one after the other, and where each state's begin.
  private var edges: [Int32] = []
  private var offsets: [Int] = []
  private var starts: [ProofStart]

  /// Makes a search.
  public init(_ setup: ProofSetup, strategies: Strategies) {
    self.setup = setup
    self.strategies = strategies
    letters = setup.letters
    starts = setup.starts
  }

  /// Searches until something is found, no state is left, or somebody says stop.
  ///
  /// - Parameters:
  ///   - statesMax: Where to give up.
  ///   - signalsMax: How many signals are given at most from a beginning; nil: without a limit.
  ///   - length: The length of the interleavings that are counted.
  ///   - goesOn: Told now and then how far it is; false stops the search.
  /// - Returns: What was found and covered.
  public mutating func run(
    statesMax: Int,
    signalsMax: Int? = nil,
    length: Int = 24,
    goesOn: (ProofCoverage) -> Bool = { _ in true }
  ) -> ProofOutcome {
    begin()
    var index = 0
    while index < frontier.count, outcome.finding == nil, frontier.count < statesMax {
      if Int(depths[index]) >= signalsMax ?? .max {
        outcome.isWithinBound = true
        break
      }
      walk(from: index)
      index += 1
      if index % 512 == 0, !goesOn(coverage(walked: index)) { break }
    }
    outcome.coverage = coverage(walked: index)
    outcome.isExhausted = index == frontier.count && outcome.finding == nil
    if outcome.isExhausted {
      offsets.append(edges.count)
      outcome.coverage.length = length
      outcome.coverage.interleavings = interleavings(length)
    }
    return outcome
  }

  private func coverage(walked: Int) -> ProofCoverage {
    var coverage = outcome.coverage
    coverage.starts = starts.count
    coverage.states = frontier.count
    coverage.walked = walked
    coverage.depth = Int(depths.last ?? 0)
    return coverage
  }

  private mutating func begin() {
    for (number, start) in starts.enumerated() {
      let world = ProofWorld(setup, start, strategies: strategies)
      let digest = Digest(world.key())
      guard numbers[digest] == nil else { continue }
      numbers[digest] = Int32(frontier.count)
      origins.append((Int32(-1 - number), 0))
      depths.append(0)
      frontier.append(Node(world))
    }
  }

  private mutating func walk(from index: Int) {
    offsets.append(edges.count)
    guard let node = frontier[index] else { return }
    frontier[index] = nil
    guard !node.world.isOver else { return }
    for (position, letter) in letters.enumerated() {
      guard node.world.signal(for: letter) != nil else { continue }
      var world = ProofWorld(copying: node.world)
      guard world.give(letter) else { continue }
      outcome.coverage.steps += 1
      for finding in world.findings { note(finding, from: index, by: UInt16(position)) }
      if outcome.finding != nil { return }
      let digest = Digest(world.key())
      if let known = numbers[digest] {
        edges.append(known)
        continue
      }
      numbers[digest] = Int32(frontier.count)
      edges.append(Int32(frontier.count))
      origins.append((Int32(index), UInt16(position)))
      depths.append(depths[index] + 1)
      frontier.append(Node(world))
    }
  }

  private mutating func note(_ finding: ProofFinding, from index: Int, by letter: UInt16) {
    guard outcome.finding == nil else { return }
    let isAllowed = setup.allowed.contains(finding.kind)
    if isAllowed, outcome.seen.contains(where: { $0.kind == finding.kind }) { return }
    var finding = finding
    finding.path = [letters[Int(letter)]]
    var state = index
    while origins[state].from >= 0 {
      finding.path.append(letters[Int(origins[state].letter)])
      state = Int(origins[state].from)
    }
    finding.path.reverse()
    finding.start = starts[Int(-1 - origins[state].from)]
    if isAllowed {
      outcome.seen.append(finding)
    } else {
      outcome.finding = finding
    }
  }

  /// How many ways of at most so many signals there are from the starts.
  private func interleavings(_ length: Int) -> Double {
    var ways = [Double](repeating: 0, count: offsets.count - 1)
    for (state, origin) in origins.enumerated() where origin.from < 0 { ways[state] = 1 }
    var sum = 0.0
    for _ in 0..<length {
      var after = [Double](repeating: 0, count: ways.count)
      for state in ways.indices where ways[state] > 0 {
        for edge in offsets[state]..<offsets[state + 1] { after[Int(edges[edge])] += ways[state] }
      }
      ways = after
      sum += ways.reduce(0, +)
    }
    return sum
  }
}

/// 128 bits that stand for a state.
private struct Digest: Hashable {
  private let high: UInt64
  private let low: UInt64

  init(_ numbers: [Int64]) {
    var high: UInt64 = 0x9E37_79B9_7F4A_7C15
    var low: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    for number in numbers {
      let word = UInt64(bitPattern: number)
      high = (high ^ word) &* 0xBF58_476D_1CE4_E5B9
      high ^= high >> 32
      low = (low &+ word) &* 0x94D0_49BB_1331_11EB
      low ^= low >> 29
    }
    self.high = high
    self.low = low ^ UInt64(numbers.count)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(high) }
}
