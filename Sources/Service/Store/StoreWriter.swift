// The store's own thread: it makes text of values and commits them in groups.
//
// States: working; in trouble (the last group could not be written: it is kept and tried again
// every second); stopping (what waits is written once more, then the thread ends).
// Invariants: groups are written in the order in which they were handed over, each as a whole; a
// group is what one turn of the shard's loop led to. While nobody waits for a commit, groups gather
// for a few milliseconds, so that a commit costs little; who waits for one is served at once.
// Who may change it: the shard's thread hands over and asks; this thread commits.
// Source: HOUSE 2.8, ADR 0015.

internal import Engine
internal import Journal
internal import Reactor

/// Hands what the shard records to the store.
final class StoreWriter: Sendable {
  private struct State: Sendable {
    var waiting: [StoreEntry] = []
    /// Groups handed over.
    var handed: UInt64 = 0
    /// Groups that the store has.
    var committed: UInt64 = 0
    /// Whether somebody waits for the commit.
    var isAwaited = false
    var isStopping = false
    var trouble: String?
    /// Whether an image is being packed.
    var isPacking = false
  }

  /// Whether everything that is too old has gone, and when to look again.
  private struct Tidiness {
    var isTidy = true
    var again: UInt64 = 0
  }

  /// What the shard's thread must know.
  struct Standing: Sendable {
    var committed: UInt64
    /// Why nothing can be written at the moment.
    var trouble: String?
  }

  /// How long groups gather when nobody waits for them, in nanoseconds.
  private static let gathering: UInt64 = 10_000_000
  /// How often it is looked whether something is too old, in nanoseconds.
  private static let tidying: UInt64 = 30_000_000_000
  /// After how long a write that failed is tried again.
  private static let patience: UInt64 = 1_000_000_000
  /// How many entries may wait for a disk that is slow or full.
  private static let entriesMax = 1 << 16

  private let state = Locked(State())
  private let wakeUp: WakeUp
  private let news: WakeUp
  private let thread = Locked<ShardThread?>(nil)
  /// Packs images: the writer must not keep those waiting who wait for a commit.
  private let packer = Locked<ShardThread?>(nil)
  private let options: StoreOptions

  /// Readable when the standing has changed and somebody waited for it.
  var descriptor: Int32 { news.descriptor }

  private init(_ options: StoreOptions) throws {
    self.options = options
    wakeUp = try WakeUp()
    news = try WakeUp()
  }

  /// Starts the thread on the store of a folder.
  static func start(folder: String, options: StoreOptions) throws -> StoreWriter {
    let writer = try StoreWriter(options)
    let thread = try ShardThread.start(
      name: "store",
      make: { try Store(writing: folder, isChecked: true) },
      run: { store in
        var store = store
        writer.work(&store)
      }
    )
    writer.thread.withLock { $0 = thread }
    return writer
  }

  // MARK: The shard's side

  /// Hands a group over; nothing is taken, and nil comes back, when too much waits already.
  func hand(_ group: inout [StoreEntry]) -> UInt64? {
    var isFirst = false
    let number = state.withLock { state -> UInt64? in
      guard state.waiting.count < Self.entriesMax else { return nil }
      isFirst = state.waiting.isEmpty
      if isFirst {
        swap(&state.waiting, &group)
      } else {
        state.waiting.append(contentsOf: group)
      }
      state.handed += 1
      return state.handed
    }
    guard let number else { return nil }
    group.removeAll(keepingCapacity: group.capacity <= 4_096)
    if isFirst { wakeUp.signal() }
    return number
  }

  /// Whether an image is being packed.
  var isPacking: Bool { state.withLock { $0.isPacking } }

