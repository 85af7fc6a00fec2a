import Foundation
import SIPGlue
import Testing

/// A message of a corpus and where it comes from.
struct CorpusMessage {
  var name: String
  var bytes: [UInt8]
}

/// The messages that the tests of the message depths are run over.
enum FuzzCorpus {
  /// The root of the package, from the place of this file.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The collection of captured and published messages, which is not a part of the project.
  static let shared = root.deletingLastPathComponent().appendingPathComponent("shared/data")

  static var hasShared: Bool {
    FileManager.default.fileExists(atPath: shared.appendingPathComponent("torture").path)
  }

  /// Our own messages.
  static func fixtures() -> [CorpusMessage] {
    files(under: root.appendingPathComponent("Tests/Corpus/sip"))
      .filter { $0.pathExtension == "sip" }
      .map { CorpusMessage(name: $0.lastPathComponent, bytes: contents(of: $0)) }
  }

  static func fixture(_ name: String) -> [UInt8] {
    contents(of: root.appendingPathComponent("Tests/Corpus/sip/\(name).sip"))
  }

  /// The published torture messages; empty when they are not there.
  static func torture() -> [CorpusMessage] {
    files(under: shared.appendingPathComponent("torture"))
      .filter { $0.pathExtension != "tsv" }
      .map { CorpusMessage(name: $0.lastPathComponent, bytes: contents(of: $0)) }
  }

  /// Every SIP message in the captures; empty when they are not there.
  static func captured() -> [CorpusMessage] {
    files(under: shared.appendingPathComponent("pcap"))
      .filter { $0.pathExtension.hasPrefix("pcap") }
      .flatMap { url in
        packets(in: contents(of: url)).enumerated().compactMap { number, packet in
          sipStart(of: packet).map {
            CorpusMessage(name: "\(url.lastPathComponent)#\(number)", bytes: Array(packet[$0...]))
          }
        }
      }
  }

  private static func files(under folder: URL) -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    let urls = (found?.allObjects as? [URL]) ?? []
    return urls.filter { !$0.hasDirectoryPath }.sorted { $0.path < $1.path }
  }

  private static func contents(of url: URL) -> [UInt8] {
    [UInt8]((try? Data(contentsOf: url)) ?? Data())
  }
}

// Captures: pcap in both byte orders and pcapng. Where in a packet SIP begins is found by its start
// line, so that every link layer, tunnel and transport will do.
extension FuzzCorpus {
  static func packets(in file: [UInt8]) -> [[UInt8]] {
    guard file.count > 24 else { return [] }
    switch number(file, 0, swapped: false) {
    case 0xA1B2_C3D4, 0xA1B2_3C4D: return classic(file, swapped: false)
    case 0xD4C3_B2A1, 0x4D3C_B2A1: return classic(file, swapped: true)
    case 0x0A0D_0D0A: return nextGeneration(file)
    default: return []
    }
  }

  private static func classic(_ file: [UInt8], swapped: Bool) -> [[UInt8]] {
    var packets: [[UInt8]] = []
    var offset = 24
    while offset + 16 <= file.count {
      let length = Int(number(file, offset + 8, swapped: swapped))
      guard offset + 16 + length <= file.count else { break }
      packets.append(Array(file[offset + 16..<offset + 16 + length]))
      offset += 16 + length
    }
    return packets
  }

  private static func nextGeneration(_ file: [UInt8]) -> [[UInt8]] {
    let swapped = number(file, 8, swapped: false) != 0x1A2B_3C4D
    var packets: [[UInt8]] = []
    var offset = 0
    while offset + 12 <= file.count {
      let kind = number(file, offset, swapped: swapped)
      let total = Int(number(file, offset + 4, swapped: swapped))
      guard total >= 12, offset + total <= file.count else { break }
      if kind == 6, total >= 32 {
        let length = Int(number(file, offset + 20, swapped: swapped))
        if offset + 28 + length <= file.count {
          packets.append(Array(file[offset + 28..<offset + 28 + length]))
        }
      } else if kind == 3 {
        packets.append(Array(file[offset + 12..<offset + total - 4]))
      }
      offset += total
    }
    return packets
  }

