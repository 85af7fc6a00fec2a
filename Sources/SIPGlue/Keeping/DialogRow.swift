// What a switch needs of its calls, legs and transactions to go on in another process.
//
// A row is a value: `Service` hands it to the store without looking into it, together with the
// signals of the same turn, so that after a crash the rows and the engine's state are of the same
// moment. Its form is ours alone (`RowWriter`), and begins with a number for the form.

public import Engine

/// One thing that the switch must remember: a call, a leg, a request that is passed on, a refusal.
public struct DialogRow: Sendable, Hashable {
  /// What the row is about.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    /// A caller's INVITE.
    case call
    /// Our side of the dialog with a caller who was answered.
    case caller
    /// Our side of the dialog with a target.
    case target
    /// A request on its way from one leg to the other.
    case relay
    /// A final answer that waits for its ACK.
    case final
  }

  /// Its number, which is not used again.
  public var id: UInt64
  /// What it is about.
  public var part: Part
  /// The call that it belongs to; nil when it has ended.
  public var conn: ConnID?
  /// Where it stands, in one word for people.
  public var state: String
  /// What changes.
  public var body: [UInt8]
  /// What does not change: the caller's INVITE, or ours; nil: as it was written first.
  public var message: [UInt8]?

  /// Makes a row.
  public init(id: UInt64, part: Part, state: String, body: [UInt8]) {
    self.id = id
    self.part = part
    self.state = state
    self.body = body
    conn = nil
    message = nil
  }
}

/// What has become of a row.
public enum DialogChange: Sendable, Hashable {
  /// It is to be kept like this.
  case kept(DialogRow)
  /// It is needed no longer.
  case gone(UInt64)
}

/// How something that can be kept stands to its row.
struct Kept {
  /// The row's number; 0: there is none yet.
  var row: UInt64 = 0
  /// Whether the store has the row.
  var isStored = false
  /// Whether it has changed since.
  var isTouched = false
  /// Whether somebody outside will rely on the change.
  var isUrgent = false
  /// The transaction whose request is the row's message.
  var message: TransactionHandle?
}

/// What has been touched since the store was last told.
struct DialogKeeper {
  /// Whether anything is kept.
  var isOn = false
  var touched: [Owner] = []
  var gone: [UInt64] = []
  /// Whether a row that somebody relied on has gone.
  var isUrgent = false
  private var last: UInt64

  /// Starts numbering like `ConnIDMap`.
  init(start: UInt64) { last = (start / 1_000_000_000) << 32 }

  /// The next number.
  mutating func next() -> UInt64 {
    last += 1
    return last
  }

  /// Numbers are not used again.
  mutating func skip(to row: UInt64) { last = max(last, row) }

  /// Notes that something has changed.
  mutating func touch(_ kept: inout Kept, _ owner: Owner, isUrgent: Bool) {
    guard isOn else { return }
    if isUrgent { kept.isUrgent = true }
    guard !kept.isTouched else { return }
    kept.isTouched = true
    touched.append(owner)
  }

  /// Notes that something is gone.
  mutating func forget(_ kept: Kept, isUrgent: Bool) {
    guard kept.isStored else { return }
    gone.append(kept.row)
    if isUrgent { self.isUrgent = true }
  }
}
