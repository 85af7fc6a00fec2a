internal import Engine
internal import Simulator
internal import Wire

/// Tells in words what happens on the way to a finding.
struct ProofStory {
  private let setup: ProofSetup
  private let finding: ProofFinding
  /// What was told so far.
  private(set) var lines: [String] = []
  private var count = 0
  private var last: Instant
  private let callCount: Int
  /// The same request again and again is told once.
  private var repeated = 0
  private var lastStep = ""

  init(_ setup: ProofSetup, _ finding: ProofFinding) {
    self.setup = setup
    self.finding = finding
    last = finding.start.moment
    callCount = finding.path.count { if case .arrive = $0 { true } else { false } }
  }

  mutating func begin() {
    var people: [String] = []
    for (member, presence) in zip(setup.cast, finding.start.agents) {
      people.append("\(name(of: member.agent)) is \(presence.words(member.dn))")
    }
    for (dn, isInService) in zip(setup.dns, finding.start.dns) where !isInService {
      people.append("DN \(dn.number) is out of service")
    }
    let time =
      setup.moments.count > 1 ? "On \(Self.date(setup.epoch, finding.start.moment)), " : ""
    lines.append(
      time + (people.isEmpty ? "Nobody is there." : people.joined(separator: "; ") + ".")
    )
  }

  mutating func end() {
    flush()
    lines.append("\(finding.kind.rawValue): \(finding.detail). \(finding.kind.sentence)")
  }

  private func name(of agent: AgentID) -> String {
    let name = setup.plan.agents.first { $0.id == agent }?.name ?? ""
    return name.isEmpty ? "agent \(agent.text)" : "\(name) (\(agent.text))"
  }

  static func date(_ epoch: UInt64, _ moment: Instant) -> String {
    var writer = JSONWriter()
    writer.time(epoch &+ moment.nanoseconds)
    return String(writer.text.filter { $0 != "\"" }.prefix(16)) + "Z"
  }

  private func call(_ number: Int) -> String {
    callCount == 1 ? "the call" : number == 1 ? "the first call" : "call \(number)"
  }

  private func call(_ id: ConnID) -> String { call(Int(id.value)) }

  private mutating func say(_ text: String, at instant: Instant) {
    flush()
    count += 1
    let passed = instant - last
    last = instant
    var when = ""
    if passed > .zero {
      var writer = JSONWriter(capacity: 64)
      writer.seconds(passed)
      when = "\(writer.text) s later "
    }
    let sentence = when + text
    lines.append("\(count). \(sentence.prefix(1).uppercased())\(sentence.dropFirst()).")
  }

  mutating func tell(
    _ letter: ProofLetter,
    _ signal: Signal,
    at instant: Instant,
    timer: String?
  ) {
    switch letter {
    case .arrive(let caller):
      let number = setup.callers[caller]
      say("a call comes to \(setup.place.number) from \(number)", at: instant)
    case .hangUp(let number): say("the caller of \(call(number)) hangs up", at: instant)
    case .ring(let number): say("the phone rings for \(call(number))", at: instant)
    case .answer(let number): say("\(call(number)) is answered", at: instant)
    case .refuse(let number, let reason):
      say("the phone does not take \(call(number)): \(reason.text)", at: instant)
    case .treatmentBegins(let number): say("\(call(number)) hears what it shall", at: instant)
    case .treatmentEnds(let number, let digits):
      let typed = setup.digits[digits]
      let what = typed.isEmpty ? "nothing was typed" : "\"\(typed)\" was typed"
      say("what \(call(number)) hears ends; \(what)", at: instant)
    case .treatmentFails(let number):
      say("\(call(number)) cannot be given what it shall hear", at: instant)
    case .header(let number, let value):
      let text = setup.headers[value].map { "is \"\($0)\"" } ?? "is not there"
      say("the header of \(call(number)) \(text)", at: instant)
    case .logIn(let index): say("\(who(index)) logs in and is ready", at: instant)
    case .logOut(let index): say("\(who(index)) logs out", at: instant)
    case .ready(let index): say("\(who(index)) becomes ready", at: instant)
    case .notReady(let index): say("\(who(index)) becomes not ready", at: instant)
    case .agentOut(let index):
      say("DN \(setup.cast[index].dn.number) of \(who(index)) goes out of service", at: instant)
    case .agentIn(let index):
      say("DN \(setup.cast[index].dn.number) of \(who(index)) comes back", at: instant)
    case .out(let index): say("DN \(setup.dns[index].number) goes out of service", at: instant)
    case .back(let index): say("DN \(setup.dns[index].number) comes back", at: instant)
    case .time: say(Self.passing(timer), at: instant)
    }
  }

