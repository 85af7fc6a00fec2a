// Transfers: a party of a bridged call sends the other one on by REFER (RFC 3515, RFC 5589). Who
// called may do so where the site lets him (`TransferPolicy`): then the party that he had called
// stays, and makes the call from then on.
//
// For the engine a transfer is a consult call that takes over the held call (DOMAIN 2.8). Sent on
// to a DN, the consult call is ours: it has no INVITE of anybody, and its caller is the party that
// stays. To a phone it rings while the two still talk, and the transfer is made when that phone
// answers; to a queue or routing point it is made at once. With Replaces, the consult call is the
// one that the transferring party has made himself.
//
// Behind a trunk there is no DN: the number is called by us, the engine hears nothing of it but the
// end of the held call, when the transfer is made (`Call.isUnseen`).
//
// States of a transfer, from REFER on:
//   begun → the consult call is offered, the two still talk (`isAsked` is false)
//   asked → `.transferred` is signalled; the engine answers with `.transfer` or `.reject`
// and then it is gone: made (the consult call has the held call's name, caller and INVITE, the
// transferring party is let go after his last NOTIFY) or failed (the call is as it was). The party
// who hangs up before that has asked.
//
// States of a join, which gives a party who talks already another one to talk to (`Join.Step`): the
// target is asked for an offer unless its 200 has brought one, the offer goes to the party that
// stays by re-INVITE, his answer goes to the target in our ACK (RFC 3725 4.1). A target that makes
// no offer gets what the party's INVITE had offered, its answer goes to the party as an offer, and
// what he answers to the target as another one, unless it is what the target was told.
//
// Invariants: a call is in one transfer at most, as held or as consult call; a transfer ends with
// either of its calls; a join ends with its attempt or its call; a joined call has no INVITE to
// answer (`Call.isAnswered`).
// Who may change it: `SIPSwitch` only. Source: RFC 3515, 3891, 3892, 4488, 5589.

internal import Engine

/// A transfer that has been accepted and not been made.
struct Transfer {
  /// Which side of the held call sends the other one on.
  var side = CallSide.target
  /// The call that goes on in place of the held one.
  var consult: Slot
  /// The leg that asked for it, while it is there.
  var referrer: Slot?
  /// The number of its REFER, where NOTIFY must name it; 0: it need not.
  var eventID: UInt32 = 0
  /// Whether the referrer is to be told how it goes (RFC 4488).
  var isReported = true
  /// Who sends the party on, as Referred-By says it.
  var referredBy = ""
  /// Whether the engine has been asked.
  var isAsked = false
  /// When it is given up; in the distant future where the engine sees to that.
  var end = Instant.distantFuture
  /// The leg of whoever has come by INVITE to take the place of the party that goes.
  var newcomer: Slot?
}

extension Transfer {
  /// The leg of the party that stays in the held call.
  func staying(in held: Call) -> Slot? { side == .target ? held.caller : held.target }

  /// The leg of the party that sends it on.
  func leaving(_ held: Call) -> Slot? { side == .target ? held.target : held.caller }
}

/// A target and a party who talks already, on their way to each other.
struct Join {
  /// What is sent next, or under way.
  enum Step: UInt8 {
    /// The target is asked for an offer.
    case ask
    /// The target gets what is known of the party's description.
    case describe
    /// The party gets what the target has said.
    case offer
    /// The target gets what the party has said.
    case tell
  }

  /// The leg of the target; an early one is that of a newcomer, whose INVITE waits for the answer.
  var target: Slot
  /// The leg of the party that stays; nil: the caller's.
  var party: Slot?
  var step: Step
  /// What is offered in this step.
  var offer: Text?
  /// When the next step is tried again; in the distant future while one is under way.
  var again: Instant
  /// When it is given up.
  var end: Instant
}

/// What a referrer is still to be told; it outlives the process.
struct Report {
  /// The number of his REFER, where NOTIFY must name it; 0: it need not.
  var eventID: UInt32
  /// The status that is the last word; 0: it is not known yet.
  var status: UInt16 = 0
}

/// All transfers and joins that are under way; there are few at any time.
struct Transfers {
  private var byHeld: [Slot: Transfer] = [:]
  private var heldOf: [Slot: Slot] = [:]
  /// By call.
  var joins: [Slot: Join] = [:]
  /// By the leg of a newcomer who waits: what is kept of his INVITE.
  var newcomers: [Slot: Slot] = [:]
  /// By the leg of a referrer, until the last NOTIFY is answered.
  var reports: [Slot: Report] = [:]
  /// What newcomers offer, by the call that the engine has not yet sent to them.
  var offers: [Slot: Text] = [:]

  /// Whether nothing is under way.
  var isEmpty: Bool { byHeld.isEmpty && joins.isEmpty }

  /// The transfer of a held call.
  subscript(held: Slot) -> Transfer? { byHeld[held] }

  /// The held call that a consult call is to take over.
  func held(of consult: Slot) -> Slot? { heldOf[consult] }

  /// Whether a call is in a transfer already.
  func concern(_ call: Slot) -> Bool { byHeld[call] != nil || heldOf[call] != nil }

  mutating func begin(_ transfer: Transfer, of held: Slot) {
    byHeld[held] = transfer
    heldOf[transfer.consult] = held
  }

  mutating func update(_ held: Slot, _ body: (inout Transfer) -> Void) {
    guard var transfer = byHeld[held] else { return }
    body(&transfer)
    byHeld[held] = transfer
  }

  mutating func remove(_ held: Slot) -> Transfer? {
    guard let transfer = byHeld.removeValue(forKey: held) else { return nil }
    heldOf[transfer.consult] = nil
    return transfer
  }

  /// When the first of them must be looked at again; in the distant future: never.
  var nextDeadline: Instant {
    let joined = joins.values.map(\.again).min() ?? .distantFuture
    return min(joined, byHeld.values.map(\.end).min() ?? .distantFuture)
  }

  /// The consult calls that are given up, in the order of their slots.
  func overdue(at now: Instant) -> [Slot] {
    byHeld.values.filter { $0.end <= now }.map(\.consult).sorted { $0.index < $1.index }
  }

  /// The calls whose joins are due, in the order of their slots.
  func due(at now: Instant) -> [Slot] {
    joins.filter { $0.value.again <= now }.map(\.key).sorted { $0.index < $1.index }
  }
}
