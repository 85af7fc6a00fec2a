// The switch: what arrives is sorted here, what must be remembered lies here.
//
// States: calls (`Call`), legs (`Leg`) and relayed requests (`Relay`) in slabs; transactions in
// `TransactionTable`; registrations in `Registrar`. Their essays hold the rules; here stands how
// they hang together:
//   * a message is read (`MessageReader`), matched to its transaction (`TransactionTable`), and
//     only what is new comes to the switch; retransmissions never run anything twice;
//   * a tag, a Call-ID or a ConnID becomes a slot through `ConnIDMap` and nowhere else;
//   * a transaction knows for whom it is done through its `Owner`, so that nothing points back;
//   * replies and requests are written from slices of what came in: no `String` for a message.
// Invariants: `.released` once for a call at most, and never after the engine has rejected or
// released it; after a call has gone, what is left of it ends by timers alone.
// Who may change it: the extensions of this type in `SIPSwitch+….swift`.
// Source: RFC 3261, RFC 3581, RFC 5806, RFC 6026, RFC 7044; HOUSE 2.7; DOMAIN 6.1.

public import Engine

/// The line side: SIP in, `LineSignal` out; `LineCommand` in, SIP out.
///
/// Sans-IO, in virtual time. The owner calls, always with instants that do not go back:
/// - `receive(_:from:at:)` for every datagram,
/// - `perform(_:at:)` for every command of the engine,
/// - `advance(to:)` when `nextDeadline` has come,
/// and after each of these takes `signals` (then `removeSignals()`); when nothing is left to do, it
/// calls `sayTrying()` and sends what `outgoing` holds.
public struct SIPSwitch: ~Copyable {
  /// A DN at which calls arrive.
  struct Entry {
    var dn: DN
    /// The DN as user part of a URI.
    var text: Text
  }

  private let passed = PassedByAddress()
  let plan: SIPPlan
  /// What it was made from.
  package var sitePlan: SIPPlan { plan }
  /// The first of our addresses.
  let sentBy: Endpoint
  /// What a URI means that leaves its transport unsaid.
  let standardTransport: SIPTransport
  let domain: Text
  let entries: [Entry]
  let entryIndex: DNTable
  /// Extensions that may call from untrusted places, with digest.
  let callersWithPassword: Set<DN>

  var tokens: TokenSource
  /// What the CallUUIDs that we make begin with.
  let uuidStart: (high: UInt64, middle: UInt64)
  var reader = MessageReader()
  var table: TransactionTable
  var registrar: Registrar
  var subscriptions: Subscriptions
  var monitors: Monitors
  /// How often each untrusted address sends.
  var sources: RateBook
  var map: ConnIDMap
  var calls = Slab<Call>()
  var legs = Slab<Leg>()
  var relays = Slab<Relay>()
  var finals = Slab<Final>()
  /// Where targets have sent calls on, by call.
  var detours: [Slot: Detour] = [:]
  /// Who is being sent on to whom.
  var transfers = Transfers()
  /// What the store must be told of them.
  var keeper: DialogKeeper
  var rowWriter = RowWriter()
  var texts = TextStore()
  /// When a waiting caller must hear from us again.
  var refresh: DeadlineList
  /// When a phone that has not said a word is given up for another one.
  var silences: DeadlineList
  /// When a talking leg is asked whether it is still there.
  var probes: DeadlineList
  /// When the session of a leg is to be refreshed, or over.
  var sessions = DeadlineHeap()

  /// Reused memory: a request or leg text being written; header lines for a reply; a target's URI.
  var scratch = MessageWriter()
  var lines = MessageWriter()
  var targetURI = MessageWriter(capacity: 256)
  /// Route lines on the way to `targetURI`.
  var targetRoutes = MessageWriter(capacity: 256)
  /// A status line in the body of a NOTIFY.
  var statusLine = MessageWriter(capacity: 64)
  /// What the redirect that follows names too.
  var alsoNamed: (attempt: UInt32, conn: ConnID, places: [Destination]) = (0, ConnID(0), [])
  var events: [TransactionEvent] = []
  var changes: [RegistrationChange] = []
  /// First INVITEs that came and have perhaps not been answered yet.
  var unanswered: [TransactionHandle] = []
  /// The Reason line of the BYE at hand, for the BYE to the other side.
  var passedReason = ByteView.empty
  /// Where the message at hand came from.
  var heardFrom = Endpoint.unspecified
  /// Blocks that belong to the plan and live as long as the switch.
  private let planTextCount: Int

