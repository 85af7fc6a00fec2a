/// Names one transaction; a handle whose transaction has ended finds nothing.
struct TransactionHandle: Hashable, Sendable {
  var index: UInt32
  var generation: UInt32
}

/// What a request means to the server transactions.
enum RequestOutcome: Equatable, Sendable {
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
enum ResponseOutcome: Equatable, Sendable {
  /// Belongs to nothing we sent.
  case stray
  /// Already dealt with.
  case absorbed(TransactionHandle)
  case provisional(TransactionHandle)
  /// A failure of INVITE has been acknowledged by the transaction already.
  case final(TransactionHandle)
  /// A further success of the same INVITE from another phone (another To tag): ACK it, then BYE.
  case otherSuccess(TransactionHandle)
}

/// What the passing of time brought about; the transaction has ended.
enum TransactionEvent: Equatable, Sendable {
  /// No final answer to our request within 64 T1 (timers B, F, or after a CANCEL).
  case timedOut(TransactionHandle, owner: UInt64)
  /// No ACK to our failure within 64 T1 (timer H).
  case failureUnacknowledged(TransactionHandle, owner: UInt64)
  /// No ACK to our success within 64 T1: the dialog is to be ended by BYE (RFC 3261 13.3.1.4).
  case successUnacknowledged(TransactionHandle, owner: UInt64)
}

/// The intervals of RFC 3261 17 and table 4, in nanoseconds.
struct TransactionTimers: Equatable, Sendable {
  var t1: UInt64 = 500_000_000
  var t2: UInt64 = 4_000_000_000
  var t4: UInt64 = 5_000_000_000
  /// Timer D: how long retransmitted failures are still acknowledged.
  var d: UInt64 = 32_000_000_000

  static let standard = TransactionTimers()
}

/// What a client transaction is started with, besides the bytes of its request.
struct ClientRequest {
  var method: SIPMethod
  var branch: SIPToken
  var destination: Endpoint
  /// The switch's own name for whom this is done; comes back with events.
  var owner: UInt64
}

/// Which of the four machines of RFC 3261 17 a transaction runs.
enum TransactionKind: UInt8, Sendable {
  case inviteServer, nonInviteServer, inviteClient, nonInviteClient
}

/// The states of all four machines; not every machine has every state.
enum TransactionState: UInt8, Sendable {
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

/// One slot of the table; what expiring and matching need comes first, in one cache line.
struct TransactionRecord {
  var hash: UInt64 = 0
  var generation: UInt32 = 0
  var retryStamp: UInt32 = 0
  var lifeStamp: UInt32 = 0
  var state = TransactionState.free
  var kind = TransactionKind.inviteServer
  var method = SIPMethod.other
  /// How many retransmissions there have been.
  var tries: UInt8 = 0
  /// The status last sent or received.
  var status: UInt16 = 0
  var keyLength: UInt16 = 0
  var lastLength: UInt16 = 0
  var requestLength: UInt16 = 0
  /// Of a server key and, until the final reply, skeleton; of a client the request.
  var request = Block.none
  /// Of a server the last reply; of a client the ACK.
  var last = Block.none
  var owner: UInt64 = 0
  /// The branch that we made, of a client transaction.
  var branch: UInt64 = 0
  /// The To tag of the request (server) or of the success (client), hashed.
  var tagHash: UInt64 = 0
  var peer = Endpoint.unspecified
  var ackPeer = Endpoint.unspecified
  var marks = SkeletonMarks()
  /// The success has been acknowledged.
  var isAcknowledged = false
  /// CANCEL is to be sent as soon as a provisional response comes.
  var wantsCancel = false
  var isCancelled = false
  /// The table's own CANCEL: nobody wants to hear of it.
  var isInternal = false
}
