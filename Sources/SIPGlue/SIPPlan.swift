// What the line side must know of the site: addresses, passwords, listeners. The engine's `Plan`
// has none of this; `Service` makes both from the site file.

public import Engine

/// The immutable configuration of a `SIPSwitch`.
public struct SIPPlan: Sendable {
  /// Our address as it stands in Via and Contact: an IP address, IPv6 without brackets.
  public var advertisedHost: String
  /// Our port as it stands in Via and Contact.
  public var advertisedPort: UInt16
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
  /// How strangers are kept from doing harm.
  public var defence = DefenceSettings()

  /// Makes a plan without extensions, trunks and entries.
  public init(advertisedHost: String, advertisedPort: UInt16 = 5060, domain: String) {
    self.advertisedHost = advertisedHost
    self.advertisedPort = advertisedPort
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

  /// Whether a request can be sent to this URI: `sip:`, with an IP address or `localhost` as host.
  ///
  /// There is no DNS yet; `check` reports a fixed contact or trunk for which this is false.
  public static func isReachable(_ uri: String) -> Bool {
    uri.withByteView { NextHop.endpoint(of: $0) != nil }
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
  /// Transactions alive at the same time; further requests are refused with 503.
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
  /// What `Retry-After` says with 503, in seconds.
  public var retryAfter: UInt16 = 5

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
