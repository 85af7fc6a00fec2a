import Glibc
import Reactor
import Testing

@Suite struct EventLoopTests {
  @Test func aPassedDeadlineOnlyPolls() throws {
    var loop = try EventLoop()
    #expect(try loop.wait(until: 0) == 0)
  }

  @Test func theDeadlineIsNeverReportedEarly() throws {
    var loop = try EventLoop()
    for microseconds: UInt64 in [50, 700, 1_500] {
      let deadline = Clock.monotonic + microseconds * 1_000
      while try loop.wait(until: deadline) == 0, Clock.monotonic < deadline {}
      #expect(Clock.monotonic >= deadline)
    }
  }

  @Test func aWakeUpIsReportedUnderItsToken() throws {
    var loop = try EventLoop()
    let wakeUp = try WakeUp()
    try loop.add(wakeUp.descriptor, .readable, token: EventLoop.Token(77))
    #expect(try loop.wait(until: 0) == 0)
    wakeUp.signal()
    wakeUp.signal()
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).token == EventLoop.Token(77))
    #expect(loop.ready(at: 0).readiness == .readable)
    #expect(wakeUp.clear())
    #expect(!wakeUp.clear())
    #expect(try loop.wait(until: 0) == 0)
  }

  @Test func whatIsNotTakenIsReportedAgain() throws {
    var loop = try EventLoop()
    let wakeUp = try WakeUp()
    try loop.add(wakeUp.descriptor, .readable, token: EventLoop.Token(1))
    wakeUp.signal()
    for _ in 0..<3 { #expect(try loop.wait(until: patience) == 1) }
  }

  @Test func aDescriptorApartIsReportedBesideTheOthers() throws {
    var loop = try EventLoop()
    let apart = try WakeUp()
    let other = try WakeUp()
    loop.add(apart: apart.descriptor, .readable, token: EventLoop.Token(1))
    try loop.add(other.descriptor, .readable, token: EventLoop.Token(2))
    #expect(loop.registrationCount == 2)
    #expect(try loop.wait(until: 0) == 0)
    let deadline = Clock.monotonic + 700_000
    while try loop.wait(until: deadline) == 0, Clock.monotonic < deadline {}
    #expect(Clock.monotonic >= deadline)
    other.signal()
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).token == EventLoop.Token(2))
    apart.signal()
    #expect(try loop.wait(until: patience) == 2)
    #expect((0..<2).map { loop.ready(at: $0).token.rawValue }.sorted() == [1, 2])
    other.clear()
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).token == EventLoop.Token(1))
    #expect(loop.ready(at: 0).readiness == .readable)
    apart.clear()
    #expect(try loop.wait(until: 0) == 0)
    // What it waits for can be changed to nothing, and back.
    apart.signal()
    try loop.change(apart.descriptor, [])
    #expect(try loop.wait(until: 0) == 0)
    try loop.change(apart.descriptor, .readable)
    #expect(try loop.wait(until: 0) == 1)
  }

  @Test func oneBatchMayBeFullOfTheDescriptorApart() throws {
    var loop = try EventLoop(batchMax: 1)
    let apart = try WakeUp()
    let other = try WakeUp()
    loop.add(apart: apart.descriptor, .readable, token: EventLoop.Token(1))
    try loop.add(other.descriptor, .readable, token: EventLoop.Token(2))
    apart.signal()
    other.signal()
    #expect(try loop.wait(until: patience) == 1)
    apart.clear()
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).token == EventLoop.Token(2))
  }

  @Test func aRegistrationRemovedDuringABatchIsWithdrawnFromIt() throws {
    var loop = try EventLoop()
    let first = try WakeUp()
    let second = try WakeUp()
    try loop.add(first.descriptor, .readable, token: EventLoop.Token(1))
    try loop.add(second.descriptor, .readable, token: EventLoop.Token(2))
    first.signal()
    second.signal()
    #expect(try loop.wait(until: patience) == 2)
    try loop.remove(second.descriptor)
    let left = (0..<2).map { loop.ready(at: $0) }.filter { !$0.readiness.isEmpty }
    #expect(left.map(\.token) == [EventLoop.Token(1)])
    #expect(loop.registrationCount == 1)
  }

  @Test func interestCanBeChangedToWriting() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    let client = try UnixStream(connectingTo: folder.file("s"))
    var loop = try EventLoop()
    try loop.add(client.descriptor, .readable, token: EventLoop.Token(5))
    #expect(try loop.wait(until: 0) == 0)
    try loop.change(client.descriptor, [.readable, .writable])
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).readiness.contains(.writable))
    _ = listener.path
  }

  @Test func aClosedPeerIsReported() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var loop = try EventLoop()
    func connectAndLeave() throws { _ = try UnixStream(connectingTo: folder.file("s")) }
    try connectAndLeave()
    guard let served = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    try loop.add(served.descriptor, .readable, token: EventLoop.Token(5))
    #expect(try loop.wait(until: patience) == 1)
    #expect(loop.ready(at: 0).readiness.contains(.closed))
  }

  @Test func unknownDescriptorsAreRefusedWithTheKernelsWords() throws {
    var loop = try EventLoop()
    #expect(throws: ReactorError.self) { try loop.remove(0) }
    let error = #expect(throws: ReactorError.self) {
      try loop.add(9_999, .readable, token: EventLoop.Token(1))
    }
    #expect(error?.description == "epoll add: Bad file descriptor (errno 9)")
    #expect(loop.registrationCount == 0)
  }

  @Test func theMonotonicClockDoesNotGoBack() {
    var last = Clock.monotonic
    for _ in 0..<1_000 {
      let now = Clock.monotonic
      #expect(now >= last)
      last = now
    }
    #expect(Clock.realtime > 1_700_000_000_000_000_000)
  }

  @Test func aDescriptorIsClosedWithItsOwner() throws {
    var number: Int32 = -1
    func open() throws {
      let owner = FileDescriptor(owning: dup(0))
      number = owner.number
      #expect(fcntl(number, F_GETFD) >= 0)
    }
    // Another test's thread may be given the number at once: what must go is our pipe's other end.
    try open()
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    func ownAndDrop(_ number: Int32) { _ = FileDescriptor(owning: number) }
    ownAndDrop(ends[1])
    var byte: UInt8 = 0
    #expect(read(ends[0], &byte, 1) == 0)
    close(ends[0])
  }
}
