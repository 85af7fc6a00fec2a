public import Engine

extension JSONWriter {
  /// Writes a decision record as one object.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - onlySearches: Whether steps in which nobody was looked for are left out (`why-not`).
  ///   - lines: The same for people.
  public mutating func value(_ record: DecisionRecord, onlySearches: Bool, lines: [String]) {
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
    for step in record.steps where !onlySearches || !step.candidates.isEmpty { value(step) }
    endArray()
    key("text")
    beginArray()
    for line in lines { value(line) }
    endArray()
    endObject()
  }

  private mutating func value(_ step: DecisionStep) {
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
    case .answered, .connected, .consulted, .defaulted, .ended, .entered, .failed, .missed,
      .overtook, .queued, .rang, .sent, .transferred, .triedDefault, .used:
      break
    }
    if let words = DecisionText.words(step.kind) { member("words", words) }
    if !step.candidates.isEmpty {
      key("candidates")
      beginArray()
      for candidate in step.candidates {
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
    case .consulted: "consulted"
    case .transferred: "transferred"
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
