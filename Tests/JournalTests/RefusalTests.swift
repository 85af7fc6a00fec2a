import CSQLite
import Engine
import Foundation
import Journal
import Testing

@Suite("A store that cannot be used is refused in one sentence, and left as it is")
struct RefusalTests {
  /// Runs SQL on a store, as somebody else would.
  private func run(_ sql: String, on path: String) throws {
    var handle: OpaquePointer?
    try #require(sqlite3_open(path, &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    sqlite3_close(handle)
  }

  /// What opening for writing and what recovering says; the file must not change.
  private func refusal(_ folder: TemporaryFolder) throws -> StoreError? {
    let before = try folder.bytes
    var refusal: StoreError?
    do throws(StoreError) {
      _ = try Store(writing: folder.path)
      let reader = try StoreReader(folder.path)
      if let last = try reader.recordings().last { _ = try reader.recover(last) { _ in } }
    } catch {
      refusal = error
    }
    #expect(try folder.bytes == before)
    return refusal
  }

  private func filled() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try TormentJournal(seed: 4, calls: 150).write(to: folder.path)
    try run("PRAGMA wal_checkpoint(TRUNCATE)", on: folder.store)
    return folder
  }

  @Test("A store as it was written is not refused")
  func sound() throws { #expect(try refusal(try filled()) == nil) }

  @Test("A newer schema")
  func newer() throws {
    let folder = try filled()
    try run("PRAGMA user_version = 99", on: folder.store)
    let error = try #require(try refusal(folder))
    #expect(error.kind == .newer)
    #expect(error.message.contains("newer pointsman (schema 99, this one knows "))
  }

  @Test("The database of another program")
  func foreign() throws {
    let folder = try TemporaryFolder()
    try run("CREATE TABLE a (b)", on: folder.store)
    #expect(try refusal(folder)?.kind == .foreign)
  }

  @Test("A file that is no database")
  func noDatabase() throws {
    let folder = try TemporaryFolder()
    try Data(repeating: 65, count: 9_000).write(to: URL(fileURLWithPath: folder.store))
    #expect(try refusal(folder)?.kind == .damaged)
  }

  @Test("A page that was overwritten", .timeLimit(.minutes(15)))
  func damagedPages() throws {
    let folder = try filled()
    let sound = try folder.bytes
    #expect(sound.count > 40 * 4_096)
    for page in stride(from: 2, to: sound.count / 4_096, by: 9) {
      var torn = sound
      // Half a page of another time, as a disk leaves it.
      torn.replaceSubrange(page * 4_096..<page * 4_096 + 2_048, with: Data(count: 2_048))
      try torn.write(to: URL(fileURLWithPath: folder.store))
      let error = try refusal(folder)
      #expect(error?.kind == .damaged, "page \(page): \(String(describing: error))")
    }
  }

  @Test("A signal that was changed")
  func changedSignal() throws {
    let folder = try filled()
    try run(
      "UPDATE signals SET body = replace(body, '\"attempt\":1', '\"attempt\":2') WHERE sequence = "
        + "(SELECT min(sequence) FROM signals WHERE body LIKE '%\"attempt\":1}')",
      on: folder.store
    )
    try run("PRAGMA wal_checkpoint(TRUNCATE)", on: folder.store)
    let error = try #require(try refusal(folder))
    #expect(error.kind == .damaged)
    #expect(error.message.contains("is not what was written"))
  }

  @Test("A signal that is missing")
  func missingSignal() throws {
    let folder = try filled()
    try run("DELETE FROM signals WHERE sequence = 100", on: folder.store)
    try run("PRAGMA wal_checkpoint(TRUNCATE)", on: folder.store)
    #expect(try refusal(folder)?.kind == .damaged)
  }

  @Test("Signals that lead to other events than were announced")
  func otherEvents() throws {
    let folder = try filled()
    try run("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", on: folder.store)
    try run("PRAGMA wal_checkpoint(TRUNCATE)", on: folder.store)
    let error = try #require(try refusal(folder))
    #expect(error.message.contains("does not reproduce"))
  }

  @Test("A folder without a store has nothing to export")
  func missing() throws {
    let folder = try TemporaryFolder()
    #expect(throws: StoreError.self) { _ = try StoreReader(folder.path) }
    #expect(!FileManager.default.fileExists(atPath: folder.store))
  }
}
