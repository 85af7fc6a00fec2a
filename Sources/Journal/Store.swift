// The durable store: what entered the engine, in order, and what it announced.
//
// States: open for writing (one owner: the writer's thread), or for reading (any number).
// Invariants: signals are numbered without gaps in the order in which the engine handled them; an
// event names the signal from outside that led to it; what one `write` is given is there as a whole
// or not at all; nothing that is there is ever changed. A file that is damaged, newer or not ours
// is refused before anything is written to it.
// Who may change it: `begin` and `write`. Source: ADR 0006, ADR 0015; HOUSE 2.8.

internal import Engine
internal import Wire

/// The store of one server's folder.
public struct Store: ~Copyable {
  /// The file's name in the server's folder.
  public static let fileName = "pointsman.db"

  let database: Database
  private let statements: StoreStatements
  private var writer = JSONWriter()
  private var recording: Int64
  private var epoch: UInt64
  /// Where images were taken that are not written yet.
  private var marks: [(number: UInt64, signal: Int64)] = []
  /// The number of the last signal, and of the last one that came from outside.
  private var position: Position

  private struct Position {
    var signal: Int64
    var outside: Int64
  }

  /// The path of the store in a folder.
  public static func path(in folder: String) -> String {
    folder + (folder.hasSuffix("/") ? "" : "/") + fileName
  }

  /// Opens the store of a folder for writing; makes it when there is none.
  ///
  /// - Parameters:
  ///   - folder: The server's folder.
  ///   - isChecked: Whether somebody has read it from end to end just before.
  /// - Throws: Why it cannot be used; it is then as it was.
  public init(writing folder: String, isChecked: Bool = false) throws(StoreError) {
    let opened = try Self.open(folder, isChecked: isChecked)
    let prepared = try StoreStatements(opened)
    let recording = try opened.number("SELECT max(id) FROM recordings")
    // Old signals may be gone; their numbers are never given a second time.
    let signal = try opened.number(
      "SELECT max((SELECT coalesce(max(sequence), 0) FROM signals), "
        + "(SELECT coalesce(max(signal), 0) FROM snapshots), "
        + "(SELECT coalesce(max(first_signal), 1) - 1 FROM recordings))"
    )
    let epoch = try opened.number("SELECT epoch FROM recordings ORDER BY id DESC LIMIT 1")
    database = opened
    statements = prepared
    self.recording = recording
    self.epoch = UInt64(bitPattern: epoch)
    position = Position(signal: signal, outside: signal)
  }

  private static func open(
    _ folder: String,
    isChecked: Bool
  ) throws(StoreError) -> Database {
    let opened = try Database(path(in: folder), .writing)
    let version = try Schema.check(opened, isChecked: isChecked)
    // Only a file without tables can be told to give pages back.
    if version == 0 { try opened.run("PRAGMA auto_vacuum = INCREMENTAL") }
    try opened.run("PRAGMA journal_mode = WAL")
    // The process may die at any moment; after a power failure the last moments may be missing.
    try opened.run("PRAGMA synchronous = NORMAL")
    try opened.run("PRAGMA wal_autocheckpoint = 4000")
    try Schema.upgrade(opened, from: version)
    return opened
  }

