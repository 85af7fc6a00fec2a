import Reactor
import Testing

@Suite("The door for batches", .timeLimit(.minutes(15)))
struct BatchDoorTests {
  /// Something to hand over; it belongs to one thread at a time, as the door promises.
  private final class Numbers: @unchecked Sendable {
    var values: [Int] = []
  }

  private static func isAwake(_ wakeUp: WakeUp) throws -> Bool {
    try Readiness.wait(for: wakeUp.descriptor, .readable, timeout: 0).contains(.readable)
  }

  /// The batch to fill next, as soon as there is one.
  private static func toFill(_ door: BatchDoor<Numbers>, _ filler: WakeUp) -> Numbers {
    while true {
      if let batch = door.toFill() { return batch }
      _ = try? Readiness.wait(for: filler.descriptor, .readable, timeout: nil)
      filler.clear()
    }
  }

  @Test("All arrives once and in order, however few batches there are", arguments: [1, 2, 8])
  func order(places: Int) throws {
    let count = 100_000
    let (filler, emptier) = (try WakeUp(), try WakeUp())
    let door = BatchDoor((0..<places).map { _ in Numbers() }, filler: filler, emptier: emptier)
    let thread = try ShardThread(name: "filler") {
      var next = 0
      while next < count {
        let batch = Self.toFill(door, filler)
        batch.values.removeAll(keepingCapacity: true)
        for _ in 0..<(1 + next % 13) where next < count {
          batch.values.append(next)
          next += 1
        }
        door.handOver()
      }
      door.close()
    }
    var expected = 0
    var isOver = false
    while !isOver {
      switch door.toEmpty() {
      case .batch(let batch):
        #expect(batch.values == Array(expected..<expected + batch.values.count))
        expected += batch.values.count
        door.giveBack()
      case .nothing:
        _ = try Readiness.wait(for: emptier.descriptor, .readable, timeout: nil)
        emptier.clear()
      case .end: isOver = true
      }
    }
    thread.join()
    #expect(expected == count)
  }

  @Test("Who fills may help to empty, one at a time: all arrives once and in order")
  func lendingHands() throws {
    let count = 100_000
    let (filler, emptier) = (try WakeUp(), try WakeUp())
    let door = BatchDoor((0..<3).map { _ in Numbers() }, filler: filler, emptier: emptier)
    let emptying = Lock()
    let arrived = Numbers()
    @Sendable func empty(_ batch: Numbers?) -> Bool {
      guard let batch else { return false }
      arrived.values += batch.values
      door.giveBack()
      return true
    }
    let thread = try ShardThread(name: "filler") {
      var next = 0
      while next < count {
        let batch = Self.toFill(door, filler)
        batch.values = Array(next..<min(count, next + 1 + next % 13))
        next += batch.values.count
        let before = door.handedOver
        door.handOver()
        while emptying.withLockIfOpen({ empty(door.toEmpty(ofFirst: before)) }) == true {}
      }
      door.close()
    }
    var isOver = false
    while !isOver {
      let waits = emptying.withLock {
        switch door.toEmpty() {
        case .batch(let batch): return !empty(batch)
        case .nothing: return true
        case .end:
          isOver = true
          return false
        }
      }
      guard waits else { continue }
      _ = try Readiness.wait(for: emptier.descriptor, .readable, timeout: nil)
      emptier.clear()
    }
    thread.join()
    #expect(arrived.values == Array(0..<count))
  }

  @Test("There are never more batches on their way than the door has")
  func bound() throws {
    let (filler, emptier) = (try WakeUp(), try WakeUp())
    let batches = [Numbers(), Numbers()]
    let door = BatchDoor(batches, filler: filler, emptier: emptier)
    for batch in batches {
      #expect(door.toFill() === batch)
      door.handOver()
    }
    // Nobody waited for them: nobody is woken.
    #expect(try !Self.isAwake(emptier))
    #expect(door.toFill() == nil)
    guard case .batch(let first) = door.toEmpty() else { throw Unexpected() }
    #expect(first === batches[0])
    // The batch that is being emptied is on its way still.
    #expect(door.toFill() == nil)
    #expect(try !Self.isAwake(filler))
    door.giveBack()
    #expect(try Self.isAwake(filler))
    #expect(door.toFill() === batches[0])
    // The second one is the oldest now.
    #expect(door.toEmpty(ofFirst: 1) == nil)
    #expect(door.toEmpty(ofFirst: 2) === batches[1])
    #expect(door.toEmpty(ofFirst: 9) === batches[1])
    #expect(door.handedOver == 2)
  }

