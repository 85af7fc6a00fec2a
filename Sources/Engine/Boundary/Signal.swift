/// Every input there is.
///
/// What is not in this file cannot influence a call.
public enum Signal: Sendable, Hashable {
  /// Something happened on the line.
  case line(LineSignal)
  /// An agent asked for something.
  case agent(AgentSignal)
  /// A strategy ran up to its next step, at this place of its text (which decides nothing).
  case strategy(ConnID, StrategyStep, StrategyTrace = .none)
  /// Time has come; `RoutingEngine.nextDeadline` says when this is due.
  case clock
  /// The site changes.
  case control(ControlSignal)
}

/// Facts from the telephony side.
public enum LineSignal: Sendable, Hashable {
  /// A call arrived at a routing point or a queue.
  case offered(CallOffer)
  /// The target of a diversion rings.
  case ringing(ConnID, attempt: UInt32)
  /// The target of a diversion answered; caller and target talk.
  case answered(ConnID, attempt: UInt32)
  /// A redirect was sent; the call is out of sight.
  case diverted(ConnID, attempt: UInt32)
  /// A diversion failed; the caller still waits. The status is the target's own, if it said one.
  case diversionFailed(ConnID, attempt: UInt32, RouteFailure, status: UInt16? = nil)
  /// The call is over.
  case released(ConnID, by: ReleasedBy)
  /// The answer to `LineCommand.readHeader`.
  case header(ConnID, String?)
  /// A treatment began (`LineCommand.applyTreatment`).
  case treatmentApplied(ConnID, treatment: UInt32)
  /// A treatment came to its end; continuous ones (music, silence) have none.
  case treatmentEnded(ConnID, treatment: UInt32, TreatmentResult)
  /// A treatment could not be given, and why.
  case treatmentNotApplied(ConnID, treatment: UInt32, reason: String)
  /// A transfer was completed by one side of the held call: the consult call goes on under the held
  /// call's ConnID (DOMAIN 2.8). Where the held call still rings, it is picked up by the phone that
  /// the consult call was sent to, and `answered` follows.
  case transferred(ConnID, into: ConnID, by: CallSide = .target)
  /// Somebody (a desktop, the phone) attached data to a call: RequestAttachUserData.
  case attached(ConnID, [KeyValue])
  /// One side of an answered call put the other on hold (RFC 3264 8.4).
  case held(ConnID, by: CallSide)
  /// The side that had put the other on hold took the call up again.
  case retrieved(ConnID, by: CallSide)
  /// A DN can be reached (a registration arrived).
  case inService(DN)
  /// A DN can no longer be reached (de-registered, expired).
  case outOfService(DN)
}

/// A call that arrives.
public struct CallOffer: Sendable, Hashable {
  /// The identity that the line side gave it; never used before.
  public var connID: ConnID
  /// The DN that it arrived at.
  public var dn: DN
  /// The caller's number; empty when unknown.
  public var ani: String
  /// The dialled number; empty when unknown.
  public var dnis: String
  /// What kind of call.
  public var type: CallType
  /// The CallUUID that it brought along, if any.
  public var uuid: CallUUID?
  /// Data that it brought along.
  public var userData: UserData
  /// The held call whose party makes this consult call (DOMAIN 2.8); nil: no consult call.
  ///
  /// Without a number in `ani`, the held call's other side (its caller, unless `consultBy` says
  /// that he sends) is sent on himself: a transfer in one step.
  public var consultOf: ConnID?
  /// Which side of the held call sends the other one on.
  public var consultBy = CallSide.target

  /// Makes an offer.
  public init(
    _ connID: ConnID,
    at dn: DN,
    ani: String = "",
    dnis: String = "",
    type: CallType = .inbound,
    userData: UserData = UserData()
  ) {
    self.connID = connID
    self.dn = dn
    self.ani = ani
    self.dnis = dnis
    self.type = type
    uuid = nil
    self.userData = userData
  }
}

/// Who ended a call.
public enum ReleasedBy: UInt8, Sendable, Hashable {
  /// The caller hung up.
  case caller
  /// The agent (or whoever was the target) hung up.
  case target
  /// The line failed.
  case line
}

/// One of the two sides of an answered call.
public enum CallSide: UInt8, Sendable, Hashable, CaseIterable {
  /// Who made the call.
  case caller
  /// Whom it was diverted to.
  case target
}

/// The agent requests of T-Library.
public enum AgentSignal: Sendable, Hashable {
  /// RequestAgentLogin: at this DN, or at this place, or at the agent's own DN when both are nil.
  ///
  /// With queues he signs in to those, in addition to those that he is signed in to; without, to
  /// every queue whose expression he satisfies.
  case login(AgentID, dn: DN?, place: String? = nil, queues: [DN] = [], reference: UInt32)
  /// RequestAgentLogout: of one queue, or of all when nil.
  case logout(AgentID, queue: DN? = nil, reference: UInt32)
  /// RequestAgentReady; `manualIn` asks for after-call work without end after every call.
  case ready(AgentID, WorkMode = .autoIn, reference: UInt32)
  /// RequestAgentNotReady, with work mode and a free reason.
  case notReady(AgentID, WorkMode, reason: String?, reference: UInt32)
  /// RequestRegisterAddress: brings a DN into service (an agent behind the public network).
  case registerAddress(DN, reference: UInt32)
  /// RequestUnregisterAddress: takes it out of service.
  case unregisterAddress(DN, reference: UInt32)
}

/// Changes of the site itself.
public enum ControlSignal: Sendable, Hashable {
  /// The first signal of all, and again when a server goes on after its end: fixed extensions come
  /// into service, `login = "auto"` agents log in, calls are taken.
  case start
  /// A new generation of strategies is current; the text is its fingerprint.
  ///
  /// With a state, that is what all strategies keep from now on, in the same step; nil leaves what
  /// they keep as it is.
  case strategies(fingerprint: String, state: [StrategyState]? = nil)
  /// What a call's strategy had done could not be taken up again after a restart, and why: the call
  /// goes to its default route.
  case strategyLost(ConnID, String)
  /// No new calls any more; those that are there end in peace.
  case drain
  /// Something about the server that people must hear: it is announced as an EventError.
  case alarm(String)
}
