import Engine
import LuaBridge

/// A floor on which a Lua strategy routes calls: phones and callers behave by a seed alone, and
/// react to what they are told, so that the same floor can be walked again from any point.
struct LuaFloor: ~Copyable {
  /// Something that enters: a signal, or a generation that is installed first.
  struct Input {
    var at: Instant
    var signal: Signal
    /// Which of the sources is installed before it.
    var installs: Int?
  }

  /// What came of an input.
  struct Outcome: Hashable {
    var commands: [LineCommand] = []
    var events: [Event] = []
    var steps: [Signal] = []
  }

  /// The sources of three generations: the second changes nothing but its name.
  static let sources: [[String: String]] = [
    ["s.lua": everything, "data/vip.csv": "number,level\n4471,gold\n"],
    ["s.lua": everything + "\n-- again", "data/vip.csv": "number,level\n4471,gold\n"],
    ["s.lua": "return function(call) return ANY end"],
  ]

  /// A strategy that asks for everything that can be asked for, and remembers it in its locals.
  static let everything = """
    local function spin(call, seen)
      local n = random()
      seen[#seen + 1] = n
      call:note("drew " .. tostring(n))
      if n < 0.2 then return call:wait(0.1 + n) end
      if n < 0.3 then call:treat { music = "hold" } end
      if n < 0.4 then call:treat { collect = { digits = 2, timeout = 3 } } end
      if n < 0.5 then seen.header = call:header("Subject") end
    end

    return function(call)
      local seen = { began = call.now, attempts = call.attempts }
      state.calls = (state.calls or 0) + 1
      call:attach { nth = tostring(state.calls), half = share { a = 70, b = 30 } }
      local level = table_lookup("vip", call.ani)
      if level then call:priority(3) end
      if call:take_place(call.ani) then call:note("back") end
      call:keep_place(call.ani, 30)
      for round = 1, 4 do
        spin(call, seen)
        seen.waiting = queues["9000"].waiting + agents.available { skills = "sales > 0" }
        local agent, why = call:select(any { skills = "sales > 0" }, { timeout = 2, by = "random" })
        if agent then
          call:route(agent)
          call:exclude(agent)
          seen[#seen + 1] = call.attempts
        else
          seen.why = why
        end
      end
      call:attach { waited = tostring(call.now - seen.began), draws = tostring(#seen) }
      if #seen % 2 == 0 then return queue "9000" end
      return dn "7003"
    end
    """

  static let plan: Plan = {
    var plan = Plan(
      queues: [QueuePlan("9000", ringTimeout: .seconds(3))],
      routingPoints: [
        RoutingPointPlan("8000", strategy: "s", timeout: .seconds(60), defaults: [.dn("7003")])
      ]
    )
    for number in 1...3 {
      let dn = DN("700\(number)")
      plan.extensions.append(ExtensionPlan(dn, startsInService: true))
      plan.agents.append(
        AgentPlan(
          AgentID("100\(number)"),
          skills: number < 3 ? [SkillLevel("sales", 5)] : [],
          extensionDN: dn,
          logsInAutomatically: true
        )
      )
    }
    plan.limits.generationDrain = .seconds(40)
    return plan
  }()

  static let epoch: UInt64 = 1_763_683_200_000_000_000

  static func generation(_ index: Int) throws -> Generation {
    try Workbench.generation(sources[index], fingerprint: "g\(index)", limits: plan.limits)
  }

  var shard: Shard<LuaStrategies>
  var inputs: [Input] = []
  var outcomes: [Outcome] = []
  private var random: SplitMix64
  private var now = Instant.zero
  private var nextCall: UInt64 = 0x6c00
  private var alive: [ConnID] = []
  /// What the world owes, in order.
  private var owed: [Signal] = []

  init(seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    shard = Shard(
      engine: RoutingEngine(plan: Self.plan, seed: seed, epoch: Self.epoch),
      strategies: LuaStrategies(try Self.generation(0), limits: Self.plan.limits)
    )
    shard.keepsSteps = true
    shard.keepsRuns = true
    give(.control(.start))
    give(.control(.strategies(fingerprint: "g0")))
  }

  /// Gives a shard one input.
  static func give(_ input: Input, to shard: inout Shard<LuaStrategies>) throws -> Outcome {
    if let index = input.installs { shard.strategies.install(try generation(index)) }
    var outcome = Outcome()
    shard.handle(input.signal, at: input.at) { outbox in
      outcome.commands = outbox.lineCommands
      outcome.events = outbox.events
    }
    outcome.steps = shard.steps
    return outcome
  }

  private mutating func give(_ signal: Signal, installs: Int? = nil) {
    let input = Input(at: now, signal: signal, installs: installs)
    inputs.append(input)
    guard let outcome = try? Self.give(input, to: &shard) else { return }
    outcomes.append(outcome)
    for command in outcome.commands { react(to: command) }
  }

  private mutating func react(to command: LineCommand) {
    switch command {
    case .divert(let call, let attempt, _, _):
      owed.append(.line(.ringing(call, attempt: attempt)))
      owed.append(
        random.next(below: 3) == 0
          ? .line(.diversionFailed(call, attempt: attempt, .busy))
          : .line(.answered(call, attempt: attempt))
      )
    case .applyTreatment(let call, let treatment, let what):
      owed.append(.line(.treatmentApplied(call, treatment: treatment)))
      guard !what.isContinuous else { return }
      let digits = TreatmentResult(digits: "\(random.next(below: 100))")
      owed.append(.line(.treatmentEnded(call, treatment: treatment, digits)))
    case .readHeader(let call, _): owed.append(.line(.header(call, "h\(random.next(below: 9))")))
    case .reject(let call, _), .release(let call): alive.removeAll { $0 == call }
    case .cancelDiversion, .queued, .dequeued, .transfer, .alsoName: break
    }
  }

  /// Lets so many things happen; the generation changes now and then.
  mutating func walk(_ count: Int) {
    for _ in 0..<count {
      now = now + .milliseconds(Int64(1 + random.next(below: 400)))
      while let due = shard.nextDeadline, due <= now {
        let present = now
        now = due
        give(.clock)
        now = present
      }
      happen()
    }
  }

  private mutating func happen() {
    switch random.next(below: 60) {
    case 0..<14:
      nextCall += 1
      let call = ConnID(nextCall)
      alive.append(call)
      give(.line(.offered(CallOffer(call, at: "8000", ani: "447\(random.next(below: 5))"))))
    case 14..<18 where !alive.isEmpty:
      let call = alive.remove(at: Int(random.next(below: UInt64(alive.count))))
      give(.line(.released(call, by: .caller)))
    case 18:
      let index = Int(random.next(below: 3))
      give(.control(.strategies(fingerprint: "g\(index)")), installs: index)
    case 19..<21:
      let agent = AgentID("100\(1 + random.next(below: 3))")
      give(
        .agent(
          random.next(below: 2) == 0
            ? .ready(agent, reference: 0) : .notReady(agent, .unknown, reason: nil, reference: 0)
        )
      )
    default:
      guard !owed.isEmpty else { return give(.clock) }
      give(owed.removeFirst())
    }
  }
}
