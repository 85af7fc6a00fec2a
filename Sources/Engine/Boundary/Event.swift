/// An announcement in the manner of T-Library (DOMAIN 1 and 2).
///
/// One flat record: an attribute that an event does not carry is nil (DNs and numbers: empty).
/// Sequence numbers have no gaps within an engine.
public struct Event: Sendable, Hashable {
  /// Position in the stream, from 1, without gaps.
  public var sequence: UInt64
  /// When it happened: nanoseconds since the Unix epoch.
  public var time: UInt64
  /// Which event.
  public var kind: EventKind
  /// The call; nil for DN and agent events (DOMAIN 1.5).
  public var call: CallAttributes?
  /// AttributeThisDN.
  public var thisDN: DN
  /// AttributeThisQueue: the last distribution device (DOMAIN 8.8).
  public var thisQueue: DN?
  /// AttributeThisDNRole.
  public var thisDNRole: PartyRole?
  /// AttributeOtherDN.
  public var otherDN: DN?
  /// AttributeOtherDNRole.
  public var otherDNRole: PartyRole?
  /// AttributeThirdPartyDN: the destination of a diversion.
  public var thirdPartyDN: DN?
  /// AttributeThirdPartyDNRole.
  public var thirdPartyDNRole: PartyRole?
  /// AttributeCallState.
  public var callState: CallStateCode?
  /// AttributeRouteType.
  public var routeType: RouteType?
  /// AttributeReferenceID.
  public var referenceID: UInt32?
  /// AttributeAgentID.
  public var agentID: AgentID?
  /// AttributeAgentWorkMode.
  public var workMode: WorkMode?
  /// AttributeErrorCode.
  public var errorCode: UInt32?
  /// AttributeErrorMessage.
  public var errorMessage: String?
  /// AttributeReasons.
  public var reasons: [KeyValue]?
  /// AttributeExtensions.
  public var extensions: [KeyValue]?
  /// AttributeUserData, where the event carries it.
  public var userData: UserData?
  /// AttributeServer: the site's name; mandatory in routing events (DOMAIN 1.5).
  public var server: String?
  /// AttributePreviousConnID: of a consult call, and after a transfer (DOMAIN 2.8).
  public var previousConnID: ConnID?
  /// AttributeTreatmentType.
  public var treatmentType: TreatmentType?
  /// AttributeCollectedDigits: what the caller typed.
  public var collectedDigits: String?
  /// AttributePlace: the seat where an agent is logged in.
  public var place: String?

  /// Makes an event with only what every event has.
  public init(_ kind: EventKind, thisDN: DN) {
    sequence = 0
    time = 0
    self.kind = kind
    self.thisDN = thisDN
  }
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
