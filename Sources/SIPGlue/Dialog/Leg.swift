// A leg: our side of one dialog, with the caller or with a target.
//
// States (`State`):
//   calling    → (target only) our INVITE is out
//   abandoned  → (target only) the same, but nobody wants the answer: cancelled; a late 200 is
//                acknowledged and ended by BYE
//   talking    → the dialog is confirmed on this leg
//   parting    → our 200 waits for its ACK (a BYE before that is not allowed to us, RFC 3261 15) or
//                our last NOTIFY about a transfer for its answer, then BYE follows
//   ending     → our BYE is out
//   early      → (caller only) our reliable 18x opened the dialog, the answer is not there yet; it
//                is not kept for a later process. A target's dialog is early while it is `calling`
//                and `remoteTag` is known.
// A leg goes when its dialog has ended: BYE received, our BYE answered or timed out, INVITE failed.
//
// Invariants: `call` is nil in abandoned, parting and ending, and names a call otherwise, which
// names this leg, unless the leg is early and its attempt is over; every leg that is neither
// `talking` nor `early` has a live transaction whose end removes it, an early one goes with its
// call or with the next attempt; the tag
// is in `ConnIDMap` while the leg is in the slab.
// Who may change it: `SIPSwitch` only. Source: RFC 3261 12, 13, 15.

internal import Engine

/// Our side of one dialog.
struct Leg {
  enum Side: UInt8 { case caller, target }
  enum State: UInt8 { case calling, abandoned, talking, parting, ending, early }

  /// What an INVITE offers: nothing, the session of whoever made the call, or what is known of the
  /// description of a party that talks already.
  enum Offering: UInt8 { case nothing, session, description }

  var side: Side
  var state: State
  /// The call that this leg serves, while somebody expects something of it.
  var call: Slot?
  var attempt: UInt32 = 0

  /// The leg's texts, which the slices below refer to.
  var text: Text
  var callID = ByteSlice.none
  /// Our From (To in what comes in), tag included.
  var local = ByteSlice.none
  /// The other side's identity, tag included once it is known.
  var remote = ByteSlice.none
  var remoteTag = ByteSlice.none
  /// Where requests are addressed: the other side's Contact.
  var target = ByteSlice.none
  /// Route lines with their line ends.
  var routes = ByteSlice.none

  /// The tag that finds this leg.
  var localTag: SIPToken
  /// Where requests are sent.
  var hop: Endpoint
  var localSequence: UInt32
  /// The number of the other side's last request; -1 while there is none (RFC 3261 12.1.2).
  var remoteSequence: Int64
  /// The called DN, for our Contact.
  var entry: Int

  /// Our INVITE on this leg that was sent last.
  var clientInvite: TransactionHandle?
  var clientSequence: UInt32 = 0
  /// Whether its success still waits for our ACK.
  var owesACK = false
  /// The INVITE received last on this leg that we have answered.
  var serverInvite: TransactionHandle?
  var serverSequence: UInt32 = 0
  /// Whether our success still waits for the ACK.
  var awaitsACK = false
  /// Whether our INVITE has had any answer.
  var isProceeding = false
  /// Whether the phone has rung.
  var hasRung = false
  /// Of several early dialogs of a target the one that the caller knows of, as the hash of its tag.
  var shownTag: UInt64 = 0
  /// What our INVITE to this target offered.
  var offering = Offering.nothing
  /// Whether a REFER came on this leg before.
  var hasReferred = false
  /// Whether this side has put the other on hold.
  var isHolding = false
  var session = SessionTimer()
  /// The session description that we sent last, where a refresh must repeat it.
  var description: Text?
  /// What a BYE on this leg says in Reason.
  var cause = CancelCause.unsaid
  /// Whether `localTag` leads here; a second phone that answered shares it with the first.
  var isNamed = true
  var kept = Kept()
}

/// A request on its way from one leg to the other, or our own on one leg.
struct Relay {
  /// The leg that it came in on; of our own, the leg that it went out on.
  var from: Slot
  /// The leg that it went out on.
  var to: Slot
  /// Its server transaction, and its number on the leg it came from; nil: it is our own.
  var server: TransactionHandle?
  var serverSequence: UInt32
  /// Its client transaction, and its number on the leg it went out on.
  var client: TransactionHandle?
  var clientSequence: UInt32
  var method: SIPMethod
  var hasBody: Bool
  /// What its session description, if any, does to the other side.
  var offer = SessionOffer.none
  /// The call of whose join our own one is a step.
  var joins: Slot?
  /// What it says about the session's timer.
  var headers = DialogHeaders()
  /// Its session description, where the leg that it went out on must keep it.
  var description: Text?
  var kept = Kept()
}

/// A final answer to a caller who waited: it is sent until his ACK comes, also by the next process.
struct Final {
  var conn: ConnID
  var transaction: TransactionHandle
  var kept = Kept()
}
