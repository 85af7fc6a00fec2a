import Foundation
import Importers
import SIPGlue
import Testing

// Other people's captures through the parser that the server has: how many messages the list says,
// how many are there, and what the parser makes of each. `make captures` rewrites the page.

@Suite("The server's parser on captures", .enabled(if: Imported.hasShared, "shared data is absent"))
struct ParsedCaptureTests {
  /// What the parser made of the messages of a capture.
  struct Row: Equatable {
    var name: String
    var packets = 0
    /// What the list says; nil: nothing.
    var listed: Int?
    var messages = 0
    /// Read by the scanner alone, and with libosip2.
    var plain = 0
    var odd = 0
    /// Refused, by what becomes of it: the status of the answer, or `dropped`.
    var refused: [String: Int] = [:]
    /// Calls of CALLS.tsv, and those of them whose messages come out in the listed sequence.
    var calls = 0
    var callsAgree = 0

    var errors: Int { refused.values.reduce(0, +) }

    /// Whether anything is to be explained.
    var isPlain: Bool { errors == 0 && listed == messages && calls == callsAgree }

    var line: String {
      let refusals = refused.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
      let calls = calls == 0 ? "" : "\(callsAgree) of \(calls)"
      let listed = listed.map { "\($0)" } ?? "-"
      let errors = refusals.isEmpty ? "0" : "\(errors): \(refusals.joined(separator: ", "))"
      return "| `\(name)` | \(packets) | \(listed) | \(messages) | \(plain) | \(odd) | \(errors) "
        + "| \(calls) |"
    }
  }

  static let page = Imported.root.appendingPathComponent("docs/sip-captures.md")

  private static func table(_ name: String) throws -> [[String]] {
    let text = try String(contentsOf: Imported.shared.appendingPathComponent(name), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// One word per message, as CALLS.tsv has them: repeats that follow each other are counted.
  private static func sequence(_ words: [String]) -> String {
    var parts: [(word: String, count: Int)] = []
    for word in words {
      if parts.last?.word == word {
        parts[parts.count - 1].count += 1
      } else {
        parts.append((word, 1))
      }
    }
    return parts.map { $0.count == 1 ? $0.word : "\($0.word)x\($0.count)" }.joined(separator: " ")
  }

  private static func word(of received: borrowing Received) -> String {
    let envelope = received.envelope
    let method = received.bytes[envelope.sequenceMethodText].string
    guard !envelope.isRequest else { return received.bytes[envelope.methodText].string }
    return "\(envelope.statusCode)" + (method == "INVITE" ? "" : "/\(method)")
  }

  static func row(_ file: URL, listed: Int?, calls: [[String]]) throws -> Row {
    var row = Row(name: file.lastPathComponent, listed: listed)
    let (packets, messages) = try CaptureMessages.all(in: file.path)
    row.packets = packets
    row.messages = messages.count
    var stories: [String: [String]] = [:]
    for message in messages {
      message.bytes.withByteView { view in
        if message.isStream {
          var framer = StreamFramer()
          switch framer.next(view) {
          case .message(view.count): break
          case .refused(_, let status):
            row.refused["\(status)", default: 0] += 1
            return
          case .message, .incomplete, .lineEnd, .ping, .garbage:
            row.refused["cut elsewhere", default: 0] += 1
            return
          }
        }
        var reader = MessageReader()
        let received = reader.read(view)
        switch received.verdict {
        case .accept: if received.wasOdd { row.odd += 1 } else { row.plain += 1 }
        case .answer(let status): row.refused["\(status)", default: 0] += 1
        case .drop: row.refused["dropped", default: 0] += 1
        }
        let callID = received.bytes[received.envelope.callID].string
        stories[callID, default: []].append(word(of: received))
      }
    }
    row.calls = calls.count
    row.callsAgree =
      calls.filter { call in
        let story = stories[call[1]] ?? []
        return story.count == Int(call[12]) && sequence(story) == call[13]
      }.count
    return row
  }

  /// Every capture that lies there.
  static func rows() throws -> [Row] {
    let folder = Imported.shared.appendingPathComponent("pcap")
    let listed = try table("MANIFEST.tsv")
    let calls = try table("pcap/CALLS.tsv")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try names.filter { $0.contains(".pcap") }.sorted().map { name in
      let text = listed.first { $0[0] == "pcap/" + name }?[3] ?? ""
      let number = text.firstMatch(of: /(\d+) SIP messages/).flatMap { Int($0.1) }
      let own = calls.filter { $0[0] == name }
      return try row(folder.appendingPathComponent(name), listed: number, calls: own)
    }
  }

  @Test("Every message is read, or its refusal is explained on the page", .timeLimit(.minutes(15)))
  func parsed() throws {
    let rows = try Self.rows()
    let files = try Self.table("MANIFEST.tsv").filter { $0[0].contains(".pcap") }.count
    #expect(rows.count >= files && files > 0)
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    let (begin, end) = ("<!-- written by `make captures` -->\n", "<!-- up to here -->")
    let first = try #require(page.range(of: begin))
    let last = try #require(page.range(of: end))
    let written =
      Self.head + rows.map { $0.line + "\n" }.joined() + Self.total(rows) + "\n"
    if ProcessInfo.processInfo.environment["CAPTURES_ACCEPT"] != nil {
      let text = page[..<first.upperBound] + written + page[last.lowerBound...]
      try String(text).write(to: Self.page, atomically: true, encoding: .utf8)
    } else {
      #expect(page[first.upperBound..<last.lowerBound] == written, "make captures rewrites it")
    }
    let explained = page[last.upperBound...]
    for row in rows {
      #expect(explained.contains("| `\(row.name)` |") != row.isPlain, "\(row.line)")
    }
  }

  private static let head = """
    | capture | packets | listed | messages | scanner | libosip2 | refused | calls |
    |---|---|---|---|---|---|---|---|

    """

  private static func total(_ rows: [Row]) -> String {
    func sum(_ number: (Row) -> Int) -> Int { rows.map(number).reduce(0, +) }
    return "| all \(rows.count) | \(sum { $0.packets }) | \(sum { $0.listed ?? 0 }) "
      + "| \(sum { $0.messages }) | \(sum { $0.plain }) | \(sum { $0.odd }) | \(sum { $0.errors }) "
      + "| \(sum { $0.callsAgree }) of \(sum { $0.calls }) |"
  }
}
