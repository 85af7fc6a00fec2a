// Everything that a line thread sends and receives by: at most one UDP socket, and the connections.
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

  private let datagrams: Datagrams?
  private var streams: StreamTransport
  /// Where it listens, with the ports that the kernel chose for port 0.
  public let listeners: [SIPListener]

  /// Listens on addresses, at most one of them for datagrams.
  ///
  /// - Parameters:
  ///   - wanted: The addresses.
  ///   - credentials: Our side of TLS; nil: there is none.
  /// - Throws: Which address cannot be listened on, and why.
  public init(
    listeners wanted: [SIPListener],
    credentials: TLSCredentials? = nil
  ) throws(ReactorError) {
    var bound = wanted
    var datagrams: Datagrams?
    if let index = wanted.firstIndex(where: { $0.transport == .udp }) {
      let transport = try UDPTransport(address: wanted[index].host, port: wanted[index].port)
      bound[index].port = transport.address.port
      datagrams = Datagrams(transport)
    }
    let indices = wanted.indices.filter { wanted[$0].transport != .udp }
    streams = try StreamTransport(listeners: indices.map { wanted[$0] })
    streams.credentials = credentials
    for (index, address) in zip(indices, streams.addresses) { bound[index].port = address.port }
    self.datagrams = datagrams
    listeners = bound
  }

  /// The descriptors to register with the thread's loop: that of the datagrams, if there is one,
  /// with `interest`, and that of the connections, for reading.
  public var descriptors: (datagrams: Int32?, streams: Int32) {
    (datagrams?.transport.descriptor, streams.descriptor)
  }

  /// What to register the datagrams' descriptor for.
  public var interest: Readiness { datagrams?.transport.interest ?? .readable }

  /// Whether `receiveStreams` has something to tell the switch, whatever its descriptor says.
  public var hasLost: Bool { streams.hasLost }

  /// Messages that came.
  public var received: Int {
    (datagrams?.transport.counters.received ?? 0) + streams.counters.received
  }

  /// Messages that the kernel, or a connection, has taken.
  public var sent: Int { (datagrams?.transport.counters.sent ?? 0) + streams.counters.sent }

  /// Begins TLS connections with these from now on; those that there are go on.
  public mutating func use(_ credentials: TLSCredentials) { streams.credentials = credentials }

  /// How many connections there are.
  public var connectionCount: Int { streams.connectionCount }

  /// Receives one batch of datagrams into a switch.
  public mutating func receiveDatagrams(into telephony: inout SIPSwitch, at now: Instant) {
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
  /// - Returns: How many have left its queue; none when the kernel takes no datagrams for now.
  @discardableResult
  public mutating func send(from telephony: inout SIPSwitch, first: Int? = nil) -> Int {
    let end = min(first ?? telephony.outgoing.count, telephony.outgoing.count)
    streams.send(telephony.outgoing, first: end)
    var removed = end
    if let datagrams {
      removed = datagrams.transport.send(&telephony.outgoing, first: end)
    } else {
      telephony.outgoing.removeFirst(end)
    }
    streams.forget(first: removed)
    return removed
  }
}
