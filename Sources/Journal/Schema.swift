// The tables, and how those of earlier versions become those of today.
//
// `PRAGMA user_version` is the number of steps that were taken; a step is never changed once it has
// been released, only added. `PRAGMA application_id` says whose file it is.

/// The store's tables.
enum Schema {
  /// "Pntm" in the file's header: `file` and SQLite's own tools show it.
  static let application: Int64 = 0x506e_746d

  /// What each version added.
  static let steps: [String] = [
    """
    CREATE TABLE recordings (
      id INTEGER PRIMARY KEY, begun INTEGER NOT NULL, epoch INTEGER NOT NULL,
      seed INTEGER NOT NULL, site TEXT NOT NULL, engine TEXT NOT NULL,
      after_event INTEGER NOT NULL, after_call INTEGER NOT NULL
    );
    CREATE TABLE signals (
      sequence INTEGER PRIMARY KEY, recording INTEGER NOT NULL, instant INTEGER NOT NULL,
      derived INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL
    );
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY, signal INTEGER NOT NULL, time INTEGER NOT NULL,
      event TEXT NOT NULL, this_dn TEXT NOT NULL, conn_id TEXT, body TEXT NOT NULL
    );
    CREATE TABLE calls (
      conn_id TEXT PRIMARY KEY, call_uuid TEXT NOT NULL, ani TEXT NOT NULL, dnis TEXT NOT NULL,
      dn TEXT NOT NULL, begun INTEGER NOT NULL, answered INTEGER, ended INTEGER,
      answered_by TEXT, outcome TEXT, first_event INTEGER NOT NULL, last_event INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE strategies (
      fingerprint TEXT NOT NULL, folder TEXT NOT NULL, path TEXT NOT NULL, contents BLOB NOT NULL,
      PRIMARY KEY (fingerprint, path)
    ) WITHOUT ROWID;
    CREATE TABLE bindings (
      dn TEXT PRIMARY KEY, uri TEXT NOT NULL, host TEXT, port INTEGER, expires INTEGER NOT NULL,
      call_id TEXT NOT NULL, cseq INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE dialogs (
      id INTEGER PRIMARY KEY, conn_id TEXT, part TEXT NOT NULL, state TEXT NOT NULL,
      body BLOB NOT NULL, message BLOB
    );
    """,
    """
    ALTER TABLE recordings ADD COLUMN first_signal INTEGER NOT NULL DEFAULT 1;
    UPDATE recordings SET first_signal = coalesce(
      (SELECT min(sequence) FROM signals WHERE recording >= recordings.id),
      (SELECT coalesce(max(sequence), 0) + 1 FROM signals)
    );
    CREATE TABLE snapshots (
      signal INTEGER PRIMARY KEY, recording INTEGER NOT NULL, event INTEGER NOT NULL,
      time INTEGER NOT NULL, instant INTEGER NOT NULL, alive TEXT NOT NULL,
      layout INTEGER NOT NULL, engine TEXT NOT NULL, body BLOB NOT NULL, carried BLOB NOT NULL
    );
    """,
    """
    CREATE TABLE contacts (
      dn TEXT NOT NULL, position INTEGER NOT NULL, uri TEXT NOT NULL, host TEXT, port INTEGER,
      expires INTEGER NOT NULL, call_id TEXT NOT NULL, cseq INTEGER NOT NULL, q INTEGER NOT NULL,
      instance TEXT, flow INTEGER NOT NULL, path TEXT NOT NULL, parameters TEXT NOT NULL,
      since INTEGER NOT NULL, PRIMARY KEY (dn, position)
    ) WITHOUT ROWID;
    INSERT INTO contacts SELECT dn, 0, uri, host, port, expires, call_id, cseq, 1000, NULL, 0, '',
      '', 0 FROM bindings;
    DROP TABLE bindings;
    ALTER TABLE contacts RENAME TO bindings;
    """,
    """
    ALTER TABLE bindings ADD COLUMN socket INTEGER NOT NULL DEFAULT 0;
    """,
  ]

  /// The version that this program writes.
  static var version: Int64 { Int64(steps.count) }

  /// Says whether a file is one of ours that this program understands.
  ///
  /// - Returns: Its version; 0 for an empty database.
  static func check(
    _ database: borrowing Database,
    isChecked: Bool = false
  ) throws(StoreError) -> Int64 {
    let path = database.path
    let version = try database.number("PRAGMA user_version")
    let application = try database.number("PRAGMA application_id")
    let tables = try database.number("SELECT count(*) FROM sqlite_master")
    if version == 0, application == 0, tables == 0 { return 0 }
    guard application == Self.application else {
      throw StoreError(.foreign, "\(path) is the database of another program; it is left as it is")
    }
    guard version <= Self.version else {
      throw StoreError(
        .newer,
        "\(path) was written by a newer pointsman (schema \(version), this one knows "
          + "\(Self.version)); it is left as it is"
      )
    }
    if isChecked { return version }
    var check = try database.prepare("PRAGMA quick_check(1)")
    guard try check.next() else { return version }
    let verdict = check.text(0)
    guard verdict == "ok" else {
      let text = verdict.split(separator: "\n").joined(separator: " ")
      throw StoreError(.damaged, "\(path) is damaged (\(text)); it is left as it is")
    }
    return version
  }

  /// Takes the steps that a database has not taken yet, all or none.
  static func upgrade(_ database: borrowing Database, from version: Int64) throws(StoreError) {
    guard version < Self.version else { return }
    try database.run("BEGIN IMMEDIATE")
    for step in steps[Int(version)...] { try database.run(step) }
    try database.run("PRAGMA application_id = \(application)")
    try database.run("PRAGMA user_version = \(Self.version)")
    try database.run("COMMIT")
  }
}
