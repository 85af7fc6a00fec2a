// Signals as text (SURFACE 6): one line of a recording each.
//
// `{"at":12.5,"signal":"call.offered","call":"006c02462a161006","dn":"8000",…}`: when, which
// signal, whom it is about, then its details. Seconds are exact, to the nanosecond; T-Library's
// enumerations are their numbers, our own are words; what a signal does not have is left out.

public import Engine

extension JSONWriter {
  /// Writes a signal as one object.
  ///
  /// - Parameters:
  ///   - signal: The signal.
  ///   - instant: When the engine handled it, counted from the beginning of the recording.
  public mutating func value(_ signal: borrowing Signal, at instant: Instant) {
    beginObject()
    key("at")
    seconds(nanoseconds: instant.nanoseconds)
    switch signal {
    case .line(let signal): members(signal)
    case .agent(let signal): members(signal)
    case .strategy(let call, let step, let trace):
      members(step, of: call)
      if trace.line > 0 { member("trace", trace.text) }
    case .clock: name("clock")
    case .control(let signal): members(signal)
    }
    endObject()
  }

  mutating func name(_ name: StaticString) {
    key("signal")
    literal(name)
  }

  mutating func call(_ call: ConnID) {
    key("call")
    value(call)
  }

  private mutating func members(_ signal: borrowing LineSignal) {
    switch signal {
    case .offered(let offer): members(offer)
    case .ringing(let call, let attempt): members("call.ringing", call, attempt)
    case .answered(let call, let attempt): members("call.answered", call, attempt)
    case .diverted(let call, let attempt): members("call.diverted", call, attempt)
    case .diversionFailed(let call, let attempt, let reason, let status):
      members("call.diversion_failed", call, attempt)
      key("reason")
      literal(reason.word)
      if let status { member("status", status) }
    case .released(let call, let by):
      name("call.released")
      self.call(call)
      key("by")
      literal(by.word)
    case .header(let call, let text):
      name("call.header")
      self.call(call)
      if let text { member("value", text) }
    case .inService(let dn):
      name("dn.in_service")
      member("dn", dn.number)
    case .outOfService(let dn):
      name("dn.out_of_service")
      member("dn", dn.number)
    case .treatmentApplied(let call, let treatment):
      name("call.treatment_applied")
      self.call(call)
      member("treatment", treatment)
    case .treatmentEnded(let call, let treatment, let result):
      name("call.treatment_ended")
      self.call(call)
      member("treatment", treatment)
      if let digits = result.digits { member("digits", digits) }
      if result.wasInterrupted { member("interrupted", true) }
    case .treatmentNotApplied(let call, let treatment, let reason):
      name("call.treatment_not_applied")
      self.call(call)
      member("treatment", treatment)
      member("reason", reason)
    case .transferred(let call, let held, let side):
      name("call.transferred")
      self.call(call)
      key("into")
      value(held)
      guard side != .target else { break }
      key("by")
      literal(side.word)
    case .attached(let call, let pairs):
      name("call.attached")
      self.call(call)
      key("user_data")
      value(pairs)
    case .held(let call, let side):
      name("call.held")
      self.call(call)
      key("by")
      literal(side.word)
    case .retrieved(let call, let side):
      name("call.retrieved")
      self.call(call)
      key("by")
      literal(side.word)
    }
  }

  private mutating func members(_ signal: StaticString, _ call: ConnID, _ attempt: UInt32) {
    name(signal)
    self.call(call)
    member("attempt", attempt)
  }

  private mutating func members(_ offer: borrowing CallOffer) {
    name("call.offered")
    call(offer.connID)
    member("dn", offer.dn.number)
    if !offer.ani.isEmpty { member("ani", offer.ani) }
    if !offer.dnis.isEmpty { member("dnis", offer.dnis) }
    member("type", offer.type.rawValue)
    if let uuid = offer.uuid {
      key("uuid")
      value(uuid)
    }
    if let held = offer.consultOf {
      key("consult_of")
      value(held)
      if offer.consultBy != .target {
        key("consult_by")
        literal(offer.consultBy.word)
      }
    }
    guard !offer.userData.isEmpty else { return }
    key("user_data")
    value(offer.userData.pairs)
  }

  private mutating func members(_ signal: borrowing AgentSignal) {
    switch signal {
    case .login(let agent, let dn, let place, let queues, let reference):
      name("agent.login")
      member("agent", agent.text)
      if let dn { member("dn", dn.number) }
      if let place { member("place", place) }
      if !queues.isEmpty {
        key("queues")
        beginArray()
        for queue in queues { value(queue.number) }
        endArray()
      }
      member("reference", reference)
    case .logout(let agent, let queue, let reference):
      name("agent.logout")
      member("agent", agent.text)
      if let queue { member("queue", queue.number) }
      member("reference", reference)
    case .ready(let agent, let mode, let reference):
      name("agent.ready")
      member("agent", agent.text)
      if mode != .autoIn { member("work_mode", mode.rawValue) }
      member("reference", reference)
    case .notReady(let agent, let mode, let reason, let reference):
      name("agent.not_ready")
      member("agent", agent.text)
      member("work_mode", mode.rawValue)
      if let reason { member("reason", reason) }
      member("reference", reference)
    case .registerAddress(let dn, let reference):
      name("dn.register")
      member("dn", dn.number)
      member("reference", reference)
    case .unregisterAddress(let dn, let reference):
      name("dn.unregister")
      member("dn", dn.number)
      member("reference", reference)
    }
  }

  private mutating func members(_ signal: borrowing ControlSignal) {
    switch signal {
    case .start: name("control.start")
    case .strategies(let fingerprint, let state):
      name("control.strategies")
      member("fingerprint", fingerprint)
      if let state { member("state", state) }
    case .strategyLost(let call, let text):
      name("control.strategy_lost")
      self.call(call)
      member("text", text)
    case .drain: name("control.drain")
    case .alarm(let text):
      name("control.alarm")
      member("text", text)
    }
  }
}

extension RouteFailure {
  /// The reason as strategies and recordings spell it (SURFACE 4).
  public var text: String { "\(word)" }

  var word: StaticString {
    switch self {
    case .timeout: "timeout"
    case .busy: "busy"
    case .noAnswer: "no_answer"
    case .rejected: "rejected"
    case .unreachable: "unreachable"
    case .noSuchTarget: "no_such_target"
    case .cancelled: "cancelled"
    }
  }

  static var words: [(RouteFailure, StaticString)] { allCases.map { ($0, $0.word) } }
}

extension ReleasedBy {
  var word: StaticString {
    switch self {
    case .caller: "caller"
    case .target: "target"
    case .line: "line"
    }
  }

  static var words: [(ReleasedBy, StaticString)] {
    [ReleasedBy.caller, .target, .line].map { ($0, $0.word) }
  }
}

extension CallSide {
  var word: StaticString {
    switch self {
    case .caller: "caller"
    case .target: "target"
    }
  }

  static var words: [(CallSide, StaticString)] { allCases.map { ($0, $0.word) } }
}
