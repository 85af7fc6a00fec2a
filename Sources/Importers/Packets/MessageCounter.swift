// Counts SIP messages, and knows which were seen before.
//
// Invariant: no more than `ImportLimits.rememberedMax` messages are remembered, in two halves of
// which the older is forgotten. Who may change it: the one import that runs.

/// What became of a message that was seen.
enum Sighting {
  /// It is new.
  case new
  /// The same bytes on the same way: sent again.
  case retransmission
  /// The same bytes on another way: inside and outside of a tunnel, or taken up twice.
  case elsewhere
  /// The same message of the same dialog, but changed on its way by a proxy.
  case forwarded
}

/// Counts messages by method and status.
struct MessageCounter {
  private var bytes: [UInt64: Flow] = [:]
  private var olderBytes: [UInt64: Flow] = [:]
  private var messages: Set<UInt64> = []
  private var olderMessages: Set<UInt64> = []

  /// Counts a message.
  ///
  /// - Returns: Whether it was seen before.
  mutating func count(
    _ message: SIPText,
    _ raw: ArraySlice<UInt8>,
    _ flow: Flow,
    _ report: inout ImportReport
  ) -> Sighting {
    report.count("SIP messages")
    report.count(message.isRequest ? message.method : "\(message.status)")
    let sighting = sight(message, raw, flow)
    switch sighting {
    case .new: report.count("different messages")
    case .retransmission: report.count("messages sent again")
    case .elsewhere: report.count("messages seen in another place too")
    case .forwarded: report.count("messages handed on by a proxy")
    }
    return sighting
  }

  private mutating func sight(
    _ message: SIPText,
    _ raw: ArraySlice<UInt8>,
    _ flow: Flow
  ) -> Sighting {
    var hasher = Hasher()
    unsafe raw.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    let print = UInt64(bitPattern: Int64(hasher.finalize()))
    hasher = Hasher()
    hasher.combine(message.callID)
    hasher.combine(message.sequence)
    hasher.combine(message.sequenceMethod)
    hasher.combine(message.method)
    hasher.combine(message.status)
    hasher.combine(message.from.tag)
    let name = UInt64(bitPattern: Int64(hasher.finalize()))
    if let before = bytes[print] ?? olderBytes[print] {
      return before == flow ? .retransmission : .elsewhere
    }
    if bytes.count >= ImportLimits.rememberedMax / 2 { (olderBytes, bytes) = (bytes, [:]) }
    bytes[print] = flow
    guard !messages.contains(name), !olderMessages.contains(name) else { return .forwarded }
    if messages.count >= ImportLimits.rememberedMax / 2 {
      (olderMessages, messages) = (messages, [])
    }
    messages.insert(name)
    return .new
  }
}
