// Writing JSON.
//
// Members appear in the order in which they are written, which is fixed by the code that writes
// them: the same value gives the same bytes. The text is UTF-8, without blanks, each top-level
// value ended by `endLine`.
// Invariant: a comma is written before a member or element unless an opening bracket or the
// beginning of a line precedes it; no value of ours ends in an opening bracket, because texts end
// in a quotation mark. Who may change it: the one thread that owns it. Source: RFC 8259, RFC 3339.

/// Appends JSON to a buffer that is used again and again.
@safe public struct JSONWriter: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// How many bytes are written.
  public private(set) var count = 0

  /// Makes an empty writer with room for so many bytes; it grows as needed.
  public init(capacity: Int = 1_024) {
    self.capacity = max(64, capacity)
    unsafe base = .allocate(capacity: self.capacity)
  }

  deinit { unsafe base.deallocate() }

  // MARK: What is written

  /// A copy of what is written, as text.
  public var text: String {
    unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
  }

  /// A copy of what is written, as bytes.
  public var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Lends what is written for the length of a call.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    unsafe try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Forgets what is written and keeps the memory.
  public mutating func removeAll() { count = 0 }

  // MARK: Structure

  /// Opens an object, as a value or after a key.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }

  /// Closes the innermost object.
  public mutating func endObject() { put(UInt8(ascii: "}")) }

  /// Opens an array, as a value or after a key.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }

  /// Closes the innermost array.
  public mutating func endArray() { put(UInt8(ascii: "]")) }

  /// Ends a top-level value, so that the next one is a line of its own.
  public mutating func endLine() { put(UInt8(ascii: "\n")) }

  /// Writes a key that needs no escapes; its value must follow.
  public mutating func key(_ key: StaticString) {
    separate()
    let length = key.utf8CodeUnitCount
    reserve(length + 3)
    putUnchecked(UInt8(ascii: "\""))
    unsafe (base + count).update(from: key.utf8Start, count: length)
    count += length
    putUnchecked(UInt8(ascii: "\""))
    putUnchecked(UInt8(ascii: ":"))
  }

  /// Writes a key; its value must follow.
  public mutating func key(_ key: String) {
    value(key)
    put(UInt8(ascii: ":"))
  }

  // MARK: Values

  /// Writes a text.
  public mutating func value(_ text: String) {
    separate()
    var text = text
    text.withUTF8 { bytes in unsafe quote(bytes) }
  }

  /// Writes a number.
  public mutating func value(_ number: UInt64) {
    separate()
    decimal(number)
  }

  /// Writes a number.
  public mutating func value(_ number: Int64) {
    separate()
    if number < 0 { put(UInt8(ascii: "-")) }
    decimal(number.magnitude)
  }

  /// Writes a number as short as it can be read back; what JSON cannot say becomes null.
  public mutating func value(_ number: Double) {
    guard number.isFinite else { return null() }
    separate()
    var text = number.description
    text.withUTF8 { bytes in unsafe put(bytes) }
  }

  /// Writes what is JSON already.
  public mutating func verbatim(_ json: String) {
    separate()
    var json = json
    json.withUTF8 { bytes in unsafe put(bytes) }
  }

  /// Writes a truth value.
  public mutating func value(_ truth: Bool) {
    separate()
    put(truth ? "true" : "false")
  }

  /// Writes null.
  public mutating func null() {
    separate()
    put("null")
  }

  /// Writes sixteen lower-case hexadecimal digits as a text.
  public mutating func hex(_ number: UInt64) {
    separate()
    reserve(18)
    putUnchecked(UInt8(ascii: "\""))
    var shift: UInt64 = 60
    for _ in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: number >> shift) & 15
      putUnchecked(digit < 10 ? digit + 48 : digit + 87)
      shift &-= 4
    }
    putUnchecked(UInt8(ascii: "\""))
  }

  /// Writes nanoseconds as a decimal number of seconds, exactly and without trailing zeros.
  public mutating func seconds(nanoseconds: UInt64) {
    separate()
    fraction(nanoseconds)
  }

  /// Writes a duration as a decimal number of seconds, to the nanosecond.
  public mutating func seconds(_ duration: Duration) {
    separate()
    let (seconds, attoseconds) = duration.components
    if seconds < 0 || attoseconds < 0 { put(UInt8(ascii: "-")) }
    decimal(seconds.magnitude)
    fractionDigits(attoseconds.magnitude / 1_000_000_000)
  }

  /// Writes an instant of UTC as RFC 3339 text with microseconds.
  ///
  /// - Parameter time: Nanoseconds since 1970.
  public mutating func time(_ time: UInt64) {
    separate()
    let day = time / 86_400_000_000_000
    let microsecond = (time % 86_400_000_000_000) / 1_000
    let second = microsecond / 1_000_000
    let date = CivilDate(day: Int64(day))
    reserve(29)
    putUnchecked(UInt8(ascii: "\""))
    digits(UInt64(date.year), 4, then: UInt8(ascii: "-"))
    digits(UInt64(date.month), 2, then: UInt8(ascii: "-"))
    digits(UInt64(date.day), 2, then: UInt8(ascii: "T"))
    digits(second / 3_600, 2, then: UInt8(ascii: ":"))
    digits(second / 60 % 60, 2, then: UInt8(ascii: ":"))
    digits(second % 60, 2, then: UInt8(ascii: "."))
    digits(microsecond % 1_000_000, 6, then: UInt8(ascii: "Z"))
    putUnchecked(UInt8(ascii: "\""))
  }

  /// An instant of UTC as RFC 3339 text with microseconds, without quotes.
  package static func timeText(_ time: UInt64) -> String {
    var writer = JSONWriter(capacity: 32)
    writer.time(time)
    return String(writer.text.dropFirst().dropLast())
  }

  /// Writes a text that needs no escapes.
  mutating func literal(_ text: StaticString) {
    separate()
    put(UInt8(ascii: "\""))
    put(text)
    put(UInt8(ascii: "\""))
  }

  /// Writes a text whose characters need no escapes, character by character.
  mutating func plain(_ count: Int, _ character: (Int) -> UInt8) {
    separate()
    reserve(count + 2)
    putUnchecked(UInt8(ascii: "\""))
    for index in 0..<count { putUnchecked(character(index)) }
    putUnchecked(UInt8(ascii: "\""))
  }

  // MARK: Bytes

  private mutating func open(_ bracket: UInt8) {
    separate()
    put(bracket)
  }

  /// Writes the comma that the place needs.
  private mutating func separate() {
    guard count > 0 else { return }
    switch unsafe base[count - 1] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "\n"): break
    default: put(UInt8(ascii: ","))
    }
  }

  private mutating func quote(_ bytes: UnsafeBufferPointer<UInt8>) {
    reserve(6 * bytes.count + 2)
    putUnchecked(UInt8(ascii: "\""))
    for index in 0..<bytes.count {
      let byte = unsafe bytes[index]
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        putUnchecked(byte)
      } else {
        escape(byte)
      }
    }
    putUnchecked(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    putUnchecked(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): putUnchecked(byte)
    case UInt8(ascii: "\n"): putUnchecked(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): putUnchecked(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): putUnchecked(UInt8(ascii: "t"))
    default:
      putUnchecked(UInt8(ascii: "u"))
      putUnchecked(48)
      putUnchecked(48)
      for digit in [byte >> 4, byte & 15] { putUnchecked(digit < 10 ? digit + 48 : digit + 87) }
    }
  }

  private mutating func decimal(_ number: UInt64) {
    var length = 1
    var rest = number / 10
    while rest > 0 {
      length += 1
      rest /= 10
    }
    reserve(length)
    digitsUnchecked(number, length)
  }

  private mutating func fraction(_ nanoseconds: UInt64) {
    decimal(nanoseconds / 1_000_000_000)
    fractionDigits(nanoseconds % 1_000_000_000)
  }

  private mutating func fractionDigits(_ nanoseconds: UInt64) {
    guard nanoseconds > 0 else { return }
    var rest = nanoseconds
    var length = 9
    while rest % 10 == 0 {
      rest /= 10
      length -= 1
    }
    reserve(length + 1)
    putUnchecked(UInt8(ascii: "."))
    digitsUnchecked(rest, length)
  }

  private mutating func digits(_ number: UInt64, _ length: Int, then end: UInt8) {
    digitsUnchecked(number, length)
    putUnchecked(end)
  }

  private mutating func digitsUnchecked(_ number: UInt64, _ length: Int) {
    var rest = number
    var index = count + length
    while index > count {
      index &-= 1
      unsafe base[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 48
      rest /= 10
    }
    count &+= length
  }

  private mutating func put(_ text: StaticString) {
    unsafe put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
    reserve(bytes.count)
    for index in 0..<bytes.count { putUnchecked(unsafe bytes[index]) }
  }

  private mutating func put(_ byte: UInt8) {
    reserve(1)
    putUnchecked(byte)
  }

  /// Writes a byte for which room was reserved.
  @inline(__always)
  private mutating func putUnchecked(_ byte: UInt8) {
    assert(count < capacity)
    unsafe base[count] = byte
    count &+= 1
  }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if capacity - count < more { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let next = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    unsafe next.update(from: base, count: count)
    unsafe base.deallocate()
    unsafe base = next
    capacity = larger
  }
}
