import Testing
import Workbench

@Suite("Bytes of text")
struct TextBytesTests {
  @Test("Plain text ends at a quote, a backslash or a control character, wherever it stands")
  func plainText() {
    for sign in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 31, 10, 0] {
      for place in 0..<40 {
        for length in place..<60 {
          var bytes = [UInt8](repeating: 0xC3, count: length)
          for index in bytes.indices where index % 3 == 0 { bytes[index] = 32 }
          if place < length { bytes[place] = sign }
          for end in [length, length / 2] {
            #expect(bytes.span.endOfPlainText(0, end) == min(place, end))
          }
        }
      }
    }
  }

  @Test("Every byte that is no hexadecimal digit is noticed, at every place")
  func hexadecimal() {
    for place in 0..<8 {
      for byte in UInt8.min...UInt8.max {
        var bytes = Array("0aF9fA12".utf8)
        bytes[place] = byte
        let text = String(decoding: bytes, as: UTF8.self)
        // `UInt64` takes a sign too.
        let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        #expect(bytes.span.hexadecimal(at: 0) == (isSign ? nil : UInt64(text, radix: 16)))
      }
    }
  }

  @Test("A number's hexadecimal digits lead back to it")
  func digits() {
    var number: UInt32 = 1
    for _ in 0..<1_000 {
      number = number &* 2_654_435_761 &+ 12_345
      var word = Span<UInt8>.hexadecimal(number)
      var bytes: [UInt8] = []
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
      #expect(bytes.span.hexadecimal(at: 0) == UInt64(number))
    }
  }

  @Test(
    "Seconds are read to the nanosecond",
    arguments: [
      ("0", 0, 1), ("12", 12_000_000_000, 2), ("12.5", 12_500_000_000, 4),
      ("328.593940937", 328_593_940_937, 13), ("328.59394093", 328_593_940_930, 12),
      ("328.5939409", 328_593_940_900, 11), ("0.000000001", 1, 11),
      ("1.9999999999", 1_999_999_999, 12), ("7,", 7_000_000_000, 1), ("7.25}", 7_250_000_000, 4),
    ]
  )
  func seconds(_ text: String, _ nanoseconds: UInt64, _ end: Int) {
    // With and without room behind it.
    for room in ["", "                "] {
      let bytes = Array((text + room).utf8)
      var at = 0
      #expect(bytes.span.nanoseconds(&at, text.utf8.count) == nanoseconds)
      #expect(at == end)
    }
  }

  @Test("What is no number of seconds", arguments: ["", "-1", ".5", "99999999999", "x"])
  func noSeconds(_ text: String) {
    let bytes = Array(text.utf8)
    var at = 0
    #expect(bytes.span.nanoseconds(&at, bytes.count) == nil)
  }
}
