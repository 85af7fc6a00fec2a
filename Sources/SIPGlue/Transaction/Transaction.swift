/// Names one transaction; a handle whose transaction has ended finds nothing.
package struct TransactionHandle: Hashable, Sendable {
  package var index: UInt32
  package var generation: UInt32
}

/// What a request means to the server transactions.
package enum RequestOutcome: Equatable, Sendable {
  /// A new transaction; the switch decides and replies.
  case new(TransactionHandle)
  /// Seen before; the last reply, if there is one, has been sent again.
  case retransmission(TransactionHandle)
  /// The ACK to a failure: absorbed, the switch has nothing to do.
  case absorbed(TransactionHandle)
  /// The ACK to a success, or one that belongs to no transaction: for the dialog.
  case acknowledgement
  /// The table is full: answer 503 statelessly.
  case refused
}

/// What a response means to the client transactions.
package enum ResponseOutcome: Equatable, Sendable {
  /// Belongs to nothing we sent.
  case stray
  /// Already dealt with.
  case absorbed(TransactionHandle)
  case provisional(TransactionHandle)
  /// A failure of INVITE has been acknowledged by the transaction already.
  case final(TransactionHandle)
  /// A further success of the same INVITE from another phone (another To tag): ACK it, then BYE.
  case otherSuccess(TransactionHandle)
  /// A success whose ACK was sent, and forgotten since: ACK it again.
  case successAgain(TransactionHandle)
}

/// What the passing of time brought about; the transaction has ended.
package enum TransactionEvent: Equatable, Sendable {
  /// No final answer to our request within 64 T1 (timers B, F, or after a CANCEL).
  case timedOut(TransactionHandle, owner: UInt64)
  /// No ACK to our failure within 64 T1 (timer H).
  case failureUnacknowledged(TransactionHandle, owner: UInt64)
  /// No ACK to our success within 64 T1: the dialog is to be ended by BYE (RFC 3261 13.3.1.4).
  case successUnacknowledged(TransactionHandle, owner: UInt64)
  /// The connection on which the answer to our request was to come is lost (RFC 3261 17.1.4).
  case connectionLost(TransactionHandle, owner: UInt64)
}

/// The intervals of RFC 3261 17 and table 4, in nanoseconds.
package struct TransactionTimers: Equatable, Sendable {
  package var t1: UInt64 = 500_000_000
  package var t2: UInt64 = 4_000_000_000
  package var t4: UInt64 = 5_000_000_000
  /// Timer D: how long retransmitted failures are still acknowledged.
  package var d: UInt64 = 32_000_000_000

  package static let standard = TransactionTimers()
}

/// Why a call ends, as CANCEL or BYE says in Reason (RFC 3326).
package enum CancelCause: UInt8, Sendable {
  case unsaid, noAnswer, takenBack, callerHungUp, answeredElsewhere, expired

  /// The value of the header; empty when there is to be none.
  package var reason: StaticString {
    switch self {
    case .unsaid: ""
    case .noAnswer: "SIP;cause=480;text=\"No answer\""
    case .takenBack: "SIP;cause=487;text=\"Call taken back\""
    case .callerHungUp: "SIP;cause=487;text=\"Caller hung up\""
    case .answeredElsewhere: "SIP;cause=200;text=\"Call completed elsewhere\""
    case .expired: "SIP;cause=408;text=\"Session expired\""
    }
  }
}

/// What a client transaction is started with, besides the bytes of its request.
package struct ClientRequest {
  package var method: SIPMethod
  package var branch: SIPToken
  package var destination: Endpoint
  /// The switch's own name for whom this is done; comes back with events.
  package var owner: UInt64
  /// When the request goes by a stream for its size alone, by which socket of ours it goes as a
  /// datagram after all if nobody takes the connection (RFC 3261 18.1.1); 0: the only one.
  package var datagramSocket: UInt64?

  package init(method: SIPMethod, branch: SIPToken, destination: Endpoint, owner: UInt64) {
    self.method = method
    self.branch = branch
    self.destination = destination
    self.owner = owner
  }
}

/// Which of the four machines of RFC 3261 17 a transaction runs.
package enum TransactionKind: UInt8, Sendable {
  case inviteServer, nonInviteServer, inviteClient, nonInviteClient
}

/// The states of all four machines; not every machine has every state.
package enum TransactionState: UInt8, Sendable {
  case free
  /// Server: no reply yet. Client: no response yet ("Calling" for INVITE).
  case trying
  case proceeding
  case completed
  /// INVITE server: the failure has been acknowledged.
  case confirmed
  /// INVITE, success sent or received (RFC 6026).
  case accepted
}

/// One slot of the table, in two cache lines.
///
/// Most of the table waits for repetitions that never come. What expiring and matching need comes
/// first; small fields fill what blocks leave.
package struct TransactionRecord {
  /// Of a server that of its key; of a client its branch, in disguise (`TransactionTable`).
  package var hash: UInt64 = 0
  package var generation: UInt32 = 0
  package var retryStamp: UInt32 = 0
  package var lifeStamp: UInt32 = 0
  package var state = TransactionState.free
  package var kind = TransactionKind.inviteServer
  package var method = SIPMethod.other
  /// How many retransmissions there have been.
  package var tries: UInt8 = 0
  /// Of a server key and, until the final reply, skeleton; of a client the request.
  package var request = Block.none
  /// The success of a server has been acknowledged; the ACK of a client was sent and is forgotten.
  ///
  /// In the latter case a repeated success is acknowledged by what it says itself.
  package var isAcknowledged = false
  /// CANCEL is to be sent as soon as a provisional response comes.
  package var wantsCancel = false
  package var cancelCause = CancelCause.unsaid
  package var isCancelled = false
  /// The table's own CANCEL: nobody wants to hear of it.
  package var isInternal = false
  /// Whether the answer is expected on a connection.
  package var waitsOnConnection = false
  /// By which socket of ours the request goes when nobody takes the connection, plus one; 0: none.
  package var datagramWay: UInt8 = 0
  /// Of a server the last reply; of a client the ACK.
  package var last = Block.none
  /// The final reply is not kept: it follows from the request, which comes again before it does.
  package var repliesAnew = false
  /// The status last sent or received.
  package var status: UInt16 = 0
  package var keyLength: UInt16 = 0
  package var lastLength: UInt16 = 0
  package var requestLength: UInt16 = 0
  package var marks = SkeletonMarks()
  /// The neighbours that wait on the same connection, as their slots plus one.
  package var nextWaiting: UInt32 = 0
  package var previousWaiting: UInt32 = 0
  package var owner: UInt64 = 0
  /// The To tag of the request (server) or of the success (client), hashed.
  package var tagHash: UInt64 = 0
  /// Where replies go, or the request; once there is one, where the ACK to a success goes.
  package var peer = Endpoint.unspecified
}

extension TransactionRecord {
  /// Whether it answers somebody's request.
  package var isServer: Bool { kind == .inviteServer || kind == .nonInviteServer }

  /// Whether both sides have all they want, but for what gets lost on the way.
  package var isOver: Bool {
    switch (kind, state) {
    case (.inviteServer, .accepted): isAcknowledged
    case (.inviteClient, .accepted): isAcknowledged || lastLength > 0
    case (.inviteServer, .completed): false
    case (_, .completed), (_, .confirmed): true
    case (_, .free), (_, .trying), (_, .proceeding), (_, .accepted): false
    }
  }

  /// Whether nothing that is sent gets lost without a word.
  package var isReliable: Bool { peer.transport.isStream }
}
