/// An announcement in the manner of T-Library (DOMAIN 1 and 2).
///
/// One flat record: an attribute that an event does not carry is nil (DNs and numbers: empty).
/// Sequence numbers have no gaps within an engine.
public struct Event: Sendable, Hashable {
  // The large ones first, then the small ones: nothing is lost between them.

  /// Position in the stream, from 1, without gaps.
  public var sequence: UInt64
  /// When it happened: nanoseconds since the Unix epoch.
  public var time: UInt64
  /// The call; nil for DN and agent events (DOMAIN 1.5).
  public var call: CallAttributes?
  /// AttributeThisDN.
  public var thisDN: DN
  /// AttributeThisQueue: the last distribution device (DOMAIN 8.8).
  public var thisQueue: DN?
  /// AttributeOtherDN.
  public var otherDN: DN?
  /// AttributeThirdPartyDN: the destination of a diversion.
  public var thirdPartyDN: DN?
  /// AttributeAgentID.
  public var agentID: AgentID?
  /// AttributeServer: the site's name; mandatory in routing events (DOMAIN 1.5).
  public var server: String?
  /// AttributeReasons.
  public var reasons: [KeyValue]?
  /// AttributeExtensions.
  public var extensions: [KeyValue]?
  /// AttributeUserData, where the event carries it.
  public var userData: UserData?
  /// What few events carry, apart; nil: nothing of it.
  private var rare: RareAttributes?
  /// AttributeReferenceID.
  public var referenceID: UInt32?
  /// AttributeThisDNRole.
  public var thisDNRole: PartyRole?
  /// AttributeOtherDNRole.
  public var otherDNRole: PartyRole?
  /// AttributeThirdPartyDNRole.
  public var thirdPartyDNRole: PartyRole?
  /// Which event.
  public var kind: EventKind
  /// AttributeCallState.
  public var callState: CallStateCode?
  /// AttributeRouteType.
  public var routeType: RouteType?
  /// AttributeAgentWorkMode.
  public var workMode: WorkMode?

  /// Makes an event with only what every event has.
  public init(_ kind: EventKind, thisDN: DN) {
    sequence = 0
    time = 0
    self.kind = kind
    self.thisDN = thisDN
  }
}

// What few events carry.
extension Event {
  /// AttributeErrorCode.
  public var errorCode: UInt32? {
    get { rare?.values.errorCode }
    set { change { $0.errorCode = newValue } }
  }

  /// AttributeErrorMessage.
  public var errorMessage: String? {
    get { rare?.values.errorMessage }
    set { change { $0.errorMessage = newValue } }
  }

  /// AttributePreviousConnID: of a consult call, and after a transfer (DOMAIN 2.8).
  public var previousConnID: ConnID? {
    get { rare?.values.previousConnID }
    set { change { $0.previousConnID = newValue } }
  }

  /// AttributeTreatmentType.
  public var treatmentType: TreatmentType? {
    get { rare?.values.treatmentType }
    set { change { $0.treatmentType = newValue } }
  }

  /// AttributeCollectedDigits: what the caller typed.
  public var collectedDigits: String? {
    get { rare?.values.collectedDigits }
    set { change { $0.collectedDigits = newValue } }
  }

  /// AttributePlace: the seat where an agent is logged in.
  public var place: String? {
    get { rare?.values.place }
    set { change { $0.place = newValue } }
  }

  private mutating func change(_ set: (inout RareAttributes.Values) -> Void) {
    var values = rare?.values ?? RareAttributes.Values()
    set(&values)
    rare = values == RareAttributes.Values() ? nil : RareAttributes(values)
  }
}

/// The attributes that few events carry: an event without them is a pointer larger, not 70 bytes.
private final class RareAttributes: Sendable, Hashable {
  struct Values: Sendable, Hashable {
    var previousConnID: ConnID?
    var errorMessage: String?
    var collectedDigits: String?
    var place: String?
    var errorCode: UInt32?
    var treatmentType: TreatmentType?
  }

  let values: Values

  init(_ values: Values) { self.values = values }

  static func == (one: RareAttributes, other: RareAttributes) -> Bool { one.values == other.values }

  func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension Event {
  /// The event with further attributes; it is moved, not copied, which a `var` would be.
  @inline(__always)
  consuming func with(_ change: (inout Event) -> Void) -> Event {
    change(&self)
    return self
  }

  /// The value of AttributeReasons under a key.
  public func reason(_ key: String) -> String? { reasons?.first { $0.key == key }?.value }
}

/// The attributes that name a call; every call event carries them.
public struct CallAttributes: Sendable, Hashable, Codable {
  /// AttributeConnID.
  public var connID: ConnID
  /// AttributeCallUUID.
  public var uuid: CallUUID
  /// AttributeCallID.
  public var callID: UInt32
  /// AttributeCallType.
  public var type: CallType
  /// AttributeANI; empty when unknown.
  public var ani: String
  /// AttributeDNIS; empty when unknown.
  public var dnis: String

  /// Makes the attributes of a call.
  public init(
    connID: ConnID,
    uuid: CallUUID,
    callID: UInt32,
    type: CallType,
    ani: String,
    dnis: String
  ) {
    self.connID = connID
    self.uuid = uuid
    self.callID = callID
    self.type = type
    self.ani = ani
    self.dnis = dnis
  }
}

/// The events; raw values are T-Library's message numbers (DOMAIN 1.1).
public enum EventKind: UInt16, Sendable, Hashable, CaseIterable {
  case error = 52
  case registered = 53
  case unregistered = 54
  case queued = 57
  case diverted = 58
  case abandoned = 59
  case ringing = 60
  case dialing = 61
  case destinationBusy = 63
  case established = 64
  case released = 65
  case held = 66
  case retrieved = 67
  case partyChanged = 68
  case routeRequest = 71
  case routeUsed = 72
  case agentLogin = 73
  case agentLogout = 74
  case agentReady = 75
  case agentNotReady = 76
  case attachedDataChanged = 85
  /// Announces what T-Library has no event for: a call that overtook others (Reasons OVERTAKE).
  case userEvent = 96
  case treatmentApplied = 114
  case treatmentNotApplied = 115
  case treatmentEnd = 116
  case dnOutOfService = 147
  case dnBackInService = 148
  /// An agent left one of several queues; the last one is `agentLogout` (DOMAIN 1.5).
  case queueLogout = 152
}
