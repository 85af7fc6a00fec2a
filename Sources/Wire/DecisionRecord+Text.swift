// Decision records for people (`why`, `why-not`) and as JSON.

public import Engine

/// Turns decision records into lines.
public enum DecisionText {
  /// Candidates shown of one step unless all are asked for.
  public static let candidatesShown = 12

  /// The whole story of a call, a line each.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - candidatesMax: Candidates shown of one step; the others are counted by kind.
  ///   - namesGeneration: Whether the strategy's generation is named; a test's snapshot does not.
  /// - Returns: The lines.
  public static func lines(
    _ record: DecisionRecord,
    candidatesMax: Int = candidatesShown,
    namesGeneration: Bool = true
  ) -> [String] {
    var lines = [head(of: record)]
    let start = record.entrance?.time ?? record.steps.first?.time ?? 0
    for step in record.steps {
      guard let words = words(step.kind, namesGeneration) else { continue }
      lines.append("  \(offset(step.time, start))  \(words)")
      for line in candidateLines(step.candidates, max: candidatesMax) {
        lines.append("               \(line)")
      }
    }
    if record.steps.last.map({ !$0.kind.isEnd }) ?? true {
      lines.append("  it is still here")
    }
    return lines
  }

  /// What an agent was at every step in which somebody was looked for.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - agent: Who is asked about.
  /// - Returns: The lines; only the head when nobody was looked for, or no such agent is known.
  public static func lines(_ record: DecisionRecord, whyNot agent: AgentID) -> [String] {
    var lines = [head(of: record)]
    let start = record.entrance?.time ?? record.steps.first?.time ?? 0
    var wasLookedFor = false
    for step in record.steps {
      guard let candidate = step.candidates.first(where: { $0.agent == agent }),
        let words = words(step.kind)
      else { continue }
      wasLookedFor = true
      // A step that names somebody else says nothing about him.
      if candidate.verdict == .notNamed { continue }
      lines.append("  \(offset(step.time, start))  \(words)")
      lines.append("               \(agent.text): \(candidate.verdict.words)")
    }
    if !wasLookedFor {
      lines.append("  nobody was looked for in this call: it was sent to where its strategy said")
    }
    return lines
  }

  private static func head(of record: DecisionRecord) -> String {
    guard let entrance = record.entrance else {
      return "call \(record.call.text)  (its beginning is not kept any more)"
    }
    let call = entrance.attributes
    let caller = call.ani.isEmpty ? "an unknown caller" : call.ani
    return "call \(record.call.text)  from \(caller) to \(entrance.dn.number)  "
      + JSONWriter.timeText(entrance.time)
  }

  /// Seconds since the call came: `+12.345`, right-aligned.
  private static func offset(_ time: UInt64, _ start: UInt64) -> String {
    let milliseconds = (max(time, start) - start) / 1_000_000
    let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
    let text = "+\(milliseconds / 1_000).\(fraction)"
    return String(repeating: " ", count: max(0, 9 - text.utf8.count)) + text
  }

  // MARK: Steps

  /// A step in words; nil for one that says nothing to people.
  static func words(_ kind: DecisionKind, _ namesGeneration: Bool = true) -> String? {
    switch kind {
    case .entered: return nil
    case .started(let strategy, _) where !namesGeneration: return "strategy \(strategy.text)"
    case .answered(let answer): return answer.luaText.map { "-> \($0)" }
    default: return sentence(kind)
    }
  }

  private static func sentence(_ kind: DecisionKind) -> String {
    switch kind {
    case .entered: ""
    case .started(let strategy, let generation):
      "strategy \(strategy.text)"
        + (generation.isEmpty ? "" : ", generation \(generation.prefix(12))")
    case .asked(let request, let trace): place(trace) + request.luaText
    case .answered(let answer): "-> \(answer.luaText ?? "")"
    case .returned(let target, let trace):
      place(trace) + (target.map { "returns \($0.luaText)" } ?? "ends without a target")
    case .failed(let failure): "the strategy failed: \(failure.luaText)"
    case .used(let usage): "the strategy is done: \(usage.steps) of \(usage.stepsMax) requests used"
    case .defaulted(let reason): "default route: \(reason.words)"
    case .triedDefault(let target): "default route tries \(target.luaText)"
    case .queued(let first, let others):
      "waits in queue " + ([first] + others).map(\.number).joined(separator: " and ")
    case .sent(let destination, let agent, let attempt):
      sent(to: destination, agent, attempt)
    case .rang: "the phone rings"
    case .connected: "answered"
    case .missed(_, let failure, let status):
      "came to nothing: \(failure.word)" + (status.map { " (\($0))" } ?? "")
    case .overtook(let call, let reason):
      "before call \(call.text), which waits longer: by its \(reason)"
    case .consulted(let call, let dn): "consult call \(call.text) to \(dn.number)"
    case .transferred(let call, let party):
      "transferred by \(party.number): the caller is where call \(call.text) was"
    case .ended(let end): end.words
    }
  }

