import Engine
import Testing
import Wire

@Suite("Packed values come back as they were, and damage is said in a sentence")
struct PackedTests {
  private enum Shape: Codable, Hashable {
    case point
    case circle(radius: Int32)
    case path([Shape], closed: Bool?, name: String)
  }

  private struct Sample: Codable, Hashable {
    var text = "ü \u{1F600} \0"
    var empty = ""
    var small: UInt8 = 255
    var large = UInt64.max
    var low = Int64.min
    var nothing: Int?
    var something: Int? = -1
    var shapes: [Shape] = [
      .point, .circle(radius: -7),
      .path([.point, .path([], closed: nil, name: "")], closed: true, name: "x"),
    ]
    var holes: [String?] = ["a", nil, "b"]
    var duration = Duration.nanoseconds(-1_500_000_001)
    var nested: [[UInt32]] = [[], [1, 128, 16_384, .max]]
  }

  private struct Other: Codable, Hashable {
    var text: String
    var another: Int
  }

  @Test("Every kind of value comes back")
  func roundTrip() throws {
    let sample = Sample()
    let bytes = try Packed.bytes(of: sample)
    let read = try Packed.value(Sample.self, from: bytes)
    #expect("\(read)" == "\(sample)")
    #expect(read == sample)
    #expect(try Packed.bytes(of: sample) == bytes)
    #expect(try Packed.value([Int].self, from: Packed.bytes(of: [Int]())) == [])
  }

  @Test("Any byte that is changed, and any end that is missing, is noticed")
  func damage() throws {
    let bytes = try Packed.bytes(of: Sample())
    for index in bytes.indices {
      var torn = bytes
      torn[index] ^= 0x41
      #expect(throws: PackedError.self) { try Packed.value(Sample.self, from: torn) }
      #expect(throws: PackedError.self) {
        try Packed.value(Sample.self, from: Array(bytes[..<index]))
      }
    }
  }

  @Test("Bytes with a right sum and wrong contents are refused, not obeyed")
  func contents() throws {
    var random = SplitMix64(seed: 5)
    let bytes = try Packed.bytes(of: Sample())
    var refused = 0
    for _ in 0..<4_000 {
      var torn = Array(bytes.dropLast(8))
      for _ in 0...random.next(below: 3) {
        let place = 4 + Int(random.next(below: UInt64(torn.count - 4)))
        torn[place] = UInt8(random.next(below: 256))
      }
      var sum: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in torn { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
      for shift in (0..<8).reversed() { torn.append(UInt8(sum >> UInt64(shift * 8) & 255)) }
      do { _ = try Packed.value(Sample.self, from: torn) } catch { refused += 1 }
    }
    #expect(refused > 1_000)
  }

  @Test("Another layout is refused, whether members are missing or new")
  func layouts() throws {
    let bytes = try Packed.bytes(of: Other(text: "a", another: 1))
    struct Less: Codable { var text: String }
    struct More: Codable {
      var text: String
      var another: Int
      var third: Bool
    }
    struct Different: Codable {
      var text: Int
      var another: Int
    }
    let less = #expect(throws: PackedError.self) { try Packed.value(Less.self, from: bytes) }
    #expect(less?.message == "it has members that this version does not know")
    let more = #expect(throws: PackedError.self) { try Packed.value(More.self, from: bytes) }
    #expect(more?.message == "it lacks \"third\"")
    let other = #expect(throws: PackedError.self) { try Packed.value(Different.self, from: bytes) }
    #expect(other?.message == "it has something else than a number of Int")
  }
}
