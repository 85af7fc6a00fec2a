// Puts TCP streams together again, and finds the SIP messages in them.
//
// States of a direction: waiting for its first segment, in order, with a gap (later segments are
// kept). Invariants: `next` is the sequence number that comes next; `pending` holds only segments
// after it; what is kept has a maximum, after which a gap is given up. Who may change it:
// `CaptureImport`. Source: RFC 9293 3.4, RFC 3261 18.3.

/// The directions of all TCP connections.
struct StreamTable {
  private struct Direction {
    var next: UInt32?
    var pending: [(sequence: UInt32, bytes: [UInt8])] = []
    var pendingBytes = 0
    var framer = MessageFramer()
    var lastSeen: Int64 = 0
  }

  private var directions: [Flow: Direction] = [:]
  /// Segments that were there already.
  private(set) var retransmissions = 0
  /// Places where segments are missing.
  private(set) var gaps = 0

  /// Takes a segment; the messages that it completes are handed out.
  mutating func take(_ segment: PacketDecoder.Segment) -> [[UInt8]] {
    if directions[segment.flow] == nil, directions.count >= ImportLimits.streamsMax { forget() }
    var own = directions.removeValue(forKey: segment.flow) ?? Direction()
    own.lastSeen = segment.at
    var sequence = segment.sequence
    if segment.flags & 0x02 != 0 {
      // A SYN counts as one; another SYN with another number is another connection.
      sequence &+= 1
      if let next = own.next, next != sequence { own = Direction() }
      if own.next == nil { own.next = sequence }
    }
    var messages: [[UInt8]] = []
    if !segment.payload.isEmpty {
      accept(segment.payload.array, sequence, &own)
      messages = own.framer.messages()
    }
    // After a reset, or an end to which nothing is missing, nothing comes but what was there: the
    // direction is kept, so that it is known as such.
    if segment.flags & 0x04 != 0 || (segment.flags & 0x01 != 0 && own.pending.isEmpty) {
      messages += drain(&own)
    }
    directions[segment.flow] = own
    return messages
  }

  /// What is left when the capture ends, in the order of the last segments.
  mutating func finish() -> [(flow: Flow, at: Int64, message: [UInt8])] {
    var left: [(flow: Flow, at: Int64, message: [UInt8])] = []
    let order = directions.sorted {
      ($0.value.lastSeen, $0.key.source.port, $0.key.target.port)
        < ($1.value.lastSeen, $1.key.source.port, $1.key.target.port)
    }
    for (flow, direction) in order {
      var own = direction
      for message in drain(&own) { left.append((flow, own.lastSeen, message)) }
    }
    directions.removeAll()
    return left
  }

  private mutating func accept(_ bytes: [UInt8], _ sequence: UInt32, _ own: inout Direction) {
    let next = own.next ?? sequence
    own.next = next
    let distance = Int32(bitPattern: sequence &- next)
    if distance > 0 {
      own.pending.append((sequence, bytes))
      own.pendingBytes += bytes.count
      if own.pendingBytes > ImportLimits.streamBytesMax || own.pending.count > 256 { skip(&own) }
      return
    }
    let known = Int(-Int64(distance))
    guard known < bytes.count else {
      retransmissions += 1
      return
    }
    if known > 0 { retransmissions += 1 }
    own.framer.add(bytes[known...])
    own.next = sequence &+ UInt32(bytes.count)
    takePending(&own)
  }

  /// Takes what follows now that the gap is closed.
  private mutating func takePending(_ own: inout Direction) {
    while let next = own.next,
      let index = own.pending.firstIndex(where: { Int32(bitPattern: $0.sequence &- next) <= 0 })
    {
      let (sequence, bytes) = own.pending.remove(at: index)
      own.pendingBytes -= bytes.count
      let known = Int(next &- sequence)
      guard known < bytes.count else { continue }
      own.framer.add(bytes[known...])
      own.next = sequence &+ UInt32(bytes.count)
    }
  }

  /// Gives up a gap: goes on at the first segment that is there.
  private mutating func skip(_ own: inout Direction) {
    guard let next = own.next,
      let first = own.pending.min(by: { $0.sequence &- next < $1.sequence &- next })
    else { return }
    gaps += 1
    own.framer.breakOff()
    own.next = first.sequence
    takePending(&own)
  }

  private mutating func drain(_ own: inout Direction) -> [[UInt8]] {
    var messages = own.framer.messages()
    while !own.pending.isEmpty {
      skip(&own)
      messages += own.framer.messages()
    }
    return messages + own.framer.finish()
  }

  /// Forgets the half that was seen longest ago.
  private mutating func forget() {
    let edge = directions.values.map(\.lastSeen).sorted()[directions.count / 2]
    directions = directions.filter { $0.value.lastSeen > edge }
  }
}

/// Cuts a stream of bytes into SIP messages by their Content-Length.
struct MessageFramer {
  private var buffer: [UInt8] = []
  private var isForeign = false

  /// Adds the bytes that come next.
  mutating func add(_ bytes: ArraySlice<UInt8>) {
    guard !isForeign else { return }
    buffer += bytes
  }

  /// Something is missing here: a new message begins somewhere behind.
  mutating func breakOff() { buffer.removeAll() }

  /// The messages that are whole.
  mutating func messages() -> [[UInt8]] {
    var found: [[UInt8]] = []
    var start = 0
    while true {
      // Line ends between messages keep a connection alive (RFC 5626 3.5.1).
      while start < buffer.count, buffer[start] == 13 || buffer[start] == 10 { start += 1 }
      guard start < buffer.count else { break }
      guard SIPText.mayBegin(buffer[start...]) else {
        guard let next = resume(from: start) else {
          // What is not SIP for so long is another protocol.
          if buffer.count - start > 65_536 {
            isForeign = found.isEmpty
            start = buffer.count
          }
          break
        }
        start = next
        continue
      }
      guard let head = SIPText.endOfHead(buffer[start...]) else {
        if buffer.count - start > ImportLimits.streamBytesMax { start = buffer.count }
        break
      }
      let length = SIPText.contentLength(buffer[start..<head]) ?? 0
      guard length <= ImportLimits.streamBytesMax, head + length <= buffer.count else {
        if length > ImportLimits.streamBytesMax {
          found.append(Array(buffer[start..<head]))
          start = head
          continue
        }
        break
      }
      found.append(Array(buffer[start..<(head + length)]))
      start = head + length
    }
    buffer.removeFirst(min(start, buffer.count))
    return found
  }

  /// What is left at the end: a message whose body is not all there is one too.
  mutating func finish() -> [[UInt8]] {
    var found = messages()
    if SIPText.mayBegin(buffer[...]), SIPText.endOfHead(buffer[...]) != nil { found.append(buffer) }
    buffer.removeAll()
    return found
  }

  /// The first line behind that begins a message.
  private func resume(from start: Int) -> Int? {
    var position = start
    while let end = buffer[position...].firstIndex(of: 10) {
      position = end + 1
      if position < buffer.count, SIPText.mayBegin(buffer[position...]) { return position }
    }
    return nil
  }
}
