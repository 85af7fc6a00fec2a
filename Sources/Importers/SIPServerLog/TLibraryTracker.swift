// T-Library events become calls.
//
// A call is known by its CallUUID, or its ConnID where there is none. It is offered where it waits
// first: at a routing point or a queue; a call that rings without having waited is offered at the
// DN that rings. States: offered, ringing, answered, over. Invariants: a call is answered and
// released at most once; `names` leads from ConnIDs to calls. Who may change it: the one import
// that runs. Source: DOMAIN 1, 2.

/// Follows calls and agents through T-Library events.
struct TLibraryTracker {
  private struct Call {
    var number: UInt64
    var queue: String
    var ringing = ""
    var answeredAt = ""
  }

  private var open: [String: Call] = [:]
  private var over: Set<String> = []
  private var older: Set<String> = []
  private var names: [String: String] = [:]
  private var agentAt: [String: String] = [:]
  private var seen: Set<String> = []
  private var last: Int64 = 0
  /// Dialogs by CallUUID that came before their call.
  private var dialogs: [String: String] = [:]

  /// Takes an event.
  mutating func take(
    _ event: TLibraryEvent,
    at instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    last = max(last, instant)
    collector.report.count(event.name)
    guard isNew(event, instant) else {
      collector.report.count("events that were sent to several clients")
      return
    }
    switch event.name {
    case "EventQueued", "EventRouteRequest": try waits(event, instant, &collector)
    case "EventRinging": try rings(event, instant, &collector)
    case "EventEstablished": try answers(event, instant, &collector)
    case "EventAbandoned": try ends(event, instant, by: "caller", "abandoned", &collector)
    case "EventReleased": try released(event, instant, &collector)
    case "EventPartyChanged": renames(event)
    case "EventAgentLogin", "EventAgentLogout", "EventAgentReady", "EventAgentNotReady":
      try agent(event, instant, &collector)
    case "EventDNOutOfService", "EventDNBackInService":
      guard !event["ThisDN"].isEmpty else { return }
      let isBack = event.name == "EventDNBackInService"
      var fact = Fact(isBack ? .inService : .outOfService, at: instant)
      fact.dn = event["ThisDN"]
      try collector.add(fact)
    default: break
    }
  }

  /// A SIP dialog belongs to a call.
  mutating func link(
    _ callID: String,
    to uuid: String,
    at instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard dialogs[uuid] == nil, !over.contains(uuid), !older.contains(uuid) else { return }
    if dialogs.count >= ImportLimits.openCallsMax { dialogs.removeAll() }
    dialogs[uuid] = callID
    guard let call = open[uuid] else { return }
    var fact = Fact(.attached, at: instant, call: call.number)
    fact.data = ["sip_call_id", callID]
    try collector.add(fact)
  }

  // MARK: Names

  /// Whether the event is not a copy for another client.
  private mutating func isNew(_ event: TLibraryEvent, _ instant: Int64) -> Bool {
    let number = event["EventSequenceNumber"]
    guard !number.isEmpty else { return true }
    if seen.count >= ImportLimits.rememberedMax { seen.removeAll() }
    return seen.insert("\(event.name) \(number) \(event["ThisDN"])").inserted
  }

  private func key(_ event: TLibraryEvent) -> String? {
    let uuid = event["CallUUID"]
    if !uuid.isEmpty, open[uuid] != nil { return uuid }
    if let name = names[event["ConnID"]], open[name] != nil { return name }
    let key = uuid.isEmpty ? event["ConnID"] : uuid
    return key.isEmpty ? nil : key
  }

  private mutating func renames(_ event: TLibraryEvent) {
    guard let name = names[event["PreviousConnID"]], !event["ConnID"].isEmpty else { return }
    names[event["ConnID"]] = name
  }

  // MARK: Calls

  /// The open call of an event, which is offered now when it was not.
  private mutating func offered(
    _ event: TLibraryEvent,
    at dn: String,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) -> String? {
    guard let key = key(event), !over.contains(key), !older.contains(key), !dn.isEmpty else {
      return nil
    }
    guard open[key] == nil else { return key }
    if open.count >= ImportLimits.openCallsMax { try loseOldest(&collector) }
    let call = Call(number: collector.newCall(), queue: dn)
    open[key] = call
    if names.count >= 4 * ImportLimits.openCallsMax { names.removeAll() }
    if !event["ConnID"].isEmpty { names[event["ConnID"]] = key }
    var fact = Fact(.offered, at: instant, call: call.number)
    fact.dn = dn
    (fact.first, fact.second) = (event.first("ANI", "OtherDN"), event["DNIS"])
    fact.data = event.userData.prefix(64).flatMap { [$0.key, $0.value] }
    if !event["ConnID"].isEmpty { fact.data += ["conn_id", event["ConnID"]] }
    if !event["CallUUID"].isEmpty { fact.data += ["call_uuid", event["CallUUID"]] }
    if let dialog = dialogs[key] { fact.data += ["sip_call_id", dialog] }
    try collector.add(fact)
    return key
  }

