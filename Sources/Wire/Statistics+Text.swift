// Statistics as one JSON object: counts, and times in nanoseconds so that two folds can be compared
// to the last digit. Shares are per mille.

public import Engine

extension JSONWriter {
  /// Writes the figures as of a moment (nanoseconds since the Unix epoch).
  public mutating func value(_ statistics: borrowing Statistics, at time: UInt64) {
    beginObject()
    member("seq", statistics.lastSequence)
    key("devices")
    beginObject()
    for device in statistics.devices {
      key(device.dn.number)
      value(device, at: time)
    }
    endObject()
    key("agents")
    beginObject()
    for agent in statistics.agents {
      key(agent.id.text)
      value(agent, at: time)
    }
    endObject()
    key("strategies")
    beginObject()
    for strategy in statistics.strategies {
      key(strategy.name)
      beginObject()
      member("routed", strategy.routed)
      member("defaulted", strategy.defaulted)
      member("rejected", strategy.rejected)
      endObject()
    }
    endObject()
    endObject()
  }

  private mutating func value(_ device: borrowing DeviceFigures, at time: UInt64) {
    beginObject()
    member("entered", device.entered)
    member("returned", device.returned)
    member("distributed", device.distributed)
    member("overflowed", device.overflowed)
    member("abandoned", device.abandoned)
    member("abandoned_early", device.abandonedEarly)
    member("cleared", device.cleared)
    member("refused", device.refused)
    member("present", UInt64(device.present))
    member("longest_present_ns", device.longestPresent(at: time))
    member("defaulted", device.defaulted)
    member("rejected", device.rejected)
    member("answered", device.answered)
    member("answered_early", device.answeredEarly)
    member("missed", device.missed)
    member("abandoned_ringing", device.abandonedRinging)
    member("distributed_wait", device.distributedWait)
    member("abandoned_wait", device.abandonedWait)
    member("answered_wait", device.answeredWait)
    if let factor = device.serviceFactor { member("service_factor", factor) }
    endObject()
  }

  private mutating func member(_ key: StaticString, _ waits: WaitFigures) {
    self.key(key)
    beginObject()
    member("count", waits.count)
    member("sum_ns", waits.nanoseconds)
    member("max_ns", waits.longest)
    endObject()
  }

  private mutating func value(_ agent: borrowing AgentFigures, at time: UInt64) {
    beginObject()
    member("calls", agent.callsTaken)
    member("missed", agent.missed)
    member("refused", agent.refused)
    member("abandoned_ringing", agent.abandonedRinging)
    member("ring_ns", agent.ringNanoseconds)
    member("talk_ns", agent.talkNanoseconds)
    member("login_ns", agent.loginNanoseconds(at: time))
    member("ready_ns", agent.readyNanoseconds(at: time))
    member("not_ready_ns", agent.notReadyNanoseconds(at: time))
    member("after_call_work_ns", agent.afterCallWorkNanoseconds(at: time))
    endObject()
  }
}
