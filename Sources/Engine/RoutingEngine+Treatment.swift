// What callers hear while they wait at a routing point (DOMAIN 2.7).
//
// One treatment at a time: a new one replaces the one before, whose signals are ignored from then
// on. Continuous ones have no end; the strategy goes on as soon as they have begun. The others are
// waited for. Nothing waits for EventTreatmentEnd once the call has left.

extension RoutingEngine {
  mutating func treat(_ call: CallSlot, _ treatment: Treatment, _ outbox: inout Outbox) {
    lastTreatment &+= 1
    calls[call].treatment = lastTreatment
    calls[call].treatmentType = treatment.type
    calls[call].isTreatmentContinuous = treatment.isContinuous
    calls[call].state = .treating
    outbox.append(
      .applyTreatment(calls[call].attributes.connID, treatment: lastTreatment, treatment)
    )
  }

  /// The call, if this is what it hears.
  private func treated(_ connID: ConnID, _ treatment: UInt32) -> CallSlot? {
    guard treatment != 0, let call = calls.slot(of: connID), calls[call].treatment == treatment
    else { return nil }
    return call
  }

  private mutating func treatmentEvent(_ kind: EventKind, _ call: CallSlot) -> Event {
    var event = deviceEvent(kind, call)
    event.treatmentType = calls[call].treatmentType
    event.extensions = strategyExtensions(of: call)
    return event
  }

  mutating func treatmentApplied(_ connID: ConnID, _ treatment: UInt32, _ outbox: inout Outbox) {
    guard let call = treated(connID, treatment) else { return }
    emit(treatmentEvent(.treatmentApplied, call), &outbox)
    guard calls[call].isTreatmentContinuous else { return }
    goOn(call, .treated(TreatmentResult()), &outbox)
  }

  mutating func treatmentEnded(
    _ connID: ConnID,
    _ treatment: UInt32,
    _ result: TreatmentResult,
    _ outbox: inout Outbox
  ) {
    guard let call = treated(connID, treatment), !calls[call].isTreatmentContinuous
    else { return }
    var event = treatmentEvent(.treatmentEnd, call)
    event.collectedDigits = result.digits
    event.extensions =
      [
        KeyValue("INTERRUPTED", result.wasInterrupted ? "KEYPAD" : "NO"),
        KeyValue("COMPLETION_STATUS", "NORMAL"),
      ] + (strategyExtensions(of: call) ?? [])
    emit(event, &outbox)
    calls[call].treatment = 0
    goOn(call, .treated(result), &outbox)
  }

  mutating func treatmentNotApplied(
    _ connID: ConnID,
    _ treatment: UInt32,
    _ reason: String,
    _ outbox: inout Outbox
  ) {
    guard let call = treated(connID, treatment) else { return }
    var event = treatmentEvent(.treatmentNotApplied, call)
    event.errorMessage = reason
    emit(event, &outbox)
    calls[call].treatment = 0
    goOn(call, .notTreated(reason), &outbox)
  }

  private mutating func goOn(_ call: CallSlot, _ answer: StrategyAnswer, _ outbox: inout Outbox) {
    guard case .treating = calls[call].state else { return }
    calls[call].strategyStepsAtOnce = 0
    resume(call, answer, &outbox)
  }
}
