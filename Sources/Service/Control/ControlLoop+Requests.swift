internal import Engine
internal import Reactor
internal import SIPGlue
internal import Wire

// Connections of the control socket and what they ask for.
extension ControlLoop {
  /// At most so many clients at a time.
  private static let connectionsMax = 256

  mutating func accept() {
    while let stream = try? listener.accept() {
      guard connections.count < Self.connectionsMax else { continue }
      let connection = ControlConnection(id: nextConnection, stream: stream)
      nextConnection += 1
      let token = EventLoop.Token(connection.id)
      do {
        try loop.add(connection.stream.descriptor, .readable, token: token)
        connections[connection.id] = connection
      } catch {
        say("control socket: \(error)")
      }
    }
  }

  mutating func close(_ id: UInt64) {
    guard let connection = connections.removeValue(forKey: id) else { return }
    try? loop.remove(connection.stream.descriptor)
  }

  /// Registers each connection for what it waits for, and closes those that are done.
  mutating func updateInterests() throws {
    for id in connections.keys.sorted() {
      guard let connection = connections[id] else { continue }
      if connection.isFinishing, connection.stream.outgoingCount == 0 {
        close(id)
        continue
      }
      let interest = connection.stream.interest
      guard interest != connection.interest else { continue }
      connection.interest = interest
      try loop.change(connection.stream.descriptor, interest)
    }
  }

  mutating func serve(_ connection: ControlConnection, _ readiness: Readiness) {
    if readiness.contains(.writable), (try? connection.stream.flush()) == .broken {
      return close(connection.id)
    }
    if readiness.contains(.failed) { return close(connection.id) }
    guard !readiness.isDisjoint(with: [.readable, .closed]) else { return }
    let received = try? connection.stream.receive()
    takeLines(of: connection)
    switch received {
    case .open: return
    case .ended:
      if connection.isBusy { return }
      connection.isFinishing = true
      // Nobody reads what is left of a stream.
      if connection.events != nil { close(connection.id) }
    case .lineTooLong:
      connection.refuse("the request is too long")
      connection.isFinishing = true
    case nil:
      close(connection.id)
    }
  }

  /// Handles the requests that have arrived, one at a time.
  private mutating func takeLines(of connection: ControlConnection) {
    while !connection.isBusy, !connection.isFinishing, connection.events == nil {
      guard let line = connection.stream.nextLine() else { return }
      guard !line.isEmpty else { continue }
      do {
        handle(try JSONValue(parsing: line), of: connection)
      } catch {
        connection.refuse("not JSON: \(error)")
      }
    }
  }

  /// An answer was given: the next request of that connection may be handled.
  mutating func finish(_ connection: ControlConnection) {
    connection.isBusy = false
    takeLines(of: connection)
  }

  private mutating func handle(_ request: JSONValue, of connection: ControlConnection) {
    let verb = request["verb"]?.string ?? ""
    if let part = PictureWriter.Part(rawValue: verb) {
      return askForPicture([part], connection)
    }
    switch verb {
    case "snapshot": askForPicture(PictureWriter.Part.allCases, connection)
    case "strategies":
      connection.isBusy = true
      shard.post(.snapshot(ticket: ticket(for: .strategies(connection: connection.id))))
    case "versions":
      connection.isBusy = true
      shard.post(.snapshot(ticket: ticket(for: .versions(connection: connection.id))))
    case "reload", "rollback": askToReload(request, connection)
    case "agent": askForAgent(request, connection)
    case "register": askToRegister(request, connection)
    case "statistics":
      connection.isBusy = true
      shard.post(.statistics(ticket: ticket(for: .statistics(connection: connection.id))))
    case "decision": askForDecision(request, connection)
    case "call": askForStory(request, connection)
    case "refused":
      connection.isBusy = true
      shard.post(.refused(ticket: ticket(for: .refused(connection: connection.id))))
    case "events": beginStream(request, connection)
    default: connection.refuse("there is no request \"\(verb)\"")
    }
  }

  private mutating func askForPicture(
    _ parts: [PictureWriter.Part],
    _ connection: ControlConnection
  ) {
    connection.isBusy = true
    let ticket = ticket(for: .picture(connection: connection.id, parts: parts))
    shard.post(.snapshot(ticket: ticket))
  }

  private mutating func askForDecision(_ request: JSONValue, _ connection: ControlConnection) {
    guard let call = request["call"]?.string, !call.isEmpty else {
      return connection.refuse("the call is missing")
    }
    connection.isBusy = true
    shard.post(
      .decision(
        call: call,
        agent: request["agent"]?.string.map { AgentID($0) },
        all: request["all"]?.integer == 1,
        ticket: ticket(for: .decision(connection: connection.id))
      )
    )
  }

  private mutating func askForStory(_ request: JSONValue, _ connection: ControlConnection) {
    guard let call = request["call"]?.string, !call.isEmpty else {
      return connection.refuse("the call is missing")
    }
    connection.isBusy = true
    let ticket = ticket(for: .story(connection: connection.id, call: call))
    shard.post(.story(call: call, ticket: ticket))
  }

