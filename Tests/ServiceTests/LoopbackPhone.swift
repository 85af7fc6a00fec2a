import Foundation
import Glibc
import Synchronization

/// A UDP socket on a free loopback port that speaks just enough SIP for these tests.
final class LoopbackSocket: Sendable {
  let descriptor: Int32
  let port: UInt16

  init() {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        precondition(bind(descriptor, raw, length) == 0)
        precondition(getsockname(descriptor, raw, &length) == 0)
      }
    }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }

  func send(_ text: String, to port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bytes = Array(text.utf8)
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        _ = sendto(
          descriptor,
          bytes,
          bytes.count,
          0,
          raw,
          socklen_t(MemoryLayout<sockaddr_in>.size)
        )
      }
    }
  }

  /// The next message; nil when none comes in time.
  func receive(milliseconds: Int32) -> Message? {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, milliseconds) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        recvfrom(descriptor, &bytes, bytes.count, 0, raw, &length)
      }
    }
    guard count > 0 else { return nil }
    return Message(
      String(decoding: bytes[..<count], as: UTF8.self),
      from: UInt16(bigEndian: address.sin_port)
    )
  }
}

/// A SIP message as text, with its headers.
struct Message: Sendable {
  let start: String
  let headers: [(name: String, value: String)]
  let source: UInt16

  init(_ text: String, from source: UInt16) {
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    start = lines[0]
    headers = lines.dropFirst().prefix { !$0.isEmpty }.map { line in
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      return (parts[0].lowercased(), String(value))
    }
    self.source = source
  }

  func all(_ name: String) -> [String] {
    headers.filter { $0.name == name }.map { $0.value }
  }

  subscript(name: String) -> String { all(name).first ?? "" }

  var method: String { String(start.prefix { $0 != " " }) }
  var status: Int { start.hasPrefix("SIP/2.0 ") ? Int(start.dropFirst(8).prefix(3)) ?? 0 : 0 }

  /// A reply that copies what RFC 3261 8.2.6.2 says.
  func reply(_ status: String, tag: String, contact: String) -> String {
    var text = "SIP/2.0 \(status)\r\n"
    for via in all("via") { text += "Via: \(via)\r\n" }
    for route in all("record-route") { text += "Record-Route: \(route)\r\n" }
    let to = self["to"].contains("tag=") ? self["to"] : self["to"] + ";tag=\(tag)"
    text += "From: \(self["from"])\r\nTo: \(to)\r\nCall-ID: \(self["call-id"])\r\n"
    text += "CSeq: \(self["cseq"])\r\nContact: <\(contact)>\r\n"
    guard method == "INVITE", status.hasPrefix("200") else {
      return text + "Content-Length: 0\r\n\r\n"
    }
    return text + "Content-Type: application/sdp\r\nContent-Length: \(sdp.utf8.count)\r\n\r\n" + sdp
  }
}

let sdp =
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
  + "m=audio 40000 RTP/AVP 0\r\n"

/// A phone that rings, answers, and lets itself be hung up, until told to stop.
final class LoopbackPhone: Sendable {
  let socket = LoopbackSocket()
  let user: String
  private let log = Mutex<[String]>([])
  private let isOver = Atomic(false)
  private let answers: Bool

  init(_ user: String, answers: Bool = true) {
    self.user = user
    self.answers = answers
  }

  var contact: String { "sip:\(user)@127.0.0.1:\(socket.port)" }
  var requests: [String] { log.withLock { $0 } }

  func start() -> BackgroundThread { BackgroundThread { [self] in run() } }

  func stop() { isOver.store(true, ordering: .sequentiallyConsistent) }