  /// Begins a new recording; what is written from now on belongs to it.
  public mutating func begin(_ head: RecordingHead, at time: UInt64) throws(StoreError) {
    var insert = try database.prepare(
      "INSERT INTO recordings (begun, epoch, seed, site, engine, after_event, after_call, "
        + "first_signal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    insert.bind(1, time)
    insert.bind(2, head.epoch)
    insert.bind(3, head.seed)
    insert.bind(4, head.siteText)
    insert.bind(5, head.engine)
    insert.bind(6, head.counters.sequence)
    insert.bind(7, UInt64(head.counters.callID))
    insert.bind(8, position.signal + 1)
    try insert.run()
    epoch = head.epoch
    recording = try database.number("SELECT max(id) FROM recordings")
  }

  /// Writes entries in one transaction: all of them, or none when it throws.
  public mutating func write(_ entries: [StoreEntry]) throws(StoreError) {
    let before = position
    do {
      try database.run("BEGIN IMMEDIATE")
      for entry in entries { try write(entry) }
      try database.run("COMMIT")
    } catch {
      position = before
      // Some errors have rolled back already; then this one says so and nothing is lost.
      if database.isInTransaction { try? database.run("ROLLBACK") }
      throw error
    }
  }

  private mutating func write(_ entry: borrowing StoreEntry) throws(StoreError) {
    switch entry {
    case .signal(let signal, let instant):
      position.signal += 1
      position.outside = position.signal
      try write(signal, instant, isDerived: false)
    case .step(let signal, let instant):
      position.signal += 1
      try write(signal, instant, isDerived: true)
    case .event(let event):
      try write(event)
      try keepCall(event)
    case .binding(let binding): try write(binding)
    case .unbound(let dn):
      statements.unbound.bind(1, dn.number)
      try statements.unbound.run()
    case .sources(let sources): try write(sources)
    case .mark(let number): marks.append((number, position.signal))
    case .image(let number, let image): try write(image, number)
    case .dialog(let dialog): try write(dialog)
    case .dialogGone(let id):
      statements.dialogGone.bind(1, id)
      try statements.dialogGone.run()
    }
  }

  private mutating func write(_ dialog: StoredDialog) throws(StoreError) {
    statements.dialog.bind(1, dialog.id)
    statements.dialog.bind(2, dialog.conn?.text)
    statements.dialog.bind(3, dialog.part)
    statements.dialog.bind(4, dialog.state)
    statements.dialog.bind(5, dialog.body)
    if let message = dialog.message {
      statements.dialog.bind(6, message)
    } else {
      statements.dialog.bind(6, nil as String?)
    }
    try statements.dialog.run()
  }

  private mutating func write(_ image: PackedImage, _ number: UInt64) throws(StoreError) {
    guard let mark = marks.last(where: { $0.number == number }) else { return }
    statements.snapshot.bind(1, mark.signal)
    statements.snapshot.bind(2, recording)
    statements.snapshot.bind(3, image.event)
    statements.snapshot.bind(4, epoch &+ image.instant.nanoseconds)
    statements.snapshot.bind(5, image.instant.nanoseconds)
    statements.snapshot.bind(6, image.alive)
    statements.snapshot.bind(7, Int64(EngineState.layout))
    statements.snapshot.bind(8, image.engine)
    statements.snapshot.bind(9, image.bytes)
    statements.snapshot.bind(10, image.carried)
    try statements.snapshot.run()
    // A group that fails is written again: marks of images to come must still be there.
    marks.removeAll { $0.number < number }
  }

  private mutating func write(
    _ signal: borrowing Signal,
    _ instant: Instant,
    isDerived: Bool
  ) throws(StoreError) {
    writer.removeAll()
    writer.value(signal, at: instant)
    statements.signal.bind(1, position.signal)
    statements.signal.bind(2, recording)
    statements.signal.bind(3, instant.nanoseconds)
    statements.signal.bind(4, isDerived ? 1 as Int64 : 0)
    statements.signal.bindText(5, writer)
    statements.signal.bind(6, unsafe writer.withUnsafeBytes { unsafe Checksum.of($0) })
    try statements.signal.run()
  }

  private mutating func write(_ event: borrowing Event) throws(StoreError) {
    writer.removeAll()
    writer.value(event)
    statements.event.bind(1, event.sequence)
    statements.event.bind(2, position.outside)
    statements.event.bind(3, event.time)
    statements.event.bind(4, event.kind.name)
    statements.event.bind(5, event.thisDN.number)
    statements.event.bind(6, event.call?.connID.text)
    statements.event.bindText(7, writer)
    try statements.event.run()
  }

  /// Keeps one row for each call: when it came, who took it, how it ended.
  private mutating func keepCall(_ event: borrowing Event) throws(StoreError) {
    guard let call = event.call else { return }
    switch event.kind {
    case .queued, .ringing, .dialing, .routeRequest:
      statements.call.bind(1, call.connID.text)
      statements.call.bind(2, call.uuid.text)
      statements.call.bind(3, call.ani)
      statements.call.bind(4, call.dnis)
      statements.call.bind(5, event.thisDN.number)
      statements.call.bind(6, event.time)
      statements.call.bind(7, event.sequence)
      try statements.call.run()
    case .established:
      statements.answered.bind(1, event.time)
      statements.answered.bind(2, event.thisDN.number)
      statements.answered.bind(3, event.sequence)
      statements.answered.bind(4, call.connID.text)
      try statements.answered.run()
    case .released, .abandoned, .destinationBusy:
      statements.ended.bind(1, event.time)
      statements.ended.bind(2, event.kind == .abandoned ? "abandoned" : "refused")
      statements.ended.bind(3, event.sequence)
      statements.ended.bind(4, call.connID.text)
      try statements.ended.run()
    case .error, .registered, .unregistered, .diverted, .partyChanged, .routeUsed, .held,
      .retrieved, .agentLogin, .agentLogout, .agentReady, .agentNotReady, .attachedDataChanged,
      .userEvent, .treatmentApplied, .treatmentNotApplied, .treatmentEnd, .dnOutOfService,
      .dnBackInService, .queueLogout:
      return
    }
  }

  private mutating func write(_ binding: StoredBinding) throws(StoreError) {
    statements.binding.bind(1, binding.dn.number)
    statements.binding.bind(2, binding.uri)
    statements.binding.bind(3, binding.host)
    statements.binding.bind(4, UInt64(binding.port))
    statements.binding.bind(5, binding.expires.nanoseconds)
    statements.binding.bind(6, binding.callID)
    statements.binding.bind(7, UInt64(binding.cseq))
    statements.binding.bind(8, UInt64(binding.position))
    statements.binding.bind(9, UInt64(binding.q))
    statements.binding.bind(10, binding.instance)
    statements.binding.bind(11, UInt64(binding.flow))
    statements.binding.bind(12, binding.path.joined(separator: "\n"))
    statements.binding.bind(13, binding.parameters)
    statements.binding.bind(14, binding.since.nanoseconds)
    statements.binding.bind(15, binding.socket)
    try statements.binding.run()
  }

  private mutating func write(_ sources: StrategyFiles) throws(StoreError) {
    // A folder without files has a row too: that it is known to hold nothing.
    let files =
      sources.files.isEmpty ? [StrategyFiles.File(path: "", bytes: [])] : sources.files
    for file in files {
      statements.source.bind(1, sources.fingerprint)
      statements.source.bind(2, sources.folder)
      statements.source.bind(3, file.path)
      statements.source.bind(4, file.bytes)
      try statements.source.run()
    }
  }
}

/// What the store runs again and again.
///
/// A class: the linker misses the layout of a structure of this kind inside a public one.
private final class StoreStatements {
  var signal: Statement
  var event: Statement
  var call: Statement
  var answered: Statement
  var ended: Statement
  var binding: Statement
  var unbound: Statement
  var source: Statement
  var snapshot: Statement
  var dialog: Statement
  var dialogGone: Statement

