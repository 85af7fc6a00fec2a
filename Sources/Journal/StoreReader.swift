// Reading a store: what is in it, and its signals one after the other.
//
// A reader sees what is committed at the moment at which it begins, also while a server writes.

public import Engine
internal import Wire

/// A store that is read: for recovery, export, and by people.
public struct StoreReader: ~Copyable {
  let database: Database

  /// One recording in the store: from one start with a site to the next with another.
  public struct Recording: Sendable {
    /// Its number in the store.
    public var id: Int64
    /// When it began: nanoseconds since the Unix epoch.
    public var begun: UInt64
    /// The site as text, as it was written.
    public var siteText: String
    /// What the engine starts from; without sources.
    public var head: RecordingHead
    /// The number of its first signal, which may be gone.
    var firstSignal: Int64
  }

  /// Opens the store of a folder for reading.
  ///
  /// - Parameters:
  ///   - folder: The server's folder.
  ///   - isChecked: Whether its pages were checked just before.
  /// - Throws: Why it cannot be read.
  public init(_ folder: String, isChecked: Bool = false) throws(StoreError) {
    database = try Self.open(Store.path(in: folder), isChecked: isChecked)
  }

  private static func open(_ path: String, isChecked: Bool) throws(StoreError) -> Database {
    let opened: Database
    do {
      opened = try Database(path, .reading)
    } catch {
      throw StoreError(.missing, "there is no store at \(path) that can be read")
    }
    guard try Schema.check(opened, isChecked: isChecked) > 0 else {
      throw StoreError(.missing, "\(path) is empty: nothing has been recorded there")
    }
    // One view for everything that this reader reads.
    try opened.run("BEGIN")
    return opened
  }

  /// The recordings, oldest first.
  public func recordings() throws(StoreError) -> [Recording] {
    var query = try database.prepare(
      "SELECT id, begun, epoch, seed, site, engine, after_event, after_call, first_signal "
        + "FROM recordings ORDER BY id"
    )
    var result: [Recording] = []
    while try query.next() {
      let text = query.text(4)
      var unknown: [String] = []
      let plan: Plan
      do {
        plan = try Plan(JSONValue(parsing: text), unknown: &unknown)
      } catch {
        throw StoreError(.damaged, "\(database.path) is damaged: its site cannot be read: \(error)")
      }
      var head = RecordingHead(
        plan: plan,
        seed: UInt64(bitPattern: query.number(3)),
        epoch: UInt64(bitPattern: query.number(2))
      )
      head.engine = query.text(5)
      head.counters.sequence = UInt64(bitPattern: query.number(6))
      head.counters.callID = UInt32(clamping: query.number(7))
      result.append(
        Recording(
          id: query.number(0),
          begun: UInt64(bitPattern: query.number(1)),
          siteText: text,
          head: head,
          firstSignal: query.number(8)
        )
      )
    }
    return result
  }

  /// The registrations that were valid when the server ended.
  public func bindings() throws(StoreError) -> [StoredBinding] {
    var query = try database.prepare(
      "SELECT dn, uri, host, port, expires, call_id, cseq, position, q, instance, flow, path, "
        + "parameters, since, socket FROM bindings ORDER BY dn, position"
    )
    var result: [StoredBinding] = []
    while try query.next() {
      var binding = StoredBinding(
        DN(query.text(0)),
        uri: query.text(1),
        expires: Instant(nanoseconds: UInt64(bitPattern: query.number(4))),
        callID: query.text(5),
        cseq: UInt32(clamping: query.number(6))
      )
      if !query.isNull(2) { binding.host = query.text(2) }
      binding.port = UInt16(clamping: query.number(3))
      binding.position = Int(query.number(7))
      binding.q = UInt16(clamping: query.number(8))
      if !query.isNull(9) { binding.instance = query.text(9) }
      binding.flow = UInt32(clamping: query.number(10))
      binding.path = query.text(11).split(separator: "\n").map(String.init)
      binding.parameters = query.text(12)
      binding.since = Instant(nanoseconds: UInt64(bitPattern: query.number(13)))
      binding.socket = UInt64(bitPattern: query.number(14))
      result.append(binding)
    }
    return result
  }

