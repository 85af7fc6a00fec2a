import Engine
import LuaBridge
import Wire

// What a test claims of a call. A claim that does not hold says what is so, and the call's story.

extension TestWorld {
  func check(
    _ operation: TestOperation,
    _ index: Int,
    _ arguments: inout Arguments
  ) throws(TestMistake) {
    let call = calls[index]
    switch operation {
    case .routed: try checkRouted(index, arguments.next())
    case .queued:
      let queue = try wantedQueue(arguments.next())
      let place = queuePlaces(of: index)
      guard !place.isEmpty, queue == nil || place.contains(where: { $0 == queue }) else {
        throw failure(
          index,
          "to wait in " + (queue.map { "queue \"\($0.number)\"" } ?? "a queue")
        )
      }
    case .defaulted:
      let reason = arguments.data().plainText
      guard call.isDefaulted, reason.map({ (call.reason ?? "").contains($0) }) ?? true else {
        throw failure(index, "to take the default route" + (reason.map { " (\($0))" } ?? ""))
      }
    case .rejected:
      let status = arguments.data().plainText
      guard let own = call.status, status == nil || status == "\(own)" else {
        throw failure(index, "to be rejected" + (status.map { " with \($0)" } ?? ""))
      }
    case .answered: try checkAnswered(index, arguments.next())
    case .waiting:
      guard state(of: index) == "waiting" else {
        throw failure(index, "to wait at its routing point")
      }
    case .ended:
      guard state(of: index) == "ended" else { throw failure(index, "to be over") }
    case .note:
      let text = arguments.text()
      guard call.notes.contains(where: { $0.contains(text) }) else {
        let notes = call.notes.map { "\"\($0)\"" }.joined(separator: ", ")
        throw failure(index, "to have the note \"\(text)\"", got: notes.isEmpty ? "none" : notes)
      }
    default: try checkEvents(index, arguments.data())
    }
  }

  /// Every queue that a call waits in.
  private func queuePlaces(of index: Int) -> [DN] {
    picture.queues.filter { $0.waiting.contains(calls[index].connID) }.map(\.dn)
  }

  private func wantedQueue(_ value: TestValue) throws(TestMistake) -> DN? {
    switch value {
    case .data(.nil): return nil
    case .data(.string(let number)): return DN(number)
    case .target(.queue(let dn)), .target(.dn(let dn)): return dn
    default: throw TestMistake("assert.queued expects a queue, as in queue \"9000\"")
    }
  }

  // MARK: Routed, answered

  private func checkRouted(_ index: Int, _ value: TestValue) throws(TestMistake) {
    guard case .target(let target) = value else {
      throw TestMistake("assert.routed expects a target, as in queue \"9000\" or agent \"1001\"")
    }
    guard !isRouted(calls[index], to: target) else { return }
    throw failure(index, "to be routed to \(target.luaText)")
  }

  private func isRouted(_ call: TestCall, to target: Target) -> Bool {
    guard let last = call.places.last else { return false }
    switch (target, last) {
    case (.queue(let dn), .queue(let own)), (.dn(let dn), .queue(let own)): return dn == own
    case (.queue(let dn), .dn):
      // From the queue it went on to one of its agents: that is still what was decided.
      return call.places.dropLast().last == .queue(dn) && !decidedFor(call, last)
    case (.queues(let list), .queue(let own)): return list.contains(own)
    case (.dn(let dn), .dn(let own, _)): return dn == own
    case (.agent(let id), .dn(_, let own)): return own == id
    case (.trunk(let name, let number), .trunk(let ownName, let ownNumber)):
      return name == ownName && number == ownNumber
    case (.reject(let status), .rejected(let own)): return status == own
    case (.any(let filter), .dn(_, let agent)):
      guard agent != nil else { return false }
      return call.decision == target || filter == .none
    default: return false
    }
  }

  /// Whether the strategy itself named the place where the call is.
  private func decidedFor(_ call: TestCall, _ place: TestCall.Place) -> Bool {
    guard case .dn(let dn, let agent) = place else { return false }
    switch call.decision {
    case .dn(dn): return true
    case .agent(let id): return id == agent
    default: return false
    }
  }