  @Test("Only who found nothing and wants to know is woken")
  func wakes() throws {
    let (filler, emptier) = (try WakeUp(), try WakeUp())
    let door = BatchDoor([Numbers(), Numbers(), Numbers()], filler: filler, emptier: emptier)
    guard case .nothing = door.toEmpty(orWait: false) else { throw Unexpected() }
    _ = door.toFill()
    #expect(!door.handOver())
    #expect(try !Self.isAwake(emptier))
    guard case .batch = door.toEmpty() else { throw Unexpected() }
    door.giveBack()
    guard case .nothing = door.toEmpty() else { throw Unexpected() }
    _ = door.toFill()
    #expect(door.handOver())
    #expect(try Self.isAwake(emptier))
    emptier.clear()
    _ = door.toFill()
    door.handOver()
    #expect(try !Self.isAwake(emptier))
  }

  @Test("What was handed over before the door closed can be emptied")
  func closing() throws {
    let (filler, emptier) = (try WakeUp(), try WakeUp())
    let door = BatchDoor([Numbers(), Numbers()], filler: filler, emptier: emptier)
    _ = door.toFill()
    door.handOver()
    door.close()
    #expect(door.isClosed)
    #expect(try Self.isAwake(emptier))
    guard case .batch = door.toEmpty() else { throw Unexpected() }
    door.giveBack()
    guard case .end = door.toEmpty() else { throw Unexpected() }
  }

  @Test("A batch to be sent holds copies, up to its maximum, and gives up what is refused")
  func outgoing() throws {
    let socket = try BoundSocket(bindingTo: loopback(), sharing: .none)
    var peer = try DatagramSocket(bindingTo: loopback())
    let batch = try OutgoingBatch(slots: 4, bytes: 10)
    func add(_ bytes: [UInt8], to address: SocketAddress) -> Bool {
      bytes.withUnsafeBytes { batch.append($0, to: address) }
    }
    #expect(add([1, 2, 3], to: peer.address))
    // An IPv6 destination on an IPv4 socket: EAFNOSUPPORT.
    #expect(add([4], to: SocketAddress(ipv6: 0, 1, port: 9)))
    #expect(!add([5, 6, 7, 8, 9, 10, 11], to: peer.address))
    #expect(add([], to: peer.address))
    #expect(add([5, 6, 7, 8, 9, 10], to: peer.address))
    #expect(!add([], to: peer.address))
    #expect(batch.count == 4)
    #expect(batch.send(on: socket) == .some(1))
    #expect(batch.send(on: socket) == .refused(code: 97))
    #expect(batch.send(on: socket) == .some(2))
    #expect(batch.count == 0)
    #expect(batch.send(on: socket) == .some(0))
    var received: [[UInt8]] = []
    while received.count < 3 {
      for index in 0..<(try peer.receive()) { received.append(Array(peer.bytes(at: index))) }
    }
    #expect(received == [[1, 2, 3], [], [5, 6, 7, 8, 9, 10]])
    batch.removeAll()
    #expect(add([UInt8](repeating: 7, count: 10), to: peer.address))
  }

  @Test("A batch that was received is replaced by the next one")
  func received() throws {
    let socket = try BoundSocket(bindingTo: loopback(), sharing: .none)
    var peer = try DatagramSocket(bindingTo: loopback())
    let batch = try ReceivedBatch(slots: 2, datagramMax: 4)
    try batch.fill(from: socket)
    #expect(batch.count == 0)
    let bytes: [UInt8] = [1, 2, 3, 4, 5]
    bytes.withUnsafeBytes { bytes in
      for count in 3...5 {
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        #expect(peer.stage(part, to: socket.address) == true)
      }
      #expect(peer.flush() == .all(3))
    }
    var seen: [[UInt8]] = []
    var cut: [Bool] = []
    while seen.count < 3 {
      try batch.fill(from: socket)
      #expect(batch.count <= 2)
      for index in 0..<batch.count {
        seen.append(Array(batch.bytes(at: index)))
        cut.append(batch.isTruncated(at: index))
        #expect(batch.source(at: index) == peer.address)
      }
    }
    #expect(seen == [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4]])
    #expect(cut == [false, false, true])
  }

  private struct Unexpected: Error {}

  private func loopback() -> SocketAddress { SocketAddress(ipv4: 0x7f00_0001, port: 0) }
}
