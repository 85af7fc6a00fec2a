// A call as the line side sees it: the caller's INVITE, and where its diversion stands.
//
// States (`Phase`):
//   waiting    → offered to the engine; nobody is being called
//   diverting  → our INVITE to a target is under way (`target` is its leg)
//   talking    → the target answered, the caller has our 200 (`caller` and `target` are legs)
// A call that is transferred goes back to the first ones, with a caller who has his 200 already.
// A call is removed as soon as the engine has nothing to expect of it any more: after a redirect, a
// rejection, a release by either side or by the engine. What remains to be done then (BYE, CANCEL,
// waiting for an ACK) is done by its legs and transactions alone.
//
// Invariants: `.offered` has been signalled for every call in the slab that the engine knows;
// `.released` is signalled at most once, on removal; the ConnID is in `ConnIDMap` while the call is
// in the slab.
// Who may change it: `SIPSwitch` only. Source: RFC 3261 12, 13; HOUSE 2.7; DOMAIN 6.1.

internal import Engine

/// A call, from its INVITE until nobody expects anything of it.
struct Call {
  enum Phase: UInt8 { case waiting, diverting, talking }

  var conn: ConnID
  var phase = Phase.waiting
  /// The caller's INVITE, read, with the bytes that the envelope refers to.
  var invite: Text
  var envelope: Envelope
  var source: Endpoint
  /// The server transaction of that INVITE.
  var transaction: TransactionHandle
  /// The tag that the caller knows us by.
  var localTag: SIPToken
  /// The key under which a second copy of the INVITE is found (RFC 3261 8.2.2.2).
  var mergeKey: UInt64
  /// The DN that was called: an index into `SIPSwitch.entries`.
  var entry: Int
  var isTrusted: Bool
  /// Whether the INVITE brought History-Info along.
  var hasHistory: Bool
  /// What the call is known by everywhere, brought along or made by us.
  var uuid: CallUUID
  /// What the INVITE says about the dialog.
  var headers: DialogHeaders
  /// Its Timestamp, which a 100 repeats.
  var timestamp = ByteSlice.none

  /// The engine's number of the diversion under way or done last.
  var attempt: UInt32 = 0
  /// How many diversions were tried.
  var diversions: UInt32 = 0
  var lastFailure: RouteFailure?
  /// The DN that is being called, and which of its contacts: others may follow in its place.
  var reached: DN?
  var rank: UInt8 = 0
  /// Whether `.ringing` has been signalled for this attempt.
  var hasRung = false
  /// Whether the caller has seen a session description or a reliable answer under `localTag`.
  var hasShownMedia = false
  /// Whether the caller waits in a queue and is to hear 182.
  var isQueued = false
  /// Whether the caller has been answered before, and is to be joined with the next target: a call
  /// that was transferred, or will be (`Transfers`).
  var isAnswered = false
  /// Whether the engine does not know it: it was sent to a number behind a trunk by REFER.
  var isUnseen = false

  var target: Slot?
  /// His leg, once he is answered, or while his dialog is early.
  var caller: Slot?
  /// A re-INVITE or an UPDATE with a session description that is under way.
  var renegotiation: Slot?
  /// The status that the caller was told last, while he waits.
  var told: UInt16 = 100
  var kept = Kept()

  /// Whether the caller's INVITE has a body, in other words, offers a session.
  var hasOffer: Bool { !envelope.body.isEmpty }
  /// Whether the caller takes provisional answers only if they are reliable (RFC 3262 3).
  var needsReliable: Bool { headers.required.contains(.reliable) }
}