  /// What happened on the line since `removeSignals`, in order.
  public internal(set) var signals: [LineSignal] = []

  /// What has been counted since the start.
  public internal(set) var counters = SIPCounters()

  /// Whether new calls are refused with 503.
  public var isDraining = false

  /// Messages that wait to be sent; the transports empty it.
  var outgoing: OutgoingQueue

  /// The messages of every call, for people.
  var capture: Capture
  /// The requests that became nothing.
  var refusals = RefusalLog()

  /// Opens the switch: nothing registered, no call; fixed contacts are signalled as in service.
  ///
  /// `start` is the wall clock in nanoseconds since the Unix epoch; it makes ConnIDs that no
  /// earlier run has used. `secret` makes tags, branches and nonces unpredictable.
  ///
  /// - Throws: `SIPSwitchError` when the plan's own address cannot be read or libcrypto lacks a
  ///   hash.
  public init(plan: SIPPlan, start: UInt64, secret: (UInt64, UInt64)) throws(SIPSwitchError) {
    var own: [Endpoint] = []
    for listener in plan.listeners {
      guard let endpoint = Endpoint(listener) else { throw .advertisedHost(listener.host) }
      own.append(endpoint)
    }
    guard let first = own.first else { throw .advertisedHost("") }
    do {
      var key: [UInt8] = []
      for word in [secret.0, secret.1] {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
          key.append(UInt8(truncatingIfNeeded: word >> shift))
        }
      }
      var digest = DigestSettings(realm: plan.domain, secret: key)
      digest.guessesMax = plan.defence.guessesMax
      digest.lockout = plan.defence.lockout
      digest.userRate = plan.defence.userRate
      registrar = try Registrar(
        extensions: plan.extensions,
        digest: digest,
        settings: plan.registrar
      )
    } catch {
      throw .digestUnavailable
    }
    self.plan = plan
    callersWithPassword = Set(plan.extensions.filter { $0.password != nil }.map(\.dn))
    sentBy = first
    subscriptions = Subscriptions(limit: plan.limits.subscriptionsMax)
    monitors = Monitors(plan.extensions)
    sources = RateBook(
      rate: plan.defence.rate,
      burst: plan.defence.burst,
      placeCount: plan.defence.sourcesMax
    )
    let addresses = OwnAddresses(own)
    standardTransport = addresses.standardTransport
    tokens = TokenSource(secret: secret)
    uuidStart = (tokens.next().value, tokens.next().value)
    table = TransactionTable(limit: plan.limits.transactionsMax)
    table.own = addresses
    outgoing = OutgoingQueue(connections: ConnectionTable.Limits(plan.limits, plan.registrar))
    outgoing.own = addresses
    capture = Capture(
      bytes: plan.limits.captureBytesMax,
      bytesPerCall: plan.limits.captureBytesPerCallMax
    )
    map = ConnIDMap(start: start)
    keeper = DialogKeeper(start: start)
    refresh = DeadlineList(interval: plan.limits.provisionalInterval)
    probes = DeadlineList(interval: plan.limits.probeInterval)
    silences = DeadlineList(interval: plan.limits.contactPatience)
    domain = texts.make(plan.domain)
    (entries, entryIndex) = Self.makeEntries(plan, &texts, &scratch)
    planTextCount = texts.count
    for dn in registrar.fixedDNs { signals.append(.inService(dn)) }
  }

  deinit {
    for entry in entries { entry.text.release() }
    domain.release()
    calls.forEach { calls[$0].invite.release() }
    legs.forEach {
      legs[$0].text.release()
      legs[$0].description?.release()
    }
    relays.forEach { relays[$0].description?.release() }
    for join in transfers.joins.values { join.offer?.release() }
    for offer in transfers.offers.values { offer.release() }
  }

  private static func makeEntries(
    _ plan: SIPPlan,
    _ texts: inout TextStore,
    _ scratch: inout MessageWriter
  ) -> ([Entry], DNTable) {
    var entries: [Entry] = []
    var index = DNTable()
    let extensions = plan.extensions.map(\.dn)
    for dn in plan.routingPoints + plan.queues + extensions where index[dn] == nil {
      scratch.removeAll()
      dn.number.withByteView { scratch.writeEscaped($0) }
      index[dn] = Int32(entries.count)
      entries.append(Entry(dn: dn, text: texts.make(scratch.bytes)))
    }
    return (entries, index)
  }

  /// The instant at which `advance(to:)` must next be called; nil when nothing is pending.
  public var nextDeadline: Instant? {
    var next = Instant.distantFuture
    if let deadline = table.nextDeadline, deadline < next { next = deadline }
    if let deadline = registrar.nextDeadline, deadline < next { next = deadline }
    if let deadline = subscriptions.nextDeadline, deadline < next { next = deadline }
    if let deadline = monitors.nextDeadline, deadline < next { next = deadline }
    if let deadline = refresh.nextDeadline, deadline < next { next = deadline }
    if let deadline = silences.nextDeadline, deadline < next { next = deadline }
    if let deadline = probes.nextDeadline, deadline < next { next = deadline }
    if let deadline = sessions.nextDeadline, deadline < next { next = deadline }
    if let deadline = outgoing.connections.nextDeadline, deadline < next { next = deadline }
    if !transfers.isEmpty { next = min(next, transfers.nextDeadline) }
    return next == .distantFuture ? nil : next
  }

  /// Calls that the engine knows.
  public var callCount: Int { calls.count }

  /// Legs that are not yet gone, those of ended calls included.
  public var legCount: Int { legs.count }

  /// Transactions that are not yet gone.
  public var transactionCount: Int { table.count }

  /// Whether nothing at all is left of any call: no leg, transaction, name or byte.
  public var isIdle: Bool {
    calls.count == 0 && legs.count == 0 && relays.count == 0 && finals.count == 0
      && table.count == 0 && map.isEmpty && texts.count == planTextCount && detours.isEmpty
      && transfers.isEmpty && transfers.offers.isEmpty && transfers.newcomers.isEmpty
      && transfers.reports.isEmpty
  }

  /// Forgets the signals that have been taken; keeps the memory.
  public mutating func removeSignals() { signals.removeAll(keepingCapacity: true) }

  /// Reads one datagram.
  package mutating func receive(_ datagram: ByteView, from source: Endpoint, at now: Instant) {
    guard admits(source, at: now), isMessage(datagram, from: source, at: now) else { return }
    take(reader.read(datagram), of: datagram, from: source, at: now)
  }

  /// Reads one datagram that is admitted and scanned.
  mutating func receive(
    _ datagram: ByteView,
    scanned: borrowing Envelope,
    from source: Endpoint,
    at now: Instant
  ) {
    guard isMessage(datagram, from: source, at: now) else { return }
    take(reader.read(datagram, scanned: copy scanned), of: datagram, from: source, at: now)
  }

  /// Whether a datagram of this sender is to be read; counts it.
  mutating func admits(_ source: Endpoint, at now: Instant) -> Bool {
    counters.received += 1
    return mayCome(source, at: now)
  }

  /// Whether a datagram is to be read as a message; a Binding request is answered.
  @inline(__always)
  private mutating func isMessage(
    _ datagram: ByteView,
    from source: Endpoint,
    at now: Instant
  ) -> Bool {
    outgoing.connections.now = now
    heardFrom = source
    guard !source.transport.isStream, let request = BindingRequest(datagram) else { return true }
    answer(request, from: source)
    return false
  }

  /// Does what a message asks for.
  @inline(__always)
  private mutating func take(
    _ received: Received,
    of datagram: ByteView,
    from source: Endpoint,
    at now: Instant
  ) {
    let before = outgoing.count
    if received.wasOdd { counters.odd += 1 }
    switch received.verdict {
    case .drop(let reason):
      if reason == .keepAlive { counters.keepAlives += 1 } else { counters.malformed += 1 }
    case .answer(let status):
      counters.malformed += 1
      answerStatelessly(status, to: received, from: source)
    case .accept:
      if received.envelope.isRequest {
        request(received, from: source, at: now)
      } else {
        response(received, at: now)
      }
    }
    noteMessages(datagram, received, from: source, sentSince: before, at: now)
  }

  /// Tells a phone on UDP that its flow is alive, and where we see it.
  private mutating func answer(_ request: BindingRequest, from source: Endpoint) {
    counters.keepAlives += 1
    counters.sent += 1
    scratch.removeAll()
    request.writeAnswer(to: source, into: &scratch)
    outgoing.append(scratch.bytes, to: source)
  }

  /// Lets timers expire.
  public mutating func advance(to now: Instant) {
    let before = outgoing.count
    outgoing.connections.now = now
    table.advance(to: now, into: &outgoing, events: &events)
    takeEvents(at: now)
    while let connection = outgoing.connections.popDue(at: now) { lapse(connection, at: now) }
    registrar.advance(to: now, into: &changes)
    signalChanges()
    tellSubscribers(at: now)
    endSubscriptions(at: now)
    runMonitors(at: now)
    while let index = refresh.popDue(at: now) {
      if let slot = calls.slot(at: index) { sayStillWaiting(slot, at: now) }
    }
    while let index = silences.popDue(at: now) {
      if let slot = legs.slot(at: index) { giveUpSilent(slot, at: now) }
    }
    while let index = probes.popDue(at: now) {
      if let slot = legs.slot(at: index) { probe(slot, at: now) }
    }
    while let (index, _) = sessions.popDue(at: now) {
      if let slot = legs.slot(at: UInt32(index)) { sessionIsDue(slot, at: now) }
    }
    if !transfers.isEmpty {
      for slot in transfers.due(at: now) { pursueJoin(of: slot, at: now) }
      for slot in transfers.overdue(at: now) { failOutside(slot, .noAnswer, at: now) }
    }
    noteMessages(sentSince: before, at: now)
  }

  /// Tells calls and legs what became of their transactions.
  mutating func takeEvents(at now: Instant) {
    var index = 0
    while index < events.count {
      expired(events[index], at: now)
      index += 1
    }
    events.removeAll(keepingCapacity: true)
  }

  /// Does what the engine wants; signals that follow at once are in `signals` when this returns.
  public mutating func perform(_ command: LineCommand, at now: Instant) {
    let before = outgoing.count
    outgoing.connections.now = now
    run(command, at: now)
    noteMessages(sentSince: before, at: now)
  }
}

