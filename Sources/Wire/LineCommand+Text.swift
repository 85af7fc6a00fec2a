// Line commands as text: what the engine asked of the line, for scenarios and replays.
//
// `{"command":"divert","call":"006c02462a161006","attempt":1,"to":"dn:7001","mode":"bridge"}`.

public import Engine

extension JSONWriter {
  /// Writes a line command as one object.
  public mutating func value(_ command: borrowing LineCommand) {
    beginObject()
    key("command")
    switch command {
    case .divert(let call, let attempt, let destination, let mode):
      literal("divert")
      self.call(call)
      member("attempt", attempt)
      member("to", destination.text)
      member("mode", mode == .bridge ? "bridge" : "redirect")
    case .alsoName(let call, let attempt, let places):
      literal("also_name")
      self.call(call)
      member("attempt", attempt)
      key("to")
      beginArray()
      for place in places { value(place.text) }
      endArray()
    case .cancelDiversion(let call, let attempt, let reason):
      literal("cancel_diversion")
      self.call(call)
      member("attempt", attempt)
      member("reason", reason.text)
    case .queued(let call, let queue, let position):
      literal("queued")
      self.call(call)
      member("queue", queue.number)
      member("position", UInt64(position))
    case .dequeued(let call):
      literal("dequeued")
      self.call(call)
    case .reject(let call, let status):
      literal("reject")
      self.call(call)
      member("status", status)
    case .release(let call):
      literal("release")
      self.call(call)
    case .transfer(let consult, let held):
      literal("transfer")
      self.call(consult)
      key("into")
      value(held)
    case .applyTreatment(let call, let treatment, let what):
      literal("apply_treatment")
      self.call(call)
      member("treatment", treatment)
      key("what")
      value(what)
    case .readHeader(let call, let name):
      literal("read_header")
      self.call(call)
      member("name", name)
    }
    endObject()
  }
}

extension Destination {
  /// The destination as the site file spells targets.
  public var text: String {
    switch self {
    case .dn(let dn): "dn:\(dn.number)"
    case .trunk(let name, let number): "trunk:\(name):\(number)"
    }
  }
}

extension StrategyAnswer {
  /// What a strategy got back, in a few words for people.
  public var text: String {
    switch self {
    case .done: "done"
    case .selected(let target): "selected \(target.siteText ?? "a target")"
    case .failed(let failure): failure.text
    case .count(let count): "\(count)"
    case .duration(let duration): StrategyAnswer.seconds(duration)
    case .expectedWait(let wait):
      "\(StrategyAnswer.seconds(wait.mean)) (\(StrategyAnswer.seconds(wait.low)) to "
        + "\(StrategyAnswer.seconds(wait.high)))"
    case .treated(let result): result.digits.map { "digits \($0)" } ?? "treated"
    case .notTreated(let reason): "not treated: \(reason)"
    case .bits(let bits): "\(bits)"
    case .text(let text): text.map { "text \($0)" } ?? "nothing"
    case .value(let value): value.map { $0.text } ?? "nothing"
    case .noSuchPlace: "no_such_place"
    case .invalid(let message): "invalid: \(message)"
    }
  }

  private static func seconds(_ duration: Duration) -> String {
    var writer = JSONWriter(capacity: 64)
    writer.seconds(duration)
    return writer.text + " s"
  }
}
