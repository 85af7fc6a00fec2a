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
      "SELECT id, begun, epoch, seed, site, engine, after_event, after_call FROM recordings "
        + "ORDER BY id"
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
          head: head
        )
      )
    }
    return result
  }

  /// The registrations that were valid when the server ended.
  public func bindings() throws(StoreError) -> [StoredBinding] {
    var query = try database.prepare(
      "SELECT dn, uri, host, port, expires, call_id, cseq, position, q, instance, flow, path, "
        + "parameters, since FROM bindings ORDER BY dn, position"
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
      files.files.append(StrategyFiles.File(path: query.text(1), bytes: query.bytes(2)))
      result = files
    }
    return result
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
  /// - Throws: When a line is not what was written, or what `body` throws.
  func forEachSignal(
    of recording: Int64,
    until end: Instant = .distantFuture,
    _ body: (Line) throws(StoreError) -> Void
  ) throws(StoreError) {
    var query = try database.prepare(
      "SELECT sequence, derived, instant, body, sum FROM signals WHERE recording = ? "
        + "ORDER BY sequence"
    )
    query.bind(1, recording)
    var last: Int64?
    while try query.next() {
      let line = Line(
        sequence: query.number(0),
        isDerived: query.number(1) != 0,
        instant: Instant(nanoseconds: UInt64(bitPattern: query.number(2))),
        text: query.text(3)
      )
      if line.instant > end { break }
      var text = line.text
      let sum = text.withUTF8 { unsafe Checksum.of(UnsafeRawBufferPointer($0)) }
      guard sum == query.number(4), last.map({ $0 + 1 == line.sequence }) ?? true else {
        throw StoreError(
          .damaged,
          "\(database.path) is damaged: signal \(line.sequence) is not what was written; it is "
            + "left as it is"
        )
      }
      last = line.sequence
      try body(line)
    }
    query.reset()
  }
}
