internal import Engine

// Which letters are possible, and the signals that they stand for.
extension ProofWorld {
  /// The signal of a letter; nil: it is not possible here.
  func signal(for letter: ProofLetter) -> Signal? {
    switch letter {
    case .arrive, .hangUp, .header: return callerSignal(letter)
    case .ring, .answer, .refuse: return phoneSignal(letter)
    case .treatmentBegins, .treatmentEnds, .treatmentFails: return treatmentSignal(letter)
    case .logIn, .logOut, .ready, .notReady, .agentOut, .agentIn:
      return isQuiet ? nil : agentSignal(letter)
    case .out(let index):
      guard !isQuiet, dnsInService[index] else { return nil }
      return .line(.outOfService(setup.dns[index]))
    case .back(let index):
      guard !isQuiet, !dnsInService[index] else { return nil }
      return .line(.inService(setup.dns[index]))
    case .time:
      guard let deadline = shard.nextDeadline, deadline != .distantFuture, !isOver
      else { return nil }
      return .clock
    }
  }

  /// Before the first call and after the last one nothing is tried: all beginnings are tried.
  private var isQuiet: Bool { calls.isEmpty || isOver }

  private func known(_ number: Int) -> KnownCall? {
    guard number <= calls.count, calls[number - 1].isAlive else { return nil }
    return calls[number - 1]
  }

  private func callerSignal(_ letter: ProofLetter) -> Signal? {
    switch letter {
    case .arrive(let caller):
      guard calls.count < setup.calls else { return nil }
      let id = ConnID(UInt64(calls.count + 1))
      let number = setup.place.number
      return .line(
        .offered(CallOffer(id, at: setup.place, ani: setup.callers[caller], dnis: number))
      )
    case .hangUp(let number):
      guard known(number) != nil else { return nil }
      return .line(.released(ConnID(UInt64(number)), by: .caller))
    case .header(let number, let value):
      guard let call = known(number), call.readsHeader else { return nil }
      return .line(.header(ConnID(UInt64(number)), setup.headers[value]))
    default: return nil
    }
  }

  private func phoneSignal(_ letter: ProofLetter) -> Signal? {
    switch letter {
    case .ring(let number):
      guard let call = known(number), let attempt = call.attempt, !call.isRinging,
        !isRedirected(ConnID(UInt64(number)))
      else { return nil }
      return .line(.ringing(ConnID(UInt64(number)), attempt: attempt))
    case .answer(let number):
      guard let attempt = known(number)?.attempt else { return nil }
      let id = ConnID(UInt64(number))
      return .line(
        isRedirected(id)
          ? .diverted(id, attempt: attempt) : .answered(id, attempt: attempt)
      )
    case .refuse(let number, let failure):
      guard let attempt = known(number)?.attempt else { return nil }
      return .line(.diversionFailed(ConnID(UInt64(number)), attempt: attempt, failure))
    default: return nil
    }
  }

  /// Calls that left for a queue are connected, whatever the routing point does.
  private func isRedirected(_ id: ConnID) -> Bool {
    setup.redirects
      && shard.snapshot(at: now).calls.contains {
        $0.attributes.connID == id && $0.at == setup.place
      }
  }

  private func treatmentSignal(_ letter: ProofLetter) -> Signal? {
    switch letter {
    case .treatmentBegins(let number):
      guard let call = known(number), let treatment = call.treatment, call.isContinuous
      else { return nil }
      return .line(.treatmentApplied(ConnID(UInt64(number)), treatment: treatment))
    case .treatmentEnds(let number, let digits):
      guard let call = known(number), let treatment = call.treatment, !call.isContinuous
      else { return nil }
      let result = TreatmentResult(digits: setup.digits[digits])
      return .line(.treatmentEnded(ConnID(UInt64(number)), treatment: treatment, result))
    case .treatmentFails(let number):
      guard let treatment = known(number)?.treatment else { return nil }
      return .line(
        .treatmentNotApplied(
          ConnID(UInt64(number)),
          treatment: treatment,
          reason: "not possible"
        )
      )
    default: return nil
    }
  }

  private func agentSignal(_ letter: ProofLetter) -> Signal? {
    switch letter {
    case .logIn(let index):
      guard modes[index] == .loggedOut, agentsInService[index] else { return nil }
      let member = setup.cast[index]
      return .agent(.login(member.agent, dn: member.dn, reference: 0))
    case .logOut(let index):
      guard modes[index] != .loggedOut, agentsInService[index] else { return nil }
      return .agent(.logout(setup.cast[index].agent, reference: 0))
    case .ready(let index):
      guard modes[index] == .notReady, agentsInService[index] else { return nil }
      return .agent(.ready(setup.cast[index].agent, reference: 0))
    case .notReady(let index):
      guard modes[index] == .ready, agentsInService[index] else { return nil }
      return .agent(.notReady(setup.cast[index].agent, .auxWork, reason: nil, reference: 0))
    case .agentOut(let index):
      guard modes[index] == .ready, agentsInService[index] else { return nil }
      return .line(.outOfService(setup.cast[index].dn))
    case .agentIn(let index):
      guard !agentsInService[index] else { return nil }
      return .line(.inService(setup.cast[index].dn))
    default: return nil
    }
  }
}
