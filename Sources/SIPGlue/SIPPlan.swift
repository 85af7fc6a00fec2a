// What the line side must know of the site: addresses, passwords, listeners. The engine's `Plan`
// has none of this; `Service` makes both from the site file.

public import Engine

/// The immutable configuration of a `SIPSwitch`.
public struct SIPPlan: Sendable {
  /// Our addresses as they stand in Via and Contact, the first one being the standard; those for
  /// datagrams in the order of their sockets.
  public var listeners: [SIPListener]
  /// The realm of digest authentication and the host of the identities that we write.
  public var domain: String
  /// Peers that may send calls without digest.
  public var trusted: [AddressRange]
  /// Phones.
  public var extensions: [RegistrarExtension]
  /// Ways to the outside.
  public var trunks: [SIPTrunk]
  /// DNs at which calls wait for a strategy.
  public var routingPoints: [DN]
  /// DNs at which calls wait for an agent.
  public var queues: [DN]
  /// The limits of registrations.
  public var registrar: RegistrarSettings
  /// Every maximum of the line side.
  public var limits: SIPLimits
  /// How long sessions live without a refresh.
  public var session = SessionSettings()
  /// How many answers of 3xx are followed in one diversion; 0: none, they are refusals.
  public var redirectsMax = 0
  /// Who may send the other side of his call on by REFER.
  public var transfers = TransferPolicy.called
  /// Which headers go from one side of a call to the other.
  public var headers = HeaderLists()
  /// How strangers are kept from doing harm.
  public var defence = DefenceSettings()

  /// Makes a plan without extensions, trunks and entries, that speaks UDP.
  public init(advertisedHost: String, advertisedPort: UInt16 = 5060, domain: String) {
    self.init(listeners: [SIPListener(host: advertisedHost, port: advertisedPort)], domain: domain)
  }

  /// Makes a plan without extensions, trunks and entries.
  public init(listeners: [SIPListener], domain: String) {
    self.listeners = listeners
    self.domain = domain
    trusted = []
    extensions = []
    trunks = []
    routingPoints = []
    queues = []
    registrar = RegistrarSettings()
    limits = SIPLimits()
  }

  /// Whether a text is an address in angle brackets, as routes are.
  public static func isRoute(_ text: String) -> Bool {
    text.withByteView { bytes in
      guard let address = NameAddress(bytes), bytes.count > 2 else { return false }
      return SIPURI(bytes[address.uri]) != nil && text.hasSuffix(">")
    }
  }

  /// The host of the first of our addresses.
  public var advertisedHost: String { listeners.first?.host ?? "" }
  /// The port of the first of our addresses.
  public var advertisedPort: UInt16 { listeners.first?.port ?? 0 }

  /// Whether a request can be sent to this URI: `sip:` or `sips:`, with an IP address or
  /// `localhost` as host.
  ///
  /// There is no DNS yet; `check` reports a fixed contact or trunk for which this is false.
  public static func isReachable(_ uri: String) -> Bool {
    uri.withByteView { NextHop.endpoint(of: $0) != nil }
  }

  /// Whether one of the addresses that are listened on reaches this URI.
  public static func isReachable(_ uri: String, from listeners: [SIPListener]) -> Bool {
    let own = OwnAddresses(listeners.compactMap { Endpoint($0) })
    return uri.withByteView { text in
      NextHop.endpoint(of: text, unsaid: own.standardTransport).map { own.reaches($0) } ?? false
    }
  }
}

/// Who may send the other side of his call on by REFER.
public enum TransferPolicy: String, Sendable, Hashable, CaseIterable {
  /// Nobody.
  case none
  /// An extension that was called.
  case called
  /// Who has called, too.
  case both
}

/// An address of ours, as others reach it.
public struct SIPListener: Sendable, Hashable {
  /// What carries the messages.
  public enum Transport: String, Sendable, Hashable, CaseIterable {
    /// Datagrams.
    case udp
    /// Connections.
    case tcp
    /// Connections that nobody else can read.
    case tls
  }

  /// What carries the messages.
  public var transport: Transport
  /// An IP address, IPv6 without brackets.
  public var host: String
  /// The port.
  public var port: UInt16

  /// Makes an address.
  public init(_ transport: Transport = .udp, host: String, port: UInt16) {
    self.transport = transport
    self.host = host
    self.port = port
  }
}

