// Everything that a switch sends and receives by: the UDP addresses, with sockets of this thread's
// or with line threads, and the connections.
//
// Invariants: of the outgoing queue, only so many messages leave as the caller allows, whatever
// they go by; those for streams are handed over in order before the datagrams of the same stretch;
// a message is removed when all before it have left.
// Who may change it: the one thread that owns it.

public import Engine
public import Reactor

/// The transports of a switch.
public struct LineTransports: ~Copyable {
  /// A box: what cannot be copied can be asked only where it lies.
  private final class Datagrams {
    var transport: UDPTransport

    init(_ transport: consuming UDPTransport) { self.transport = transport }
  }

  /// The socket of the only UDP address, or those of several, or line threads.
  private let datagrams: Datagrams?
  private let sockets: DatagramSockets?
  private let threads: LineThreads?
  private var streams: StreamTransport
  /// Where it listens, with the ports that the kernel chose for port 0.
  public let listeners: [SIPListener]

  /// The most line threads that an address can have.
  public static var lineThreadsMax: Int { LineThreads.countMax }

  /// Listens on addresses.
  ///
  /// - Parameters:
  ///   - wanted: The addresses.
  ///   - lineThreads: How many threads receive and send the datagrams of each; 1: only this one.
  ///   - credentials: Our side of TLS; nil: there is none.
  /// - Throws: Which address cannot be listened on, and why.
  public init(
    listeners wanted: [SIPListener],
    lineThreads: Int = 1,
    credentials: TLSCredentials? = nil
  ) throws(ReactorError) {
    var bound = wanted
    var datagrams: Datagrams?
    var sockets: DatagramSockets?
    var threads: LineThreads?
    let places = wanted.indices.filter { wanted[$0].transport == .udp }
    var ports: [UInt16] = []
    if lineThreads > 1, !places.isEmpty {
      let started = try LineThreads(count: lineThreads, addresses: places.map { wanted[$0] })
      ports = started.ports
      threads = started
    } else if places.count > 1 {
      let opened = try DatagramSockets(places.map { wanted[$0] })
      ports = opened.ports
      sockets = opened
    } else if let place = places.first {
      let transport = try UDPTransport(address: wanted[place].host, port: wanted[place].port)
      ports = [transport.address.port]
      datagrams = Datagrams(transport)
    }
    for (place, port) in zip(places, ports) { bound[place].port = port }
    let indices = wanted.indices.filter { wanted[$0].transport != .udp }
    streams = try StreamTransport(listeners: indices.map { wanted[$0] })
    streams.credentials = credentials
    for (index, address) in zip(indices, streams.addresses) { bound[index].port = address.port }
    self.datagrams = datagrams
    self.sockets = sockets
    self.threads = threads
    listeners = bound
  }

  /// The descriptors to register with the thread's loop: that of the datagrams, if there is one,
  /// with `interest`, and that of the connections, for reading.
  public var descriptors: (datagrams: Int32?, streams: Int32) {
    (
      threads?.descriptor ?? sockets?.descriptor ?? datagrams?.transport.descriptor,
      streams.descriptor
    )
  }

  /// What to register the datagrams' descriptor for.
  public var interest: Readiness { datagrams?.transport.interest ?? .readable }

  /// Whether `receiveStreams` has something to tell the switch, whatever its descriptor says.
  public var hasLost: Bool { streams.hasLost }

  /// Whether line threads have something for the switch, or room, whatever their descriptor says;
  /// ask before every wait.
  ///
  /// - Throws: Why a line thread has ended.
  public func areLinesReady() throws(ReactorError) -> Bool { try threads?.isReady() ?? false }

  /// Messages that came.
  public var received: Int {
    (threads?.received ?? count(\.received)) + streams.counters.received
  }

  /// Messages that the kernel, or a connection, has taken.
  public var sent: Int {
    (threads?.sent ?? count(\.sent)) + streams.counters.sent
  }

  /// With line threads, keeps the calling thread to a processor of its own.
  ///
  /// They keep to the others: none of them takes the place of the thread that works for all.
  public func takeProcessor() {
    if threads != nil { ShardThread.keep(to: .last) }
  }

  /// Datagrams that the kernel refused: no route, unreachable, forbidden.
  public var refused: Int { threads?.refused ?? count(\.refused) }

  private func count(_ what: KeyPath<UDPTransport.Counters, Int>) -> Int {
    sockets?.sum(of: what) ?? datagrams?.transport.counters[keyPath: what] ?? 0
  }

  /// Begins TLS connections with these from now on; those that there are go on.
  public mutating func use(_ credentials: TLSCredentials) { streams.credentials = credentials }

  /// How many connections there are.
  public var connectionCount: Int { streams.connectionCount }

  /// Receives one batch of datagrams into a switch; of line threads, about one of each.
  public mutating func receiveDatagrams(into telephony: inout SIPSwitch, at now: Instant) {
    if let threads { return threads.receive(into: &telephony, at: now) }
    if let sockets { return sockets.receive(into: &telephony, at: now) }
    datagrams?.transport.receive(into: &telephony, at: now)
  }

  /// Serves every connection that is ready, and those that were lost.
  public mutating func receiveStreams(into telephony: inout SIPSwitch, at now: Instant) {
    streams.receive(into: &telephony, at: now)
  }

  /// Sends the first messages that a switch has written, or all.
  ///
  /// - Parameters:
  ///   - telephony: The switch.
  ///   - first: How many may leave, at least as many as the last time; nil: all.
  /// - Returns: How many have left its queue; none when the kernel takes no datagrams for now, and
  ///   fewer than wanted when line threads do not keep up.
  @discardableResult
  public mutating func send(from telephony: inout SIPSwitch, first: Int? = nil) -> Int {
    let end = min(first ?? telephony.outgoing.count, telephony.outgoing.count)
    streams.send(telephony.outgoing, first: end)
    var removed = end
    if let threads {
      removed = threads.send(&telephony.outgoing, first: end)
    } else if let datagrams {
      removed = datagrams.transport.send(&telephony.outgoing, first: end)
    } else if let sockets {
      removed = sockets.send(&telephony.outgoing, first: end)
    } else {
      telephony.outgoing.removeFirst(end)
    }
    streams.forget(first: removed)
    return removed
  }

  /// Sends all that a switch has written, at the end; gives up when nothing leaves for a second.
  public mutating func finish(from telephony: inout SIPSwitch) {
    var standstill = Standstill()
    while true {
      send(from: &telephony)
      guard telephony.hasOutgoing,
        let timeout = standstill.rest(at: sent + refused, of: Standstill.atEnd),
        let descriptor = sockets?.fullDescriptor ?? descriptors.datagrams
      else { return }
      let interest: Readiness = threads == nil ? .writable : .readable
      _ = try? Readiness.wait(for: descriptor, interest, timeout: timeout)
      guard (try? areLinesReady()) != nil else { return }
    }
  }
}
