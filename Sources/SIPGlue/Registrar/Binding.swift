public import Engine

/// Where a DN is reached: one of its contacts.
public struct Binding: Sendable, Equatable {
  /// The URI of the Contact, as the phone wrote it, or of the site file.
  public var uri: String
  /// The packet's source where it differs from the URI's host and port: a phone behind an address
  /// translator, which is reached there only.
  public var received: PeerAddress?
  /// The end of the granted time, at which the binding is gone; nil for a fixed contact.
  public var expiresAt: Instant?
  /// The Call-ID that registered it; empty for a fixed contact.
  public var callID: String
  /// The last CSeq number of that Call-ID.
  public var cseq: UInt32
  /// How much it is preferred to others of the DN, in thousandths.
  public var q: UInt16 = 1000
  /// The device and its flow, when both are known (RFC 5626).
  public var device: Device?
  /// The proxies on the way to the phone, in order (RFC 3327).
  public var path: [String] = []
  /// The phone's own header parameters, each with its semicolon.
  public var parameters = ""
  /// Names the binding as long as it lives, in notifications; 0 for a fixed contact.
  public var id: UInt64 = 0
  /// When it was bound.
  public var since = Instant.zero
  /// Where the REGISTER came from, its connection included; nil once the process has changed.
  package var flow: Endpoint?
  /// The number of the UDP socket of ours that the REGISTER came to; 0: there is only one.
  public var socket: UInt64 = 0

  /// A device and one of its ways to us.
  public struct Device: Sendable, Equatable {
    /// As `+sip.instance` says.
    public var instance: String
    /// As `reg-id` says.
    public var flow: UInt32

    /// Makes a name.
    public init(instance: String, flow: UInt32) {
      self.instance = instance
      self.flow = flow
    }
  }

  /// Makes a binding.
  public init(
    uri: String,
    received: PeerAddress?,
    expiresAt: Instant?,
    callID: String,
    cseq: UInt32
  ) {
    self.uri = uri
    self.received = received
    self.expiresAt = expiresAt
    self.callID = callID
    self.cseq = cseq
  }
}

/// What happened to a contact, in the words of RFC 3680 5.1.
public enum ContactEvent: String, Sendable {
  /// Bound by a REGISTER.
  case registered
  /// Bound in another way: by the site file, or by an earlier run.
  case created
  /// Bound for longer.
  case refreshed
  /// Bound for less time than before.
  case shortened
  /// Nobody refreshed it.
  case expired
  /// Another contact took its place.
  case deactivated
  /// The phone took it back.
  case unregistered

  /// Whether the contact is gone.
  public var isEnd: Bool {
    switch self {
    case .registered, .created, .refreshed, .shortened: false
    case .expired, .deactivated, .unregistered: true
    }
  }
}

/// One thing that happened to a contact of a DN that somebody watches.
public struct ContactNews: Sendable, Equatable {
  /// The DN.
  public var dn: DN
  /// The contact, as it is now or was in the end.
  public var binding: Binding
  /// What happened.
  public var event: ContactEvent
}
