// Where messages are written: one growing piece of memory that is used again and again.
//
// The writer is append-only. It never allocates once it has reached the size of the largest message
// so far, and never grows beyond `limit`: a message that does not fit sets `overflowed` and must
// not be sent. Nothing checks what is written: text from outside goes through `writeQuoted` or
// `writeEscaped` unless the scanner or libosip2 has found it to be one header value.

internal import Glibc

/// An append-only buffer for SIP messages.
@safe
package struct MessageWriter: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  package private(set) var count = 0
  /// Whether something was left out because it did not fit.
  package private(set) var overflowed = false
  private let limit: Int

  package init(capacity: Int = 2048, limit: Int = 65_507) {
    self.capacity = capacity
    self.limit = max(limit, capacity)
    unsafe base = .allocate(capacity: capacity)
  }

  deinit { unsafe base.deallocate() }

  /// What has been written; valid until the writer is next changed.
  package var bytes: ByteView { unsafe ByteView(base: base, count: count) }

  /// Forgets what was written; keeps the memory.
  package mutating func removeAll() {
    count = 0
    overflowed = false
  }

  /// Takes back everything after the first `length` bytes.
  package mutating func truncate(to length: Int) {
    precondition(length <= count)
    count = length
    overflowed = false
  }

  /// Forgets the first `length` bytes; what follows them moves to the front.
  package mutating func removeFirst(_ length: Int) {
    precondition(length <= count)
    unsafe memmove(base, base + length, count - length)
    count -= length
    overflowed = false
  }

  package mutating func write(_ view: ByteView) {
    guard reserve(view.count) else { return }
    unsafe view.copy(to: base + count)
    count += view.count
  }

  package mutating func write(_ text: StaticString) { write(ByteView(text)) }

  /// Appends text; its label keeps literals from becoming a `String` each.
  package mutating func write(text: String) { text.withByteView { write($0) } }

  package mutating func write(_ bytes: [UInt8]) { bytes.withByteView { write($0) } }

  package mutating func write(byte: UInt8) {
    guard reserve(1) else { return }
    unsafe base[count] = byte
    count += 1
  }

  /// Appends a number in decimal.
  package mutating func write(decimal number: UInt64) {
    guard reserve(20) else { return }
    guard number >= 1000 else { return writeShort(UInt32(truncatingIfNeeded: number)) }
    var rest = number
    var digits = 1
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    rest = number
    var position = count + digits
    repeat {
      position -= 1
      unsafe base[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    count += digits
  }

  /// Appends the four numbers of an IPv4 address.
  mutating func write(dotted address: UInt32) {
    guard reserve(16) else { return }
    writeShort(address >> 24)
    for shift: UInt32 in [16, 8, 0] {
      unsafe base[count] = UInt8(ascii: ".")
      count &+= 1
      writeShort(address >> shift & 255)
    }
  }

  /// Most numbers are bytes of an address: three digits at most, for which there is room.
  @inline(__always)
  private mutating func writeShort(_ number: UInt32) {
    guard number >= 10 else { return writeDigit(number) }
    if number >= 100 { writeDigit(number / 100) }
    writeDigit(number / 10 % 10)
    writeDigit(number % 10)
  }

  @inline(__always)
  private mutating func writeDigit(_ digit: UInt32) {
    unsafe base[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
    count &+= 1
  }

  package mutating func write(decimal number: Int) { write(decimal: UInt64(max(0, number))) }

  /// Appends a number as 16 lower-case hexadecimal digits.
  package mutating func write(hex number: UInt64) {
    guard reserve(16) else { return }
    let target = unsafe UnsafeMutableRawPointer(base + count)
    let halves = (Hex.digits(UInt32(number >> 32)), Hex.digits(UInt32(truncatingIfNeeded: number)))
    unsafe target.storeBytes(of: halves.0.bigEndian, as: UInt64.self)
    unsafe target.storeBytes(of: halves.1.bigEndian, toByteOffset: 8, as: UInt64.self)
    count += 16
  }

  /// Appends two lower-case hexadecimal digits for each byte.
  package mutating func write(hexOf bytes: ByteView) {
    guard reserve(2 * bytes.count) else { return }
    for index in 0..<bytes.count {
      let byte = bytes[index]
      unsafe base[count] = Hex.digit(byte >> 4)
      unsafe base[count + 1] = Hex.digit(byte & 15)
      count += 2
    }
  }

  /// Appends text as a quoted string; quotes and backslashes are escaped, control bytes left out.
  package mutating func writeQuoted(_ text: ByteView) {
    write(byte: UInt8(ascii: "\""))
    for index in 0..<text.count {
      let byte = text[index]
      guard byte >= 0x20, byte != 0x7F else { continue }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        write(byte: UInt8(ascii: "\\"))
      }
      write(byte: byte)
    }
    write(byte: UInt8(ascii: "\""))
  }

  /// Appends text with everything but unreserved characters (RFC 3261 25.1) as %HH.
  package mutating func writeEscaped(_ text: ByteView) {
    for index in 0..<text.count {
      let byte = text[index]
      if byte.isUnreserved {
        write(byte: byte)
      } else {
        write(byte: UInt8(ascii: "%"))
        write(byte: ByteView("0123456789ABCDEF")[Int(byte >> 4)])
        write(byte: ByteView("0123456789ABCDEF")[Int(byte & 15)])
      }
    }
  }

  /// Appends "name: value" and a line end.
  package mutating func header(_ name: StaticString, _ value: ByteView) {
    write(name)
    write(": ")
    write(value)
    write("\r\n")
  }

  package mutating func header(_ name: StaticString, _ value: StaticString) {
    header(name, ByteView(value))
  }

  package mutating func header(_ name: StaticString, decimal value: UInt64) {
    write(name)
    write(": ")
    write(decimal: value)
    write("\r\n")
  }

  /// Ends the headers with Content-Length 0.
  package mutating func finish() { write("Content-Length: 0\r\n\r\n") }

  /// Ends the headers and appends a body; an empty one is no body, and an empty type is left out.
  package mutating func finish(body: ByteView, type: ByteView) {
    guard !body.isEmpty else { return finish() }
    if !type.isEmpty { header("Content-Type", type) }
    header("Content-Length", decimal: UInt64(body.count))
    write("\r\n")
    write(body)
  }

  /// Takes the brackets off an IPv6 address that was written at `start`.
  package mutating func removeBrackets(from start: Int) {
    precondition(start + 2 <= count)
    let length = count - start - 2
    unsafe memmove(base + start, base + start + 1, length)
    count -= 2
  }

  private mutating func reserve(_ more: Int) -> Bool {
    guard count + more > capacity else { return true }
    guard count + more <= limit else {
      overflowed = true
      return false
    }
    let larger = min(limit, max(capacity * 2, count + more))
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    unsafe memcpy(moved, base, count)
    unsafe base.deallocate()
    unsafe base = moved
    capacity = larger
    return true
  }
}

extension UInt8 {
  /// Whether the byte may stand unescaped everywhere in a URI (RFC 3261 25.1, "unreserved").
  package var isUnreserved: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x2D, 0x5F, 0x2E, 0x21, 0x7E, 0x2A, 0x27, 0x28, 0x29: true
    default: false
    }
  }
}
