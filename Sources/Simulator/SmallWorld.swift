// A world so small that everything that can happen in it is tried.
//
// So many calls, two agents, one queue or one routing point. From every state every possible signal
// is given; a state that was seen before is not walked again. When no new state appears, every
// interleaving of every length has been covered: those of a given length are counted over the graph
// of states, without walking them one by one. After every step the world's invariants are checked,
// and every state is once led to its peaceful end.

public import Engine

/// The exhaustive small world.
public struct SmallWorld {
  /// What can happen; each is possible only in some states.
  enum Letter: Hashable {
    case arrive
    case hangUp(UInt64)
    case ring(UInt64)
    case answer(UInt64)
    case refuse(UInt64)
    case toggle(AgentID)
    case leave(AgentID)
    case time
  }

  /// What a walk covered.
  public struct Outcome: Sendable {
    /// Distinct states.
    public var states = 0
    /// Signals given, one for every way from state to state.
    public var steps = 0
    /// Interleavings of exactly `length` signals, in the manner of 1.2e34.
    public var interleavings = 0.0
    /// Signals in those interleavings.
    public var length = 0
    /// Whether no new state was left, so that every interleaving of every length is covered.
    public var isComplete = false
    /// The first thing that broke, and the way to it.
    public var problem: String?
  }

  /// A state that has not been walked from yet.
  private final class Node {
    let world: World
    init(_ world: consuming World) { self.world = world }
  }

  private let letters: [Letter]
  private let place: DN
  private let callCount: UInt64

  /// Makes a small world.
  ///
  /// - Parameters:
  ///   - calls: How many calls come, from 1.
  ///   - place: Where they come: queue `9000` or routing point `8000`, whose strategy says `ANY`.
  public init(calls: Int, at place: DN) {
    callCount = UInt64(calls)
    self.place = place
    var letters: [Letter] = [.arrive, .time]
    for call in 1...callCount {
      letters += [.hangUp(call), .ring(call), .answer(call), .refuse(call)]
    }
    self.letters = letters + [.toggle("1001"), .toggle("1002"), .leave("1001")]
  }

  private static let plan: Plan = {
    var plan = Plan(
      extensions: [
        ExtensionPlan("7001", startsInService: true), ExtensionPlan("7002", startsInService: true),
      ],
      agents: [
        AgentPlan("1001", extensionDN: "7001", logsInAutomatically: true),
        AgentPlan("1002", extensionDN: "7002", logsInAutomatically: true),
      ],
      queues: [QueuePlan("9000", ringTimeout: .seconds(4), wrapUp: .seconds(2))],
      routingPoints: [
        RoutingPointPlan("8000", strategy: "any", timeout: .seconds(8), defaults: [.queue("9000")])
      ]
    )
    plan.routingPoints[0].ringTimeout = .seconds(4)
    plan.limits.refusalBackOff = .seconds(2)
    plan.limits.attemptsMax = 1 << 30
    // Worlds are copied at every step; nobody asks them why.
    plan.limits.decisionsKept = 0
    return plan
  }()

  /// Walks until no new state appears, or so many have.
  ///
  /// - Parameters:
  ///   - statesMax: Where to give up.
  ///   - length: The length of the interleavings that are counted.
  ///   - progress: Told the number of states now and then.
  /// - Returns: What was covered, or the first thing that broke.
  public func explore(
    statesMax: Int = 5_000_000,
    length: Int = 24,
    progress: (Int) -> Void = { _ in }
  ) -> Outcome {
    var outcome = Outcome()
    var numbers: [[Int64]: Int32] = [:]
    var next: [[Int32]] = []
    var frontier: [Node?] = []
    let start = Node(World(Self.plan, returning: .any(.none)))
    numbers[key(of: start.world)] = 0
    frontier.append(start)
    var index = 0
    while index < frontier.count, outcome.problem == nil, frontier.count < statesMax {
      var successors: [Int32] = []
      if let node = frontier[index] {
        for letter in letters {
          var world = World(copying: node.world)
          guard give(letter, to: &world) else { continue }
          outcome.steps += 1
          if let problem = world.problem {
            outcome.problem = "\(letter): \(problem)\n\(world.lastSignals)"
            break
          }
          let key = key(of: world)
          if let known = numbers[key] {
            successors.append(known)
          } else {
            numbers[key] = Int32(frontier.count)
            successors.append(Int32(frontier.count))
            frontier.append(Node(world))
          }
        }
        var last = World(copying: node.world)
        last.close()
        if let problem = last.problem {
          outcome.problem = "at the end: \(problem)\n\(last.lastSignals)"
        }
      }
      frontier[index] = nil
      next.append(successors)
      index += 1
      if index % 1_024 == 0 { progress(frontier.count) }
    }
    outcome.states = frontier.count
    outcome.isComplete = index == frontier.count && outcome.problem == nil
    guard outcome.isComplete else { return outcome }
    outcome.length = length
    outcome.interleavings = Self.count(next, length)
    return outcome
  }

  /// How many ways of so many steps there are from the first state.
  private static func count(_ next: [[Int32]], _ length: Int) -> Double {
    var ways = [Double](repeating: 0, count: next.count)
    ways[0] = 1
    for _ in 0..<length {
      var after = [Double](repeating: 0, count: next.count)
      for (state, successors) in next.enumerated() where ways[state] > 0 {
        for successor in successors { after[Int(successor)] += ways[state] }
      }
      ways = after
    }
    return ways.reduce(0, +)
  }

  /// The state of the world: that of the engine, and which calls have come.
  private func key(of world: borrowing World) -> [Int64] {
    var key = world.shard.fingerprint()
    for call in 1...callCount {
      key.append(world.isAlive(call).map { $0 ? 1 : 2 } ?? 0)
    }
    return key
  }

  /// Gives one letter to a world; false when it is not possible there.
  private func give(_ letter: Letter, to world: inout World) -> Bool {
    switch letter {
    case .arrive:
      guard let call = (1...callCount).first(where: { world.isAlive($0) == nil }) else {
        return false
      }
      world.give(.line(.offered(CallOffer(ConnID(call), at: place, ani: "4420"))))
    case .hangUp(let call):
      guard world.isAlive(call) == true else { return false }
      world.give(.line(.released(ConnID(call), by: .caller)))
    case .ring(let call): return speak(call, &world) { .ringing($0, attempt: $1) }
    case .answer(let call): return speak(call, &world) { .answered($0, attempt: $1) }
    case .refuse(let call): return speak(call, &world) { .diversionFailed($0, attempt: $1, .busy) }
    case .toggle(let agent):
      let picture = world.shard.snapshot(at: world.now).agents.first { $0.id == agent }
      let signal: AgentSignal =
        switch picture?.state {
        case "logged_out": .login(agent, dn: nil, reference: 1)
        case "not_ready", "after_call_work": .ready(agent, reference: 1)
        default: .notReady(agent, .auxWork, reason: nil, reference: 1)
        }
      world.give(.agent(signal))
    case .leave(let agent):
      let picture = world.shard.snapshot(at: world.now).agents.first { $0.id == agent }
      guard picture?.dn != nil else { return false }
      world.give(.agent(.logout(agent, reference: 1)))
    case .time:
      guard world.shard.nextDeadline != nil else { return false }
      world.passToNextDeadline()
    }
    return true
  }

  private func speak(
    _ call: UInt64,
    _ world: inout World,
    _ signal: (ConnID, UInt32) -> LineSignal
  ) -> Bool {
    guard let attempt = world.liveAttempt(of: call) else { return false }
    world.give(.line(signal(ConnID(call), attempt)))
    return true
  }
}
