public import Engine

/// What can happen in a small world; each is possible only in some states.
///
/// Calls count from 1, agents, DNs, callers, digits and headers by their place in the setup.
public enum ProofLetter: Sendable, Hashable {
  /// The next call comes, from this caller.
  case arrive(Int)
  /// The caller hangs up.
  case hangUp(Int)
  /// The phone rings.
  case ring(Int)
  /// The phone is answered; of a redirected call: it is on its way.
  case answer(Int)
  /// The phone does not take the call.
  case refuse(Int, RouteFailure)
  /// What the caller is to hear has begun.
  case treatmentBegins(Int)
  /// What the caller heard has ended, with these digits.
  case treatmentEnds(Int, Int)
  /// The caller cannot be given what he is to hear.
  case treatmentFails(Int)
  /// A header of the caller's request.
  case header(Int, Int)
  /// An agent logs in and is ready.
  case logIn(Int)
  /// An agent logs out.
  case logOut(Int)
  /// An agent becomes ready.
  case ready(Int)
  /// An agent becomes not ready.
  case notReady(Int)
  /// An agent's DN goes out of service.
  case agentOut(Int)
  /// An agent's DN comes back.
  case agentIn(Int)
  /// A further DN goes out of service.
  case out(Int)
  /// A further DN comes back.
  case back(Int)
  /// Time passes up to the next deadline.
  case time
}

extension ProofSetup {
  /// Everything that can happen, in the order in which it is tried.
  public var letters: [ProofLetter] {
    var letters: [ProofLetter] = callers.indices.map { .arrive($0) }
    for call in 1...max(1, calls) {
      letters += [.ring(call), .answer(call)]
      letters += refusals.map { .refuse(call, $0) }
      letters += [.treatmentBegins(call), .treatmentFails(call)]
      letters += digits.indices.map { .treatmentEnds(call, $0) }
      letters += headers.indices.map { .header(call, $0) }
      letters.append(.hangUp(call))
    }
    letters.append(.time)
    for index in cast.indices {
      letters += [.ready(index), .notReady(index), .agentOut(index), .agentIn(index)]
      letters += [.logIn(index), .logOut(index)]
    }
    for index in dns.indices { letters += [.out(index), .back(index)] }
    return letters
  }
}