  private func checkAnswered(_ index: Int, _ value: TestValue) throws(TestMistake) {
    let by = calls[index].answeredBy
    let isSo: Bool
    var who = ""
    switch (value, by) {
    case (.data(.nil), _): isSo = by != nil
    case (.target(let target), _):
      who = " by \(target.luaText)"
      var call = calls[index]
      call.places = by.map { [$0] } ?? []
      isSo = by != nil && isRouted(call, to: target)
    case (.data(.string(let id)), .dn(_, let agent)):
      who = " by agent \"\(id)\""
      isSo = agent?.text == id
    default: isSo = false
    }
    guard !isSo else { return }
    throw failure(index, "to be answered\(who)")
  }

  // MARK: Events

  private func checkEvents(_ index: Int, _ value: LuaValue) throws(TestMistake) {
    guard case .table(let table) = value else {
      throw TestMistake("assert.events expects a list such as { \"EventQueued\", { event = … } }")
    }
    let got = calls[index].events.map { TestWorld.json(of: $0) }
    for (place, wanted) in table.array.enumerated() {
      guard place < got.count else {
        throw events(index, place, "expected \(Self.text(of: wanted)), got no further event")
      }
      if let difference = Self.difference(wanted, got[place]) {
        throw events(index, place, difference)
      }
    }
    guard got.count > table.array.count else { return }
    let name = got[table.array.count]["event"]?.string ?? ""
    throw events(index, table.array.count, "expected no further event, got \(name)")
  }

  private func events(_ index: Int, _ place: Int, _ message: String) -> TestMistake {
    let names = calls[index].events.map { "\($0.kind.name) at \($0.thisDN.number)" }
    let list = names.enumerated()
      .map { "  \($0 == place ? ">" : " ") \($0 + 1). \($1)" }
      .joined(separator: "\n")
    return TestMistake("event \(place + 1) of the call: \(message)\nits events:\n\(list)")
  }

  private static func text(of wanted: LuaValue) -> String {
    switch wanted {
    case .table(let table): table["event"]?.plainText ?? "an event"
    default: wanted.plainText ?? "an event"
    }
  }

  /// What is not as it is wanted; only what is written counts.
  private static func difference(_ wanted: LuaValue, _ got: JSONValue) -> String? {
    let name = got["event"]?.string ?? ""
    guard case .table(let table) = wanted else {
      let text = wanted.plainText ?? ""
      return text == name ? nil : "expected \(text), got \(name)"
    }
    for pair in table.pairs.sorted(by: { $0.key == .string("event") && $1.key != .string("event") })
    {
      let key = pair.key.plainText ?? ""
      let own = got[key].map { LuaValue($0) } ?? .nil
      guard own != pair.value else { continue }
      if key == "event" { return "expected \(pair.value.plainText ?? ""), got \(name)" }
      return "\(name): expected \(key) \(pair.value.short), got \(own.short)"
    }
    return nil
  }

  // MARK: Failing

  private func failure(_ index: Int, _ expected: String, got: String? = nil) -> TestMistake {
    let story = story(of: index).map { "  " + $0 }
    return TestMistake(
      "expected call \(index + 1) \(expected)\n  got: \(got ?? situation(of: index))\n"
        + story.joined(separator: "\n")
    )
  }

  /// Where a call is, for people.
  private func situation(of index: Int) -> String {
    let call = calls[index]
    switch state(of: index) {
    case "waiting":
      return "it waits at routing point \(picture(of: index)?.at.number ?? call.dnis)"
    case "queued":
      guard let place = queuePlace(of: index) else { return "it waits in a queue" }
      return "it waits in queue \"\(place.queue.number)\", at position \(place.position)"
    case "ringing": return "it rings at \(Self.text(of: call.places.last))"
    case "talking": return "it talks with \(Self.text(of: call.places.last))"
    default:
      let how = call.endedBy ?? "nobody knows how"
      guard let answered = call.answeredBy else { return "it is over: \(how)" }
      return "it is over: \(how); answered by \(Self.text(of: answered))"
    }
  }

  private static func text(of place: TestCall.Place?) -> String {
    switch place {
    case nil: "nobody"
    case .queue(let dn): "queue \"\(dn.number)\""
    case .dn(let dn, let agent?): "dn \"\(dn.number)\" (agent \"\(agent.text)\")"
    case .dn(let dn, nil): "dn \"\(dn.number)\""
    case .trunk(let name, let number): "trunk(\"\(name)\", \"\(number)\")"
    case .rejected(let status): "reject(\(status))"
    }
  }
}
