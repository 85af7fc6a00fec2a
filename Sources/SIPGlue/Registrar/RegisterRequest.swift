// What a REGISTER says and what is answered, as plain values: reading and writing messages is done
// elsewhere.

public import Engine

/// A transport address in text.
public struct PeerAddress: Sendable, Hashable {
  /// An IP address; IPv6 without brackets.
  public var host: String
  /// The port.
  public var port: UInt16

  /// Makes an address.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

/// One value of a Contact header.
public struct RegisterContact: Sendable, Equatable {
  /// The URI, without angle brackets, display name and header parameters.
  public var uri: String
  /// The `expires` parameter in seconds; nil when absent.
  ///
  /// A malformed one counts as 3600 (RFC 3261 20.10).
  public var expires: UInt32?
  /// The `q` parameter in thousandths; nil when absent.
  public var q: UInt16?
  /// The device, as `+sip.instance` names it (RFC 5626); nil when absent.
  public var instance: String?
  /// Which of the device's flows this is, `reg-id`; nil when absent.
  public var flow: UInt32?
  /// All header parameters but `expires`, as written, each with its semicolon.
  public var parameters = ""

  /// Makes a contact.
  public init(_ uri: String, expires: UInt32? = nil, q: UInt16? = nil) {
    self.uri = uri
    self.expires = expires
    self.q = q
  }
}

/// A REGISTER request.
public struct RegisterRequest: Sendable, Equatable {
  /// The user part of the To header: the DN that is registered.
  public var dn: DN
  /// The host part of the To header.
  public var host: String
  /// The Call-ID.
  public var callID: String
  /// The number in CSeq.
  public var cseq: UInt32
  /// All Contact values, without `*`; none of them and no `*` asks what is registered.
  public var contacts: [RegisterContact] = []
  /// Whether `Contact: *` is present.
  public var wildcard = false
  /// The Expires header in seconds; nil when absent.
  ///
  /// A malformed one counts as 3600 (RFC 3261 20.19).
  public var expires: UInt32?
  /// The Path header's values, the nearest proxy to the phone last (RFC 3327).
  public var path: [String] = []
  /// Whether Supported names `outbound` (RFC 5626).
  public var supportsOutbound = false
  /// Whether a proxy stands between the phone and us: there is more than one Via.
  public var isRelayed = false
  /// All Authorization headers with the Digest scheme.
  public var credentials: [Credentials] = []
  /// The User-Agent header.
  public var userAgent: String?
  /// Whether the packet came from a peer that the site trusts.
  public var trusted = false
  /// Where the packet came from.
  public var source: PeerAddress?
  /// The same with transport and connection.
  package var flow: Endpoint?

  /// Makes a query; the other fields are set afterwards.
  public init(dn: DN, host: String, callID: String, cseq: UInt32) {
    self.dn = dn
    self.host = host
    self.callID = callID
    self.cseq = cseq
  }
}

/// One Contact value of a reply.
public struct GrantedContact: Sendable, Equatable {
  /// The URI, as the phone wrote it.
  public var uri: String
  /// The seconds that it is still valid; 0 says that it was removed.
  public var expires: UInt32
  /// The phone's own header parameters, each with its semicolon.
  public var parameters: String

  /// Makes a contact of a reply.
  public init(_ uri: String, expires: UInt32, parameters: String = "") {
    self.uri = uri
    self.expires = expires
    self.parameters = parameters
  }
}

/// The reply to a REGISTER.
public enum RegisterReply: Sendable, Equatable {
  /// 200: the contacts to list; the first one's seconds also go into an Expires header (seed 000).
  case registered([GrantedContact])
  /// 400: Contact, Expires, Call-ID or the credentials cannot be served.
  case badRequest
  /// 401: one WWW-Authenticate header for each challenge, in this order.
  case unauthorized([Challenge])
  /// 403: the sender is not the DN's user, or nobody may register this DN.
  case forbidden
  /// 403: too many wrong passwords of this sender; `Retry-After` in seconds.
  case lockedOut(retryAfter: UInt32)
  /// 404: no such extension. Carries neither Contact nor Expires.
  case notFound
  /// 423: `Min-Expires` in seconds.
  case intervalTooBrief(minExpires: UInt32)
  /// 439: the first proxy does not keep the flow that the phone wants (RFC 5626 6).
  case noOutbound
  /// 500: an older request of the same Call-ID came late; nothing was changed.
  case outOfOrder
  /// 503: the user sends more than he may; `Retry-After` in seconds.
  case tooMany(retryAfter: UInt32)
  /// 513: a contact longer than we store.
  case contactTooLong

  /// The status code.
  public var status: Int {
    switch self {
    case .registered: 200
    case .badRequest: 400
    case .unauthorized: 401
    case .forbidden, .lockedOut: 403
    case .notFound: 404
    case .intervalTooBrief: 423
    case .noOutbound: 439
    case .outOfOrder: 500
    case .tooMany: 503
    case .contactTooLong: 513
    }
  }

  /// The reason phrase of RFC 3261 21.
  public var phrase: String {
    switch self {
    case .registered: "OK"
    case .badRequest: "Bad Request"
    case .unauthorized: "Unauthorized"
    case .forbidden, .lockedOut: "Forbidden"
    case .notFound: "Not Found"
    case .intervalTooBrief: "Interval Too Brief"
    case .noOutbound: "First Hop Lacks Outbound Support"
    case .outOfOrder: "Server Internal Error"
    case .tooMany: "Service Unavailable"
    case .contactTooLong: "Message Too Large"
    }
  }
}

/// What became of a DN.
public enum RegistrationChange: Sendable, Equatable {
  /// It can be reached now.
  case inService(DN)
  /// It can no longer be reached.
  case outOfService(DN)
  /// It is reached elsewhere now; it was in service all the time.
  case contactChanged(DN)
}

/// The reply, and what to tell the engine once the reply is queued (DOMAIN 8.17: the 200 goes
/// first).
public struct RegisterOutcome: Sendable, Equatable {
  /// The reply.
  public var reply: RegisterReply
  /// The changes, in order.
  public var changes: [RegistrationChange]
  /// Whether a contact was bound with its flow: the reply requires `outbound` (RFC 5626 6).
  public var usesOutbound = false

  /// Makes an outcome.
  public init(_ reply: RegisterReply, changes: [RegistrationChange] = []) {
    self.reply = reply
    self.changes = changes
  }
}
