import Engine
import LuaBridge
import Wire

// What a test can read, and what it can do to its world.

extension TestWorld {
  /// The index of a call by its number.
  func call(_ number: Int) throws(TestMistake) -> Int {
    guard calls.indices.contains(number - 1) else {
      throw TestMistake("this call belongs to another world")
    }
    return number - 1
  }

  /// The engine's picture of a call; nil when it is over.
  func picture(of call: Int) -> CallPicture? {
    picture.calls.first { $0.attributes.connID == calls[call].connID }
  }

  /// `waiting`, `queued`, `ringing`, `talking` or `ended`.
  func state(of call: Int) -> String {
    switch picture(of: call)?.state {
    case nil: "ended"
    case "queued": "queued"
    case "diverting", "ringing": "ringing"
    case "established": "talking"
    default: "waiting"
    }
  }

  /// The queue in which a call waits and its position there, from 1.
  func queuePlace(of call: Int) -> (queue: DN, position: Int)? {
    for queue in picture.queues where !queue.isVirtual {
      if let index = queue.waiting.firstIndex(of: calls[call].connID) {
        return (queue.dn, index + 1)
      }
    }
    return nil
  }

  func field(_ name: String, of index: Int) throws(TestMistake) -> TestValue {
    let call = calls[index]
    switch name {
    case "state": return .text(state(of: index))
    case "target": return target(of: call)
    case "agent":
      guard case .dn(_, let agent?)? = call.places.last else { return .none }
      return .text(agent.text)
    case "notes": return .data(.list(call.notes.map { .string($0) }))
    case "user_data":
      return .data(.record(call.userData.pairs.map { ($0.key, .string($0.value)) }))
    case "defaulted": return .truth(call.isDefaulted)
    case "reason": return call.reason.map { .text($0) } ?? .none
    case "events": return .data(.list(call.events.map { TestWorld.value(of: $0) }))
    case "queue": return queuePlace(of: index).map { .text($0.queue.number) } ?? .none
    case "position": return queuePlace(of: index).map { .integer($0.position) } ?? .none
    case "ani": return .text(call.ani)
    case "dnis": return .text(call.dnis)
    case "id": return .text(call.connID.text)
    case "status": return call.status.map { .integer(Int($0)) } ?? .none
    case "story": return .text(story(of: index).joined(separator: "\n"))
    case "treatment": return call.treatment.map { .text($0.treatment.luaText) } ?? .none
    case "waited":
      let end = call.answeredAt ?? call.endedAt ?? now
      return .data(.seconds(end - call.offered))
    default: throw TestMistake("a call does not know '\(name)'")
    }
  }

  private func target(of call: TestCall) -> TestValue {
    switch call.places.last {
    case nil: .none
    case .queue(let dn): .target(.queue(dn))
    case .dn(let dn, _): .target(.dn(dn))
    case .trunk(let name, let number): .target(.trunk(name: name, number: number))
    case .rejected(let status): .target(.reject(status))
    }
  }

  func field(ofAgent id: String, _ name: String) throws(TestMistake) -> TestValue {
    guard let agent = picture.agents.first(where: { $0.id.text == id }) else {
      throw TestMistake("the site has no agent \"\(id)\"")
    }
    switch name {
    case "state": return .text(agent.state)
    case "dn": return agent.dn.map { .text($0.number) } ?? .none
    case "calls_taken": return .integer(Int(agent.callsTaken))
    case "call":
      guard let call = agent.call, let index = indices[call] else { return .none }
      return .integer(index + 1)
    default: throw TestMistake("an agent does not know '\(name)'")
    }
  }

  func field(ofQueue number: String, _ name: String) throws(TestMistake) -> TestValue {
    guard let queue = picture.queues.first(where: { $0.dn.number == number }) else {
      throw TestMistake("the site has no queue \"\(number)\"")
    }
    switch name {
    case "waiting": return .integer(queue.waiting.count)
    case "oldest_wait":
      return .data(.seconds(.nanoseconds(Int64(clamping: queue.oldestWait))))
    case "agents": return .integer(queue.agentsLoggedIn)
    case "available": return .integer(queue.agentsAvailable)
    default: throw TestMistake("a queue does not know '\(name)'")
    }
  }

  func field(_ name: String) -> TestValue {
    switch name {
    case "elapsed": .data(.seconds(now - .zero))
    case "now": .data(.number(Double(epoch + now.nanoseconds) / 1e9))
    default: .data(.list(events.map { TestWorld.value(of: $0) }))
    }
  }

