// The connections of the streams (TCP, TLS), without their sockets.
//
// States of a connection: connecting (we asked for it; what is sent waits in the socket's buffer) →
// open; accepted ones are open at once. It is gone when either side ends it: a connection has no
// further state here, the transport sends what is left and closes.
// Deadlines: `connecting` until it is open, `silent` from accepting until the first whole message,
// `partial` from the first byte of a message until its last one, `idle` from the last message, and
// in its place `flows` from the last one that came where a phone keeps its flow alive (RFC 5626).
// Invariants: a number names one connection and never another one; a live connection is armed in
// exactly one of connecting, silent, idle and flows; `held` is the sum of the bytes that wait in
// buffers for the rest of their message; of several connections with one address the youngest is
// found.
// Who may change it: `OutgoingQueue` when something is sent, `SIPSwitch` for everything else.
// Source: RFC 3261 18; RFC 5923 (a connection is used again); RFC 5626 4.4; ADR 0022.

package import Engine

/// One connection, as the switch knows it.
struct Connection {
  /// The other side's address; its `connection` is this one's number.
  var peer: Endpoint
  var isOpen: Bool
  /// Whether it waits for its first message, as one that a peer has opened does.
  var isSilent: Bool
  var framer = StreamFramer()
  /// What has come of a message that is not whole.
  var buffer: [UInt8] = []
  /// Whether `buffer` holds more than line ends.
  var isPartial = false
  /// Who has registered on it and was told how often it must be used (RFC 5626 5.4).
  var registered: [DN] = []
}

