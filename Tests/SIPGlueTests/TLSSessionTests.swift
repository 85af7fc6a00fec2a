import Foundation
import SIPGlue
import Testing

/// Certificates that are made for one test and forgotten.
struct TLSFolder: ~Copyable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "pointsman-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Makes a certificate for an address, signed by itself, and its key.
  func make(_ name: String, address: String = "127.0.0.1") throws -> TLSFiles {
    let files = TLSFiles(certificate: "\(path)/\(name).pem", key: "\(path)/\(name).key")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-keyout", files.key, "-out", files.certificate, "-days", "2", "-subj", "/CN=\(name)",
      "-addext", "subjectAltName=IP:\(address)",
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return files
  }

  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    return "\(path)/\(name)"
  }
}

@Suite("TLS without sockets", .timeLimit(.minutes(15)))
struct TLSSessionTests {
  /// Two ends, joined by a wire that hands over so many bytes at a time.
  final class Pair {
    let ends: [TLSSession]
    var heard = ["", ""]
    var hasEnded = [false, false]
    private let step: Int

    init(client: TLSSession, server: TLSSession, step: Int = 1 << 16) {
      ends = [client, server]
      self.step = step
      client.start()
    }

    func say(_ text: String, from end: Int) {
      let standing = Array(text.utf8).withUnsafeBytes { ends[end].send($0) }
      if standing == .ended { hasEnded[end] = true }
      run()
    }

    func run() {
      var isMoving = true
      while isMoving {
        isMoving = false
        for end in 0..<2 {
          var bytes: [UInt8] = []
          ends[end].takeOutput { bytes += $0 }
          var rest = bytes[...]
          while !rest.isEmpty {
            isMoving = true
            let piece = Array(rest.prefix(step))
            rest = rest.dropFirst(step)
            deliver(piece, to: 1 - end)
          }
        }
      }
    }

    private func deliver(_ bytes: [UInt8], to end: Int) {
      guard !hasEnded[end] else { return }
      let standing = bytes.withUnsafeBytes { raw in
        ends[end].receive(raw) { plain in heard[end] += String(decoding: plain, as: UTF8.self) }
      }
      if standing == .ended { hasEnded[end] = true }
    }
  }

  private func pair(
    client: TLSFiles,
    server: TLSFiles,
    step: Int = 1 << 16,
    dialled: String = "127.0.0.1"
  ) throws -> Pair {
    let ours = try #require(TLSSession(try TLSCredentials(client), server: dialled))
    let theirs = try #require(TLSSession(try TLSCredentials(server), server: nil))
    return Pair(client: ours, server: theirs, step: step)
  }

  @Test("What is said before hands are shaken arrives too, however the wire cuts the bytes")
  func anyCut() throws {
    let folder = try TLSFolder()
    var files = try folder.make("demo")
    files.authorities = files.certificate
    let long = String(repeating: "0123456789", count: 10_000)
    for step in [1, 7, 1000, 1 << 16] {
      let pair = try pair(client: files, server: files, step: step)
      pair.say("first ", from: 0)
      pair.say("second ", from: 0)
      pair.say(long, from: 1)
      #expect(pair.heard == [long, "first second "])
      #expect(pair.hasEnded == [false, false])
      pair.ends[1].finish()
      pair.run()
      #expect(pair.hasEnded[0])
    }
  }

  @Test("Nobody is believed who cannot show what he must")
  func trust() throws {
    let folder = try TLSFolder()
    let server = try folder.make("server")
    var client = try folder.make("client")
    // Its authority is not ours.
    client.authorities = client.certificate
    var pair = try pair(client: client, server: server)
    pair.say("secret", from: 0)
    #expect(pair.heard == ["", ""])
    #expect(pair.hasEnded == [true, true])
    // Its certificate is for another address.
    client.authorities = server.certificate
    pair = try self.pair(client: client, server: server, dialled: "127.0.0.2")
    pair.say("secret", from: 0)
    #expect(pair.heard == ["", ""])
    // Nobody asks.
    client.verification = .none
    pair = try self.pair(client: client, server: server, dialled: "127.0.0.2")
    pair.say("open", from: 0)
    #expect(pair.heard == ["", "open"])
    // The server asks as well, and knows the client's authority, or not.
    client.verification = .servers
    var strict = server
    strict.verification = .all
    strict.authorities = server.certificate
    pair = try self.pair(client: client, server: strict)
    pair.say("secret", from: 0)
    #expect(pair.heard == ["", ""])
    strict.authorities = client.certificate
    // Our contexts show their certificate on both sides.
    pair = try self.pair(client: client, server: strict)
    pair.say("known", from: 0)
    #expect(pair.heard == ["", "known"])
  }

  @Test("What is not TLS ends the session, and nothing of it is shown")
  func nonsense() throws {
    let folder = try TLSFolder()
    let files = try folder.make("demo")
    let server = try #require(TLSSession(try TLSCredentials(files), server: nil))
    let text = Array(StreamWorld.request("OPTIONS").utf8)
    let standing = text.withUnsafeBytes { server.receive($0) { _ in Issue.record("shown") } }
    #expect(standing == .ended)
  }

  @Test("A file that cannot be used is named in one sentence")
  func wrongFiles() throws {
    let folder = try TLSFolder()
    let good = try folder.make("good")
    let other = try folder.make("other")
    func problem(_ change: (inout TLSFiles) -> Void) -> String {
      var files = good
      change(&files)
      do {
        _ = try TLSCredentials(files)
        return ""
      } catch {
        return "\(error)".replacingOccurrences(of: folder.path, with: "")
      }
    }
    #expect(problem { _ in } == "")
    #expect(
      problem { $0.key = other.key }
        == "the key \"/other.key\" does not belong to the certificate \"/good.pem\""
    )
    #expect(
      problem { $0.certificate = "\(folder.path)/none.pem" }
        == "the certificate \"/none.pem\" cannot be used: No such file or directory"
    )
    let empty = try folder.write("empty.pem", "nothing")
    #expect(problem { $0.certificate = empty }.contains("no start line"))
    #expect(problem { $0.key = empty }.hasPrefix("the key \"/empty.pem\" cannot be used: "))
    #expect(problem { $0.authorities = empty }.hasPrefix("the authorities \"/empty.pem\""))
  }
}
