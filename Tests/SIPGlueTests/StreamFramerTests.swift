import Foundation
import SIPGlue
import Testing

@Suite("Where a message ends in a stream")
struct StreamFramerTests {
  typealias Frame = StreamFramer.Frame

  static func message(_ number: Int, body: String = "", length: String = "Content-Length") -> String
  {
    "OPTIONS sip:\(number)@a.example SIP/2.0\r\nCall-ID: \(number)\r\n"
      + "\(length): \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// Cuts a stream that comes in segments, as a connection does; every frame with its bytes.
  static func frames(of segments: [[UInt8]]) -> [String] {
    var framer = StreamFramer()
    var buffer: [UInt8] = []
    var found: [String] = []
    for segment in segments {
      buffer += segment
      var start = 0
      reading: while true {
        let frame = buffer.withByteView { framer.next($0.view(from: start, to: $0.count)) }
        switch frame {
        case .incomplete: break reading
        case .garbage: return found + ["garbage"]
        case .refused(let length, let status):
          let head = String(decoding: buffer[start..<start + length], as: UTF8.self)
          return found + ["refused \(status) \(head)"]
        case .lineEnd(let length): start += length
        case .ping(let length):
          found.append("ping")
          start += length
        case .message(let length):
          found.append(String(decoding: buffer[start..<start + length], as: UTF8.self))
          start += length
        }
      }
      buffer.removeFirst(start)
    }
    return found
  }

  static func frames(_ text: String) -> [String] { frames(of: [Array(text.utf8)]) }

  @Test("Several messages in one segment, and one over many")
  func messagesAndSegments() {
    let messages = [
      Self.message(1), Self.message(2, body: "v=0\r\n\r\nx"), Self.message(3, length: "l"),
      Self.message(4, body: "b", length: "CONTENT-LENGTH  "),
      Self.message(5, body: "folded", length: "Content-Length:\r\n").replacingOccurrences(
        of: "\r\n: 6",
        with: "\r\n 6"
      ),
      "\r\n" + Self.message(6),
    ]
    let whole = messages.map { $0.hasPrefix("\r\n") ? String($0.dropFirst()) : $0 }
    let stream = Array(messages.joined().utf8)
    #expect(Self.frames(of: [stream]) == whole)
    #expect(Self.frames(of: stream.map { [$0] }) == whole)
    for cut in 0...stream.count {
      #expect(Self.frames(of: [Array(stream[..<cut]), Array(stream[cut...])]) == whole)
    }
  }

  @Test("Two line ends between messages are a question, one is nothing")
  func keepAlives() {
    #expect(Self.frames("\r\n\r\n") == ["ping"])
    #expect(Self.frames(of: ["\r", "\n\r", "\n"].map { Array($0.utf8) }) == ["ping"])
    #expect(Self.frames("\r\n\r\n\r\n\r\n" + Self.message(1)) == ["ping", "ping", Self.message(1)])
    #expect(Self.frames("\r\n" + Self.message(1)) == [Self.message(1)])
    #expect(Self.frames("\n\r\n" + Self.message(1)) == [Self.message(1)])
    #expect(Self.frames("\r\n").isEmpty)
  }

  @Test(
    "What has no end, or too late a one, is refused",
    arguments: [
      ("", 400), ("Content-Length: x\r\n", 400), ("Content-Length: -1\r\n", 400),
      ("Content-Length: 99999999\r\n", 513), ("Content-Length: 65508\r\n", 513),
      ("Content-Length: 1\r\nl: 2\r\n", 400), ("Content-Length:\r\n", 400),
      ("Content-Length: 184467440737095516160\r\n", 400),
    ]
  )
  func refused(header: String, status: Int) {
    let head = "BYE sip:a SIP/2.0\r\n\(header)\r\n"
    #expect(Self.frames(head + "more") == ["refused \(status) \(head)"])
  }

  @Test("What is not SIP is not waited for")
  func garbage() {
    for text in ["GET / HTTP/1.1\r\n", "\u{16}\u{3}\u{1}hello\n", "x\u{0}y SIP/2.0\r\n"] {
      #expect(Self.frames(text) == ["garbage"])
    }
    #expect(Self.frames(String(repeating: "a", count: 70_000)) == ["garbage"])
    let endless = "BYE sip:a SIP/2.0\r\n" + String(repeating: "A: b\r\n", count: 12_000)
    #expect(Self.frames(endless) == ["garbage"])
  }

  /// The fuzz target of the framing: `FUZZ_STREAMS` streams (300 where nobody says another number),
  /// always the same ones.
  @Test("A damaged stream is cut in the same way however it arrives", .timeLimit(.minutes(15)))
  func damagedStreams() {
    let count = ProcessInfo.processInfo.environment["FUZZ_STREAMS"].flatMap { Int($0) } ?? 300
    let corpus = FuzzCorpus.fixtures().map(\.bytes)
    #expect(!corpus.isEmpty)
    var random = PairRandom(state: 20_261_121)
    var kinds: [String: Int] = [:]
    for _ in 0..<count {
      var stream: [UInt8] = []
      for _ in 0..<Int(1 + random.next() % 4) {
        let piece = Int(random.next() % UInt64(corpus.count + 2))
        stream += piece < corpus.count ? corpus[piece] : Array(Self.message(piece, body: "x").utf8)
        if random.next() % 4 == 0 { stream += Array("\r\n\r\n".utf8) }
      }
      for _ in 0..<Int(random.next() % 4) where !stream.isEmpty {
        let place = Int(random.next() % UInt64(stream.count))
        switch random.next() % 3 {
        case 0: stream[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: stream.remove(at: place)
        default: stream.insert(UInt8(truncatingIfNeeded: random.next() % 64), at: place)
        }
      }
      var segments: [[UInt8]] = []
      var rest = stream[...]
      while !rest.isEmpty {
        let length = min(rest.count, Int(1 + random.next() % 300))
        segments.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
      }
      let whole = Self.frames(of: [stream])
      #expect(Self.frames(of: segments) == whole)
      for frame in whole { kinds[String(frame.prefix(4)), default: 0] += 1 }
      #expect(whole.map(\.utf8.count).reduce(0, +) <= 4 * stream.count + 100)
    }
    // The seeds reach every way out.
    #expect(kinds["ping"] ?? 0 > 0 && kinds["refu"] ?? 0 > 0 && kinds["garb"] ?? 0 > 0)
  }
}
