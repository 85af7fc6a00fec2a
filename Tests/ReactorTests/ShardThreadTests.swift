import Glibc
import Reactor
import Testing

@Suite struct ShardThreadTests {
  private final class NotSendable {
    var value = 0
  }

  private struct Refusal: Error, Equatable {}

  @Test(.timeLimit(.minutes(15)))
  func whatAThreadOwnsIsMadeInsideIt() throws {
    let result = Locked<(maker: UInt, user: UInt)>((0, 0))
    let thread = try ShardThread.start(name: "owner") {
      result.withLock { result in result.maker = pthread_self() }
      return NotSendable()
    } run: { owned in
      owned.value += 1
      result.withLock { result in result.user = pthread_self() }
    }
    thread.join()
    thread.join()
    let (maker, user) = result.withLock { result in result }
    #expect(maker == user)
    #expect(maker != pthread_self())
  }

  @Test(.timeLimit(.minutes(15)))
  func aFailureToMakeItReachesTheStarter() throws {
    #expect(throws: Refusal()) {
      _ = try ShardThread.start(name: "refuser") { () throws -> NotSendable in
        throw Refusal()
      } run: { _ in
      }
    }
  }

  @Test(.timeLimit(.minutes(15)))
  func aThreadBearsItsNameCutToFifteenCharacters() throws {
    let seen = Locked("")
    let thread = try ShardThread(name: "a-name-that-is-too-long") {
      let name = contents(of: "/proc/thread-self/comm")
      seen.withLock { seen in seen = name }
    }
    thread.join()
    #expect(seen.withLock { seen in seen } == "a-name-that-is-\n")
  }

  @Test(.timeLimit(.minutes(15)))
  func aPinnedThreadStaysOnItsProcessor() throws {
    let seen = Locked("")
    let thread = try ShardThread(name: "pinned", cpu: 0) {
      let status = contents(of: "/proc/thread-self/status")
      seen.withLock { seen in seen = status }
    }
    thread.join()
    let lines = seen.withLock { seen in seen.split(separator: "\n") }
    #expect(lines.contains("Cpus_allowed_list:\t0"))
  }

  @Test(.timeLimit(.minutes(15)))
  func aProcessorThatDoesNotExistIsIgnored() throws {
    let hasRun = Locked(false)
    let thread = try ShardThread(name: "nowhere", cpu: 100_000) {
      hasRun.withLock { hasRun in hasRun = true }
    }
    thread.join()
    #expect(hasRun.withLock { hasRun in hasRun })
  }

  @Test(.timeLimit(.minutes(15)))
  func processSignalsBecomeReadable() throws {
    let seen = Locked<[ProcessSignal]>([])
    let thread = try ShardThread(name: "signals") {
      do {
        let watch = try SignalWatch()
        var loop = try EventLoop()
        try loop.add(watch.descriptor, .readable, token: EventLoop.Token(0))
        for signal in [SIGHUP, SIGTERM, SIGINT] {
          // To this thread only: the process as a whole must not be told to end.
          pthread_kill(pthread_self(), signal)
          _ = try loop.wait(until: patience)
          while let signal = try watch.next() {
            seen.withLock { seen in seen.append(signal) }
          }
        }
      } catch {
        Issue.record(error)
      }
    }
    thread.join()
    #expect(seen.withLock { seen in seen } == [.hangUp, .terminate, .interrupt])
  }
}
