import Testing
import Wire

@Suite struct JSONTests {
  private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return writer.text
  }

  @Test func membersKeepTheirOrderAndGetTheirCommas() {
    let text = written { writer in
      writer.beginObject()
      writer.key("b")
      writer.value(UInt64(1))
      writer.key("a")
      writer.beginArray()
      writer.value("[")
      writer.value("{")
      writer.value(":")
      writer.beginObject()
      writer.endObject()
      writer.beginObject()
      writer.endObject()
      writer.endArray()
      writer.key("\"quoted\"")
      writer.null()
      writer.key("t")
      writer.value(true)
      writer.endObject()
      writer.endLine()
      writer.beginArray()
      writer.endArray()
      writer.endLine()
    }
    #expect(text == #"{"b":1,"a":["[","{",":",{},{}],"\"quoted\"":null,"t":true}"# + "\n[]\n")
  }

  @Test(arguments: [
    ("plain", #""plain""#),
    ("", #""""#),
    ("a\"b\\c", #""a\"b\\c""#),
    ("\n\r\t\u{0}\u{1f}\u{7f}", #""\n\r\t\u0000\u001f"# + "\u{7f}\""),
    ("Žluťoučký 電話 ☎️", "\"Žluťoučký 電話 ☎️\""),
    ("/slash", #""/slash""#),
  ])
  func textsAreEscaped(text: String, expected: String) throws {
    let json = written { $0.value(text) }
    #expect(json == expected)
    #expect(try JSONValue(parsing: json) == .string(text))
  }

  @Test func everyControlCharacterComesBack() throws {
    for code in 0..<128 {
      let text = "x\(Character(UnicodeScalar(UInt8(code))))y"
      #expect(try JSONValue(parsing: written { $0.value(text) }).string == text)
    }
  }

  @Test(arguments: [
    (UInt64(0), "0"), (9, "9"), (10, "10"), (4_294_967_295, "4294967295"),
    (.max, "18446744073709551615"),
  ])
  func numbersAreWrittenInDecimal(number: UInt64, expected: String) {
    #expect(written { $0.value(number) } == expected)
  }

  @Test func signedAndRealNumbersAreWritten() {
    #expect(written { $0.value(Int64.min) } == "-9223372036854775808")
    #expect(written { $0.value(Int64(-7)) } == "-7")
    #expect(written { $0.value(0.25) } == "0.25")
    #expect(written { $0.value(Double.nan) } == "null")
    #expect(written { $0.value(-Double.infinity) } == "null")
  }

  @Test(arguments: [
    (UInt64(0), "0"), (1, "0.000000001"), (1_000_000_000, "1"), (1_500_000_000, "1.5"),
    (12_000_000_010, "12.00000001"), (.max, "18446744073.709551615"),
  ])
  func secondsAreExact(nanoseconds: UInt64, expected: String) {
    #expect(written { $0.seconds(nanoseconds: nanoseconds) } == expected)
  }

  @Test func durationsAreSecondsToo() {
    #expect(written { $0.seconds(.seconds(20)) } == "20")
    #expect(written { $0.seconds(.milliseconds(-1_500)) } == "-1.5")
    #expect(written { $0.seconds(.nanoseconds(1)) } == "0.000000001")
  }

  @Test(arguments: [
    (UInt64(0), "1970-01-01T00:00:00.000000Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
    (1_763_629_200_123_456_789, "2025-11-20T09:00:00.123456Z"),
    (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999Z"),
    (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z"),
  ])
  func timesAreWrittenAsRFC3339(nanoseconds: UInt64, expected: String) {
    #expect(written { $0.time(nanoseconds) } == "\"\(expected)\"")
  }

  @Test func identitiesHaveSixteenDigits() {
    #expect(written { $0.hex(0x006c_0246_2a16_1006) } == "\"006c02462a161006\"")
    #expect(written { $0.hex(.max) } == "\"ffffffffffffffff\"")
  }

  @Test func theBufferGrowsAndIsUsedAgain() throws {
    var writer = JSONWriter(capacity: 1)
    let long = String(repeating: "long \"text\"\n", count: 1_000)
    writer.beginArray()
    for _ in 0..<20 { writer.value(long) }
    writer.endArray()
    let read = try JSONValue(parsing: writer.bytes)
    #expect(read.elements == Array(repeating: .string(long), count: 20))
    writer.removeAll()
    writer.value(true)
    #expect(writer.text == "true")
    #expect(writer.count == 4)
  }

  @Test func objectsAreReadInTheirOrder() throws {
    let json = try JSONValue(parsing: #" {"z":1,"a":[null,true,2.5,"x",{}],"m":{"k":"v"}} "#)
    #expect(json.members?.map(\.key) == ["z", "a", "m"])
    #expect(json["z"]?.integer == 1)
    #expect(json["z"]?.number == 1)
    #expect(json["a"]?.elements?.count == 5)
    #expect(json["a"]?.elements?[1].bool == true)
    #expect(json["a"]?.elements?[2].number == 2.5)
    #expect(json["m"]?["k"]?.string == "v")
    #expect(json["nothing"] == nil)
    #expect(json["z"]?["nothing"] == nil)
  }

  @Test(arguments: [
    ("{\"a\":1,\n \"b\":}", 2), ("", 1), ("{", 1), ("{\"a\":1}x", 1), ("{\"a\":1,\"a\":2}", 1),
    ("nul", 1), ("[1,\n2,\n", 3), ("\"\u{1}\"", 1), ("9223372036854775808", 1),
  ])
  func whatIsNotJSONIsRefusedWithItsPlace(text: String, line: Int) {
    let error = #expect(throws: JSONError.self) { _ = try JSONValue(parsing: text) }
    #expect(error?.line == line)
    #expect((error?.column ?? 0) >= 1)
    #expect(error?.message.isEmpty == false)
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: JSONError.self) { _ = try JSONValue(parsing: [0x22, 0xff, 0x22]) }
  }

  @Test func hostileNestingIsRefused() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { _ = try JSONValue(parsing: text) }
  }
}
