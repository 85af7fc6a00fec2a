// A line of a recording: the head, a signal, or an event that is expected (SURFACE 6).

public import Engine

/// One line of a recording.
public enum RecordingLine: Hashable, Sendable {
  /// The first line, which says what was recorded; its members are the reader's business.
  case head(JSONValue)
  /// What entered the engine, and when.
  case signal(Signal, at: Instant)
  /// What the engine announced.
  case event(Event)

  /// Reads one line.
  ///
  /// - Parameters:
  ///   - line: The text of the line, without its end.
  ///   - number: Its number in the file, for errors.
  ///   - unknown: Receives the names of members that have no meaning; they are otherwise ignored.
  /// - Throws: Where the line stops being JSON, or which member is missing or wrong.
  public init(
    reading line: String,
    number: Int = 1,
    unknown: inout [String]
  ) throws(JSONError) {
    do {
      let json = try JSONValue(parsing: line)
      if json["recording"] != nil {
        self = .head(json)
      } else if json["event"] != nil {
        self = .event(try Event(json, unknown: &unknown))
      } else {
        var fields = try Fields(json)
        let instant = try fields.instant("at", in: line)
        self = .signal(try fields.signal(), at: instant)
        unknown.append(contentsOf: fields.untaken)
      }
    } catch {
      throw JSONError(line: number, column: error.column, error.message)
    }
  }
}

extension Fields {
  /// The instant of a signal.
  ///
  /// A number with a fraction comes out of the library as a `Double`, which holds nanoseconds for
  /// some fifty days; what we wrote ourselves begins with the instant and is read digit by digit.
  mutating func instant(_ key: String, in line: String) throws(JSONError) -> Instant {
    if let exact = Fields.exactNanoseconds(line), take(key) != nil {
      return Instant(nanoseconds: exact)
    }
    let duration = try duration(key)
    guard duration >= .zero else { throw JSONError("\"\(key)\" is before the beginning") }
    return .zero + duration
  }

  private static func exactNanoseconds(_ line: String) -> UInt64? {
    var rest = line.utf8[...]
    let beginning = "{\"at\":".utf8
    guard rest.starts(with: beginning) else { return nil }
    rest = rest.dropFirst(beginning.count)
    let whole = rest.prefix { $0 >= 48 && $0 <= 57 }
    rest = rest.dropFirst(whole.count)
    guard var nanoseconds = UInt64(String(decoding: whole, as: UTF8.self)),
      nanoseconds < 9_000_000_000
    else { return nil }
    nanoseconds *= 1_000_000_000
    if rest.first == UInt8(ascii: ".") {
      let digits = rest.dropFirst().prefix { $0 >= 48 && $0 <= 57 }
      rest = rest.dropFirst(1 + digits.count)
      guard digits.count <= 9 else { return nil }
      var unit: UInt64 = 100_000_000
      for digit in digits {
        nanoseconds += UInt64(digit - 48) * unit
        unit /= 10
      }
    }
    guard rest.first == UInt8(ascii: ",") || rest.first == UInt8(ascii: "}") else { return nil }
    return nanoseconds
  }

  mutating func signal() throws(JSONError) -> Signal {
    let name = try string("signal")
    if let signal = try lineSignal(name) { return .line(signal) }
    if let signal = try agentSignal(name) { return .agent(signal) }
    if let signal = try controlSignal(name) { return .control(signal) }
    if let step = try step(name) { return .strategy(try connID("call"), step, try trace()) }
    guard name == "clock" else { throw JSONError("unknown signal \"\(name)\"") }
    return .clock
  }

  /// Where a step was made: `strategies/sales.lua:8`.
  private mutating func trace() throws(JSONError) -> StrategyTrace {
    guard let text = try optionalString("trace") else { return .none }
    guard let colon = text.lastIndex(of: ":"), let line = Int32(text[text.index(after: colon)...])
    else { throw JSONError("\"trace\" is no FILE:LINE") }
    return StrategyTrace(file: String(text[..<colon]), line: line)
  }