  init(_ database: borrowing Database) throws(StoreError) {
    signal = try database.prepare("INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?)")
    event = try database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)")
    call = try database.prepare(
      "INSERT INTO calls VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, NULL, NULL, NULL, ?7, ?7) "
        + "ON CONFLICT (conn_id) DO UPDATE SET last_event = excluded.last_event"
    )
    answered = try database.prepare(
      "UPDATE calls SET answered = coalesce(answered, ?1), answered_by = ?2, last_event = ?3 "
        + "WHERE conn_id = ?4"
    )
    ended = try database.prepare(
      "UPDATE calls SET ended = ?1, last_event = ?3, "
        + "outcome = CASE WHEN answered IS NOT NULL THEN 'answered' ELSE ?2 END "
        + "WHERE conn_id = ?4"
    )
    binding = try database.prepare(
      "INSERT OR REPLACE INTO bindings (dn, uri, host, port, expires, call_id, cseq, position, q, "
        + "instance, flow, path, parameters, since, socket) "
        + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    unbound = try database.prepare("DELETE FROM bindings WHERE dn = ?")
    source = try database.prepare("INSERT OR IGNORE INTO strategies VALUES (?, ?, ?, ?)")
    snapshot = try database.prepare(
      "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    dialog = try database.prepare(
      "INSERT INTO dialogs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        + "conn_id = excluded.conn_id, part = excluded.part, state = excluded.state, "
        + "body = excluded.body, message = coalesce(excluded.message, message)"
    )
    dialogGone = try database.prepare("DELETE FROM dialogs WHERE id = ?")
  }
}

/// What tells that a line is what was written: FNV-1a.
enum Checksum {
  static func of(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<bytes.count {
      sum = (sum ^ UInt64(unsafe bytes[index])) &* 0x100_0000_01b3
    }
    return Int64(bitPattern: sum)
  }
}
