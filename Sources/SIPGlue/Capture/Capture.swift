// The SIP of every call, so that somebody can look at it afterwards.
//
// States of a call: not captured, captured while it lives, kept after its end, forgotten.
// A message belongs to the call that its Call-ID was said to belong to (`open`, `join`); what
// belongs to no call is not kept: neither registrations nor a flood take anybody's room.
// Invariants: the bytes of all messages together have a maximum (`CaptureStorage`), and those of
// one call have one, beyond which its chunks go that lie just behind the first half: how it began
// and how it ended are what people look for. When there is no room, the call goes that ended first;
// when none has ended, the oldest. A call is in exactly one of the two orders; every name in
// `names` leads to a call that has it in its list, or to a later one.
// Cost: one copy of the message, look-ups by number; nothing is allocated in the steady state.
// Who may change it: `SIPSwitch` only (`SIPSwitch+Capture.swift`).

internal import Engine

/// The messages of every call, bounded.
struct Capture: ~Copyable {
  /// A call that something is kept of.
  struct Record {
    var conn: ConnID
    var began: Instant
    var ended: Instant?
    var first = CaptureStorage.none
    var last = CaptureStorage.none
    /// The last chunk of the first half, once there is a second one.
    var middle = CaptureStorage.none
    /// Bytes used of the last chunk.
    var used = 0
    var chunks = 0
    /// Whether something is missing behind `middle`.
    var isTorn = false
    var messages = 0
    var firstName = CaptureStorage.none
    var nameCount = 0
  }

  /// One of a call's Call-IDs.
  private struct Name {
    var hash: UInt64
    var next: UInt32
  }

  /// What stands before the bytes of a message.
  private struct Head {
    var at: UInt64
    var high: UInt64
    var low: UInt64
    var length: UInt32
    var kept: UInt32
    var port: UInt16
    var family: Endpoint.Family
    var transport: SIPTransport
    /// The socket of ours, when there are several.
    var socket: UInt8
    var isReceived: Bool

    static var size: Int { MemoryLayout<Head>.size }
  }

  /// Legs that a call is known by at a time; of more, the first ones are forgotten.
  private static let namesMax = 64
  /// The least that a call may have: four messages of the greatest size that is kept.
  private static let callBytesMin = 16 * CaptureStorage.chunkBytes

  private let chunksMax: Int
  private let messageMax: Int
  private var storage: CaptureStorage
  private var records = Slab<Record>()
  private var conns = TokenMap()
  private var names = TokenMap()
  private var nameList: [Name] = []
  private var freeName = CaptureStorage.none
  /// Calls by their beginning, and by their end.
  private var living = DeadlineList(interval: .seconds(1))
  private var over = DeadlineList(interval: .seconds(1))

  /// Makes room for the messages of calls; with no bytes at all, nothing is kept.
  init(bytes: Int, bytesPerCall: Int) {
    let perCall = min(bytes, max(bytesPerCall, Self.callBytesMin))
    chunksMax = perCall / CaptureStorage.chunkBytes
    messageMax = perCall / 4
    isOn = perCall >= Self.callBytesMin
    storage = CaptureStorage(bytes: isOn ? bytes : 0)
  }

  /// Whether anything is kept at all.
  let isOn: Bool

  /// How many calls something is kept of.
  var count: Int { records.count }

  /// The bytes that are in use.
  var bytes: Int { storage.used * CaptureStorage.chunkBytes }

  // MARK: Calls

  /// A call begins; its caller's Call-ID has this hash.
  mutating func open(_ conn: ConnID, name: UInt64, at now: Instant) {
    guard isOn, conns[conn.value] == nil else { return }
    let slot = records.insert(Record(conn: conn, began: now))
    conns.set(conn.value, slot.packed)
    living.arm(slot.index, at: now)
    join(conn, name: name)
  }

  /// A call goes on by another Call-ID as well.
  mutating func join(_ conn: ConnID, name: UInt64) {
    guard let slot = slot(of: conn), names[name] != slot.packed else { return }
    names.set(name, slot.packed)
    let made = Name(hash: name, next: records[slot].firstName)
    if freeName == CaptureStorage.none {
      records[slot].firstName = UInt32(nameList.count)
      nameList.append(made)
    } else {
      let place = freeName
      freeName = nameList[Int(place)].next
      nameList[Int(place)] = made
      records[slot].firstName = place
    }
    records[slot].nameCount += 1
    if records[slot].nameCount > Self.namesMax { dropOldestName(of: slot) }
  }