  private static func number(_ file: [UInt8], _ offset: Int, swapped: Bool) -> UInt32 {
    let bytes = file[offset..<offset + 4]
    return swapped
      ? bytes.reduce(0) { $0 << 8 | UInt32($1) }
      : bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Where the start line of a SIP message begins in a packet.
  private static func sipStart(of packet: [UInt8]) -> Int? {
    let starts: [[UInt8]] =
      ["SIP/2.0 "].map { Array($0.utf8) }
      + SIPMethod.allCases.filter { $0 != .other }.map { Array("\($0.name) ".utf8) }
    let mark = Array("SIP/2.0".utf8)
    guard packet.count > 28 else { return nil }
    for offset in 20..<packet.count - 8 {
      guard let start = starts.first(where: { packet[offset...].starts(with: $0) }) else {
        continue
      }
      let line = packet[offset...].prefix { $0 != 0x0A }
      let isResponse = start.count == 8 && start[3] == UInt8(ascii: "/")
      if isResponse || line.reversed().starts(with: mark.reversed())
        || line.dropLast().reversed().starts(with: mark.reversed())
      {
        return offset
      }
    }
    return nil
  }
}

/// A small seeded generator (SplitMix64).
struct FuzzGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Changes that a network, a hostile caller or a careless programmer makes to a message.
struct Mutator {
  var random: FuzzGenerator

  init(seed: UInt64) { random = FuzzGenerator(state: seed) }

  /// Pieces that matter to a parser of SIP.
  private static let pieces: [[UInt8]] = [
    "\r\n", "\r\n ", "\r\n\t", "\n", "\r", "\r\n\r\n", "\0", ",", ";", "\"", "\\", "\\\"", "<", ">",
    ":", "@", "=", " ", "\t", "%00", "%", "(", ")", "?", "/", "[", "]", ";tag=x", ";tag=\"x\"",
    ";branch=z9hG4bKx", ";received=1.2.3.4", ";rport", ";rport=99",
    "Via: SIP/2.0/UDP a;branch=b\r\n",
    "Call-ID: other\r\n", "CSeq: 5 INVITE\r\n", "Content-Length: 3\r\n",
    "From: <sip:x@y>;tag=z\r\n",
    "v: SIP/2.0/TCP h\r\n", "i:1\r\n", "l:0\r\n", "t: sip:q@w\r\n", "99999999999999999999", "-1",
    "0x10",
    "\u{7f}", "\u{1}", "é", "SIP/2.0", "sip:", "INVITE ", "ACK ", " ;", "; ", "= ", " =", "::",
    ",,",
  ].map { Array($0.utf8) }

  /// A message with one to four changes, mostly one.
  mutating func mutate(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    let changes = max(1, Int.random(in: -3...4, using: &random))
    for _ in 0..<changes { change(&bytes) }
    return bytes
  }

  /// A message with changed bytes only.
  mutating func flip(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    guard !bytes.isEmpty else { return bytes }
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      bytes[place(bytes)] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard bytes.count > 2 else { return bytes.append(0x41) }
    let start = place(bytes)
    switch Int.random(in: 0..<9, using: &random) {
    case 0: bytes[start] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes.remove(at: start)
    case 3, 4, 5:
      bytes.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: start)
    case 6:
      let end = min(bytes.count, start + Int.random(in: 1...20, using: &random))
      bytes.removeSubrange(start..<end)
    case 7: moveLine(&bytes)
    default:
      if Int.random(in: 0..<4, using: &random) == 0 {
        bytes.removeSubrange(start...)
      } else {
        bytes.swapAt(start, place(bytes))
      }
    }
  }

  /// Copies or moves a whole line to another place.
  private mutating func moveLine(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    guard lines.count > 3 else { return }
    let from = Int.random(in: 1..<lines.count, using: &random)
    let to = Int.random(in: 1..<lines.count, using: &random)
    let line = lines[from]
    if Bool.random(using: &random) { lines.remove(at: from) }
    lines.insert(line, at: min(to, lines.count))
    bytes = Array(lines.joined(separator: [0x0A]))
  }

  /// A place, in three of four cases in the headers.
  private mutating func place(_ bytes: [UInt8]) -> Int {
    let head = Int.random(in: 0..<4, using: &random) == 0 ? bytes.count : min(bytes.count, 500)
    return Int.random(in: 0..<head, using: &random)
  }
}
