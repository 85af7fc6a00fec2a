import Foundation
import Importers
import Testing
import Wire

@Suite("Captures that we write")
struct CaptureWriterTests {
  private static func message(_ first: String, _ method: String, _ body: String = "") -> [UInt8] {
    Array(
      ("\(first)\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:4420@a>;tag=1\r\n"
        + "To: <sip:8000@b>\r\nCall-ID: one@a\r\nCSeq: 1 \(method)\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8
    )
  }

  /// A call between two addresses, one message a second.
  private static func capture(_ caller: String, _ server: String, isStream: Bool) -> CaptureWriter {
    var writer = CaptureWriter()
    let course: [(first: String, method: String, isCaller: Bool)] = [
      ("INVITE sip:8000@b SIP/2.0", "INVITE", true), ("SIP/2.0 180 Ringing", "INVITE", false),
      ("SIP/2.0 200 OK", "INVITE", false), ("ACK sip:8000@b SIP/2.0", "ACK", true),
      ("BYE sip:8000@b SIP/2.0", "BYE", true), ("SIP/2.0 200 OK", "BYE", false),
    ]
    for (index, step) in course.enumerated() {
      writer.add(
        CapturedPacket(
          at: 1_800_000_000_000_000_000 + UInt64(index) * 1_000_000_000,
          from: step.isCaller ? caller : server,
          to: step.isCaller ? server : caller,
          isStream: isStream,
          bytes: message(step.first, step.method, String(repeating: "x", count: index))
        )
      )
    }
    return writer
  }

  private static func imported(_ bytes: [UInt8]) throws -> Imported {
    let folder = try Imported.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("call.pcap")
    try Data(bytes).write(to: file)
    return try Imported(.pcap, paths: [file.path])
  }

  @Test(
    "Both families and transports are read again, with their times",
    arguments: ["10.0.0.1:5060 10.0.0.2:5070", "[2001:db8::1]:5060 [::1]:5061"],
    [false, true]
  )
  func readAgain(_ addresses: String, isStream: Bool) throws {
    let ends = addresses.split(separator: " ").map(String.init)
    let writer = Self.capture(ends[0], ends[1], isStream: isStream)
    #expect(writer.leftOut == 0)
    let imported = try Self.imported(writer.bytes)
    #expect(imported.report.counted("SIP messages") == 6)
    #expect(imported.report.counted(isStream ? "over TCP" : "over UDP") == 6)
    #expect(imported.report.calls == 1 && imported.report.answered == 1)
    #expect(
      imported.signals.compactMap { $0["signal"]?.string }.filter { $0.hasPrefix("call.") } == [
        "call.offered", "call.ringing", "call.answered", "call.released",
      ]
    )
    let times = imported.signals.filter { $0["call"] != nil }.compactMap { $0["at"]?.number }
    #expect(times.map { $0 - (times.first ?? 0) } == [0, 1, 2, 4])
  }

  /// The 16-bit sum of RFC 1071 over bytes; 0xFFFF when the checksum among them is right.
  private static func sum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 + UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }

  @Test("Checksums and lengths are right", arguments: [false, true])
  func checksums(isStream: Bool) {
    let bytes = Self.capture("10.0.0.1:5060", "10.0.0.2:5070", isStream: isStream).bytes
    var place = 24
    var packets = 0
    while place < bytes.count {
      let length = Int(bytes[place + 8]) | Int(bytes[place + 9]) << 8
      let packet = Array(bytes[place + 16..<place + 16 + length])
      #expect(Int(packet[2]) << 8 | Int(packet[3]) == length)
      #expect(Self.sum(Array(packet[..<20])) == 0xFFFF)
      let segment = Array(packet[20...])
      let pseudo = Array(packet[12..<20]) + [0, packet[9]]
      let size = [UInt8(segment.count >> 8), UInt8(segment.count & 255)]
      #expect(Self.sum(pseudo + size + segment) == 0xFFFF)
      place += 16 + length
      packets += 1
    }
    #expect(packets == 6 && place == bytes.count)
  }

  @Test("What was cut is known as cut; an address that is none is left out")
  func cut() throws {
    var writer = CaptureWriter()
    let bytes = Self.message("INVITE sip:8000@b SIP/2.0", "INVITE")
    var packet = CapturedPacket(
      at: 1_800_000_000_000_000_000,
      from: "10.0.0.1:5060",
      to: "10.0.0.2:5060",
      isStream: false,
      bytes: bytes
    )
    packet.length = bytes.count + 500
    writer.add(packet)
    packet.source = "somebody"
    writer.add(packet)
    packet.source = "[::1]:5060"
    writer.add(packet)
    #expect(writer.leftOut == 2)
    let imported = try Self.imported(writer.bytes)
    #expect(imported.report.counted("SIP messages") == 1)
    #expect(imported.report.notInferred.contains { $0.contains("cut off 1 packets") })
  }
}
