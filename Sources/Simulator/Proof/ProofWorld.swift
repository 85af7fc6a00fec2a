// A small world around an engine and somebody's strategies.
//
// The world plays everybody else: callers, phones, agents, the clock. It believes of a call only
// what it needs to know which signals are possible, and judges every step by the commands and
// events that come out. `finding` is the first thing of a signal that is worth telling.
// Who may change it: `give`.

public import Engine

/// A world that can be copied.
public struct ProofWorld<Strategies: ProvableStrategies>: ~Copyable {
  /// What the world believes of a call.
  struct KnownCall {
    var isAlive = true
    /// Whether it talks or waits in a queue: its strategy has no more to do with it.
    var isSettled = false
    var attempt: UInt32?
    var isRinging = false
    var treatment: UInt32?
    var isContinuous = false
    var readsHeader = false
    /// The last target that its strategy gave.
    var said: Target?
    /// The target of its strategy's last `route`, and how often it came without a wait in between.
    var route: Target?
    var repeats = 0
  }

  /// What an agent asked for, by the events.
  enum Mode: UInt8 { case loggedOut, notReady, ready }

  let setup: ProofSetup
  private let start: Instant
  var shard: Shard<Strategies>
  /// The present moment.
  public private(set) var now: Instant
  var calls: [KnownCall] = []
  var modes: [Mode]
  var agentsInService: [Bool]
  var dnsInService: [Bool]
  /// What the last signal brought to light, worst first.
  public private(set) var findings: [ProofFinding] = []

  /// How often a strategy may ask for the same route at once before it is called a loop.
  static var repeatsMax: Int { 4 }

  /// Makes a world and brings it to its start.
  public init(_ setup: ProofSetup, _ start: ProofStart, strategies: Strategies) {
    self.setup = setup
    self.start = start.moment
    now = start.moment
    modes = setup.cast.map { _ in .loggedOut }
    agentsInService = setup.cast.map { _ in false }
    dnsInService = setup.dns.map { _ in false }
    shard = Shard(
      engine: RoutingEngine(plan: setup.plan, seed: start.seed, epoch: setup.epoch),
      strategies: strategies
    )
    for signal in setup.signals(of: start) { give(signal) }
  }

  /// A second world in the same state.
  init(copying other: borrowing ProofWorld) {
    setup = other.setup
    start = other.start
    shard = other.shard.copy()
    now = other.now
    calls = other.calls
    modes = other.modes
    agentsInService = other.agentsInService
    dnsInService = other.dnsInService
  }

  /// Whether every call has come, and is gone or talks or waits in a queue, so that no strategy has
  /// to do with one any more: what comes then is the engine's, and is proven there (`SmallWorld`).
  public var isOver: Bool {
    calls.count == setup.calls && !calls.contains { $0.isAlive && !$0.isSettled }
  }

  /// The state in numbers; worlds that are over are all alike.
  ///
  /// Who calls is no part of it: a suspended run knows, and nobody else asks.
  func key() -> [Int64] {
    guard !isOver else { return [] }
    var key = shard.searchKey(setup.detail)
    for (index, call) in calls.enumerated() {
      guard call.isAlive else {
        key.append(-1)
        continue
      }
      key.append(shard.strategies.state(of: ConnID(UInt64(index + 1))))
    }
    // The hour is the one in which it began; the minutes since then are a sample.
    if calls.count < setup.calls, setup.moments.count > 1 {
      key.append(Int64(clamping: start.nanoseconds))
    }
    key.append(Int64(calls.count))
    return key
  }

  /// Gives a letter, if it is possible here; tells whether it was.
  mutating func give(_ letter: ProofLetter) -> Bool {
    guard let signal = signal(for: letter) else { return false }
    if case .time = letter { now = max(now, shard.nextDeadline ?? now) }
    if case .arrive = letter { calls.append(KnownCall()) }
    give(signal)
    if case .logIn(let index) = letter {
      // Who logs in means to work; being there without being ready is a step further.
      let before = findings
      give(.agent(.ready(setup.cast[index].agent, reference: 0)))
      findings = before + findings
    }
    return true
  }

  /// Gives a signal, and judges what comes of it.
  mutating func give(_ signal: Signal) {
    findings = []
    shard.strategies.forgetSteps()
    expect(signal)
    var seen: [Event] = []
    var asked: [LineCommand] = []
    shard.handle(signal, at: now) { outbox in
      seen = outbox.events
      asked = outbox.lineCommands
    }
    observeSteps()
    for event in seen { observe(event) }
    for command in asked { observe(command) }
    if let call = shard.callPassedOver() {
      find(.stuck, call, "somebody who is free could take it")
    }
    if let call = shard.callWithoutHope() {
      find(.unserved, call, "it waits without a timeout, and nobody whom it wants is logged in")
    }
    if findings.count > 1 {
      findings.sort { $0.kind.weight < $1.kind.weight }
    }
  }

  /// What the world does by a signal, whatever the engine makes of it.
  private mutating func expect(_ signal: Signal) {
    switch signal {
    case .line(.inService(let dn)), .line(.outOfService(let dn)):
      let isIn = if case .line(.inService) = signal { true } else { false }
      for index in setup.cast.indices where setup.cast[index].dn == dn {
        agentsInService[index] = isIn
      }
      for index in setup.dns.indices where setup.dns[index] == dn { dnsInService[index] = isIn }
    case .line(.ringing(let id, _)): calls[place(of: id)].isRinging = true
    case .line(.answered(let id, _)):
      calls[place(of: id)].attempt = nil
      calls[place(of: id)].isSettled = true
    case .line(.diverted(let id, _)): calls[place(of: id)].isAlive = false
    case .line(.diversionFailed(let id, _, _, _)): calls[place(of: id)].attempt = nil
    case .line(.released(let id, _)): calls[place(of: id)].isAlive = false
    case .line(.header(let id, _)): calls[place(of: id)].readsHeader = false
    case .line(.treatmentApplied(let id, _)):
      if calls[place(of: id)].isContinuous { calls[place(of: id)].treatment = nil }
    case .line(.treatmentEnded(let id, _, _)), .line(.treatmentNotApplied(let id, _, _)):
      calls[place(of: id)].treatment = nil
    case .line, .agent, .strategy, .clock, .control: break
    }
  }

  func place(of call: ConnID) -> Int { Int(call.value) - 1 }

  mutating func find(_ kind: ProofKind, _ call: ConnID, _ detail: String) {
    findings.append(ProofFinding(kind: kind, call: call, detail: detail))
  }
}

extension ProofKind {
  /// Errors before what is usually allowed.
  fileprivate var weight: Int { (Self.allCases.firstIndex(of: self) ?? 0) }
}
