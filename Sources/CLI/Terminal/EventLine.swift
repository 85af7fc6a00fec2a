internal import Wire

/// An event in one line for people.
enum EventLine {
  /// `09:00:00.123  EventRinging  7001  from 4420… via 8000`.
  static func text(_ event: JSONValue) -> String {
    var line = Human.timeOfDay(event["time"]?.string ?? "")
    line += "  " + (event["event"]?.string ?? "?").padded(to: 21)
    line += "  " + (event["ThisDN"]?.string ?? "").padded(to: 6)
    var remarks = remarks(event)
    if let call = event["ConnID"]?.string { remarks.append("[\(call.suffix(6))]") }
    return Human.plain(line + "  " + remarks.joined(separator: ", "))
  }

  /// `EventRinging 7001, from 4420…, via 8000`: an event of a call that is known.
  static func brief(_ event: JSONValue) -> String {
    let name = "\(event["event"]?.string ?? "?") \(event["ThisDN"]?.string ?? "")"
    return Human.plain(([name] + remarks(event)).joined(separator: ", "))
  }

  private static func remarks(_ event: JSONValue) -> [String] {
    var remarks: [String] = []
    if let agent = event["AgentID"]?.string { remarks.append("agent \(agent)") }
    if let other = event["OtherDN"]?.string, !other.isEmpty { remarks.append("with \(other)") }
    if let third = event["ThirdPartyDN"]?.string { remarks.append("to \(third)") }
    if let queue = event["ThisQueue"]?.string, queue != event["ThisDN"]?.string {
      remarks.append("via \(queue)")
    }
    if let type = event["RouteType"]?.integer, type == 1 { remarks.append("by default") }
    if let state = event["CallState"]?.integer, state != 0 { remarks.append("state \(state)") }
    if let error = event["ErrorMessage"]?.string { remarks.append(error) }
    if let reason = reason(event) { remarks.append(reason) }
    return remarks
  }

  private static func reason(_ event: JSONValue) -> String? {
    guard let reasons = event["Reasons"] else { return nil }
    let texts = reasons.members?.compactMap { member in
      member.value.string.map { "\(member.key)=\($0)" }
    }
    guard let texts, !texts.isEmpty else { return nil }
    return texts.joined(separator: " ")
  }
}
