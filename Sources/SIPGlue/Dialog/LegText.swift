// How a leg's texts are put together: written one behind the other, kept as one block.

/// Where the texts of a leg stand in its block.
struct LegText {
  var callID = ByteSlice.none
  var local = ByteSlice.none
  var remote = ByteSlice.none
  var remoteTag = ByteSlice.none
  var target = ByteSlice.none
  var routes = ByteSlice.none
}

extension Leg {
  /// Takes over where the texts stand; the block is set by whoever made it.
  mutating func take(_ draft: LegText) {
    callID = draft.callID
    local = draft.local
    remote = draft.remote
    remoteTag = draft.remoteTag
    target = draft.target
    routes = draft.routes
  }
}

extension MessageWriter {
  /// What has been written since a position.
  func slice(from start: Int) -> ByteSlice { ByteSlice(from: start, to: count) }

  /// Writes some bytes and tells where they stand.
  mutating func append(_ view: ByteView) -> ByteSlice {
    let start = count
    write(view)
    return slice(from: start)
  }
}
