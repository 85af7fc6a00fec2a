/// What a log says happened: one fact of the outside, before it is a line of a recording.
struct Fact: Equatable {
  enum Kind: UInt8 {
    case offered, ringing, answered, failed, released, attached
    /// The agent becomes a member of the queue `dn`, or of all his queues when that is empty.
    case join
    /// He is no longer one.
    case leave
    case ready, notReady
    /// The agent was seen: he rang, or made a call.
    case seen
    /// The switch started again: nobody talks, nobody waits.
    case restart
    case inService, outOfService
  }

  /// Nanoseconds since 1970.
  var at: Int64
  var kind: Kind
  /// The call's number in this import; 0: none.
  var call: UInt64 = 0
  var agent = ""
  /// The queue of a call, the DN of an agent.
  var dn = ""
  /// Caller, dialled number, reason, who released, outcome: whatever the kind has.
  var first = ""
  var second = ""
  /// What sort of call it is; agents may take some sorts only.
  var sort = ""
  /// User data, a key and a value in turn.
  var data: [String] = []
  var isInferred = false

  init(_ kind: Kind, at instant: Int64, call: UInt64 = 0) {
    (self.kind, at, self.call) = (kind, instant, call)
  }

  /// The fact as bytes, without its time.
  var encoded: [UInt8] {
    var bytes: [UInt8] = [kind.rawValue, isInferred ? 1 : 0]
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: call >> UInt64(shift)))
    }
    for text in [agent, dn, first, second, sort] + data {
      let utf8 = text.utf8
      let count = UInt32(clamping: utf8.count)
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: count >> UInt32(shift)))
      }
      bytes += utf8
    }
    return bytes
  }

  /// Reads what `encoded` wrote.
  init?(_ bytes: ArraySlice<UInt8>, at instant: Int64) {
    guard bytes.count >= 10, let kind = Kind(rawValue: bytes[bytes.startIndex]) else { return nil }
    self.init(kind, at: instant)
    isInferred = bytes[bytes.startIndex + 1] == 1
    var position = bytes.startIndex + 2
    for shift in stride(from: 0, to: 64, by: 8) {
      call |= UInt64(bytes[position]) << UInt64(shift)
      position += 1
    }
    var texts: [String] = []
    while position + 4 <= bytes.endIndex {
      let count = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
      position += 4
      guard position + count <= bytes.endIndex else { return nil }
      texts.append(String(decoding: bytes[position..<(position + count)], as: UTF8.self))
      position += count
    }
    guard texts.count >= 5 else { return nil }
    (agent, dn, first, second, sort) = (texts[0], texts[1], texts[2], texts[3], texts[4])
    data = Array(texts[5...])
  }
}
