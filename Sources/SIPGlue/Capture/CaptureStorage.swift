// The bytes of captured messages: chunks of one size, in chains.
//
// States of a chunk: never used, in the chain of one call, free. Invariants: a chunk is in one
// chain or on the free list; no more are made than the limit allows, in slabs as they are needed,
// and none goes back to the system: what is captured has one maximum, and usually reaches it.
// Who may change it: the `Capture` that owns it.

/// Chunks of memory.
@safe
struct CaptureStorage: ~Copyable {
  /// The size of a chunk.
  static let chunkBytes = 2048
  /// How many chunks are made at a time.
  private static let slabChunks = 256

  private var slabs: [UnsafeMutablePointer<UInt8>]
  /// The chunk behind, in the chain or on the free list; `none` at the end.
  private var next: [UInt32] = []
  /// Where the first message begins that begins in a chunk; `chunkBytes`: none does.
  private var starts: [UInt16] = []
  private var free = Self.none
  private let limit: Int

  /// The end of a chain.
  static var none: UInt32 { .max }
  private static var noStart: UInt16 { UInt16(chunkBytes) }

  /// Chunks that are in use.
  private(set) var used = 0

  /// Makes room for at most `bytes`.
  init(bytes: Int) {
    limit = max(0, bytes) / Self.chunkBytes
    unsafe slabs = []
  }

  deinit {
    for index in 0..<(unsafe slabs.count) { unsafe slabs[index].deallocate() }
  }

  /// How many chunks could be taken.
  var available: Int { limit - used }

  /// A chunk with nothing behind it; nil when all are in use.
  mutating func take() -> UInt32? {
    if free == Self.none {
      let made = next.count
      guard made < limit else { return nil }
      if made % Self.slabChunks == 0 {
        unsafe slabs.append(.allocate(capacity: Self.slabChunks * Self.chunkBytes))
      }
      next.append(Self.none)
      starts.append(Self.noStart)
      used += 1
      return UInt32(made)
    }
    let chunk = free
    free = next[Int(chunk)]
    next[Int(chunk)] = Self.none
    starts[Int(chunk)] = Self.noStart
    used += 1
    return chunk
  }

  /// Gives a chunk back.
  mutating func give(back chunk: UInt32) {
    next[Int(chunk)] = free
    free = chunk
    used -= 1
  }

  /// The chunk behind a chunk.
  func chunk(after chunk: UInt32) -> UInt32 { next[Int(chunk)] }

  /// Sets the chunk behind a chunk.
  mutating func link(_ chunk: UInt32, to other: UInt32) { next[Int(chunk)] = other }

  /// Where the first message begins that begins in a chunk; nil: none does.
  func start(in chunk: UInt32) -> Int? {
    let start = starts[Int(chunk)]
    return start == Self.noStart ? nil : Int(start)
  }

  /// Says that a message begins in a chunk.
  mutating func noteStart(_ offset: Int, in chunk: UInt32) {
    if starts[Int(chunk)] == Self.noStart { starts[Int(chunk)] = UInt16(offset) }
  }

  /// Copies bytes into a chunk.
  func write(_ bytes: ByteView, to chunk: UInt32, at offset: Int) {
    precondition(offset + bytes.count <= Self.chunkBytes)
    unsafe bytes.copy(to: base(of: chunk) + offset)
  }

  /// The first bytes of a chunk; valid until it is given back.
  func view(of chunk: UInt32, count: Int) -> ByteView {
    precondition(count <= Self.chunkBytes)
    return unsafe ByteView(base: base(of: chunk), count: count)
  }

  private func base(of chunk: UInt32) -> UnsafeMutablePointer<UInt8> {
    let slab = Int(chunk) / Self.slabChunks
    return unsafe slabs[slab] + Int(chunk) % Self.slabChunks * Self.chunkBytes
  }
}