// MARK: Replies

extension SIPSwitch {
  /// Answers without a transaction; the same request gets the same tag (RFC 3261 8.2.7).
  mutating func answerStatelessly(
    _ status: UInt16,
    to received: borrowing Received,
    from source: Endpoint
  ) {
    let envelope = received.envelope
    let name = tokens.hash(
      received.bytes[envelope.callID],
      received.bytes[envelope.from.tag],
      envelope.sequence
    )
    var reply = Reply(status, tag: SIPToken(name))
    if status == 400, received.wasOdd { reply.reason = ByteView(received.problem) }
    let destination = envelope.replyDestination(from: source)
    let headers = lines.bytes
    scratch.removeAll()
    scratch.writeReply(reply, to: received, from: source) { $0.write(headers) }
    lines.removeAll()
    guard !scratch.overflowed else { return }
    outgoing.append(scratch.bytes, to: destination)
  }

  /// Replies with the header lines in `lines`, which are forgotten afterwards.
  mutating func reply(
    to handle: TransactionHandle,
    _ status: UInt16,
    tag: SIPToken?,
    at now: Instant
  ) {
    let headers = lines.bytes
    table.reply(to: handle, with: Reply(status, tag: tag), at: now, into: &outgoing) {
      $0.write(headers)
    }
    lines.removeAll()
  }

  /// Replies to a request that opens nothing, with a tag that is used once.
  mutating func refuse(_ handle: TransactionHandle, _ status: UInt16, at now: Instant) {
    counters.refused += 1
    reply(to: handle, status, tag: tokens.next(), at: now)
  }

  /// Replies with a body.
  mutating func reply(to handle: TransactionHandle, _ reply: Reply, at now: Instant) {
    let headers = lines.bytes
    table.reply(to: handle, with: reply, at: now, into: &outgoing) { $0.write(headers) }
    lines.removeAll()
  }
}
