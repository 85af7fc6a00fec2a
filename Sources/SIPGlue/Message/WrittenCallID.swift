// The Call-ID of what we have written ourselves, found without reading the rest.
//
// Everything that writes a message writes this header by its long name, with one space behind the
// colon and nothing behind the value.

extension ByteView {
  /// The Call-ID of a message that we wrote; empty when it has none.
  package var writtenCallID: ByteView {
    let name = ByteView("Call-ID:").word(at: 0)
    var start = position(of: 0x0A, from: 0, to: count) + 1
    while start + 10 < count, self[start] != 0x0D {
      let end = position(of: 0x0A, from: start, to: count)
      if word(at: start) == name, end > start + 9 { return view(from: start + 9, to: end - 1) }
      start = end + 1
    }
    return .empty
  }
}