  /// Packs an image whose mark has been handed over or is about to be, and writes it.
  func pack(_ image: ShardImage, _ carried: CarriedState?, _ number: UInt64) {
    state.withLock { $0.isPacking = true }
    let made = try? ShardThread(name: "snapshot") { [self] in
      if let packed = try? PackedImage(image, carried, engine: Service.version) {
        var group = [StoreEntry.image(number, packed)]
        _ = hand(&group)
      }
      state.withLock { $0.isPacking = false }
    }
    // The one before has ended, or nobody would pack: it is let go.
    packer.withLock { $0 = made }
    if made == nil { state.withLock { $0.isPacking = false } }
  }

  /// How it stands; takes the news.
  func standing() -> Standing {
    news.clear()
    return state.withLock { Standing(committed: $0.committed, trouble: $0.trouble) }
  }

  /// Asks for a commit as soon as possible; `descriptor` tells when it has happened.
  func hurry() {
    var isDone = false
    let wakes = state.withLock { state -> Bool in
      // The commit may have happened since the caller looked.
      isDone = state.committed == state.handed
      guard !isDone, !state.isAwaited else { return false }
      state.isAwaited = true
      return true
    }
    if isDone { news.signal() }
    if wakes { wakeUp.signal() }
  }

  /// Writes what waits and ends the thread.
  ///
  /// Returns why something could not be written.
  func stop() -> String? {
    packer.withLock { $0 }?.join()
    state.withLock { $0.isStopping = true }
    wakeUp.signal()
    thread.withLock { $0 }?.join()
    return state.withLock { $0.trouble }
  }

  // MARK: The thread's side

  private func work(_ store: inout Store) {
    var group: [StoreEntry] = []
    var number: UInt64 = 0
    var tidiness = Tidiness()
    while true {
      var isStopping = false
      let isInTrouble = state.withLock { state -> Bool in
        if group.isEmpty {
          swap(&state.waiting, &group)
          number = state.handed
        }
        isStopping = state.isStopping
        return state.trouble != nil
      }
      guard group.isEmpty else {
        let trouble = write(group, to: &store)
        settle(trouble, number)
        if trouble == nil {
          group.removeAll(keepingCapacity: group.capacity <= 65_536)
          if !tidiness.isTidy { tidy(&store, &tidiness) }
          continue
        }
        if isStopping { return }
        pause(Self.patience)
        continue
      }
      if isStopping { return }
      if isInTrouble { settle(nil, number) }
      tidy(&store, &tidiness)
      gather(tidiness.isTidy ? Self.tidying : Self.gathering)
    }
  }

  /// Removes a little of what is too old, between two groups.
  private func tidy(_ store: inout Store, _ tidiness: inout Tidiness) {
    let now = Clock.monotonic
    guard !tidiness.isTidy || now >= tidiness.again else { return }
    let step = try? store.retire(
      Retention(days: options.keepDays, megabytes: options.keepMegabytes),
      now: Clock.realtime
    )
    // What fails is tried again later: nobody waits for it.
    tidiness.isTidy = step != .more
    tidiness.again = now + Self.tidying
  }

  private func write(_ group: [StoreEntry], to store: inout Store) -> String? {
    do {
      try store.write(group)
      return nil
    } catch {
      return error.message
    }
  }

  private func settle(_ trouble: String?, _ number: UInt64) {
    let isNews = state.withLock { state -> Bool in
      let isNews = state.isAwaited || (trouble == nil) != (state.trouble == nil)
      state.trouble = trouble
      if trouble == nil { state.committed = number }
      state.isAwaited = false
      return isNews
    }
    if isNews { news.signal() }
  }

  /// Waits for the first entry, but not for ever, and then a little for more unless somebody is in
  /// a hurry.
  private func gather(_ patience: UInt64) {
    pause(patience)
    let isUrgent = state.withLock { $0.isAwaited || $0.isStopping || $0.waiting.isEmpty }
    if !isUrgent { pause(Self.gathering) }
  }

  private func pause(_ nanoseconds: UInt64?) {
    _ = try? Readiness.wait(for: wakeUp.descriptor, .readable, timeout: nanoseconds)
    wakeUp.clear()
  }
}