  private mutating func waits(
    _ event: TLibraryEvent,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    _ = try offered(event, at: event.first("ThisQueue", "ThisDN"), instant, &collector)
  }

  private mutating func rings(
    _ event: TLibraryEvent,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let dn = event["ThisDN"]
    let queue = event["ThisQueue"].isEmpty ? dn : event["ThisQueue"]
    guard let key = try offered(event, at: queue, instant, &collector), let call = open[key],
      call.answeredAt.isEmpty, call.ringing != dn
    else { return }
    open[key]?.ringing = dn
    var fact = Fact(.ringing, at: instant, call: call.number)
    (fact.agent, fact.dn) = (who(event), dn)
    try collector.add(fact)
  }

  private mutating func answers(
    _ event: TLibraryEvent,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    // The caller's own telephone is told too (ThisDNRole 1: origination).
    guard event["ThisDNRole"] != "1", let key = key(event), let call = open[key],
      call.answeredAt.isEmpty
    else { return }
    open[key]?.answeredAt = event["ThisDN"]
    var fact = Fact(.answered, at: instant, call: call.number)
    (fact.agent, fact.dn, fact.first) = (who(event), event["ThisDN"], call.queue)
    try collector.add(fact)
  }

  private mutating func released(
    _ event: TLibraryEvent,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let key = key(event), let call = open[key] else { return }
    let dn = event["ThisDN"]
    if !call.answeredAt.isEmpty {
      guard dn == call.answeredAt else { return }
      let party = event.extensions.first { $0.key == "ReleasingParty" }?.value ?? ""
      if party.isEmpty {
        collector.report.count("conversations of which nobody says who ended them")
      }
      let by = party.hasPrefix("2") ? "caller" : "target"
      return try ends(event, instant, by: by, "", &collector)
    }
    guard dn == call.ringing, event["ThisDNRole"] != "1" else { return }
    open[key]?.ringing = ""
    // States 7 (no answer) and 22 (redirected) both mean it (DOMAIN 2.6); 6 is busy.
    var fact = Fact(.failed, at: instant, call: call.number)
    (fact.agent, fact.dn) = (who(event), dn)
    (fact.first, fact.second) = (event["CallState"] == "6" ? "busy" : "no_answer", call.queue)
    try collector.add(fact)
  }

  private mutating func ends(
    _ event: TLibraryEvent,
    _ instant: Int64,
    by: String,
    _ outcome: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let key = key(event), let call = open.removeValue(forKey: key) else { return }
    try isOver(key, &collector)
    var fact = Fact(.released, at: instant, call: call.number)
    (fact.first, fact.second) = (
      by, outcome == "abandoned" && !call.answeredAt.isEmpty ? "" : outcome
    )
    try collector.add(fact)
  }

  private mutating func isOver(_ key: String, _ collector: inout FactCollector) throws(ImportError)
  {
    if over.count >= ImportLimits.rememberedMax / 2 { (older, over) = (over, []) }
    over.insert(key)
    dialogs[key] = nil
  }

  // MARK: Agents

  private func who(_ event: TLibraryEvent) -> String {
    if !event["AgentID"].isEmpty { return event["AgentID"] }
    return agentAt[event["ThisDN"]] ?? event["ThisDN"]
  }

  private mutating func agent(
    _ event: TLibraryEvent,
    _ instant: Int64,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    let id = who(event)
    guard !id.isEmpty else { return }
    if agentAt.count < ImportLimits.agentsMax { agentAt[event["ThisDN"]] = id }
    var fact: Fact
    switch event.name {
    case "EventAgentLogin":
      fact = Fact(.join, at: instant)
      fact.second = "not ready"
    case "EventAgentLogout":
      fact = Fact(.leave, at: instant)
      agentAt[event["ThisDN"]] = nil
    case "EventAgentReady": fact = Fact(.ready, at: instant)
    default:
      fact = Fact(.notReady, at: instant)
      let reason = event.reasons.first { $0.key == "ReasonCode" } ?? event.reasons.first
      fact.first = reason?.value ?? ""
      if event.first("AgentWorkMode", "WorkMode").hasPrefix("3") { fact.second = "after call work" }
    }
    fact.agent = id
    if fact.kind == .join { fact.first = event["ThisDN"] }
    try collector.add(fact)
  }

  // MARK: The end

  private mutating func loseOldest(_ collector: inout FactCollector) throws(ImportError) {
    let oldest = open.sorted { $0.value.number < $1.value.number }.prefix(open.count / 2)
    for (key, call) in oldest { try isLost(key, call, &collector) }
  }

  private mutating func isLost(
    _ key: String,
    _ call: Call,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    open[key] = nil
    try isOver(key, &collector)
    var fact = Fact(.released, at: last, call: call.number)
    (fact.first, fact.second) = ("line", "unfinished")
    try collector.add(fact)
  }

  /// Ends what has no end in the files.
  mutating func finish(_ collector: inout FactCollector) throws(ImportError) {
    for (key, call) in open.sorted(by: { $0.value.number < $1.value.number }) {
      try isLost(key, call, &collector)
    }
  }
}
