public import Engine

extension JSONWriter {
  /// Writes a decision record as one object: whole, or what it says of one agent.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - agent: Whom to show; nil: every candidate.
  ///   - lines: The same for people.
  public mutating func value(_ record: DecisionRecord, of agent: AgentID?, lines: [String]) {
    beginObject()
    call(record.call)
    if let entrance = record.entrance {
      key("CallUUID")
      value(entrance.attributes.uuid)
      member("CallID", entrance.attributes.callID)
      member("ANI", entrance.attributes.ani)
      member("dn", entrance.dn.number)
      key("time")
      time(entrance.time)
    }
    member("cut", record.isCut)
    key("steps")
    beginArray()
    for step in record.steps { value(step, of: agent) }
    endArray()
    key("text")
    beginArray()
    for line in lines { value(line) }
    endArray()
    endObject()
  }

  private mutating func value(_ step: DecisionStep, of agent: AgentID?) {
    let shown = agent == nil ? step.candidates : step.candidates.filter { $0.agent == agent }
    guard agent == nil || !shown.isEmpty else { return }
    beginObject()
    key("time")
    time(step.time)
    member("step", step.kind.name)
    switch step.kind {
    case .asked(_, let trace), .returned(_, let trace):
      if !trace.text.isEmpty { member("place", trace.text) }
    case .started(let strategy, let generation):
      member("strategy", strategy.text)
      member("generation", generation)
    case .answered, .connected, .defaulted, .ended, .entered, .failed, .missed, .overtook, .queued,
      .rang, .sent, .triedDefault, .used:
      break
    }
    if let words = DecisionText.words(step.kind) { member("words", words) }
    if !shown.isEmpty {
      key("candidates")
      beginArray()
      for candidate in shown {
        beginObject()
        member("agent", candidate.agent.text)
        if let dn = candidate.dn { member("dn", dn.number) }
        member("verdict", candidate.verdict.kindWord)
        member("words", candidate.verdict.words)
        endObject()
      }
      endArray()
    }
    endObject()
  }
}

extension DecisionKind {
  /// The step's name in JSON.
  var name: String {
    switch self {
    case .entered: "entered"
    case .started: "started"
    case .asked: "asked"
    case .answered: "answered"
    case .returned: "returned"
    case .failed: "failed"
    case .used: "used"
    case .defaulted: "defaulted"
    case .triedDefault: "tried_default"
    case .queued: "queued"
    case .sent: "sent"
    case .rang: "rang"
    case .connected: "connected"
    case .missed: "missed"
    case .overtook: "overtook"
    case .ended: "ended"
    }
  }
}

extension CallEntrance {
  /// Whether people mean this call: by ConnID, CallUUID, CallID, the caller's number, or `last`.
  public func isNamed(_ text: String) -> Bool {
    if text == "last" || attributes.ani == text { return true }
    if let connID = ConnID(text: text.lowercased()), connID == attributes.connID { return true }
    return String(attributes.callID) == text || attributes.uuid.text == text.uppercased()
  }
}