  /// An event as a table, with the names of SURFACE 5.
  static func value(of event: Event) -> LuaValue {
    LuaValue(json(of: event))
  }

  /// An event as an object.
  static func json(of event: Event) -> JSONValue {
    var writer = JSONWriter()
    writer.value(event)
    return (try? JSONValue(parsing: writer.bytes)) ?? .null
  }

  // MARK: Doing

  func act(
    _ operation: TestOperation,
    _ index: Int,
    _ arguments: inout Arguments
  ) throws(TestMistake) {
    let connID = calls[index].connID
    switch operation {
    case .hangUp:
      let isCaller = arguments.text() == "caller"
      give(.line(.released(connID, by: isCaller ? .caller : .target)))
    case .attach:
      guard case .table(let table) = arguments.data(), table.array.isEmpty else {
        throw TestMistake("call:attach expects a table such as { key = \"value\" }")
      }
      let pairs = table.pairs.map {
        KeyValue($0.key.plainText ?? "", $0.value.plainText ?? "")
      }
      give(.line(.attached(connID, pairs)))
    default: try answerTreatment(index, arguments.data())
    }
  }

  private func answerTreatment(_ index: Int, _ value: LuaValue) throws(TestMistake) {
    let call = calls[index]
    guard let (number, treatment) = call.treatment, state(of: index) != "ended" else {
      throw TestMistake("no treatment is given to this call")
    }
    var options = try Options(value, of: "call:answer_treatment")
    let digits = try options.text("digits")
    let refusal = try options.text("fails")
    try options.finish()
    guard !treatment.isContinuous else {
      throw TestMistake("\(treatment.luaText) has no end that could be answered")
    }
    dismiss { signal in
      if case .treatmentEnded(call.connID, _, _) = signal { true } else { false }
    }
    if let refusal {
      give(.line(.treatmentNotApplied(call.connID, treatment: number, reason: refusal)))
      return
    }
    let result = TreatmentResult(digits: digits, wasInterrupted: digits != nil)
    give(.line(.treatmentEnded(call.connID, treatment: number, result)))
  }

  func change(
    _ operation: TestOperation,
    _ arguments: inout Arguments
  ) throws(TestMistake) {
    let name = arguments.text()
    switch operation {
    case .agent: try changeAgent(name, arguments.text(), arguments.data())
    case .dn:
      guard plan.extensions.contains(where: { $0.dn.number == name }) else {
        throw TestMistake("the site has no extension \"\(name)\"")
      }
      let comesIn = arguments.text() == "in_service"
      give(.line(comesIn ? .inService(DN(name)) : .outOfService(DN(name))))
    default:
      let isKnown =
        plan.extensions.contains { $0.dn.number == name } || plan.trunks.contains(name)
      guard isKnown else { throw TestMistake("the site has no extension or trunk \"\(name)\"") }
      var phone = phones[name] ?? self.phone
      try phone.read(arguments.data())
      phones[name] = phone
    }
  }

  private func changeAgent(
    _ id: String,
    _ act: String,
    _ argument: LuaValue
  ) throws(TestMistake) {
    guard plan.agents.contains(where: { $0.id.text == id }) else {
      throw TestMistake("the site has no agent \"\(id)\"")
    }
    let agent = AgentID(id)
    let before = events.count
    switch act {
    case "ready": give(.agent(.ready(agent, reference: 0)))
    case "not_ready":
      give(.agent(.notReady(agent, .auxWork, reason: argument.plainText, reference: 0)))
    case "login":
      give(.agent(.login(agent, dn: argument.plainText.map { DN($0) }, reference: 0)))
    default: give(.agent(.logout(agent, reference: 0)))
    }
    let refusal = events[before...].first { $0.kind == .error && $0.agentID == agent }
    if let refusal {
      throw TestMistake("agent \"\(id)\": \(refusal.errorMessage ?? "the request was refused")")
    }
  }
}

extension LuaValue {
  /// A JSON value as Lua has it.
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .nil
    case .bool(let truth): self = .boolean(truth)
    case .integer(let number): self = .integer(number)
    case .real(let number): self = .number(number)
    case .string(let text): self = .string(text)
    case .array(let elements): self = .list(elements.map { LuaValue($0) })
    case .object(let members): self = .record(members.map { ($0.key, LuaValue($0.value)) })
    }
  }
}