  private mutating func lineSignal(_ name: String) throws(JSONError) -> LineSignal? {
    switch name {
    case "call.offered": .offered(try offer())
    case "call.ringing": .ringing(try connID("call"), attempt: try number("attempt"))
    case "call.answered": .answered(try connID("call"), attempt: try number("attempt"))
    case "call.diverted": .diverted(try connID("call"), attempt: try number("attempt"))
    case "call.diversion_failed":
      .diversionFailed(
        try connID("call"),
        attempt: try number("attempt"),
        try word("reason", of: RouteFailure.words),
        status: try optionalNumber("status")
      )
    case "call.released":
      .released(try connID("call"), by: try word("by", of: ReleasedBy.words))
    case "call.header": .header(try connID("call"), try optionalString("value"))
    case "call.treatment_applied":
      .treatmentApplied(try connID("call"), treatment: try number("treatment"))
    case "call.treatment_ended":
      .treatmentEnded(
        try connID("call"),
        treatment: try number("treatment"),
        TreatmentResult(
          digits: try optionalString("digits"),
          wasInterrupted: try optionalBool("interrupted") ?? false
        )
      )
    case "call.treatment_not_applied":
      .treatmentNotApplied(
        try connID("call"),
        treatment: try number("treatment"),
        reason: try string("reason")
      )
    case "call.transferred":
      .transferred(
        try connID("call"),
        into: try connID("into"),
        by: try optionalWord("by", of: CallSide.words) ?? .target
      )
    case "call.attached": .attached(try connID("call"), try pairs("user_data"))
    case "call.held": .held(try connID("call"), by: try word("by", of: CallSide.words))
    case "call.retrieved": .retrieved(try connID("call"), by: try word("by", of: CallSide.words))
    case "dn.in_service": .inService(DN(try string("dn")))
    case "dn.out_of_service": .outOfService(DN(try string("dn")))
    default: nil
    }
  }

  private mutating func offer() throws(JSONError) -> CallOffer {
    var offer = CallOffer(
      try connID("call"),
      at: DN(try string("dn")),
      ani: try optionalString("ani") ?? "",
      dnis: try optionalString("dnis") ?? "",
      type: try optionalCode("type") ?? .inbound
    )
    if let text = try optionalString("uuid") {
      guard let uuid = CallUUID(text: text) else {
        throw JSONError("\"uuid\" is not 32 characters of 0-9 and A-V: \"\(text)\"")
      }
      offer.uuid = uuid
    }
    offer.consultOf = try optionalConnID("consult_of")
    offer.consultBy = try optionalWord("consult_by", of: CallSide.words) ?? .target
    offer.userData = UserData(try optionalPairs("user_data") ?? [])
    return offer
  }

  private mutating func agentSignal(_ name: String) throws(JSONError) -> AgentSignal? {
    switch name {
    case "agent.login":
      .login(
        AgentID(try string("agent")),
        dn: try optionalString("dn").map { DN($0) },
        place: try optionalString("place"),
        queues: try strings("queues").map { DN($0) },
        reference: try optionalNumber("reference") ?? 0
      )
    case "agent.logout":
      .logout(
        AgentID(try string("agent")),
        queue: try optionalString("queue").map { DN($0) },
        reference: try optionalNumber("reference") ?? 0
      )
    case "agent.ready":
      .ready(
        AgentID(try string("agent")),
        try optionalCode("work_mode") ?? .autoIn,
        reference: try optionalNumber("reference") ?? 0
      )
    case "dn.register":
      .registerAddress(DN(try string("dn")), reference: try optionalNumber("reference") ?? 0)
    case "dn.unregister":
      .unregisterAddress(DN(try string("dn")), reference: try optionalNumber("reference") ?? 0)
    case "agent.not_ready":
      .notReady(
        AgentID(try string("agent")),
        try optionalCode("work_mode") ?? .unknown,
        reason: try optionalString("reason"),
        reference: try optionalNumber("reference") ?? 0
      )
    default: nil
    }
  }

  private mutating func controlSignal(_ name: String) throws(JSONError) -> ControlSignal? {
    switch name {
    case "control.start": .start
    case "control.strategies":
      .strategies(fingerprint: try string("fingerprint"), state: try optionalStates("state"))
    case "control.strategy_lost": .strategyLost(try connID("call"), try string("text"))
    case "control.drain": .drain
    case "control.alarm": .alarm(try string("text"))
    default: nil
    }
  }
}
