public import Engine

/// What each event must carry (DOMAIN 1.5, 2 and the decisions), as a check of single events.
public enum EventRules {
  /// What is wrong with an event; nil when nothing is.
  public static func problem(_ event: Event) -> String? {
    if event.thisDNRole == .origination { return origin(event) }
    if event.thisDNRole != nil, event.thisDNRole != .destination { return "ThisDNRole" }
    if (event.otherDN == nil) != (event.otherDNRole == nil) { return "OtherDNRole" }
    if event.otherDN != nil, event.otherDNRole != .origination { return "OtherDNRole" }
    if (event.thirdPartyDN == nil) != (event.thirdPartyDNRole == nil) {
      // EventError names the target that failed; it is no party.
      if event.kind != .error { return "ThirdPartyDNRole" }
    }
    if let call = event.call, call.callID == 0 || call.connID.value == 0 { return "CallID" }
    switch event.kind {
    case .queued: return device(event)
    case .routeRequest:
      if event.routeType != nil || event.callState != nil { return "too much" }
      return device(event)
    case .routeUsed: return device(event) ?? route(event)
    case .diverted:
      // Leaving a virtual queue unserved has no destination (DOMAIN 2.9).
      if event.thirdPartyDN == nil, event.callState != .redirected { return "ThirdPartyDN" }
      if event.call?.ani != "" { return "ANI" }
      return device(event)
    case .abandoned, .ringing, .established: return leg(event, [.ok])
    case .released, .held, .retrieved: return leg(event, nil)
    case .attachedDataChanged:
      if event.call == nil { return "no call" }
      return event.userData == nil ? "UserData" : nil
    case .agentLogin, .agentLogout, .agentReady, .agentNotReady: return agent(event)
    case .dnOutOfService, .dnBackInService:
      if event.call != nil || event.agentID != nil { return "ConnID or AgentID at a DN event" }
      return event.thisDN.number.isEmpty ? "ThisDN" : nil
    case .registered, .unregistered: return event.thisDN.number.isEmpty ? "ThisDN" : nil
    case .queueLogout: return event.thisQueue == nil ? "ThisQueue" : agent(event)
    case .dialing, .destinationBusy, .partyChanged: return event.call == nil ? "no call" : nil
    case .userEvent: return event.reasons == nil ? "Reasons" : nil
    case .treatmentApplied, .treatmentEnd, .treatmentNotApplied:
      return event.treatmentType == nil ? "TreatmentType" : device(event)
    case .error: return event.errorMessage?.isEmpty ?? true ? "ErrorMessage" : nil
    }
  }

  /// The end of a call that one of our DNs makes.
  private static func origin(_ event: Event) -> String? {
    let kinds: [EventKind] = [
      .dialing, .established, .released, .held, .retrieved, .destinationBusy,
    ]
    if !kinds.contains(event.kind) { return "no event of an originating party" }
    if event.call == nil { return "no call" }
    return event.otherDNRole == .destination ? nil : "OtherDNRole"
  }

  private static func device(_ event: Event) -> String? {
    if event.call == nil { return "no call" }
    if event.thisQueue != event.thisDN { return "ThisDN is not ThisQueue" }
    return event.thisDNRole == .destination ? nil : "ThisDNRole"
  }

  private static func leg(_ event: Event, _ states: [CallStateCode]?) -> String? {
    if event.call == nil { return "no call" }
    guard event.thisDNRole == .destination else { return "ThisDNRole" }
    guard let state = event.callState else { return "CallState" }
    return states?.contains(state) ?? true ? nil : "CallState \(state)"
  }

  private static func route(_ event: Event) -> String? {
    switch event.routeType {
    case .default:
      if event.referenceID != nil { return "a default route has no ReferenceID" }
      if event.reason("DEFAULT") == nil { return "a default route says why" }
      return event.thirdPartyDN == nil ? "ThirdPartyDN" : nil
    case .direct:
      if event.referenceID == nil { return "ReferenceID" }
      return event.thirdPartyDN == nil ? "ThirdPartyDN" : nil
    case .reject: return event.thirdPartyDN == nil ? nil : "a refusal has no destination"
    case .unknown, nil: return "RouteType"
    }
  }

  private static func agent(_ event: Event) -> String? {
    if event.call != nil { return "ConnID at an agent event" }
    if event.agentID == nil { return "AgentID" }
    if event.thisDN.number.isEmpty { return "ThisDN" }
    return event.kind == .agentNotReady && event.workMode == nil ? "WorkMode" : nil
  }
}