  /// Nothing is expected of a call any more; what still comes is taken.
  mutating func close(_ conn: ConnID, at now: Instant) {
    guard let slot = slot(of: conn), records[slot].ended == nil else { return }
    records[slot].ended = now
    living.disarm(slot.index)
    over.arm(slot.index, at: now)
  }

  /// Where messages of this name are kept; good until a message is added elsewhere.
  func place(of name: UInt64) -> Slot? { names[name].map { Slot(packed: $0) } }

  private func slot(of conn: ConnID) -> Slot? { conns[conn.value].map { Slot(packed: $0) } }

  private mutating func dropOldestName(of slot: Slot) {
    var place = records[slot].firstName
    var before = CaptureStorage.none
    while nameList[Int(place)].next != CaptureStorage.none {
      before = place
      place = nameList[Int(place)].next
    }
    guard before != CaptureStorage.none else { return }
    nameList[Int(before)].next = CaptureStorage.none
    records[slot].nameCount -= 1
    giveBack(name: place, of: slot)
  }

  private mutating func giveBack(name place: UInt32, of slot: Slot) {
    let hash = nameList[Int(place)].hash
    if names[hash] == slot.packed { names.remove(hash) }
    nameList[Int(place)].next = freeName
    freeName = place
  }

  /// Forgets the call that ended first, or else the oldest; never the one that is being written.
  private mutating func forgetOne(but writing: Slot) {
    for _ in 0..<2 {
      guard let index = over.popDue(at: .distantFuture) ?? living.popDue(at: .distantFuture),
        let slot = records.slot(at: index)
      else { return }
      if slot != writing { return forget(slot) }
      // To the end of its line.
      if records[slot].ended == nil {
        living.arm(index, at: records[slot].began)
      } else {
        over.arm(index, at: records[slot].began)
      }
    }
  }

  private mutating func forget(_ slot: Slot) {
    living.disarm(slot.index)
    over.disarm(slot.index)
    conns.remove(records[slot].conn.value)
    var place = records[slot].firstName
    while place != CaptureStorage.none {
      let next = nameList[Int(place)].next
      giveBack(name: place, of: slot)
      place = next
    }
    var chunk = records[slot].first
    while chunk != CaptureStorage.none {
      let next = storage.chunk(after: chunk)
      storage.give(back: chunk)
      chunk = next
    }
    records.remove(slot)
  }

  // MARK: Messages

  /// Keeps a message.
  mutating func add(
    _ message: ByteView,
    to slot: Slot,
    peer: Endpoint,
    isReceived: Bool,
    at now: Instant
  ) {
    guard records.contains(slot) else { return }
    let kept = min(message.count, messageMax)
    records[slot].messages += 1
    guard makeRoom(Head.size + kept, of: slot) else { return }
    if records[slot].chunks == 0 || records[slot].used == CaptureStorage.chunkBytes {
      grow(slot)
    }
    storage.noteStart(records[slot].used, in: records[slot].last)
    let head = Head(
      at: now.nanoseconds,
      high: peer.high,
      low: peer.low,
      length: UInt32(message.count),
      kept: UInt32(kept),
      port: peer.port,
      family: peer.family,
      transport: peer.transport,
      socket: peer.transport.isStream ? 0 : UInt8(truncatingIfNeeded: peer.connection),
      isReceived: isReceived
    )
    unsafe withUnsafeBytes(of: head) { bytes in
      unsafe write(ByteView(bytes).view(from: 0, to: Head.size), slot)
    }
    write(message.view(from: 0, to: kept), slot)
  }

  /// Sees to it that so many bytes can be written.
  ///
  /// - Returns: Whether they can.
  private mutating func makeRoom(_ count: Int, of slot: Slot) -> Bool {
    let size = CaptureStorage.chunkBytes
    let rest = records[slot].chunks == 0 ? 0 : size - records[slot].used
    // Most fits behind what is there.
    guard count > rest else { return true }
    let wanted = (count - rest + size - 1) / size
    while records[slot].chunks + wanted > chunksMax {
      guard tear(slot) else { return false }
    }
    while storage.available < wanted {
      let before = storage.available
      forgetOne(but: slot)
      if storage.available == before { return false }
    }
    return true
  }

