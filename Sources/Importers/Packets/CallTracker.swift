// SIP messages become calls.
//
// A call is the dialog that an INVITE without a To tag begins, known by its Call-ID: the same
// message seen again (repeated, inside and outside of a tunnel, handed on by a proxy) changes
// nothing. States: offered, challenged (401, 407), ringing, cancelled, answered, over. Invariants:
// `open` and `recent` share no Call-ID; a call is answered and released at most once.
// Who may change it: the one import that runs. Source: RFC 3261 9, 12-15, 22.

/// Follows calls and registrations.
struct CallTracker {
  private struct Call {
    var number: UInt64
    var dn: String
    var caller: String
    var callerTag: String
    var source: Peer
    var rang = false
    var answered = false
    var cancelledAt: Int64?
    var isChallenged = false
    var isOwnCall = false
  }

  private struct Registration {
    var until: Int64
    var isIn: Bool
  }

  private var open: [String: Call] = [:]
  private var recent: Set<String> = []
  private var older: Set<String> = []
  private var registrations: [String: Registration] = [:]
  private var asked: [String: Int64] = [:]
  private var last: Int64 = 0

  /// Takes a message.
  ///
  /// - Parameters:
  ///   - message: The message.
  ///   - instant: When it was seen.
  ///   - source: Who sent it.
  ///   - target: Who got it.
  ///   - collector: Receives the facts.
  /// - Throws: When there is no room to sort, or a time that no recording can have.
  mutating func take(
    _ message: SIPText,
    at instant: Int64,
    from source: Peer,
    to target: Peer,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    last = max(last, instant)
    let isRequest = message.isRequest
    switch (isRequest, isRequest ? message.method : message.sequenceMethod) {
    case (true, "INVITE"): try invite(message, instant, source, &collector)
    case (false, "INVITE"): try answer(message, instant, target, &collector)
    case (true, "CANCEL"):
      guard open[message.callID]?.answered == false else { return }
      if open[message.callID]?.cancelledAt == nil { open[message.callID]?.cancelledAt = instant }
    case (true, "BYE"): try bye(message, instant, &collector)
    case (true, "REGISTER"):
      if asked.count >= ImportLimits.streamsMax { asked.removeAll() }
      asked[message.callID + " " + message.sequence] = Self.granted(message)
    case (false, "REGISTER"): try registered(message, instant, &collector)
    default: break
    }
  }

  // MARK: Calls

  private mutating func invite(
    _ message: SIPText,
    _ instant: Int64,
    _ source: Peer,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let id = message.callID
    guard message.to.tag.isEmpty else { return }
    if open[id] != nil {
      open[id]?.isChallenged = false
      return
    }
    guard !recent.contains(id), !older.contains(id) else { return }
    if open.count >= ImportLimits.openCallsMax { try loseOldest(&collector) }
    let user = message.requestUser
    let dn = !user.isEmpty ? user : !message.to.user.isEmpty ? message.to.user : message.to.host
    var call = Call(
      number: collector.newCall(),
      dn: dn.isEmpty ? "unknown" : dn,
      caller: message.from.user,
      callerTag: message.from.tag,
      source: source
    )
    call.isOwnCall = registrations[call.caller]?.isIn == true
    var fact = Fact(.offered, at: instant, call: call.number)
    (fact.dn, fact.first, fact.second) = (call.dn, call.caller, message.to.user)
    fact.data = ["call_id", id]
    if !message.callUUID.isEmpty { fact.data += ["call_uuid", message.callUUID] }
    try collector.add(fact)
    if call.isOwnCall {
      var busy = Fact(.notReady, at: instant)
      (busy.agent, busy.first, busy.isInferred) = (call.caller, "own call", true)
      try collector.add(busy)
    }
    open[id] = call
  }

  private mutating func answer(
    _ message: SIPText,
    _ instant: Int64,
    _ target: Peer,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard var call = open[message.callID], !call.answered else { return }
    switch message.status {
    case 180...189:
      guard !call.rang else { return }
      call.rang = true
      open[message.callID] = call
      try collector.add(Fact(.ringing, at: instant, call: call.number))
    case 200...299:
      call.answered = true
      open[message.callID] = call
      var fact = Fact(.answered, at: instant, call: call.number)
      fact.agent = agent(message, call)
      fact.first = call.dn
      try collector.add(fact)
    case 300...699:
      // What a proxy hears from one of several targets is not yet what its caller hears.
      guard target.high == call.source.high, target.low == call.source.low else { return }
      if message.status == 401 || message.status == 407 {
        open[message.callID]?.isChallenged = true
      } else {
        try fails(message, call, instant, &collector)
      }
    default: break
    }
  }

