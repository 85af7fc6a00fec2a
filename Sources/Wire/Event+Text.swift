// Events as text (SURFACE 5): one flat object, T-Library's names, enumerations as their numbers.
//
// The order of the members is fixed: what identifies the event, where it happened, the call, the
// other parties, then what only some events have. An attribute that the event does not carry is
// left out, and so is an empty number.

public import Engine

extension EventKind {
  /// T-Library's name of the event (DOMAIN 1.1).
  public var name: String { "\(literal)" }

  var literal: StaticString {
    switch self {
    case .error: "EventError"
    case .registered: "EventRegistered"
    case .unregistered: "EventUnregistered"
    case .queued: "EventQueued"
    case .diverted: "EventDiverted"
    case .abandoned: "EventAbandoned"
    case .ringing: "EventRinging"
    case .dialing: "EventDialing"
    case .destinationBusy: "EventDestinationBusy"
    case .partyChanged: "EventPartyChanged"
    case .userEvent: "EventUserEvent"
    case .treatmentApplied: "EventTreatmentApplied"
    case .treatmentNotApplied: "EventTreatmentNotApplied"
    case .treatmentEnd: "EventTreatmentEnd"
    case .queueLogout: "EventQueueLogout"
    case .established: "EventEstablished"
    case .released: "EventReleased"
    case .held: "EventHeld"
    case .retrieved: "EventRetrieved"
    case .routeRequest: "EventRouteRequest"
    case .routeUsed: "EventRouteUsed"
    case .agentLogin: "EventAgentLogin"
    case .agentLogout: "EventAgentLogout"
    case .agentReady: "EventAgentReady"
    case .agentNotReady: "EventAgentNotReady"
    case .attachedDataChanged: "EventAttachedDataChanged"
    case .dnOutOfService: "EventDNOutOfService"
    case .dnBackInService: "EventDNBackInService"
    }
  }

  /// The event of that name.
  public init?(name: String) {
    guard let kind = EventKind.allCases.first(where: { $0.name == name }) else { return nil }
    self = kind
  }
}

extension JSONWriter {
  /// Writes an event as one object.
  public mutating func value(_ event: borrowing Event) {
    beginObject()
    member("seq", event.sequence)
    key("time")
    time(event.time)
    key("event")
    literal(event.kind.literal)
    member("ThisDN", event.thisDN)
    member("ThisQueue", event.thisQueue)
    member("ThisDNRole", event.thisDNRole)
    if let call = event.call {
      key("ConnID")
      value(call.connID)
      key("CallUUID")
      value(call.uuid)
      member("CallID", call.callID)
      member("CallType", call.type.rawValue)
    }
    member("OtherDN", event.otherDN)
    member("OtherDNRole", event.otherDNRole)
    if let call = event.call {
      if !call.ani.isEmpty { member("ANI", call.ani) }
      if !call.dnis.isEmpty { member("DNIS", call.dnis) }
    }
    member("ThirdPartyDN", event.thirdPartyDN)
    member("ThirdPartyDNRole", event.thirdPartyDNRole)
    rareMembers(event)
    endObject()
  }

  private mutating func rareMembers(_ event: borrowing Event) {
    if let state = event.callState { member("CallState", state.rawValue) }
    if let type = event.routeType { member("RouteType", type.rawValue) }
    if let reference = event.referenceID { member("ReferenceID", reference) }
    if let agent = event.agentID { member("AgentID", agent.text) }
    if let mode = event.workMode { member("AgentWorkMode", mode.rawValue) }
    if let code = event.errorCode { member("ErrorCode", code) }
    if let message = event.errorMessage { member("ErrorMessage", message) }
    if let previous = event.previousConnID {
      key("PreviousConnID")
      value(previous)
    }
    if let type = event.treatmentType { member("TreatmentType", type.rawValue) }
    if let digits = event.collectedDigits { member("CollectedDigits", digits) }
    if let place = event.place { member("Place", place) }
    if let server = event.server { member("Server", server) }
    member("Reasons", event.reasons)
    member("Extensions", event.extensions)
    member("UserData", event.userData?.pairs)
  }

  private mutating func member(_ key: StaticString, _ dn: DN?) {
    guard let dn, !dn.number.isEmpty else { return }
    member(key, dn.number)
  }

  private mutating func member(_ key: StaticString, _ role: PartyRole?) {
    guard let role else { return }
    member(key, role.rawValue)
  }

  private mutating func member(_ key: StaticString, _ pairs: [KeyValue]?) {
    guard let pairs else { return }
    self.key(key)
    value(pairs)
  }
}

extension Event {
  /// Reads an event from its object.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - unknown: Receives the names of members that no event has.
  /// - Throws: Which member is missing or wrong. Times come back to the microsecond.
  public init(_ json: JSONValue, unknown: inout [String]) throws(JSONError) {
    var fields = try Fields(json)
    let kindName = try fields.string("event")
    guard let kind = EventKind(name: kindName) else {
      throw JSONError("unknown event \"\(kindName)\"")
    }
    self.init(kind, thisDN: DN(try fields.optionalString("ThisDN") ?? ""))
    sequence = try fields.number("seq")
    let timeText = try fields.string("time")
    guard let time = nanoseconds(ofTime: timeText) else {
      throw JSONError("\"time\" is no time in UTC: \"\(timeText)\"")
    }
    self.time = time
    thisQueue = try fields.optionalString("ThisQueue").map { DN($0) }
    thisDNRole = try fields.optionalCode("ThisDNRole")
    call = try CallAttributes(&fields)
    otherDN = try fields.optionalString("OtherDN").map { DN($0) }
    otherDNRole = try fields.optionalCode("OtherDNRole")
    thirdPartyDN = try fields.optionalString("ThirdPartyDN").map { DN($0) }
    thirdPartyDNRole = try fields.optionalCode("ThirdPartyDNRole")
    callState = try fields.optionalCode("CallState")
    routeType = try fields.optionalCode("RouteType")
    referenceID = try fields.optionalNumber("ReferenceID")
    agentID = try fields.optionalString("AgentID").map { AgentID($0) }
    workMode = try fields.optionalCode("AgentWorkMode")
    errorCode = try fields.optionalNumber("ErrorCode")
    errorMessage = try fields.optionalString("ErrorMessage")
    previousConnID = try fields.optionalConnID("PreviousConnID")
    treatmentType = try fields.optionalCode("TreatmentType")
    collectedDigits = try fields.optionalString("CollectedDigits")
    place = try fields.optionalString("Place")
    server = try fields.optionalString("Server")
    reasons = try fields.optionalPairs("Reasons")
    extensions = try fields.optionalPairs("Extensions")
    userData = try fields.optionalPairs("UserData").map { UserData($0) }
    unknown.append(contentsOf: fields.untaken)
  }
}

extension CallAttributes {
  /// Reads the attributes that name a call; `nil` when the event has none.
  fileprivate init?(_ fields: inout Fields) throws(JSONError) {
    guard let connID = try fields.optionalConnID("ConnID") else { return nil }
    let uuidText = try fields.string("CallUUID")
    guard let uuid = CallUUID(text: uuidText) else {
      throw JSONError("\"CallUUID\" is not 32 characters of 0-9 and A-V: \"\(uuidText)\"")
    }
    self.init(
      connID: connID,
      uuid: uuid,
      callID: try fields.number("CallID"),
      type: try fields.code("CallType"),
      ani: try fields.optionalString("ANI") ?? "",
      dnis: try fields.optionalString("DNIS") ?? ""
    )
  }
}