/// All connections.
package struct ConnectionTable: ~Copyable {
  /// The maxima of the connections.
  package struct Limits: Sendable, Hashable {
    package var connectionsMax = 10_000
    package var perPeerMax = 1_000
    /// Bytes of unfinished messages, over all connections.
    package var heldMax = 64 << 20
    package var connectingMax = Duration.seconds(4)
    package var silentMax = Duration.seconds(15)
    package var partialMax = Duration.seconds(30)
    /// Longer than any registration, so that a phone that only registers is reached by its own.
    package var idleMax = Duration.seconds(3900)
    /// How long a phone may be silent that was told how often it must be heard.
    package var flowMax = Duration.seconds(135)

    package init() {}
  }

  /// What has become of connections so far.
  package struct Counters: Sendable, Hashable {
    package var accepted: UInt64 = 0
    package var opened: UInt64 = 0
    /// Refused because there were too many, in all or from one address.
    package var refused: UInt64 = 0
    /// Closed because nothing, or nothing whole, came in time.
    package var expired: UInt64 = 0
    /// Closed because what came was no SIP, or could not be divided into messages.
    package var broken: UInt64 = 0
  }

  package private(set) var counters = Counters()
  /// The present moment, for what is opened by sending.
  package var now = Instant(nanoseconds: 0)

  private let limits: Limits
  private var connections = Slab<Connection>()
  private var byAddress: [Endpoint: UInt64] = [:]
  /// How many connections an address has, whatever their ports.
  private var perPeer: [Endpoint: Int] = [:]
  private var held = 0
  private var connecting: DeadlineList
  private var silent: DeadlineList
  private var partial: DeadlineList
  private var idle: DeadlineList
  private var flows: DeadlineList

  package init(limits: Limits = Limits()) {
    self.limits = limits
    connecting = DeadlineList(interval: limits.connectingMax)
    silent = DeadlineList(interval: limits.silentMax)
    partial = DeadlineList(interval: limits.partialMax)
    idle = DeadlineList(interval: limits.idleMax)
    flows = DeadlineList(interval: limits.flowMax)
  }

  /// How many connections there are.
  package var count: Int { connections.count }

  /// Bytes of unfinished messages.
  package var heldBytes: Int { held }

  /// Whether nothing is left of any connection.
  package var isEmpty: Bool {
    connections.count == 0 && byAddress.isEmpty && perPeer.isEmpty && held == 0
  }

  /// Whether a connection is there.
  package func contains(_ number: UInt64) -> Bool { slot(number) != nil }

  /// Whether a connection is there and open.
  package func isOpen(_ number: UInt64) -> Bool {
    slot(number).map { connections[$0].isOpen } ?? false
  }

  /// The other side of a connection.
  package func peer(of number: UInt64) -> Endpoint? { slot(number).map { connections[$0].peer } }

  // MARK: Beginning and end

  /// Takes a connection that a peer has opened; nil when there are too many.
  package mutating func accept(_ peer: Endpoint) -> UInt64? {
    guard let slot = insert(peer, isOpen: true) else { return nil }
    counters.accepted += 1
    silent.arm(slot.index, at: now)
    return Self.number(slot)
  }

  /// Where a message to an endpoint really goes: the connection that it names, else one to its
  /// address, else a new one; nil when there may be no more.
  package mutating func route(_ destination: Endpoint) -> (endpoint: Endpoint, isNew: Bool)? {
    if let slot = slot(destination.connection) { return (used(slot), false) }
    let key = Self.key(destination)
    if let number = byAddress[key], let slot = slot(number) { return (used(slot), false) }
    guard let slot = insert(key, isOpen: false) else { return nil }
    counters.opened += 1
    connecting.arm(slot.index, at: now)
    return (connections[slot].peer, true)
  }

  /// A connection that we asked for is there.
  package mutating func connected(_ number: UInt64) {
    guard let slot = slot(number), !connections[slot].isOpen else { return }
    connections[slot].isOpen = true
    connecting.disarm(slot.index)
    idle.arm(slot.index, at: now)
  }

  /// Forgets a connection.
  ///
  /// - Returns: Whether it had been open; nil when it was not there.
  package mutating func remove(_ number: UInt64) -> Bool? {
    guard let slot = slot(number) else { return nil }
    let connection = connections[slot]
    connecting.disarm(slot.index)
    silent.disarm(slot.index)
    partial.disarm(slot.index)
    idle.disarm(slot.index)
    flows.disarm(slot.index)
    held -= connection.buffer.count
    let key = Self.key(connection.peer)
    if byAddress[key] == number { byAddress[key] = nil }
    let address = Self.addressOnly(key)
    if let left = perPeer[address], left > 1 {
      perPeer[address] = left - 1
    } else {
      perPeer[address] = nil
    }
    connections[slot].buffer = []
    connections.remove(slot)
    return connection.isOpen
  }

  /// The next deadline of any connection.
  package var nextDeadline: Instant? {
    var next: Instant?
    for deadline in [
      connecting.nextDeadline, silent.nextDeadline, partial.nextDeadline, idle.nextDeadline,
      flows.nextDeadline,
    ] {
      if let deadline, deadline < next ?? .distantFuture { next = deadline }
    }
    return next
  }

  /// A connection whose time is up; its owner closes it.
  package mutating func popDue(at now: Instant) -> UInt64? {
    while let index = connecting.popDue(at: now) ?? silent.popDue(at: now)
      ?? partial.popDue(at: now) ?? idle.popDue(at: now) ?? flows.popDue(at: now)
    {
      guard let slot = connections.slot(at: index) else { continue }
      counters.expired += 1
      return Self.number(slot)
    }
    return nil
  }

  // MARK: What comes

  /// Lends what has come so far of a message, for reading on; `giveBack` must follow.
  mutating func lend(_ number: UInt64) -> (buffer: [UInt8], framer: StreamFramer)? {
    guard let slot = slot(number) else { return nil }
    let result = (connections[slot].buffer, connections[slot].framer)
    held -= connections[slot].buffer.count
    connections[slot].buffer = []
    return result
  }

  /// Takes back what is left.
  ///
  /// - Returns: Whether there is room for it; if not, the connection must be closed.
  mutating func giveBack(_ number: UInt64, buffer: [UInt8], framer: StreamFramer) -> Bool {
    guard let slot = slot(number) else { return true }
    let isPartial = !buffer.isEmpty && buffer[0] != 0x0D
    connections[slot].buffer = buffer
    connections[slot].framer = framer
    held += buffer.count
    if !isPartial {
      partial.disarm(slot.index)
    } else if !connections[slot].isPartial {
      partial.arm(slot.index, at: now)
    }
    connections[slot].isPartial = isPartial
    return held <= limits.heldMax
  }

  /// A whole message has come; the next one has its own time.
  package mutating func heard(_ number: UInt64) {
    guard let slot = slot(number) else { return }
    connections[slot].isSilent = false
    connections[slot].isPartial = false
    silent.disarm(slot.index)
    if connections[slot].registered.isEmpty {
      idle.arm(slot.index, at: now)
    } else {
      flows.arm(slot.index, at: now)
    }
  }

  /// A phone that has registered on a connection was told how often it must be heard there.
  package mutating func expect(_ dn: DN, on number: UInt64) {
    guard let slot = slot(number) else { return }
    if !connections[slot].registered.contains(dn) { connections[slot].registered.append(dn) }
    idle.disarm(slot.index)
    flows.arm(slot.index, at: now)
  }

  /// Who is expected to be heard on a connection.
  package func expected(on number: UInt64) -> [DN] {
    slot(number).map { connections[$0].registered } ?? []
  }

  /// Counts a connection that is closed for what it sent.
  package mutating func noteBroken() { counters.broken += 1 }

  // MARK: Helpers

  private mutating func used(_ slot: Slot) -> Endpoint {
    if connections[slot].isOpen, !connections[slot].isSilent,
      connections[slot].registered.isEmpty
    {
      idle.arm(slot.index, at: now)
    }
    return connections[slot].peer
  }

  private mutating func insert(_ peer: Endpoint, isOpen: Bool) -> Slot? {
    let key = Self.key(peer)
    let address = Self.addressOnly(key)
    let present = perPeer[address] ?? 0
    guard connections.count < limits.connectionsMax, present < limits.perPeerMax else {
      counters.refused += 1
      return nil
    }
    perPeer[address] = present + 1
    let slot = connections.insert(Connection(peer: key, isOpen: isOpen, isSilent: isOpen))
    connections[slot].peer.connection = Self.number(slot)
    byAddress[key] = Self.number(slot)
    return slot
  }

  private func slot(_ number: UInt64) -> Slot? {
    guard number != 0 else { return nil }
    let slot = Slot(
      index: UInt32(truncatingIfNeeded: number),
      generation: UInt32(truncatingIfNeeded: number >> 32) &- 1
    )
    return connections.contains(slot) ? slot : nil
  }

  private static func number(_ slot: Slot) -> UInt64 {
    (UInt64(slot.generation) + 1) << 32 | UInt64(slot.index)
  }

  private static func key(_ endpoint: Endpoint) -> Endpoint { endpoint.by(endpoint.transport) }

  private static func addressOnly(_ key: Endpoint) -> Endpoint {
    var address = key.by(.udp)
    address.port = 0
    return address
  }
}