  private mutating func beginStream(_ request: JSONValue, _ connection: ControlConnection) {
    let from = request["from"]?.integer ?? 0
    connection.events = ControlConnection.Stream(
      next: UInt64(clamping: from),
      follows: request["follow"]?.bool ?? false,
      last: request["last"]?.integer.map { UInt64(clamping: $0) },
      dn: request["dn"]?.string.map { DN($0) }
    )
    connection.send(["{\"ok\":true}"])
  }

  private mutating func askForAgent(_ request: JSONValue, _ connection: ControlConnection) {
    guard let agent = request["agent"]?.string, !agent.isEmpty else {
      return connection.refuse("the agent is missing")
    }
    let action: AgentRequest.Action
    switch request["action"]?.string ?? "" {
    case "login":
      action = .login(
        dn: request["dn"]?.string.map { DN($0) },
        place: request["place"]?.string,
        queues: (request["queues"]?.string ?? "").split(separator: ",").map { DN(String($0)) }
      )
    case "logout": action = .logout(queue: request["queues"]?.string.map { DN($0) })
    case "ready":
      action = .ready(request["mode"]?.integer == 1 ? .manualIn : .autoIn)
    case "not-ready":
      let number = request["mode"]?.integer ?? 0
      guard let mode = UInt8(exactly: number).flatMap({ WorkMode(rawValue: $0) }) else {
        return connection.refuse("there is no work mode \(number)")
      }
      action = .notReady(mode, reason: request["reason"]?.string)
    case let other:
      return connection.refuse("an agent cannot \"\(other)\"")
    }
    connection.isBusy = true
    let ticket = ticket(for: .agent(connection: connection.id))
    shard.post(.agent(AgentRequest(agent: AgentID(agent), action: action), ticket: ticket))
  }

  private mutating func askToRegister(_ request: JSONValue, _ connection: ControlConnection) {
    guard let dn = request["dn"]?.string, let isIn = request["in"]?.integer else {
      return connection.refuse("the DN is missing")
    }
    connection.isBusy = true
    let ticket = ticket(for: .register(connection: connection.id))
    shard.post(.register(DN(dn), isIn == 1, ticket: ticket))
  }

  // MARK: Answers

  mutating func answer(_ ticket: UInt64, refusal: Event?) {
    guard case .register(let id)? = waiting.removeValue(forKey: ticket),
      let connection = connections[id]
    else { return }
    if let refusal {
      connection.refuse(refusal.errorMessage ?? "refused")
    } else {
      connection.succeed("{}")
    }
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, decision text: String, isRefusal: Bool) {
    guard case .decision(let id)? = waiting.removeValue(forKey: ticket),
      let connection = connections[id]
    else { return }
    if isRefusal {
      connection.refuse(text)
    } else {
      connection.succeed(text)
    }
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, story: CallStory?) {
    guard case .story(let id, let call)? = waiting.removeValue(forKey: ticket),
      let connection = connections[id]
    else { return }
    if let story {
      connection.succeed(story.text)
    } else {
      connection.refuse(
        "no call \"\(call)\" is known (any more): say a ConnID, a CallUUID, a CallID, the caller's "
          + "number, a SIP Call-ID, or last"
      )
    }
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, refused requests: [RefusedRequest], epoch: UInt64) {
    guard case .refused(let id)? = waiting.removeValue(forKey: ticket),
      let connection = connections[id]
    else { return }
    connection.succeed(RefusedRequest.text(of: requests, epoch: epoch))
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, statistics text: String) {
    guard case .statistics(let id)? = waiting.removeValue(forKey: ticket),
      let connection = connections[id]
    else { return }
    connection.succeed(text)
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, agent: AgentPicture?, refusal: Event?) {
    guard case .agent(let id)? = waiting.removeValue(forKey: ticket) else { return }
    guard let connection = connections[id] else { return }
    if let refusal {
      let number = refusal.errorCode.map { " (\($0))" } ?? ""
      connection.refuse((refusal.errorMessage ?? "refused") + number)
    } else if let agent {
      connection.succeed(PictureWriter.text(of: agent, at: Clock.realtime))
    } else {
      connection.refuse("there is no such agent")
    }
    finish(connection)
  }

  mutating func answer(_ ticket: UInt64, snapshot: Snapshot, figures: ShardFigures) {
    switch waiting.removeValue(forKey: ticket) {
    case .picture(let id, let parts):
      guard let connection = connections[id] else { return }
      connection.succeed(
        PictureWriter.text(of: snapshot, parts: parts, site: site.name, line: figures)
      )
      finish(connection)
    case .strategies(let id):
      guard let connection = connections[id] else { return }
      connection.succeed(strategyList(figures))
      finish(connection)
    case .versions(let id):
      guard let connection = connections[id] else { return }
      connection.succeed(versionList(figures))
      finish(connection)
    case .agent, .register, .statistics, .decision, .story, .refused, .events, .reload, nil:
      return
    }
  }
}