  private mutating func fails(
    _ message: SIPText,
    _ call: Call,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    if let cancelled = call.cancelledAt {
      return try ends(message.callID, call, at: cancelled, by: "caller", "abandoned", &collector)
    }
    let reason =
      switch message.status {
      case 486, 600: "busy"
      case 408, 480, 487: "no_answer"
      case 404, 410, 484, 604: "no_such_target"
      case 403, 405, 488, 603, 606: "rejected"
      default: "unreachable"
      }
    var fact = Fact(.failed, at: instant, call: call.number)
    fact.first = message.status < 400 ? "rejected" : reason
    try collector.add(fact)
    collector.report.count("calls that ended with \(message.status)")
    let outcome = message.status < 400 ? "redirected" : "\(message.status)"
    try ends(message.callID, call, at: instant, by: "line", outcome, &collector)
  }

  private mutating func bye(
    _ message: SIPText,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let call = open[message.callID] else { return }
    let isCaller = message.from.tag == call.callerTag
    if !call.answered {
      collector.report.count("calls that end without an answer having been seen")
    }
    try ends(
      message.callID,
      call,
      at: instant,
      by: isCaller ? "caller" : "target",
      call.answered ? "" : "ended",
      &collector
    )
  }

  private mutating func ends(
    _ id: String,
    _ call: Call,
    at instant: Int64,
    by: String,
    _ outcome: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    open[id] = nil
    if recent.count >= ImportLimits.rememberedMax / 2 { (older, recent) = (recent, []) }
    recent.insert(id)
    var fact = Fact(.released, at: instant, call: call.number)
    (fact.first, fact.second) = (by, outcome)
    try collector.add(fact)
    guard call.isOwnCall, registrations[call.caller]?.isIn == true else { return }
    var ready = Fact(.ready, at: instant)
    (ready.agent, ready.isInferred) = (call.caller, true)
    try collector.add(ready)
  }

  /// Who answered: the registered user, else the user who gave his contact or was called.
  private func agent(_ message: SIPText, _ call: Call) -> String {
    let contact = message.contacts.first?.user ?? ""
    let names = [contact, message.to.user, call.dn]
    if let known = names.first(where: { registrations[$0]?.isIn == true }) { return known }
    if let named = [contact, message.to.user].first(where: { !$0.isEmpty }) { return named }
    return message.contacts.first?.host ?? call.dn
  }

  // MARK: Registrations

  /// The longest time that a message asks for or grants; nil when it says nothing.
  private static func granted(_ message: SIPText) -> Int64? {
    guard !message.contacts.isEmpty else { return nil }
    return message.contacts.map { $0.isStar ? 0 : $0.expires ?? message.expires ?? 3_600 }.max()
  }

  private mutating func registered(
    _ message: SIPText,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let wanted = asked[message.callID + " " + message.sequence]
    guard (200...299).contains(message.status), !message.to.user.isEmpty else { return }
    guard registrations.count < ImportLimits.agentsMax || registrations[message.to.user] != nil
    else { return }
    let user = message.to.user
    // An answer lists what is registered now; without a list it is what was asked for.
    let time = wanted == 0 ? 0 : Self.granted(message) ?? wanted ?? 0
    if let before = registrations[user], before.isIn, before.until < instant {
      try presence(user, false, at: before.until, &collector)
    }
    let isIn = registrations[user]?.isIn ?? false
    if (time > 0) != isIn { try presence(user, time > 0, at: instant, &collector) }
    let until = instant &+ min(time, 100_000_000) * 1_000_000_000
    registrations[user] = Registration(until: until, isIn: time > 0)
  }

  private mutating func presence(
    _ user: String,
    _ isIn: Bool,
    at instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    registrations[user]?.isIn = isIn
    var agent = Fact(isIn ? .join : .leave, at: instant)
    (agent.agent, agent.isInferred) = (user, true)
    try collector.add(agent)
    collector.report.count(isIn ? "registrations" : "registrations that ended")
  }

  // MARK: The end

  private mutating func loseOldest(_ collector: inout FactCollector) throws(ImportError) {
    let oldest = open.sorted { $0.value.number < $1.value.number }.prefix(open.count / 2)
    for (id, call) in oldest { try isLost(id, call, &collector) }
  }

  private mutating func isLost(
    _ id: String,
    _ call: Call,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    if let cancelled = call.cancelledAt, !call.answered {
      try ends(id, call, at: cancelled, by: "caller", "abandoned", &collector)
    } else {
      if call.isChallenged { collector.report.count("calls that were not authenticated") }
      try ends(id, call, at: last, by: "line", "unfinished", &collector)
    }
  }

  /// Ends what has no end in the files.
  mutating func finish(_ collector: inout FactCollector) throws(ImportError) {
    for (id, call) in open.sorted(by: { $0.value.number < $1.value.number }) {
      try isLost(id, call, &collector)
    }
    for (user, entry) in registrations.sorted(by: { $0.key < $1.key })
    where entry.isIn && entry.until < last {
      try presence(user, false, at: entry.until, &collector)
    }
  }
}