  private static func sent(to destination: Destination, _ agent: AgentID?, _ attempt: UInt32)
    -> String
  {
    let who = agent.map { ", agent \($0.text)" } ?? ""
    switch destination {
    case .dn(let dn): return "sent to \(dn.number)\(who) (attempt \(attempt))"
    case .trunk(let name, let number):
      return "sent to \(number) through trunk \(name) (attempt \(attempt))"
    }
  }

  private static func place(_ trace: StrategyTrace) -> String {
    trace.text.isEmpty ? "" : "\(trace.text)  "
  }

  // MARK: Candidates

  private static func candidateLines(_ candidates: [Candidate], max: Int) -> [String] {
    guard !candidates.isEmpty else { return [] }
    let named = candidates.filter { $0.verdict != .notNamed }
    let ordered = named.enumerated().sorted {
      ($0.element.verdict.rank, $0.offset) < ($1.element.verdict.rank, $1.offset)
    }.map(\.element)
    var lines = ordered.prefix(max).map { "\($0.agent.text)  \($0.verdict.words)" }
    let rest = ordered.dropFirst(max)
    guard !rest.isEmpty else { return lines }
    var counts: [(word: String, count: Int)] = []
    for candidate in rest {
      let word = candidate.verdict.kindWord
      if let index = counts.firstIndex(where: { $0.word == word }) {
        counts[index].count += 1
      } else {
        counts.append((word, 1))
      }
    }
    let words = counts.map { "\($0.count) \($0.word)" }.joined(separator: ", ")
    lines.append("and \(rest.count) more: \(words)")
    return lines
  }
}

extension DecisionKind {
  var isEnd: Bool {
    if case .ended = self { return true }
    return false
  }
}

extension DecisionEnd {
  var words: String {
    switch self {
    case .abandoned: "the caller hung up before anybody answered"
    case .released: "over: somebody hung up after they had talked"
    case .redirected: "over: the caller was told to call there"
    case .refused(let status): "refused with \(status)"
    case .transferred(let call): "transferred: it goes on as call \(call.text)"
    }
  }
}

extension DefaultReason {
  /// The reason in words.
  public var words: String {
    switch self {
    case .strategyFailed(.drained): "the strategy's generation was drained"
    case .strategyFailed: "the strategy failed"
    case .noTarget: "the strategy ended without a target"
    case .timeout: "the routing point's time was over"
    case .targetFailed(let failure): "the target could not be had: \(failure.word)"
    case .attemptsExhausted: "too many attempts"
    }
  }
}

extension CandidateVerdict {
  /// The verdict in words.
  public var words: String {
    switch self {
    case .chosen: "chosen"
    case .passedOver(let nanoseconds):
      "available since \(Duration.nanoseconds(Int64(clamping: nanoseconds)).shortText); another "
        + "came first by the rule"
    case .notNamed: "not among the targets"
    case .skills(let failure): failure
    case .notInGroup(let group): "not in group \(group)"
    case .notOfQueue(let queue, let failure): "does not serve queue \(queue.number): \(failure)"
    case .excluded: "excluded by the strategy"
    case .tried: "was tried before in this call"
    case .caller: "is the caller himself"
    case .standing(let standing, let nanoseconds):
      "\(standing.words) since \(Duration.nanoseconds(Int64(clamping: nanoseconds)).shortText)"
        + (standing.call.map { ", call \($0.text)" } ?? "")
    case .forgotten: "not known any more: it is too long ago"
    }
  }

  /// One word for counting.
  var kindWord: String {
    switch self {
    case .chosen: "chosen"
    case .passedOver: "available"
    case .notNamed: "not among the targets"
    case .skills: "without the skills"
    case .notInGroup: "not in the group"
    case .notOfQueue: "not of the queue"
    case .excluded: "excluded"
    case .tried: "tried before"
    case .caller: "the caller"
    case .standing(let standing, _): standing.words
    case .forgotten: "not known"
    }
  }

  /// The order in which candidates are shown: who was near first.
  var rank: Int {
    switch self {
    case .chosen: 0
    case .passedOver: 1
    case .standing(.loggedOut, _): 5
    case .standing: 2
    case .excluded, .tried, .caller: 3
    case .skills, .notInGroup, .notOfQueue: 4
    case .forgotten: 6
    case .notNamed: 7
    }
  }
}

extension Standing {
  /// The standing in words.
  public var words: String {
    switch self {
    case .loggedOut: "logged out"
    case .outOfService: "out of service"
    case .notReady(.afterCallWork, _): "after-call work"
    case .notReady(_, let reason): "not ready" + (reason.map { " (\($0))" } ?? "")
    case .leftAlone: "left alone after a refusal or a redirect"
    case .reserved: "reserved"
    case .offered: "a call is on its way to him"
    case .ringing: "ringing"
    case .talking: "talking"
    case .ready: "ready"
    }
  }

  /// The call that engages him.
  public var call: ConnID? {
    switch self {
    case .reserved(let call), .offered(let call), .ringing(let call), .talking(let call): call
    case .loggedOut, .outOfService, .notReady, .leftAlone, .ready: nil
    }
  }
}

extension Duration {
  /// Whole seconds, minutes or hours for people: `3 s`, `12 min`, `5 h`.
  var shortText: String {
    let seconds = components.seconds
    if seconds < 120 { return "\(seconds) s" }
    return seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
  }
}
