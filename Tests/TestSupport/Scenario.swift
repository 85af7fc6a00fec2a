// A scenario: a recording with what the engine must announce and command (HOUSE 2.8).
//
// One JSON object a line. The first names the site; then signals, each followed by everything that
// the engine says to it: events (the members that are written must match) and line commands.
// Strategies need no Lua: the steps that a call's strategy takes stand in the file too
// (`strategy.requested`, `strategy.finished`), in their order, before or after what they answer.
// A `clock` line lets time pass; a `note` is for the reader.

import Engine
import Foundation
import Wire

/// A runtime that plays the steps of a file, call by call.
public struct PlayedStrategies: StrategyRuntime, ~Copyable {
  private var steps: [ConnID: ArraySlice<StrategyStep>]

  init(_ steps: [ConnID: [StrategyStep]]) { self.steps = steps.mapValues { $0[...] } }

  private mutating func next(_ call: ConnID) -> StrategyStep {
    steps[call]?.popFirst() ?? .failed(.error("the scenario has no further step for this call"))
  }

  /// The first step of a call.
  public mutating func start(
    _ strategy: StrategyName,
    facts: borrowing CallFacts
  ) -> StrategyStep {
    next(facts.connID)
  }

  /// The next step.
  public mutating func resume(
    _ call: ConnID,
    with answer: StrategyAnswer,
    context: ResumeContext
  ) -> StrategyStep {
    next(call)
  }

  /// Nothing to forget.
  public mutating func cancel(_ call: ConnID) {}

  /// The steps go with the call.
  public mutating func rename(_ call: ConnID, to connID: ConnID) {
    steps[connID] = steps.removeValue(forKey: call)
  }
}

