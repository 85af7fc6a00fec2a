internal import Engine
internal import Simulator
internal import Wire

extension Proof.Report {
  /// The report for people, line by line.
  ///
  /// - Parameter file: Where the counterexample was written; nil: nowhere.
  /// - Returns: The lines.
  public func lines(file: String?) -> [String] {
    var lines: [String] = []
    if let counterexample {
      let signals = counterexample.signalCount
      lines.append("\(strategy): a counterexample of \(signals) signal\(signals == 1 ? "" : "s")")
      lines.append("")
      lines += counterexample.story.map { "  " + $0 }
      lines.append("")
      lines.append("no shorter one exists in this world; " + covered)
      if let file { lines.append("written to \(file): pointsman test \(file)") }
    } else if isProven {
      let end = outcome.isExhausted ? "" : " within \(outcome.coverage.depth) signals"
      lines.append(
        "\(strategy): no call can be lost, stuck or sent to a DN out of service" + end
      )
      lines.append("tried everything: " + covered)
      if outcome.isExhausted {
        let ways = Self.short(outcome.coverage.interleavings)
        lines.append("\(ways) interleavings of at most \(outcome.coverage.length) signals")
      }
    } else {
      lines.append("\(strategy): nothing found, but not exhausted")
      lines.append(
        "covered so far: every interleaving of at most \(reached) signals; "
          + covered
      )
      lines.append("a smaller world (--calls, --agents) or more --states can be tried whole")
    }
    lines.append("the world: \(world)")
    if isSampled {
      let seeds = setup.seeds.map(String.init).joined(separator: ", ")
      lines.append("chance was sampled, not tried whole: seeds \(seeds)")
    }
    if setup.moments.count > 1 {
      let moments = setup.moments.map { ProofStory.date(setup.epoch, $0) }
      lines.append("time was sampled, not tried whole: " + moments.joined(separator: ", "))
    }
    for seen in outcome.seen {
      let signals = seen.path.count
      lines.append(
        "allowed: \(seen.kind.rawValue) after \(signals) signal\(signals == 1 ? "" : "s"): "
          + seen.detail
      )
    }
    return lines
  }

  /// Signals after which nothing is left to try: all states nearer than the last were walked.
  private var reached: Int { max(0, outcome.coverage.depth - 1) }

  private var covered: String {
    "\(outcome.coverage.starts) beginnings, \(outcome.coverage.states) states, "
      + "\(outcome.coverage.steps) steps, \(runs) places in the strategy"
  }

  private var world: String {
    let agents = setup.cast.map { "\($0.agent.text) at \($0.dn.number)" }
    var parts = [
      "\(setup.calls) call\(setup.calls == 1 ? "" : "s") to \(setup.place.number)",
      "agents " + (agents.isEmpty ? "none" : agents.joined(separator: ", ")),
      "callers " + setup.callers.joined(separator: ", "),
    ]
    if !setup.dns.isEmpty {
      parts.append("DNs " + setup.dns.map(\.number).joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }

  /// A large number as 1.2e34.
  static func short(_ number: Double) -> String {
    guard number >= 1e6 else { return "\(Int(number))" }
    var exponent = 0
    var rest = number
    while rest >= 10 {
      rest /= 10
      exponent += 1
    }
    return "\((rest * 10).rounded(.down) / 10)e\(exponent)"
  }

  /// The report as one JSON object.
  ///
  /// - Parameter file: Where the counterexample was written; nil: nowhere.
  /// - Returns: The text.
  public func json(file: String?) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("strategy")
    writer.value(strategy)
    writer.key("proven")
    writer.value(isProven)
    writer.key("exhausted")
    writer.value(outcome.isExhausted)
    for (name, number) in figures {
      writer.key(name)
      writer.value(Int64(number))
    }
    writer.key("interleavings")
    writer.value(outcome.coverage.interleavings)
    writer.key("interleavings_length")
    writer.value(Int64(outcome.coverage.length))
    writer.key("sampled")
    writer.value(isSampled)
    writer.key("agents")
    writer.beginArray()
    for member in setup.cast { writer.value(member.agent.text) }
    writer.endArray()
    writer.key("finding")
    if let finding = outcome.finding {
      write(finding, to: &writer, file: file)
    } else {
      writer.null()
    }
    writer.key("allowed")
    writer.beginArray()
    for seen in outcome.seen { write(seen, to: &writer, file: nil) }
    writer.endArray()
    writer.endObject()
    return writer.text
  }

  private var figures: [(String, Int)] {
    [
      ("calls", setup.calls), ("beginnings", outcome.coverage.starts),
      ("states", outcome.coverage.states), ("walked", outcome.coverage.walked),
      ("steps", outcome.coverage.steps), ("depth", outcome.coverage.depth),
      ("runs", runs), ("lua_steps", luaSteps),
    ]
  }

  private func write(_ finding: ProofFinding, to writer: inout JSONWriter, file: String?) {
    writer.beginObject()
    writer.key("kind")
    writer.value(finding.kind.rawValue)
    writer.key("detail")
    writer.value(finding.detail)
    writer.key("call")
    writer.value(finding.call)
    writer.key("signals")
    writer.value(Int64(finding.path.count))
    if let file {
      writer.key("file")
      writer.value(file)
    }
    if let counterexample, finding == outcome.finding {
      writer.key("story")
      writer.beginArray()
      for line in counterexample.story { writer.value(line) }
      writer.endArray()
    }
    writer.endObject()
  }
}
