import Engine
import Wire

extension ScenarioRun {
  /// The scenario with the events that the engine announces in place of those that it expected.
  ///
  /// Of an event that was expected the same members are written as before, of a new one those that
  /// a reader wants to see. Signals, steps and notes stay as they are.
  public var accepted: String {
    let scenario = self.scenario
    var text = head(of: scenario)
    for note in scenario.notes { text += line(of: note) }
    let isNew = scenario.steps.allSatisfy { $0.events.isEmpty && $0.commands.isEmpty }
    let calls = Set(scenario.steps.compactMap { offeredCall($0.signal) }).count
    for (step, outcome) in zip(scenario.steps, outcomes) {
      text += signalLine(step, outcome)
      var old = step.events.map(\.members)
      for event in outcome.events {
        let index = old.firstIndex { $0["event"] == event["event"] && isSimilar($0, event) }
        let names =
          index.map { (old.remove(at: $0).members ?? []).map(\.key) }
          ?? usualMembers + (calls > 1 ? ["ConnID"] : [])
        // That a default route answers no request is worth a line (DOMAIN 2.5).
        let isDefault = event["RouteType"]?.integer == 1 && index == nil
        let absent = isDefault ? ["ReferenceID"] : []
        text += line(of: event, names, absent: index == nil ? absent : names)
      }
      var commands = step.commands.map(\.members)
      for command in outcome.commands {
        let index = commands.firstIndex { $0["command"] == command["command"] }
        guard isNew || index != nil else { continue }
        let names =
          index.map { (commands.remove(at: $0).members ?? []).map(\.key) }
          ?? ["command", "call", "into", "to", "status", "position", "reason", "what", "name"]
        text += line(of: command, names, absent: index == nil ? [] : names)
      }
      for note in step.notes { text += line(of: note) }
    }
    return text
  }

  private var usualMembers: [String] {
    [
      "event", "ThisDN", "ThisQueue", "OtherDN", "ThirdPartyDN", "CallState", "RouteType",
      "ReferenceID", "AgentID", "AgentWorkMode", "TreatmentType", "CollectedDigits",
      "PreviousConnID", "ErrorMessage", "Reasons", "UserData", "Place",
    ]
  }

  private func isSimilar(_ expected: JSONValue, _ event: JSONValue) -> Bool {
    ["ThisDN", "ConnID"].allSatisfy { expected[$0] == nil || expected[$0] == event[$0] }
  }

  private func offeredCall(_ signal: Signal) -> ConnID? {
    guard case .line(.offered(let offer)) = signal else { return nil }
    return offer.connID
  }

  private func head(of scenario: Scenario) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("recording")
    writer.value(UInt64(1))
    writer.key("title")
    writer.value(scenario.title)
    writer.key("site")
    writer.value(scenario.plan)
    writer.key("seed")
    writer.value(scenario.seed)
    writer.endObject()
    return writer.text + "\n"
  }

  private func line(of note: String) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("note")
    writer.value(note)
    writer.endObject()
    return writer.text + "\n"
  }

  private func line(of json: JSONValue, _ names: [String], absent: [String]) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for name in names {
      guard let value = json[name] ?? (absent.contains(name) ? .null : nil) else { continue }
      writer.key(name)
      writer.value(value)
    }
    writer.endObject()
    return writer.text + "\n"
  }

  private func signalLine(_ step: Scenario.Step, _ outcome: Outcome) -> String {
    var writer = JSONWriter()
    writer.value(step.signal, at: step.at)
    var more = JSONWriter()
    more.beginObject()
    if case .strategy = step.signal, let answer = outcome.answer {
      more.key("answer")
      more.value(answer)
    }
    if case .clock = step.signal, let timer = outcome.timer {
      more.key("timer")
      more.value(timer)
    }
    more.endObject()
    let added = more.text.dropFirst().dropLast()
    guard !added.isEmpty else { return writer.text + "\n" }
    return writer.text.dropLast() + "," + added + "}\n"
  }
}