/// One scenario file.
public struct Scenario {
  /// What is wrong with it, with file and line.
  public struct Problem: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String
  }

  private let name: String
  private let lines: [String]

  /// Reads a file.
  public init(_ path: String) throws {
    name = (path as NSString).lastPathComponent
    lines = try String(contentsOfFile: path, encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// Runs it: the file as it should read, expectations included.
  ///
  /// - Throws: `Problem` when a line cannot be read.
  public func played() throws -> [String] {
    let header = try json(0)
    guard let site = header["site"] else { throw problem(0, "the first line has no site") }
    var unknown: [String] = []
    let plan = try reading(0) { try Plan(site, unknown: &unknown) }
    if !unknown.isEmpty { throw problem(0, "unknown: \(unknown.joined(separator: ", "))") }
    var shard = Shard(
      engine: RoutingEngine(plan: plan, seed: 1, epoch: 1_763_683_200_000_000_000),
      strategies: PlayedStrategies(try steps())
    )
    var said: [String] = []
    func give(_ signal: Signal, at now: Instant) {
      shard.handle(signal, at: now) { outbox in
        said += outbox.events.map(Self.line)
        said += outbox.lineCommands.map(Self.line)
      }
    }
    give(.control(.start), at: .zero)
    var result = [lines[0]]
    said = []
    for (index, line) in lines.enumerated().dropFirst() {
      let object = try json(index)
      if object["event"] != nil || object["command"] != nil { continue }
      result.append(line)
      guard object["signal"] != nil else { continue }
      let read = try reading(index) { try RecordingLine(reading: line, unknown: &unknown) }
      guard case .signal(let signal, let at) = read else { continue }
      if case .strategy = signal { continue }
      // Time passes on its way to the signal; whoever expires is heard at its own instant.
      while let deadline = shard.nextDeadline, deadline <= at { give(.clock, at: deadline) }
      if signal != .clock { give(signal, at: at) }
      result += said
      said = []
    }
    return result
  }

  /// What differs from what the engine does; nil: nothing.
  public func difference() throws -> String? {
    let played = try played()
    for (index, line) in played.enumerated() {
      guard index < lines.count else { return "\(name): the engine says more: \(line)" }
      guard try matches(lines[index], line) else {
        return "\(name):\(index + 1): expected \(lines[index])\n  got \(line)"
      }
    }
    guard lines.count > played.count else { return nil }
    return "\(name):\(played.count + 1): never said: \(lines[played.count])"
  }

  /// Whether a line says what was said; of an event, the members that are written.
  private func matches(_ expected: String, _ got: String) throws -> Bool {
    if expected == got { return true }
    guard let wanted = try? JSONValue(parsing: expected), wanted["event"] != nil,
      let event = try? JSONValue(parsing: got)
    else { return false }
    return (wanted.members ?? []).allSatisfy { event[$0.key] == $0.value }
  }

  private func steps() throws -> [ConnID: [StrategyStep]] {
    var steps: [ConnID: [StrategyStep]] = [:]
    var unknown: [String] = []
    for index in lines.indices.dropFirst() {
      let object = try json(index)
      guard object["signal"]?.string?.hasPrefix("strategy.") == true else { continue }
      let read = try reading(index) { try RecordingLine(reading: lines[index], unknown: &unknown) }
      guard case .signal(.strategy(let call, let step), _) = read else { continue }
      steps[call, default: []].append(step)
    }
    return steps
  }

  private func json(_ index: Int) throws -> JSONValue {
    try reading(index) { try JSONValue(parsing: lines[index]) }
  }

  private func reading<Value>(_ index: Int, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      throw problem(index, "\(error)")
    }
  }

  private func problem(_ index: Int, _ text: String) -> Problem {
    Problem(description: "\(name):\(index + 1): \(text)")
  }

  // MARK: Spelling

  /// An event with the members that a reader needs.
  private static func line(_ event: Event) -> String {
    var writer = JSONWriter()
    writer.value(event)
    let shown = [
      "event", "ThisDN", "ThisQueue", "ConnID", "PreviousConnID", "ThisDNRole", "OtherDN",
      "ThirdPartyDN", "CallState", "RouteType", "AgentID", "AgentWorkMode", "TreatmentType",
      "CollectedDigits", "Place", "ErrorMessage", "Reasons", "UserData", "ReferenceID",
    ]
    guard let members = (try? JSONValue(parsing: writer.text))?.members else { return "" }
    let parts = shown.compactMap { key -> String? in
      guard let member = members.first(where: { $0.key == key }) else { return nil }
      return "\"\(key)\":\(text(member.value))"
    }
    return "{\(parts.joined(separator: ","))}"
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): "\"\(text)\""
    case .integer(let number): "\(number)"
    case .bool(let truth): "\(truth)"
    case .object(let members):
      "{" + members.map { "\"\($0.key)\":\(text($0.value))" }.joined(separator: ",") + "}"
    case .null, .real, .array: "null"
    }
  }

  private static func line(_ command: LineCommand) -> String {
    func spelled(_ name: String, _ call: ConnID, _ more: String = "") -> String {
      "{\"command\":\"\(name)\",\"call\":\"\(call.text)\"\(more)}"
    }
    return switch command {
    case .divert(let call, let attempt, let destination, let mode):
      spelled(
        "divert",
        call,
        ",\"attempt\":\(attempt),\"to\":\"\(text(destination))\",\"mode\":\"\(mode)\""
      )
    case .cancelDiversion(let call, let attempt, let reason):
      spelled("cancel", call, ",\"attempt\":\(attempt),\"reason\":\"\(reason.text)\"")
    case .queued(let call, let queue, let position):
      spelled("queued", call, ",\"queue\":\"\(queue.number)\",\"position\":\(position)")
    case .dequeued(let call): spelled("dequeued", call)
    case .reject(let call, let status): spelled("reject", call, ",\"status\":\(status)")
    case .release(let call): spelled("release", call)
    case .readHeader(let call, let name): spelled("header", call, ",\"name\":\"\(name)\"")
    case .applyTreatment(let call, let number, let treatment):
      spelled("treat", call, ",\"treatment\":\(number),\"type\":\(treatment.type.rawValue)")
    }
  }

  private static func text(_ destination: Destination) -> String {
    switch destination {
    case .dn(let dn): "dn:\(dn.number)"
    case .trunk(let name, let number): "trunk:\(name):\(number)"
    }
  }
}
