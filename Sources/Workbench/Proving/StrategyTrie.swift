// The runs of strategies as a tree, so that a world with suspended runs can be copied.
//
// A Lua coroutine cannot be copied. But a run is given by what went into it: the strategy, the
// call's facts, and the answers so far. So a run is a node of a tree, its place is the node's
// number, and copying it costs nothing. What a node does next is asked of the real bridge, once:
// either the coroutine that stands at its parent is resumed, or a fresh one is started and given
// the answers again.
// Invariants: a node never changes; replaying its answers gives the same steps, which is checked
// (a strategy that keeps something between calls breaks it, and `problem` says so).
// Who may change it: the one search that owns it.

internal import Engine
internal import LuaBridge
internal import Simulator

/// What of a call's facts and of time a strategy looks at; the rest is left out of its state.
struct StrategySight: OptionSet {
  let rawValue: UInt8
  /// `call.now`, `call.entered`, `local_time`.
  static let time = StrategySight(rawValue: 1)
  /// `call.id`, `call.uuid`.
  static let identity = StrategySight(rawValue: 2)
  /// `call.attempts`.
  static let attempts = StrategySight(rawValue: 4)
  /// Why `call:route` came back.
  static let reasons = StrategySight(rawValue: 8)
}

/// All runs of a strategy that were ever made.
final class StrategyTrie {
  private struct Branch: Hashable {
    var node: Int32
    var answer: StrategyAnswer
    var context: ResumeContext
  }

  private struct Root: Hashable {
    var strategy: StrategyName
    var facts: CallFacts
  }

  private struct Node {
    var step: StrategyStep
    var parent: Int32
    var answer: StrategyAnswer
    var context: ResumeContext
    /// The root's place in `origins`.
    var origin: Int32
  }

  private var lua: LuaStrategies
  private let sight: StrategySight
  private var nodes: [Node] = []
  private var origins: [Root] = []
  private var roots: [Root: Int32] = [:]
  private var branches: [Branch: Int32] = [:]
  /// The node at which the coroutine of a ConnID stands.
  private var standing: [ConnID: Int32] = [:]

  /// Steps that the bridge made, those of replays included.
  private(set) var luaSteps = 0
  /// Why runs cannot be copied, if they cannot.
  private(set) var problem: String?

  init(_ generation: Generation, limits: Limits, sight: StrategySight) {
    lua = LuaStrategies(generation, limits: limits, budget: .counted)
    self.sight = sight
  }

  /// Distinct places in which a run was.
  var nodeCount: Int { nodes.count }

  func step(at node: Int32) -> StrategyStep { nodes[Int(node)].step }

  /// The node of a run's first step.
  func start(_ strategy: StrategyName, _ facts: CallFacts) -> Int32 {
    var facts = facts
    facts.context = reduced(facts.context)
    if !sight.contains(.time) { facts.entered = 0 }
    if !sight.contains(.identity) {
      facts.connID = ConnID(1)
      facts.uuid = CallUUID(high: 0, middle: 0, low: 1)
    }
    let root = Root(strategy: strategy, facts: facts)
    if let known = roots[root] { return known }
    origins.append(root)
    let step = begin(root)
    let node = append(
      Node(
        step: step,
        parent: -1,
        answer: .done,
        context: facts.context,
        origin: Int32(origins.count - 1)
      )
    )
    roots[root] = node
    return node
  }

  /// The node of the step that follows an answer.
  func resume(_ node: Int32, _ answer: StrategyAnswer, _ context: ResumeContext) -> Int32 {
    let context = reduced(context)
    let answer = reduced(answer, to: nodes[Int(node)].step)
    let branch = Branch(node: node, answer: answer, context: context)
    if let known = branches[branch] { return known }
    let origin = nodes[Int(node)].origin
    let call = origins[Int(origin)].facts.connID
    if standing[call] != node { replay(node) }
    standing[call] = nil
    luaSteps += 1
    let step = lua.resume(call, with: answer, context: context)
    let next = append(
      Node(step: step, parent: node, answer: answer, context: context, origin: origin)
    )
    branches[branch] = next
    return next
  }

  private func reduced(_ context: ResumeContext) -> ResumeContext {
    ResumeContext(
      now: sight.contains(.time) ? context.now : 0,
      attempts: sight.contains(.attempts) ? context.attempts : 0
    )
  }

  /// A reason that nobody looks at is the same as any other.
  private func reduced(_ answer: StrategyAnswer, to step: StrategyStep) -> StrategyAnswer {
    guard !sight.contains(.reasons), case .failed = answer, case .requested(.route) = step
    else { return answer }
    return .failed(.busy)
  }

  private func append(_ node: Node) -> Int32 {
    nodes.append(node)
    let number = Int32(nodes.count - 1)
    let call = origins[Int(node.origin)].facts.connID
    if case .requested = node.step { standing[call] = number } else { standing[call] = nil }
    return number
  }

  private func begin(_ root: Root) -> StrategyStep {
    luaSteps += 1
    lua.cancel(root.facts.connID)
    standing[root.facts.connID] = nil
    return lua.start(root.strategy, facts: root.facts)
  }

  /// A fresh coroutine is given everything that the run at this node was given.
  private func replay(_ node: Int32) {
    var path: [Int32] = []
    var next = node
    while next >= 0 {
      path.append(next)
      next = nodes[Int(next)].parent
    }
    let root = origins[Int(nodes[Int(node)].origin)]
    for number in path.reversed() {
      let known = nodes[Int(number)]
      let step: StrategyStep
      if known.parent < 0 {
        step = begin(root)
      } else {
        luaSteps += 1
        step = lua.resume(root.facts.connID, with: known.answer, context: known.context)
      }
      guard step != known.step, problem == nil else { continue }
      problem =
        "\(root.strategy.text) did not do the same when it was given the same again: it keeps "
        + "something between calls outside of them, so its runs cannot be compared"
    }
  }
}

/// A runtime whose runs are nodes of a tree.
struct TrieStrategies: ProvableStrategies {
  let trie: StrategyTrie
  private var runs: [(call: ConnID, node: Int32)] = []
  private(set) var steps: [(call: ConnID, step: StrategyStep)] = []

  init(_ trie: StrategyTrie) { self.trie = trie }

  mutating func start(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    cancel(facts.connID)
    return stand(facts.connID, trie.start(strategy, copy facts))
  }

  mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    guard let index = runs.firstIndex(where: { $0.call == call }) else {
      return .failed(.error("the call has no strategy that waits"))
    }
    let node = runs.remove(at: index).node
    return stand(call, trie.resume(node, answer, context))
  }

  mutating func cancel(_ call: ConnID) { runs.removeAll { $0.call == call } }

  mutating func rename(_ call: ConnID, to connID: ConnID) {
    for index in runs.indices where runs[index].call == call { runs[index].call = connID }
  }

  func state(of call: ConnID) -> Int64 {
    runs.first { $0.call == call }.map { Int64($0.node) } ?? -1
  }

  mutating func forgetSteps() { steps.removeAll(keepingCapacity: true) }

  private mutating func stand(_ call: ConnID, _ node: Int32) -> StrategyStep {
    let step = trie.step(at: node)
    if case .requested = step { runs.append((call, node)) }
    steps.append((call, step))
    return step
  }
}
