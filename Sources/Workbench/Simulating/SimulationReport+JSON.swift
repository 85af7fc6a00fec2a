internal import Wire

// The object of SURFACE 7, and after it what goes beyond: intervals, types, runs.

extension SimulationReport {
  /// The report as one JSON object, in one line.
  public var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writeMembers(&writer)
    writer.key("stopped")
    writer.value(wasStopped)
    writeTypes(&writer)
    writeIntervals(&writer)
    if method == .runs { writePerRun(&writer) }
    writer.endObject()
    return writer.text
  }

  /// Writes the members of SURFACE 7 and those that belong to them.
  func writeMembers(_ writer: inout JSONWriter) {
    writeCounts(&writer)
    writeFigures(&writer)
    writePlaces(&writer)
    writer.member("seconds", wallSeconds)
    writer.member("calls_per_second", quotient(total[.calls], wallSeconds))
    writer.member("cpu_seconds", cpuSeconds)
    writer.member("memory_bytes", memoryBytes)
    writer.member("waited", Int64(count(.waited)))
    writer.member("wait_all_mean", value(.waitAllMean))
    writer.member("waited_entered_share", value(.waitedEnteredShare))
    writer.member("abandoned_share", value(.abandonedShare))
    writer.member("rejected_share", value(.rejectedShare))
    writer.member("quantile_error", 0.004)
    writer.member("simulated_seconds", total[.seconds])
    writer.member("runs", Int64(runs))
  }

  private func writeCounts(_ writer: inout JSONWriter) {
    let counts: [(StaticString, Tally.Sum)] = [
      ("calls", .calls), ("diverted", .diverted), ("answered", .answered),
      ("abandoned", .abandoned), ("defaulted", .defaulted), ("rejected", .rejected),
    ]
    for (name, sum) in counts { writer.member(name, Int64(count(sum))) }
    // A model answers whatever is asked of it; only recordings leave questions open.
    writer.member("unanswerable", Int64(count(.unanswerable)))
  }

  private func writeFigures(_ writer: inout JSONWriter) {
    writer.key("wait")
    writer.beginObject()
    writer.member("mean", value(.waitMean))
    writer.member("p50", waitQuantile(0.5))
    writer.member("p90", waitQuantile(0.9))
    writer.member("p95", waitQuantile(0.95))
    writer.member("p99", waitQuantile(0.99))
    writer.member("max", waitMax)
    writer.endObject()
    writer.member("waited_share", value(.waitedShare))
    writer.key("service_level")
    writer.beginObject()
    writer.member("threshold", threshold)
    writer.member("share", value(.serviceLevel))
    writer.endObject()
    writer.member("occupancy", value(.occupancy))
    writer.member("queue_length_mean", value(.queueLengthMean))
  }

  private func writePlaces(_ writer: inout JSONWriter) {
    writer.key("by_target")
    writer.beginObject()
    for target in targets {
      writer.key(target.name)
      writer.value(Int64(target.diverted))
    }
    writer.endObject()
    writer.key("by_agent")
    writer.beginObject()
    for agent in agents where agent.staffSeconds > 0 || agent.calls > 0 {
      writer.key(agent.id)
      writer.beginObject()
      writer.member("calls", Int64(agent.calls))
      writer.member("busy", agent.busySeconds)
      writer.member("logged_in", agent.staffSeconds)
      writer.member("occupancy", quotient(agent.busySeconds, agent.staffSeconds))
      writer.endObject()
    }
    writer.endObject()
    writer.key("by_queue")
    writer.beginObject()
    for queue in queues where queue.entered > 0 {
      writer.key(queue.name)
      writer.beginObject()
      writer.member("entered", Int64(queue.entered))
      writer.member("answered", Int64(queue.answered))
      writer.member("abandoned", Int64(queue.abandoned))
      writer.member("wait_mean", quotient(queue.waitSeconds, Double(queue.answered)))
      writer.endObject()
    }
    writer.endObject()
  }

  /// Writes what became of each type of callers.
  func writeTypes(_ writer: inout JSONWriter) {
    writer.key("by_type")
    writer.beginObject()
    for (index, name) in types.enumerated() {
      writer.key(name)
      writer.beginObject()
      let counts: [(StaticString, Tally.Sum)] = [
        ("calls", .calls), ("answered", .answered), ("abandoned", .abandoned),
        ("rejected", .rejected), ("waited", .waited), ("in_target", .inTarget),
      ]
      for (key, sum) in counts { writer.member(key, Int64(total[sum, index])) }
      let waits = { (tally: Tally) in (tally[.waitSeconds, index], tally[.answered, index]) }
      let (dividend, divisor) = waits(total)
      writer.member("wait_mean", quotient(dividend, divisor))
      if !samples.isEmpty {
        writer.key("wait_mean_interval")
        writer.value(Interval(samples.map(waits)))
      }
      if method == .runs {
        writer.key("in_target_per_run")
        writer.value(Interval(samples.map { ($0[.inTarget, index], 1) }))
      }
      writer.endObject()
    }
    writer.endObject()
  }

  private func writeIntervals(_ writer: inout JSONWriter) {
    writer.key("intervals")
    writer.beginObject()
    writer.key("method")
    writer.value(method == .batches ? "batch means" : "independent runs")
    writer.member("samples", Int64(sampleCount))
    for figure in Figure.allCases {
      writer.key(figure.rawValue)
      writer.value(interval(figure))
    }
    writer.endObject()
  }

  private func writePerRun(_ writer: inout JSONWriter) {
    writer.key("per_run")
    writer.beginObject()
    let counts: [(StaticString, Tally.Sum)] = [
      ("calls", .calls), ("answered", .answered), ("abandoned", .abandoned),
      ("rejected", .rejected), ("in_target", .inTarget),
    ]
    for (name, sum) in counts {
      writer.key(name)
      writer.value(Interval(samples.map { ($0[sum], 1) }))
    }
    writer.endObject()
  }
}

extension JSONWriter {
  mutating func member(_ key: StaticString, _ value: Double) {
    self.key(key)
    self.value(value)
  }

  mutating func member(_ key: StaticString, _ value: Int64) {
    self.key(key)
    self.value(value)
  }

  /// The estimate and the bounds of both intervals; null when there were too few samples.
  mutating func value(_ interval: Interval?) {
    guard let interval else {
      null()
      return
    }
    beginObject()
    member("estimate", interval.estimate)
    key("95")
    bounds(interval.estimate, interval.half95)
    key("99")
    bounds(interval.estimate, interval.half99)
    endObject()
  }

  private mutating func bounds(_ centre: Double, _ half: Double) {
    beginArray()
    value(centre - half)
    value(centre + half)
    endArray()
  }
}
