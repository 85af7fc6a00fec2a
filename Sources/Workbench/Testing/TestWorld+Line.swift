import Engine
import Wire

// The played line: what phones and callers do, and what is noted about the calls.

extension TestWorld {
  /// Changes a call that is known.
  func change(_ connID: ConnID, _ body: (inout TestCall) -> Void) {
    guard let index = indices[connID] else { return }
    body(&calls[index])
  }

  // MARK: Commands

  func perform(_ command: LineCommand) {
    switch command {
    case .divert(let connID, let attempt, let destination, let mode):
      divert(connID, attempt, destination, mode)
    case .cancelDiversion(let connID, let attempt, _):
      dismiss { $0.isOf(connID, attempt: attempt) }
    case .queued, .dequeued, .transfer, .alsoName: break
    case .reject(let connID, let status):
      change(connID) { $0.places.append(.rejected(status)) }
      end(connID, "rejected with \(status)")
    case .release(let connID):
      end(connID, "released")
    case .applyTreatment(let connID, let number, let treatment):
      treat(connID, number, treatment)
    case .readHeader(let connID, let name):
      guard let index = indices[connID] else { return }
      let header = calls[index].headers.first { $0.name.lowercased() == name.lowercased() }
      plan(.header(connID, header?.value))
    }
  }

  private func divert(
    _ connID: ConnID,
    _ attempt: UInt32,
    _ destination: Destination,
    _ mode: DivertMode
  ) {
    guard let index = indices[connID] else { return }
    if calls[index].isBackground {
      plan(.ringing(connID, attempt: attempt))
      plan(.answered(connID, attempt: attempt))
      return
    }
    let name: String
    switch destination {
    case .dn(let dn):
      name = dn.number
      let agent = picture.agents.first { $0.dn == dn }?.id
      calls[index].places.append(.dn(dn, agent: agent))
    case .trunk(let trunk, let number):
      name = trunk
      calls[index].places.append(.trunk(name: trunk, number: number))
    }
    if mode == .redirect {
      plan(.diverted(connID, attempt: attempt))
      return
    }
    let phone = phones[name] ?? self.phone
    switch phone.manner {
    case .busy: plan(.diversionFailed(connID, attempt: attempt, .busy))
    case .unreachable: plan(.diversionFailed(connID, attempt: attempt, .unreachable))
    case .rings: plan(.ringing(connID, attempt: attempt))
    case .rejects:
      plan(.ringing(connID, attempt: attempt))
      plan(.diversionFailed(connID, attempt: attempt, .rejected), after: .seconds(1))
    case .answers:
      plan(.ringing(connID, attempt: attempt))
      plan(.answered(connID, attempt: attempt), after: phone.answersAfter)
    }
  }

  private func treat(_ connID: ConnID, _ number: UInt32, _ treatment: Treatment) {
    guard givesTreatments else {
      plan(.treatmentNotApplied(connID, treatment: number, reason: "there is no media server"))
      return
    }
    change(connID) { $0.treatment = (number, treatment) }
    plan(.treatmentApplied(connID, treatment: number))
    switch treatment {
    case .music, .silence, .ringback: break
    case .announce:
      plan(
        .treatmentEnded(connID, treatment: number, TreatmentResult()),
        after: .seconds(5)
      )
    case .collect(_, let timeout, _):
      plan(
        .treatmentEnded(connID, treatment: number, TreatmentResult(digits: "")),
        after: timeout ?? .seconds(10)
      )
    }
  }

  func end(_ connID: ConnID, _ how: String) {
    change(connID) { call in
      guard call.endedAt == nil else { return }
      call.endedAt = now
      call.endedBy = how
    }
    dismiss { $0.isOf(connID, attempt: nil) }
  }

  // MARK: What strategies did

  func note(_ acts: [(call: ConnID, act: WatchedStrategies.Act)]) {
    for (connID, act) in acts {
      switch act {
      case .started(let name):
        change(connID) { $0.strategy = name }
      case .answered(let answer):
        if let collector, case .selected(let target) = answer {
          chosen.note(selected: target, of: connID, picture.agents, collector)
        }
      case .stepped(let step, let origins):
        note(step, of: connID)
        if let collector, let origins { chosen.note(step, of: connID, origins, collector) }
      case .renamed(let to):
        if let index = indices.removeValue(forKey: connID) { indices[to] = index }
      }
    }
  }

  private func note(_ step: StrategyStep, of connID: ConnID) {
    switch step {
    case .requested(let request):
      change(connID) { call in
        switch request {
        case .note(let text): call.notes.append(text)
        case .attach(let pairs): for pair in pairs { call.userData.attach(pair) }
        case .route(let target, _): call.decision = target
        default: break
        }
      }
    case .finished(let target): change(connID) { $0.decision = target }
    case .failed: break
    }
  }

  // MARK: Events

  func note(_ event: Event) {
    guard let connID = event.call?.connID else { return }
    change(connID) { $0.events.append(event) }
    switch event.kind {
    case .queued where plan.queues.contains { $0.dn == event.thisDN }:
      change(connID) { $0.places.append(.queue(event.thisDN)) }
    case .routeUsed where event.routeType == .default || event.reason("DEFAULT") != nil:
      let reason = (event.reasons ?? []).map(\.value).joined(separator: ": ")
      change(connID) { call in
        call.isDefaulted = true
        call.reason = reason
      }
    case .established where event.thisDNRole == .destination: noteAnswer(event, connID)
    default: break
    }
    if event.kind == .attachedDataChanged, let data = event.userData {
      change(connID) { $0.userData = data }
    }
  }

  private func noteAnswer(_ event: Event, _ connID: ConnID) {
    guard let index = indices[connID], calls[index].answeredAt == nil else { return }
    calls[index].answeredAt = now
    calls[index].answeredBy = calls[index].places.last
    guard !calls[index].isBackground else { return }
    let talk = (phones[event.thisDN.number] ?? phone).talk
    if let talk { plan(.released(connID, by: .target), after: talk) }
  }
}

extension LineSignal {
  /// Whether it is about a call, and about this attempt if one is given.
  func isOf(_ call: ConnID, attempt wanted: UInt32?) -> Bool {
    switch self {
    case .ringing(call, let attempt), .answered(call, let attempt),
      .diverted(call, let attempt), .diversionFailed(call, let attempt, _, _):
      wanted == nil || attempt == wanted
    case .released(call, by: _), .header(call, _), .treatmentApplied(call, _),
      .treatmentEnded(call, _, _), .treatmentNotApplied(call, _, _):
      wanted == nil
    default: false
    }
  }
}