  /// What the line side kept of the calls that were alive.
  public func dialogs() throws(StoreError) -> [StoredDialog] {
    var query = try database.prepare(
      "SELECT id, conn_id, part, state, body, message FROM dialogs ORDER BY id"
    )
    var result: [StoredDialog] = []
    while try query.next() {
      var dialog = StoredDialog(
        id: UInt64(bitPattern: query.number(0)),
        part: query.text(2),
        state: query.text(3),
        body: query.bytes(4)
      )
      if !query.isNull(1) { dialog.conn = ConnID(text: query.text(1)) }
      if !query.isNull(5) { dialog.message = query.bytes(5) }
      result.append(dialog)
    }
    return result
  }

  /// The highest ConnID that the store knows; nil when there was no call.
  public func lastConnID() throws(StoreError) -> ConnID? {
    var query = try database.prepare("SELECT max(conn_id) FROM calls")
    guard try query.next(), !query.isNull(0) else { return nil }
    return ConnID(text: query.text(0))
  }

  /// The sources of a generation; nil when the store does not have them.
  public func sources(of fingerprint: String) throws(StoreError) -> StrategyFiles? {
    var query = try database.prepare(
      "SELECT folder, path, contents FROM strategies WHERE fingerprint = ? ORDER BY path"
    )
    query.bind(1, fingerprint)
    var result: StrategyFiles?
    while try query.next() {
      var files =
        result ?? StrategyFiles(fingerprint: fingerprint, folder: query.text(0), files: [])
      let path = query.text(1)
      if !path.isEmpty { files.files.append(StrategyFiles.File(path: path, bytes: query.bytes(2))) }
      result = files
    }
    return result
  }

  /// Compares the signals before a snapshot with their sums: nobody reads them, and they are the
  /// truth all the same.
  ///
  /// - Throws: When one is not what was written.
  func verify(_ recording: Recording, upTo last: Int64) throws(StoreError) {
    try forEachSignal(of: recording.id, upTo: last, reads: false) { _ in }
  }

  /// The number of the last event of all; 0 when there is none.
  func lastEventNumber() throws(StoreError) -> UInt64 {
    UInt64(bitPattern: try database.number("SELECT max(seq) FROM events"))
  }

  /// The number and the text of the last event of all; nil when there is none.
  func lastEvent() throws(StoreError) -> (sequence: UInt64, text: String)? {
    var query = try database.prepare("SELECT seq, body FROM events ORDER BY seq DESC LIMIT 1")
    guard try query.next() else { return nil }
    return (UInt64(bitPattern: query.number(0)), query.text(1))
  }

  /// One line of the store.
  struct Line {
    var sequence: Int64
    var isDerived: Bool
    var instant: Instant
    var text: String
  }

  /// Shows the signals and steps of a recording in order.
  ///
  /// - Parameters:
  ///   - recording: Its number.
  ///   - after: The signal before the first one; 0: from whichever is there.
  ///   - last: The last one.
  ///   - end: The last one's instant.
  ///   - reads: Whether `body` needs the text; it is compared with its sum in any case.
  ///   - body: Sees them.
  /// - Throws: When a line is not what was written, or what `body` throws.
  func forEachSignal(
    of recording: Int64,
    after: Int64 = 0,
    upTo last: Int64 = .max,
    until end: Instant = .distantFuture,
    reads: Bool = true,
    _ body: (Line) throws(StoreError) -> Void
  ) throws(StoreError) {
    var query = try database.prepare(
      "SELECT sequence, derived, instant, body, sum FROM signals WHERE recording = ? "
        + "AND sequence > ? AND sequence <= ? ORDER BY sequence"
    )
    query.bind(1, recording)
    query.bind(2, after)
    query.bind(3, last)
    var previous: Int64? = after > 0 ? after : nil
    while try query.next() {
      let sequence = query.number(0)
      guard query.sum(3) == query.number(4), previous.map({ $0 + 1 == sequence }) ?? true else {
        throw StoreError(
          .damaged,
          "\(database.path) is damaged: signal \(sequence) is not what was written; it is "
            + "left as it is"
        )
      }
      previous = sequence
      let instant = Instant(nanoseconds: UInt64(bitPattern: query.number(2)))
      if instant > end { break }
      let line = Line(
        sequence: sequence,
        isDerived: query.number(1) != 0,
        instant: instant,
        text: reads ? query.text(3) : ""
      )
      try body(line)
    }
    query.reset()
  }
}
