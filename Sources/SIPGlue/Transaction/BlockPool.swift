// Memory for the bytes that transactions keep: replies, requests, keys.
//
// Blocks come in powers of two from 64 bytes to 64 kB. A block that is given back goes on the free
// list of its size and is the first to be taken again, so that the steady state allocates nothing
// and works in warm memory. A free list beyond `freeLimit` bytes goes back to the system: after a
// storm the memory is what it was before. Whoever takes a block gives it back exactly once.

/// A piece of memory on loan from a `BlockPool`.
@safe
package struct Block {
  fileprivate var base: UnsafeMutablePointer<UInt8>?
  fileprivate var sizeClass: UInt8 = 0

  package static let none = Block()

  fileprivate init() { unsafe base = nil }

  fileprivate init(base: UnsafeMutablePointer<UInt8>, sizeClass: UInt8) {
    unsafe self.base = base
    self.sizeClass = sizeClass
  }

  package var isNone: Bool { unsafe base == nil }
  package var capacity: Int { isNone ? 0 : 64 << Int(sizeClass) }

  /// Gives the memory back to the system, when the pool itself ends.
  package func release() { unsafe base?.deallocate() }

  /// A look at the first `count` bytes.
  package func view(_ count: Int) -> ByteView {
    guard let base = unsafe base, count > 0 else { return .empty }
    precondition(count <= capacity)
    return unsafe ByteView(base: base, count: count)
  }

  /// Copies `bytes` into the block, `offset` bytes from its start.
  package func write(_ bytes: ByteView, at offset: Int) {
    guard let base = unsafe base else { return precondition(bytes.isEmpty) }
    precondition(offset >= 0 && offset + bytes.count <= capacity)
    unsafe bytes.copy(to: base + offset)
  }
}

extension Block: @unchecked Sendable {}

/// The blocks of one transaction table.
@safe
package struct BlockPool: ~Copyable {
  private var free: [[Block]]
  private let freeLimit: Int
  /// Bytes on loan.
  package private(set) var lent = 0

  package init(freeLimit: Int = 32 << 20) {
    free = Array(repeating: [], count: Self.classes)
    self.freeLimit = freeLimit
  }

  deinit {
    for list in free {
      for block in list { block.release() }
    }
  }

  /// Lends a block for at least `count` bytes, at most 64 kB.
  package mutating func take(_ count: Int) -> Block {
    var sizeClass = 0
    while 64 << sizeClass < count { sizeClass += 1 }
    precondition(sizeClass < Self.classes)
    lent += 64 << sizeClass
    if let block = free[sizeClass].popLast() { return block }
    return unsafe Block(
      base: .allocate(capacity: 64 << sizeClass),
      sizeClass: UInt8(sizeClass)
    )
  }

  /// Lends a block with a copy of `bytes`.
  package mutating func take(copying bytes: ByteView) -> Block {
    let block = take(bytes.count)
    block.write(bytes, at: 0)
    return block
  }

  /// Takes a block back; `none` is nothing to take back.
  package mutating func give(back block: inout Block) {
    guard let base = unsafe block.base else { return }
    lent -= block.capacity
    let sizeClass = Int(block.sizeClass)
    if free[sizeClass].count << (6 + sizeClass) < freeLimit {
      free[sizeClass].append(block)
    } else {
      unsafe base.deallocate()
    }
    block = .none
  }

  private static let classes = 11
}