  private func run() {
    while !isOver.load(ordering: .sequentiallyConsistent) {
      guard let message = socket.receive(milliseconds: 50), message.status == 0 else { continue }
      log.withLock { log in
        // A retransmission is not another request.
        if log.last != message.method { log.append(message.method) }
      }
      switch message.method {
      case "INVITE":
        socket.send(
          message.reply("180 Ringing", tag: user, contact: contact),
          to: message.source
        )
        guard answers else { continue }
        socket.send(message.reply("200 OK", tag: user, contact: contact), to: message.source)
      case "ACK": continue
      default:
        socket.send(message.reply("200 OK", tag: user, contact: contact), to: message.source)
      }
    }
  }
}

/// A caller who places one call and hangs up when told to.
final class LoopbackCaller {
  let socket = LoopbackSocket()
  /// The server's port; another one after a restart.
  var server: UInt16
  let number: String
  private let called: String
  private var remote = ""
  private(set) var statuses: [Int] = []
  /// The To headers of what came after 100.
  private(set) var tagged: Set<String> = []
  private(set) var last: Message?

  init(_ number: String, calls called: String, at server: UInt16) {
    self.number = number
    self.called = called
    self.server = server
  }

  private func request(_ method: String, cseq: Int, branch: String, body: String = "") -> String {
    var target = "sip:\(called)@127.0.0.1:\(server)"
    if method != "INVITE", let contact = last?["contact"], !contact.isEmpty {
      target = String(contact.drop { $0 == "<" }.prefix { $0 != ">" })
    }
    let type = body.isEmpty ? "" : "Content-Type: application/sdp\r\n"
    return """
      \(method) \(target) SIP/2.0\r
      Via: SIP/2.0/UDP 127.0.0.1:\(socket.port);branch=z9hG4bK\(branch)\(socket.port)\r
      Max-Forwards: 70\r
      From: <sip:\(number)@127.0.0.1>;tag=c\(socket.port)\r
      To: \(remote.isEmpty ? "<sip:\(called)@127.0.0.1>" : remote)\r
      Call-ID: call-\(socket.port)\r
      CSeq: \(cseq) \(method == "ACK" ? "ACK" : method)\r
      Contact: <sip:\(number)@127.0.0.1:\(socket.port)>\r
      \(type)Content-Length: \(body.utf8.count)\r
      \r
      \(body)
      """
  }

  func invite() { socket.send(request("INVITE", cseq: 1, branch: "i", body: sdp), to: server) }

  /// Waits for a status and remembers those on the way; false when it does not come.
  func wait(for status: Int, seconds: Int = 30) -> Bool {
    wait(seconds: seconds) { $0 == status }
  }

  /// Waits for the final answer.
  func waitForTheEnd() -> Int? { wait(seconds: 30) { $0 >= 200 } ? statuses.last : nil }

  private func wait(seconds: Int, until isEnough: (Int) -> Bool) -> Bool {
    for _ in 0..<seconds * 10 {
      guard let message = socket.receive(milliseconds: 100) else { continue }
      guard message.status > 0 else {
        socket.send(message.reply("200 OK", tag: "x", contact: "sip:x@127.0.0.1"), to: server)
        continue
      }
      if statuses.last != message.status { statuses.append(message.status) }
      if message.status > 100 { tagged.insert(message["to"]) }
      if message.status >= 200 { (last, remote) = (message, message["to"]) }
      if isEnough(message.status) { return true }
    }
    return false
  }

  func acknowledge() { socket.send(request("ACK", cseq: 1, branch: "a"), to: server) }

  func cancel() { socket.send(request("CANCEL", cseq: 1, branch: "i"), to: server) }

  func hangUp() -> Bool {
    socket.send(request("BYE", cseq: 2, branch: "b"), to: server)
    return wait(for: 200)
  }
}

/// A thread that can be waited for.
final class BackgroundThread: Sendable {
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    let done = Atomic(false)
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let work: Work

  init(_ body: @escaping @Sendable () -> Void) {
    let work = Work(body)
    self.work = work
    let thread = Thread {
      work.body()
      work.done.store(true, ordering: .sequentiallyConsistent)
    }
    thread.start()
  }

  var isDone: Bool { work.done.load(ordering: .sequentiallyConsistent) }
}
