public import Engine

/// What is kept of a call's SIP, to be looked at.
public struct CapturedCall: Sendable, Hashable {
  /// The call.
  public var connID: ConnID
  /// When it came.
  public var began: Instant
  /// When nothing was expected of it any more; nil: it is alive.
  public var ended: Instant?
  /// Its messages, in the order in which they came and were sent.
  public var messages: [CapturedMessage] = []
  /// How many more there were; they are missing in the middle of a call that said too much.
  public var lost = 0
  /// Behind how many messages they are missing.
  public var lostAfter = 0

  /// Makes a call without messages.
  public init(_ connID: ConnID, began: Instant, ended: Instant? = nil) {
    self.connID = connID
    self.began = began
    self.ended = ended
  }
}

/// A SIP message that was received or sent.
public struct CapturedMessage: Sendable, Hashable {
  /// An address and a port.
  public struct Address: Sendable, Hashable {
    /// An IP address, IPv6 without brackets.
    public var host: String
    /// The port.
    public var port: UInt16

    /// Makes an address.
    public init(_ host: String, _ port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  /// When it was read, or handed to the transport.
  public var at: Instant
  /// Whether it came from the other side.
  public var isReceived: Bool
  /// What carried it.
  public var transport: SIPListener.Transport
  /// Our address for that transport.
  public var own: Address
  /// The other side's.
  public var peer: Address
  /// Its bytes, of one that is too long the first ones; what proves a password is masked.
  public var bytes: [UInt8]
  /// How many bytes it had.
  public var length: Int

  /// Makes a message.
  public init(
    at: Instant,
    isReceived: Bool,
    transport: SIPListener.Transport,
    own: Address,
    peer: Address,
    bytes: [UInt8]
  ) {
    self.at = at
    self.isReceived = isReceived
    self.transport = transport
    self.own = own
    self.peer = peer
    self.bytes = bytes
    length = bytes.count
  }
}

extension SIPListener.Transport {
  package init(_ transport: SIPTransport) {
    self =
      switch transport {
      case .udp: .udp
      case .tcp: .tcp
      case .tls: .tls
      }
  }
}

extension CapturedMessage.Address {
  package init(_ endpoint: Endpoint) {
    var writer = MessageWriter(capacity: 64)
    writer.write(addressOf: endpoint)
    var text = writer.bytes.string
    if endpoint.family == .ipv6 { text = String(text.dropFirst().dropLast()) }
    self.init(text, endpoint.port)
  }
}
