// SQLite as far as the store needs it: a connection and prepared statements.
//
// Invariants: what is bound is bound until the statement is reset, which `run` and the end of a
// walk do; nothing of the library leaves this file. Who may change it: the thread that owns it.

internal import CSQLite
internal import Wire

/// A connection to one database file.
@safe
struct Database: ~Copyable {
  private let handle: OpaquePointer
  let path: String

  /// How a database is opened.
  enum Mode {
    /// To read and write; made when it is not there.
    case writing
    /// To read; it must be there.
    case reading
  }

  init(_ path: String, _ mode: Mode) throws(StoreError) {
    self.path = path
    var opened: OpaquePointer?
    let flags =
      switch mode {
      case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
      case .reading: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
      }
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      let error = unsafe Database.error(code, of: opened, path)
      unsafe sqlite3_close_v2(opened)
      throw error
    }
    unsafe handle = opened
    unsafe sqlite3_busy_timeout(handle, 5_000)
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// Runs statements that take nothing and give nothing.
  func run(_ sql: String) throws(StoreError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// Prepares a statement.
  func prepare(_ sql: String) throws(StoreError) -> Statement {
    var prepared: OpaquePointer?
    let code = unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
    guard code == SQLITE_OK, let prepared = unsafe prepared else { throw error(code) }
    return unsafe Statement(prepared, of: handle, path: path)
  }

  /// The first column of the first row of a query; 0 when there is no row.
  func number(_ sql: String) throws(StoreError) -> Int64 {
    var statement = try prepare(sql)
    return try statement.next() ? statement.number(0) : 0
  }

  /// Whether a transaction is open.
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  private func error(_ code: Int32) -> StoreError {
    unsafe Database.error(code, of: handle, path)
  }

  /// What the library says, as one sentence.
  fileprivate static func error(_ code: Int32, of handle: OpaquePointer?, _ path: String)
    -> StoreError
  {
    let text = unsafe String(cString: sqlite3_errmsg(handle))
    switch code & 0xff {
    case SQLITE_FULL: return StoreError(.full, "\(path): the disk is full")
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return StoreError(.damaged, "\(path) is damaged (\(text)); it is left as it is")
    default: return StoreError(.system, "cannot use \(path): \(text)")
    }
  }
}

/// A prepared statement; parameters count from 1, columns from 0.
@safe
struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  private let path: String

  fileprivate init(_ handle: OpaquePointer, of database: OpaquePointer, path: String) {
    unsafe self.handle = handle
    unsafe self.database = database
    self.path = path
  }

  deinit { unsafe sqlite3_finalize(handle) }

  mutating func bind(_ index: Int32, _ number: Int64) {
    unsafe sqlite3_bind_int64(handle, index, number)
  }

  mutating func bind(_ index: Int32, _ number: UInt64) {
    unsafe sqlite3_bind_int64(handle, index, Int64(bitPattern: number))
  }

  mutating func bind(_ index: Int32, _ text: String?) {
    guard var text else {
      unsafe sqlite3_bind_null(handle, index)
      return
    }
    text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
        let count = Int32(bytes.count)
        // An empty text has no address, which would make it null.
        guard let base = bytes.baseAddress else {
          unsafe sqlite3_bind_text(handle, index, "", 0, Self.copied)
          return
        }
        unsafe sqlite3_bind_text(handle, index, base, count, Self.copied)
      }
    }
  }

  mutating func bind(_ index: Int32, _ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { bytes in
      guard bytes.count > 0 else {
        unsafe sqlite3_bind_zeroblob(handle, index, 0)
        return
      }
      unsafe sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(bytes.count), Self.copied)
    }
  }

  /// Binds what a writer holds; it must not change until the statement has run.
  mutating func bindText(_ index: Int32, _ writer: borrowing JSONWriter) {
    unsafe writer.withUnsafeBytes { bytes in
      let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      unsafe sqlite3_bind_text(handle, index, base, Int32(bytes.count), nil)
    }
  }

  /// SQLITE_TRANSIENT: the library copies what is bound.
  private static var copied: sqlite3_destructor_type {
    unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// Runs a statement that gives no rows, and makes it ready for the next time.
  mutating func run() throws(StoreError) {
    let code = unsafe sqlite3_step(handle)
    // The error's text is the connection's: it is read before the reset.
    let failure = code == SQLITE_DONE || code == SQLITE_ROW ? nil : error(code)
    unsafe sqlite3_reset(handle)
    if let failure { throw failure }
  }

  /// Goes to the next row; false, and ready for the next time, when there is none.
  mutating func next() throws(StoreError) -> Bool {
    let code = unsafe sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    let failure = code == SQLITE_DONE ? nil : error(code)
    unsafe sqlite3_reset(handle)
    if let failure { throw failure }
    return false
  }

  private func error(_ code: Int32) -> StoreError {
    unsafe Database.error(code, of: database, path)
  }

  /// Leaves a walk before its end.
  mutating func reset() { unsafe sqlite3_reset(handle) }

  func number(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// The sum of a column's bytes.
  func sum(_ column: Int32) -> Int64 {
    let base = unsafe sqlite3_column_blob(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe Checksum.of(UnsafeRawBufferPointer(start: base, count: count))
  }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let base = unsafe sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
  }
}
