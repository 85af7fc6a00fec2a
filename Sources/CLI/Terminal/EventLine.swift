internal import Wire

/// An event in one line for people.
enum EventLine {
  /// `09:00:00.123  EventRinging  7001  from 4420… via 8000`.
  static func text(_ event: JSONValue) -> String {
    var line = Human.timeOfDay(event["time"]?.text ?? "")
    line += "  " + (event["event"]?.text ?? "?").padded(to: 21)
    line += "  " + (event["ThisDN"]?.text ?? "").padded(to: 6)
    var remarks: [String] = []
    if let agent = event["AgentID"]?.text { remarks.append("agent \(agent)") }
    if let other = event["OtherDN"]?.text, !other.isEmpty { remarks.append("with \(other)") }
    if let third = event["ThirdPartyDN"]?.text { remarks.append("to \(third)") }
    if let queue = event["ThisQueue"]?.text, queue != event["ThisDN"]?.text {
      remarks.append("via \(queue)")
    }
    if let type = event["RouteType"]?.integer, type == 1 { remarks.append("by default") }
    if let state = event["CallState"]?.integer, state != 0 { remarks.append("state \(state)") }
    if let error = event["ErrorMessage"]?.text { remarks.append(error) }
    if let reason = reason(event) { remarks.append(reason) }
    if let call = event["ConnID"]?.text { remarks.append("[\(call.suffix(6))]") }
    return line + "  " + remarks.joined(separator: ", ")
  }

  private static func reason(_ event: JSONValue) -> String? {
    guard let reasons = event["Reasons"] else { return nil }
    let texts = reasons.members.compactMap { member in
      member.value.text.map { "\(member.key)=\($0)" }
    }
    return texts.isEmpty ? nil : texts.joined(separator: " ")
  }
}
