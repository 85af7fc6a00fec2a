// Bytes that outlive a datagram: a call's INVITE, a leg's identities and route.
//
// A text is a plain value so that calls and legs stay plain values; `TextStore` counts them, and
// whoever removes a call or leg gives its text back. After that a text must not be looked at: the
// slabs see to that, because a handle whose element is gone finds nothing.

/// Some bytes at a fixed place.
struct Text: Sendable {
  fileprivate var block: Block
  let count: Int

  /// The bytes; valid until the text is given back.
  var bytes: ByteView { block.view(count) }

  /// Gives the memory back to the system, when the switch itself ends.
  func release() { block.release() }
}

/// Makes texts and takes them back.
struct TextStore: ~Copyable {
  private var pool = BlockPool()
  /// Texts that are in use.
  private(set) var count = 0

  init() {}

  /// Makes a copy of some bytes, at most 64 kB.
  mutating func make(_ bytes: ByteView) -> Text {
    count += 1
    return Text(block: pool.take(copying: bytes), count: bytes.count)
  }

  /// Makes a copy of a text.
  mutating func make(_ text: String) -> Text {
    var copy = MessageWriter(capacity: max(64, text.utf8.count))
    copy.write(text: text)
    return make(copy.bytes)
  }

  /// Gives a text back.
  mutating func free(_ text: Text) {
    count -= 1
    var block = text.block
    pool.give(back: &block)
  }
}