/// A way to the outside.
public struct SIPTrunk: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// The peer's URI, without a user part: `sip:192.0.2.1:5070`.
  public var uri: String
  /// The numbers that it takes: exact, or a prefix with `*` behind; empty takes all.
  public var numbers: [String]

  /// Makes a trunk.
  public init(name: String, uri: String, numbers: [String] = []) {
    self.name = name
    self.uri = uri
    self.numbers = numbers
  }

  /// Whether the trunk takes this number.
  public func takes(_ number: String) -> Bool {
    numbers.isEmpty
      || numbers.contains { pattern in
        pattern.hasSuffix("*") ? number.hasPrefix(pattern.dropLast()) : number == pattern
      }
  }
}

/// Every maximum of the line side, by name.
public struct SIPLimits: Sendable, Hashable {
  /// Calls alive at the same time; further ones are refused with 503.
  public var callsMax = 200_000
  /// Transactions alive at the same time: beyond them those go first that only wait for
  /// repetitions, and when all are under way, requests are refused with 503.
  public var transactionsMax = 1_000_000
  /// Calls that may have gone through diversions before they come to us (RFC 5806 counters).
  public var diversionsMax = 20
  /// How often a waiting caller is told that we are still there (RFC 3261 13.3.1.1).
  public var provisionalInterval: Duration = .seconds(60)
  /// After how long without a word a waiting caller of an earlier process is taken for gone: the
  /// interval above, and the three minutes that proxies have patience (RFC 3261 16.6).
  public var silenceMax: Duration = .seconds(240)
  /// How often both sides of a talking call are asked whether they are still there; zero: never.
  public var probeInterval: Duration = .seconds(300)
  /// How long a phone may be silent before the DN's next contact is called; zero: to the end.
  public var contactPatience: Duration = .seconds(4)
  /// Subscriptions alive at the same time; further ones are refused with 503.
  public var subscriptionsMax = 10_000
  /// Subscriptions to one DN; further ones are refused with 503.
  public var subscribersMax = 16
  /// How long a number behind a trunk may ring to which a caller is sent on by REFER.
  public var transferRingMax: Duration = .seconds(120)
  /// What `Retry-After` says with 503, in seconds.
  public var retryAfter: UInt16 = 5
  /// Connections (TCP, TLS) alive at the same time; further ones are closed at once.
  public var connectionsMax = 10_000
  /// Connections from or to one address alive at the same time.
  public var connectionsPerPeerMax = 1_000
  /// How long a peer that has connected may say nothing.
  public var connectionSilenceMax: Duration = .seconds(15)
  /// How long a message may take from its first byte to its last.
  public var messageTimeMax: Duration = .seconds(30)
  /// How long we try to connect.
  public var connectTimeMax: Duration = .seconds(4)
  /// How long a connection is kept that nobody uses; longer than any registration.
  public var connectionIdleMax: Duration = .seconds(3900)
  /// How much later than `RegistrarSettings.flowTimer` a phone may be heard.
  public var flowGrace: Duration = .seconds(15)
  /// The bytes of unfinished messages, over all connections.
  public var unfinishedBytesMax = 64 << 20
  /// The size from which on a request goes by TCP where we speak it (RFC 3261 18.1.1).
  public var datagramMax = 1300
  /// The bytes of messages that are kept of all calls together, for people to look at; 0: none.
  public var captureBytesMax = 32 << 20
  /// The bytes of messages that are kept of one call.
  public var captureBytesPerCallMax = 128 << 10

  /// Makes the standard limits.
  public init() {}
}

/// A network in CIDR notation.
public struct AddressRange: Sendable, Hashable {
  private var high: UInt64
  private var low: UInt64
  private var highMask: UInt64
  private var lowMask: UInt64
  private var family: Endpoint.Family

  /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; nil when it is neither.
  ///
  /// Bits beyond the prefix are ignored.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first,
      let address = String(first).withByteView({ Endpoint(address: $0, port: 0) })
    else { return nil }
    let width = address.family == .ipv4 ? 32 : 128
    var length = width
    if parts.count == 2 {
      guard let given = Int(parts[1]), (0...width).contains(given) else { return nil }
      length = given
    }
    family = address.family
    // IPv4 lies in the low 32 bits: its prefix begins at bit 96 of 128.
    let bits = family == .ipv4 ? length + 96 : length
    highMask = Self.mask(min(bits, 64))
    lowMask = Self.mask(max(0, bits - 64))
    high = address.high & highMask
    low = address.low & lowMask
  }

  /// Whether an address lies in the network.
  func contains(_ endpoint: Endpoint) -> Bool {
    endpoint.family == family && endpoint.high & highMask == high && endpoint.low & lowMask == low
  }

  private static func mask(_ bits: Int) -> UInt64 {
    bits == 0 ? 0 : UInt64.max << UInt64(64 - bits)
  }
}