  /// Gives up the chunk behind the first half.
  private mutating func tear(_ slot: Slot) -> Bool {
    let middle = records[slot].middle
    guard middle != CaptureStorage.none else { return false }
    let torn = storage.chunk(after: middle)
    guard torn != CaptureStorage.none, torn != records[slot].last else { return false }
    storage.link(middle, to: storage.chunk(after: torn))
    storage.give(back: torn)
    records[slot].chunks -= 1
    records[slot].isTorn = true
    return true
  }

  private mutating func grow(_ slot: Slot) {
    guard let chunk = storage.take() else { return }
    let last = records[slot].last
    if last == CaptureStorage.none {
      records[slot].first = chunk
    } else {
      storage.link(last, to: chunk)
    }
    records[slot].last = chunk
    records[slot].used = 0
    records[slot].chunks += 1
    if records[slot].chunks == chunksMax / 2, !records[slot].isTorn {
      records[slot].middle = chunk
    }
  }

  private mutating func write(_ bytes: ByteView, _ slot: Slot) {
    var start = 0
    var used = records[slot].used
    while start < bytes.count {
      if used == CaptureStorage.chunkBytes {
        grow(slot)
        used = 0
      }
      let end = min(bytes.count, start + CaptureStorage.chunkBytes - used)
      storage.write(bytes.view(from: start, to: end), to: records[slot].last, at: used)
      used += end - start
      start = end
    }
    records[slot].used = used
  }

  // MARK: Looking

  /// The call that has this name.
  func call(named name: UInt64) -> ConnID? {
    names[name].map { records[Slot(packed: $0)].conn }
  }

  /// Whether anything is kept of a call.
  func has(_ conn: ConnID) -> Bool { slot(of: conn) != nil }

  /// What is kept of a call; nil: nothing.
  func call(_ conn: ConnID, own: OwnAddresses) -> CapturedCall? {
    guard let slot = slot(of: conn) else { return nil }
    let record = records[slot]
    var call = CapturedCall(conn, began: record.began, ended: record.ended)
    var head: [UInt8] = []
    var tail: [UInt8] = []
    var isBehindGap = false
    var chunk = record.first
    while chunk != CaptureStorage.none {
      let count = chunk == record.last ? record.used : CaptureStorage.chunkBytes
      let bytes = storage.view(of: chunk, count: count)
      if !isBehindGap {
        head += bytes.array
        isBehindGap = record.isTorn && chunk == record.middle
      } else if !tail.isEmpty {
        tail += bytes.array
      } else if let start = storage.start(in: chunk) {
        tail = bytes.view(from: start, to: count).array
      }
      chunk = storage.chunk(after: chunk)
    }
    Self.read(head, own, into: &call)
    call.lostAfter = call.messages.count
    Self.read(tail, own, into: &call)
    call.lost = record.messages - call.messages.count
    return call
  }

  private static func read(_ bytes: [UInt8], _ own: OwnAddresses, into call: inout CapturedCall) {
    var start = 0
    while start + Head.size <= bytes.count {
      let head = unsafe bytes.withUnsafeBytes {
        unsafe $0.loadUnaligned(fromByteOffset: start, as: Head.self)
      }
      start += Head.size
      guard start + Int(head.kept) <= bytes.count else { return }
      var text = Array(bytes[start..<start + Int(head.kept)])
      CredentialMask.apply(to: &text)
      var peer = Endpoint(ipv6: head.high, head.low, port: head.port)
      peer.family = head.family
      peer.transport = head.transport
      peer.connection = UInt64(head.socket)
      var message = CapturedMessage(
        at: Instant(nanoseconds: head.at),
        isReceived: head.isReceived,
        transport: SIPListener.Transport(head.transport),
        own: CapturedMessage.Address(own.address(toward: peer)),
        peer: CapturedMessage.Address(peer),
        bytes: text
      )
      message.length = Int(head.length)
      call.messages.append(message)
      start += Int(head.kept)
    }
  }
}

extension Slot {
  fileprivate var packed: UInt64 { UInt64(generation) << 32 | UInt64(index) }

  fileprivate init(packed: UInt64) {
    index = UInt32(truncatingIfNeeded: packed)
    generation = UInt32(truncatingIfNeeded: packed >> 32)
  }
}
