import Glibc
import Reactor
import Testing

@Suite struct UnixSocketTests {
  @Test(.timeLimit(.minutes(15)))
  func linesGoBothWays() throws {
    let folder = ScratchFolder()
    let path = folder.file("control.sock")
    let server = try ShardThread.start(name: "server") {
      try UnixListener(path: path)
    } run: { listener in
      do {
        _ = try Readiness.wait(for: listener.descriptor, .readable, timeout: nil)
        guard var stream = try listener.accept() else { return }
        while let line = try stream.readLine() { _ = try stream.send(line: "<\(line)>") }
        _ = try stream.flushAll(until: patience)
      } catch {
        Issue.record(error)
      }
    }
    var client = try UnixStream(connectingTo: path)
    #expect(try client.send(line: "one") == .all)
    #expect(try client.readLine(until: patience) == "<one>")
    #expect(try client.send(Array("two\r\n\nthree".utf8)) == .all)
    try client.finishSending()
    #expect(try client.readLine(until: patience) == "<two>")
    #expect(try client.readLine(until: patience) == "<>")
    #expect(try client.readLine(until: patience) == "<three>")
    #expect(try client.readLine(until: patience) == nil)
    server.join()
    #expect(access(path, F_OK) != 0)
  }

  @Test func aLineThatArrivesInPiecesIsOneLine() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var client = try UnixStream(connectingTo: folder.file("s"))
    guard var served = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    _ = try client.send(Array("{\"ask\":".utf8))
    #expect(try served.receive() == .open)
    #expect(served.nextLine() == nil)
    _ = try client.send(Array("1}\n{".utf8))
    #expect(try served.receive() == .open)
    #expect(served.nextLine() == "{\"ask\":1}")
    #expect(served.nextLine() == nil)
  }

  @Test func tenThousandLinesInOneReadStaySeparate() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var client = try UnixStream(connectingTo: folder.file("s"))
    guard var served = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    _ = try client.send(Array((0..<10_000).map { "\($0)\n" }.joined().utf8))
    var lines: [String] = []
    while lines.count < 10_000 {
      _ = try client.flush()
      _ = try served.receive()
      while let line = served.nextLine() { lines.append(line) }
    }
    #expect(lines == (0..<10_000).map(String.init))
  }

  @Test func anEndlessLineIsCutOff() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var client = try UnixStream(connectingTo: folder.file("s"))
    guard var served = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    var result = UnixStream.Received.open
    var rounds = 0
    while result == .open, rounds < 100 {
      _ = try client.send(Array(repeating: UInt8(ascii: "x"), count: 10_000))
      result = try served.receive()
      rounds += 1
    }
    #expect(result == .lineTooLong)
    #expect(rounds < 20)
  }

  @Test func aPeerThatDoesNotReadIsBoundedAndCannotBlockUs() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var client = try UnixStream(connectingTo: folder.file("s"))
    guard let accepted = try listener.accept() else {
      Issue.record("nobody connected")
      return
    }
    let line = String(repeating: "y", count: 50_000)
    var results: [UnixStream.Sent] = []
    while results.last != .tooMuch, results.count < 1_000 {
      results.append(try client.send(line: line))
    }
    #expect(results.first == .all)
    #expect(results.contains(.blocked))
    #expect(results.last == .tooMuch)
    #expect(client.interest == [.readable, .writable])
    func read(_ stream: consuming UnixStream) throws -> Int {
      var lines = 0
      while try client.flush() == .blocked || lines == 0 {
        _ = try stream.receive()
        while let got = stream.nextLine() {
          #expect(got.utf8.count == 50_000)
          lines += 1
        }
      }
      return lines
    }
    #expect(try read(accepted) > 0)
    #expect(client.outgoingCount == 0)
    #expect(client.interest == .readable)
    #expect(try client.send(line: "gone") == .broken)
  }

  @Test func theSocketIsForItsUserOnly() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var about = stat()
    #expect(stat(listener.path, &about) == 0)
    #expect(about.st_mode & 0o777 == 0o600)
  }

  @Test func theFileOfADeadServerIsReplaced() throws {
    let folder = ScratchFolder()
    let path = folder.file("s")
    // A server that died leaves its file: bind without ever unlinking.
    let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(dead, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    close(dead)
    #expect(access(path, F_OK) == 0)
    let error = #expect(throws: ReactorError.self) {
      _ = try UnixStream(connectingTo: path)
    }
    #expect(error?.reason == "no server is listening there")
    let listener = try UnixListener(path: path)
    _ = try UnixStream(connectingTo: listener.path)
  }

  @Test func aLiveServerIsNotReplaced() throws {
    let folder = ScratchFolder()
    let path = folder.file("s")
    let listener = try UnixListener(path: path)
    let error = #expect(throws: ReactorError.self) { _ = try UnixListener(path: path) }
    #expect(error?.description == "listen on \(path): another server is listening there")
    _ = try UnixStream(connectingTo: listener.path)
  }

  @Test func aServerThatDoesNotKnowOurLockIsNotReplacedEither() throws {
    let folder = ScratchFolder()
    let path = folder.file("s")
    let listener = try UnixListener(path: path)
    #expect(unlink(path + ".lock") == 0)
    let error = #expect(throws: ReactorError.self) { _ = try UnixListener(path: path) }
    #expect(error?.reason == "another server is listening there")
    _ = try UnixStream(connectingTo: listener.path)
  }

  @Test func aFileThatIsNotASocketIsLeftAlone() throws {
    let folder = ScratchFolder()
    folder.write("precious", to: "s")
    let error = #expect(throws: ReactorError.self) { _ = try UnixListener(path: folder.file("s")) }
    #expect(error?.reason == "the path exists and is not a socket")
    #expect(access(folder.file("s"), F_OK) == 0)
  }

  @Test func aPathThatDoesNotFitIsRefusedInWords() {
    let path = "/tmp/" + String(repeating: "x", count: 110)
    let error = #expect(throws: ReactorError.self) { _ = try UnixListener(path: path) }
    #expect(error?.reason == "the path is longer than 107 bytes")
  }

  @Test func aFolderThatDoesNotExistIsNamed() {
    let error = #expect(throws: ReactorError.self) {
      _ = try UnixListener(path: "/nowhere/at/all/s")
    }
    #expect(
      error?.description == "listen on /nowhere/at/all/s: No such file or directory (errno 2)"
    )
  }

  @Test func waitingForAnAnswerEndsAtTheDeadline() throws {
    let folder = ScratchFolder()
    let listener = try UnixListener(path: folder.file("s"))
    var client = try UnixStream(connectingTo: listener.path)
    let deadline = Clock.monotonic + 5_000_000
    let error = #expect(throws: ReactorError.self) { _ = try client.readLine(until: deadline) }
    #expect(error?.reason == "no answer in time")
    #expect(Clock.monotonic >= deadline)
  }
}
