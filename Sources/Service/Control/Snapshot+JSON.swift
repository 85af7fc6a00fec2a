internal import Engine
internal import Wire

// The parts of a picture as JSON. Times of day are RFC 3339 texts, spans are seconds, identities
// are spelled as in events (SURFACE 5).

/// Writes the parts of a picture.
struct PictureWriter: ~Copyable {
  private var writer = JSONWriter(capacity: 4_096)
  private let snapshot: Snapshot

  /// Which part.
  enum Part: String, CaseIterable {
    case calls
    case queues
    case agents
    case dns
    case reservations
  }

  /// The parts as one object, together with the site's name, the time and what is on the line.
  static func text(
    of snapshot: Snapshot,
    parts: [Part],
    site: String,
    line figures: ShardFigures
  ) -> String {
    var picture = PictureWriter(snapshot)
    picture.writer.beginObject()
    picture.writer.key("name")
    picture.writer.value(site)
    picture.writer.key("time")
    picture.writer.time(snapshot.time)
    picture.writer.key("seq")
    picture.writer.value(snapshot.lastSequence)
    for part in parts { picture.write(part) }
    picture.write(figures)
    picture.writer.endObject()
    return picture.writer.text
  }

  /// One agent as an object.
  static func text(of agent: AgentPicture, at time: UInt64) -> String {
    var snapshot = Snapshot()
    snapshot.time = time
    var picture = PictureWriter(snapshot)
    picture.write(agent)
    return picture.writer.text
  }

  private init(_ snapshot: Snapshot) { self.snapshot = snapshot }

  private mutating func write(_ part: Part) {
    writer.key(part.rawValue)
    writer.beginArray()
    switch part {
    case .calls: for call in snapshot.calls { write(call) }
    case .queues: for queue in snapshot.queues { write(queue) }
    case .agents: for agent in snapshot.agents { write(agent) }
    case .dns: for dn in snapshot.dns { write(dn) }
    case .reservations: for reservation in snapshot.reservations { write(reservation) }
    }
    writer.endArray()
  }

  private mutating func write(_ figures: ShardFigures) {
    writer.key("line")
    writer.beginObject()
    for (name, count) in [
      ("calls", figures.calls), ("legs", figures.legs), ("transactions", figures.transactions),
      ("received", figures.received), ("sent", figures.sent),
    ] {
      writer.key(name)
      writer.value(UInt64(clamping: count))
    }
    writer.endObject()
  }

  private mutating func write(_ call: CallPicture) {
    writer.beginObject()
    writer.key("ConnID")
    writer.hex(call.attributes.connID.value)
    writer.key("CallUUID")
    writer.value(call.attributes.uuid)
    writer.key("CallID")
    writer.value(UInt64(call.attributes.callID))
    writer.key("CallType")
    writer.value(UInt64(call.attributes.type.rawValue))
    text("ANI", call.attributes.ani)
    text("DNIS", call.attributes.dnis)
    text("state", call.state)
    text("at", call.at.number)
    text("target", call.target)
    text("strategy", call.strategy)
    if !call.generation.isEmpty { text("generation", call.generation) }
    moment("entered", call.entered)
    age("age", since: call.entered)
    writer.key("attempts")
    writer.value(UInt64(call.attempts))
    writer.key("notes")
    writer.beginArray()
    for note in call.notes { writer.value(note) }
    writer.endArray()
    writer.endObject()
  }

  private mutating func write(_ queue: QueuePicture) {
    writer.beginObject()
    text("dn", queue.dn.number)
    text("name", queue.name)
    writer.key("waiting")
    writer.beginArray()
    for call in queue.waiting { writer.hex(call.value) }
    writer.endArray()
    writer.key("oldest_wait")
    writer.seconds(nanoseconds: queue.oldestWait)
    writer.key("virtual")
    writer.value(queue.isVirtual)
    writer.key("agents_logged_in")
    writer.value(UInt64(clamping: queue.agentsLoggedIn))
    writer.key("agents_available")
    writer.value(UInt64(clamping: queue.agentsAvailable))
    writer.endObject()
  }

  private mutating func write(_ agent: AgentPicture) {
    writer.beginObject()
    text("id", agent.id.text)
    text("name", agent.name)
    if let dn = agent.dn { text("dn", dn.number) }
    text("state", agent.state)
    writer.key("work_mode")
    writer.value(UInt64(agent.workMode.rawValue))
    text("reason", agent.reason)
    moment("since", agent.since)
    age("for", since: agent.since)
    if !agent.place.isEmpty { text("place", agent.place) }
    writer.key("queues")
    writer.beginArray()
    for queue in agent.queues { writer.value(queue.number) }
    writer.endArray()
    if !agent.pending.isEmpty { text("pending", agent.pending) }
    writer.key("calls_taken")
    writer.value(UInt64(agent.callsTaken))
    writer.key("occupancy")
    writer.value(UInt64(clamping: agent.occupancy))
    if let call = agent.call {
      writer.key("call")
      writer.hex(call.value)
    }
    writer.endObject()
  }

  private mutating func write(_ dn: DNPicture) {
    writer.beginObject()
    text("dn", dn.dn.number)
    text("kind", dn.kind)
    writer.key("in_service")
    writer.value(dn.inService)
    if let agent = dn.agent { text("agent", agent.text) }
    writer.endObject()
  }

  private mutating func write(_ reservation: ReservationPicture) {
    writer.beginObject()
    text("agent", reservation.agent.text)
    writer.key("owner")
    writer.hex(reservation.owner.value)
    text("reason", reservation.reason)
    if let expires = reservation.expires {
      moment("expires", expires)
      writer.key("expires_in")
      writer.seconds(nanoseconds: expires > snapshot.time ? expires - snapshot.time : 0)
    }
    writer.endObject()
  }

  private mutating func text(_ key: StaticString, _ value: String) {
    writer.key(key)
    writer.value(value)
  }

  private mutating func moment(_ key: StaticString, _ time: UInt64) {
    writer.key(key)
    writer.time(time)
  }

  private mutating func age(_ key: StaticString, since: UInt64) {
    writer.key(key)
    writer.seconds(nanoseconds: snapshot.time > since ? snapshot.time - since : 0)
  }
}
