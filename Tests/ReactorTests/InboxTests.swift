import Reactor
import Testing

@Suite struct InboxTests {
  private struct Item: Sendable, Equatable {
    let producer: Int
    let number: Int
  }

  @Test(.timeLimit(.minutes(15)))
  func everyElementOfManyProducersArrivesOnceAndInItsProducersOrder() throws {
    let producers = 8
    let each = 20_000
    let inbox = try Inbox<Item>()
    let threads = try (0..<producers).map { producer in
      try ShardThread(name: "producer\(producer)") {
        for number in 0..<each { inbox.post(Item(producer: producer, number: number)) }
      }
    }
    var loop = try EventLoop()
    try loop.add(inbox.descriptor, .readable, token: EventLoop.Token(0))
    var next = [Int](repeating: 0, count: producers)
    var batch: [Item] = []
    var total = 0
    while total < producers * each {
      _ = try loop.wait(until: patience)
      inbox.drain(into: &batch)
      for item in batch {
        #expect(item.number == next[item.producer])
        next[item.producer] = item.number + 1
      }
      total += batch.count
    }
    for thread in threads { thread.join() }
    #expect(next == Array(repeating: each, count: producers))
    inbox.drain(into: &batch)
    #expect(batch.isEmpty)
  }

  @Test func aPostWakesTheOwnerOnceForTheWholeBatch() throws {
    let inbox = try Inbox<Int>()
    var loop = try EventLoop()
    try loop.add(inbox.descriptor, .readable, token: EventLoop.Token(0))
    for number in 0..<100 { inbox.post(number) }
    #expect(try loop.wait(until: patience) == 1)
    var batch = [99]
    inbox.drain(into: &batch)
    #expect(batch == Array(0..<100))
    #expect(try loop.wait(until: 0) == 0)
  }

  @Test func aBatchIsPostedWholeOrNotAtAll() throws {
    let inbox = try Inbox<Int>(limit: 4)
    #expect(inbox.post(contentsOf: [1, 2, 3]) == .accepted)
    #expect(inbox.post(contentsOf: [4, 5]) == .full)
    #expect(inbox.post(4) == .accepted)
    #expect(inbox.post(5) == .full)
    var batch: [Int] = []
    inbox.drain(into: &batch)
    #expect(batch == [1, 2, 3, 4])
    #expect(inbox.post(5) == .accepted)
  }

  @Test func aClosedInboxRefusesButGivesOutWhatWaits() throws {
    let inbox = try Inbox<Int>()
    inbox.post(1)
    inbox.close()
    #expect(inbox.post(2) == .closed)
    #expect(inbox.post(contentsOf: [3]) == .closed)
    #expect(inbox.isClosed)
    var batch: [Int] = []
    inbox.drain(into: &batch)
    #expect(batch == [1])
  }

  @Test(.timeLimit(.minutes(15)))
  func closingWakesASleepingOwner() throws {
    let inbox = try Inbox<Int>()
    let owner = try ShardThread.start(name: "owner") {
      var loop = try EventLoop()
      try loop.add(inbox.descriptor, .readable, token: EventLoop.Token(0))
      return loop
    } run: { loop in
      var loop = loop
      while !inbox.isClosed { _ = try? loop.wait(until: nil) }
    }
    inbox.close()
    owner.join()
  }

  @Test(.timeLimit(.minutes(15)))
  func aLockLetsOneThreadInAtATime() throws {
    let count = Locked(0)
    let threads = try (0..<4).map { number in
      try ShardThread(name: "counter\(number)") {
        for _ in 0..<25_000 { count.withLock { count in count += 1 } }
      }
    }
    for thread in threads { thread.join() }
    #expect(count.withLock { count in count } == 100_000)
  }
}