  private func who(_ index: Int) -> String { name(of: setup.cast[index].agent) }

  private static func passing(_ timer: String?) -> String {
    switch timer {
    case "routingPoint": "the routing point's time is up"
    case "strategyWait": "the strategy has waited long enough"
    case "ringNoAnswer": "nobody has answered"
    case "reservation": "a reservation ends"
    case "afterCallWork": "after-call work ends"
    case "blackout": "an agent who refused may be offered calls again"
    default: "time passes"
    }
  }

  mutating func tell(_ step: StrategyStep, after answer: StrategyAnswer?, of id: ConnID) {
    var text = "   "
    if let answer, answer != .done { text += "the strategy hears \"\(answer.text)\"; " }
    switch step {
    case .requested(let request): text += "the strategy \(request.words)"
    case .finished(let target):
      text += target.map { "the strategy returns \($0.words)" } ?? "the strategy ends with nothing"
    case .failed(.error(let message)): text += "the strategy breaks off: \(message)"
    case .failed: text += "the strategy breaks off"
    }
    if text == lastStep {
      repeated += 1
      return
    }
    flush()
    lastStep = text
    lines.append(text)
  }

  private mutating func flush() {
    if repeated > 0 { lines.append("   … and so on, \(repeated) times more") }
    repeated = 0
    lastStep = ""
  }

  mutating func tell(_ event: Event) {
    guard event.kind == .queued, event.thisDN != setup.place, let call = event.call else {
      if event.kind == .routeUsed, event.routeType == .default {
        flush()
        let target = event.thirdPartyDN?.number ?? "nowhere"
        lines.append("   the default route takes the call to \(target)")
      }
      return
    }
    flush()
    lines.append("   \(self.call(call.connID)) waits in queue \(event.thisDN.number)")
  }

  mutating func tell(_ command: LineCommand) {
    switch command {
    case .divert(let id, _, let destination, _):
      flush()
      lines.append("   \(call(id)) is sent to \(destination.text)")
    case .reject(let id, let status):
      flush()
      lines.append("   \(call(id)) is refused with \(status)")
    case .release(let id):
      flush()
      lines.append("   \(call(id)) is dropped")
    case .alsoName(let id, _, let places):
      flush()
      let names = places.map(\.text).joined(separator: ", ")
      lines.append("   \(call(id)) is told of \(names) too")
    case .cancelDiversion, .queued, .dequeued, .transfer, .applyTreatment, .readHeader:
      break
    }
  }
}

extension ProofStart.Presence {
  fileprivate func words(_ dn: DN) -> String {
    switch self {
    case .ready: "ready at \(dn.number)"
    case .notReady: "not ready at \(dn.number)"
    case .loggedOut: "logged out"
    case .outOfService: "ready, but DN \(dn.number) is out of service"
    }
  }
}

extension StrategyRequest {
  fileprivate var words: String {
    switch self {
    case .select(let selection):
      "selects " + selection.targets.map(\.words).joined(separator: ", ")
    case .route(let target, _): "routes to \(target.words)"
    case .wait: "waits"
    case .priority(let level): "sets priority \(level)"
    case .attach: "attaches data"
    case .note(let text): "notes \"\(text)\""
    case .exclude(let target): "excludes \(target.words)"
    case .availableAgents: "asks how many agents are available"
    case .loggedInAgents: "asks how many agents are logged in"
    case .queueWaiting(let dn): "asks how many wait in queue \(dn.number)"
    case .queueOldestWait(let dn): "asks how long queue \(dn.number) waits"
    case .queueExpectedWait(let dn): "asks for the expected wait of queue \(dn.number)"
    case .treat: "lets the caller hear something"
    case .random: "asks for chance"
    case .share: "asks for a share"
    case .state(let key): "asks what it kept as \"\(key)\""
    case .setState(let key, _): "keeps \"\(key)\""
    case .keepPlace: "keeps the caller's place"
    case .takePlace: "takes over a place that was kept"
    case .header(let name): "asks for the header \(name)"
    }
  }
}
