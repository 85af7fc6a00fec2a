// Scenarios: recordings with expectations, one JSON object a line (SURFACE 6, HOUSE 2.8).
//
// The first line is the head: `{"recording":1,"title":…,"site":{…},"seed":1}`. Then come, at will:
// - signals and the steps of strategies, as `Wire` spells them; each is an input;
// - events, which must be exactly those that the input before them causes, in order; of an event
//   only the members that are written must be so (null: the event must not carry it);
// - line commands, which must be among those that the input causes, in order;
// - notes for the reader.
// A step may say with `answer` what the strategy got back before it, a clock line with `timer`
// which timer is due. Everything that a strategy does is in the file, so no Lua is needed.

public import Engine
public import Wire

/// A scenario as it is written.
public struct Scenario: Sendable {
  /// One input, and what is expected of it.
  public struct Step: Sendable {
    /// The signal, or the step of a strategy.
    public var signal: Signal
    /// When.
    public var at: Instant
    /// Its line in the file.
    public var line: Int
    /// The answer that a strategy's step follows; nil: not said.
    public var answer: String?
    /// The timer that a clock line is about; nil: not said.
    public var timer: String?
    /// The expected events: their lines and members.
    public var events: [(line: Int, members: JSONValue)] = []
    /// The expected line commands.
    public var commands: [(line: Int, members: JSONValue)] = []
    /// Notes that follow.
    public var notes: [String] = []
  }

  /// The file's name.
  public var name: String
  /// What the scenario is about.
  public var title: String
  /// The site.
  public var plan: Plan
  /// The seed of all chance.
  public var seed: UInt64
  /// The inputs in order.
  public var steps: [Step] = []
  /// Notes before the first input.
  public var notes: [String] = []

  /// What instant zero is, so that times in events are the same in every run.
  public static let epoch: UInt64 = 1_700_000_000_000_000_000

  /// Reads a scenario.
  ///
  /// - Throws: Which line is wrong, and why.
  public init(name: String, text: String) throws(JSONError) {
    self.name = name
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var unknown: [String] = []
    let head = try JSONValue(parsing: lines[0])
    guard head["recording"]?.integer == 1, let site = head["site"] else {
      throw JSONError(line: 1, "the first line is no head with recording 1 and a site")
    }
    title = head["title"]?.string ?? ""
    seed = UInt64(head["seed"]?.integer ?? 1)
    do {
      plan = try Plan(site, unknown: &unknown)
    } catch {
      throw JSONError(line: 1, column: error.column, error.message)
    }
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      try read(line, index + 1, &unknown)
    }
    guard unknown.isEmpty else {
      throw JSONError("members without a meaning: \(unknown.joined(separator: ", "))")
    }
  }

  private mutating func read(
    _ line: String,
    _ number: Int,
    _ unknown: inout [String]
  ) throws(JSONError) {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: line)
    } catch {
      throw JSONError(line: number, column: error.column, error.message)
    }
    if let note = json["note"]?.string, json["signal"] == nil {
      if steps.isEmpty { notes.append(note) } else { steps[steps.count - 1].notes.append(note) }
      return
    }
    if json["event"] != nil || json["command"] != nil {
      guard !steps.isEmpty else { throw JSONError(line: number, "no signal comes before it") }
      if json["event"] != nil {
        steps[steps.count - 1].events.append((number, json))
      } else {
        steps[steps.count - 1].commands.append((number, json))
      }
      return
    }
    var names: [String] = []
    guard
      case .signal(let signal, let at) =
        try RecordingLine(reading: line, number: number, unknown: &names)
    else { throw JSONError(line: number, "neither signal, event, command nor note") }
    var step = Step(signal: signal, at: at, line: number)
    step.answer = json["answer"]?.string
    step.timer = json["timer"]?.string
    unknown += names.filter { $0 != "answer" && $0 != "timer" }.map { "\(number): \($0)" }
    steps.append(step)
  }
}
