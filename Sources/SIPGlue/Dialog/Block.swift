// Bytes that outlive a datagram: a call's INVITE, a leg's identities and route.
//
// A block is a plain value so that calls and legs stay plain values; `BlockStore` counts them, and
// whoever removes a call or leg frees its blocks. After `free` a block must not be looked at: the
// slabs see to that, because a handle whose element is gone finds nothing.

internal import Glibc

/// Some bytes at a fixed place.
@safe
struct Block: @unchecked Sendable {
  fileprivate let base: UnsafeMutablePointer<UInt8>
  let count: Int

  fileprivate init(base: UnsafeMutablePointer<UInt8>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  /// The bytes; valid until the block is freed.
  var bytes: ByteView { unsafe ByteView(base: UnsafePointer(base), count: count) }
}

/// Makes and frees blocks.
struct BlockStore: ~Copyable {
  /// Blocks that are in use.
  private(set) var count = 0

  init() {}

  /// Makes a block with a copy of some bytes.
  mutating func make(_ bytes: ByteView) -> Block {
    count += 1
    let base = unsafe UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
    unsafe bytes.copy(to: base)
    return Block(base: base, count: bytes.count)
  }

  /// Makes a block with a text.
  mutating func make(_ text: String) -> Block {
    var made: Block?
    text.withByteView { made = make($0) }
    guard let made else { return make(.empty) }
    return made
  }

  /// Gives a block's memory back.
  mutating func free(_ block: Block) {
    count -= 1
    unsafe block.base.deallocate()
  }
}
