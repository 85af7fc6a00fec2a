internal import Engine

/// All live transactions.
struct TransactionTable: ~Copyable {
  /// Makes a table; `limit` is the greatest number of live transactions.
  init(timers: TransactionTimers = .standard, limit: Int = 1_000_000) {
    preconditionFailure()
  }

  var count: Int { preconditionFailure() }

  /// The instant at which `advance` must next be called; nil when nothing is pending.
  var nextDeadline: Instant? { preconditionFailure() }

  /// Lets timers expire: sends retransmissions, ends transactions, appends what the switch must know.
  mutating func advance(
    to now: Instant,
    into out: inout OutgoingQueue,
    events: inout [TransactionEvent]
  ) { preconditionFailure() }

  /// Matches a request; of a new one it keeps what replies need.
  mutating func receive(
    request: borrowing Received,
    from source: Endpoint,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> RequestOutcome { preconditionFailure() }

  /// The INVITE transaction that a CANCEL is about (RFC 3261 9.2).
  func invite(cancelledBy cancel: borrowing Received) -> TransactionHandle? {
    preconditionFailure()
  }

  /// Replies to the request of a server transaction; `headers` appends further header lines.
  ///
  /// Statuses from 200 on end the transaction's life as RFC 3261 17.2 and RFC 6026 say. A success to
  /// INVITE is sent again until `successAcknowledged` or 64 T1 (RFC 3261 13.3.1.4).
  mutating func reply(
    to handle: TransactionHandle,
    with reply: Reply,
    at now: Instant,
    into out: inout OutgoingQueue,
    headers: (inout MessageWriter) -> Void = { _ in }
  ) { preconditionFailure() }

  /// The dialog's ACK has arrived: the success is not sent again.
  mutating func successAcknowledged(_ handle: TransactionHandle) { preconditionFailure() }

  /// Sends a request and keeps it for retransmission; nil when the table is full.
  mutating func send(
    _ request: ByteView,
    as client: ClientRequest,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> TransactionHandle? { preconditionFailure() }

  /// Matches a response. Failures of INVITE are acknowledged here, known retransmissions absorbed.
  mutating func receive(
    response: borrowing Received,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> ResponseOutcome { preconditionFailure() }

  /// Sends the dialog's ACK to a success, and sends it again whenever that success is repeated.
  mutating func acknowledge(
    _ handle: TransactionHandle,
    with ack: ByteView,
    to destination: Endpoint,
    into out: inout OutgoingQueue
  ) { preconditionFailure() }

  /// Cancels our INVITE: at once when a provisional answer has come, else as soon as one comes.
  ///
  /// False when it has been answered finally. The final answer (usually 487) still arrives; without
  /// one, `timedOut` comes 64 T1 later (RFC 3261 9.1).
  @discardableResult
  mutating func cancel(
    _ handle: TransactionHandle,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> Bool { preconditionFailure() }

  /// Whose transaction this is.
  func owner(of handle: TransactionHandle) -> UInt64? { preconditionFailure() }

  /// Says whose transaction this is; comes back with events.
  mutating func setOwner(_ owner: UInt64, of handle: TransactionHandle) { preconditionFailure() }

  /// The status last sent or received; nil when the transaction has ended, 0 when there is none yet.
  func lastStatus(of handle: TransactionHandle) -> UInt16? { preconditionFailure() }
}
