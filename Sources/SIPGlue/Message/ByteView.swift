// What the glue reads from.
//
// A datagram lives in a receive buffer that is used again for the next one, so nothing here owns
// bytes: a `ByteView` is a borrowed look at them, a `ByteSlice` a position inside such a view.
// Every access through a view is checked against its bounds; what cannot be checked is that the
// memory is still there. The rule is therefore: a view is used before the call that received it
// returns, and is never stored in anything that outlives that call.

internal import COSIPShim
internal import Glibc

/// A stretch of a datagram, as offset and length; 4 bytes, valid for any copy of the same bytes.
package struct ByteSlice: Equatable, Sendable {
  package var offset: UInt16
  package var length: UInt16

  package static let none = ByteSlice(offset: 0, length: 0)

  package init(offset: UInt16, length: UInt16) {
    self.offset = offset
    self.length = length
  }

  /// The slice from `start` up to `end`, both positions in a datagram of at most 65,535 bytes.
  package init(from start: Int, to end: Int) {
    offset = UInt16(truncatingIfNeeded: start)
    length = UInt16(truncatingIfNeeded: end - start)
  }

  package var isEmpty: Bool { length == 0 }
  package var start: Int { Int(offset) }
  package var end: Int { Int(offset) + Int(length) }
}

/// What bytes may be a part of (RFC 3261 25.1); the table is COSIPShim's.
package struct ByteKind: Sendable {
  fileprivate let bit: UInt8

  package static var token: ByteKind { ByteKind(bit: UInt8(RS_TOKEN)) }
  package static var host: ByteKind { ByteKind(bit: UInt8(RS_HOST)) }
  /// No delimiter, no escape, nothing beyond ASCII.
  package static var plainURI: ByteKind { ByteKind(bit: UInt8(RS_URI)) }
  /// Token, or part of an IPv6 address.
  package static var viaValue: ByteKind { ByteKind(bit: UInt8(RS_VIA)) }
  /// What stands in a Call-ID; quote and backslash are left out: libosip2 decides about them.
  package static var word: ByteKind { ByteKind(bit: UInt8(RS_WORD)) }
  /// Visible ASCII and the blank; neither quote nor escape.
  package static var quoted: ByteKind { ByteKind(bit: UInt8(RS_QUOTED)) }
  /// Visible ASCII but the colon.
  package static var headerName: ByteKind { ByteKind(bit: UInt8(RS_NAME)) }
  /// Neither blank nor control.
  package static var visible: ByteKind { ByteKind(bit: UInt8(RS_VISIBLE)) }
}

/// A borrowed, bounds-checked look at bytes.
@safe
package struct ByteView {
  private let base: UnsafePointer<UInt8>
  package let count: Int

  /// Looks at `buffer`, which the caller keeps alive while the view is used.
  package init(_ buffer: UnsafeRawBufferPointer) {
    if let address = buffer.baseAddress {
      unsafe base = address.assumingMemoryBound(to: UInt8.self)
    } else {
      unsafe base = ByteView.nothing
    }
    count = buffer.count
  }

  /// Looks at `count` bytes at `base`, which the caller keeps alive while the view is used.
  package init(base: UnsafePointer<UInt8>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  /// Looks at a literal, which lives as long as the program.
  package init(_ literal: StaticString) {
    unsafe base = literal.utf8Start
    count = literal.utf8CodeUnitCount
  }

  package static var empty: ByteView { ByteView("") }
  private static var nothing: UnsafePointer<UInt8> { unsafe ("" as StaticString).utf8Start }

  package var isEmpty: Bool { count == 0 }

  @inline(__always)
  package subscript(position: Int) -> UInt8 {
    precondition(UInt(bitPattern: position) < UInt(bitPattern: count))
    return unsafe base[position]
  }

  @inline(__always)
  package subscript(slice: ByteSlice) -> ByteView {
    precondition(slice.end <= count)
    return unsafe ByteView(base: base + slice.start, count: Int(slice.length))
  }

  /// The bytes from `start` up to `end`.
  @inline(__always)
  package func view(from start: Int, to end: Int) -> ByteView {
    precondition(start >= 0 && start <= end && end <= count)
    return unsafe ByteView(base: base + start, count: end - start)
  }

  /// The position of `byte` in `start..<end`, or `end` when it is not there.
  @inline(__always)
  package func position(of byte: UInt8, from start: Int, to end: Int) -> Int {
    precondition(start >= 0 && start <= end && end <= count)
    return start &+ Int(unsafe rs_find(base + start, end &- start, byte))
  }

  /// Where the bytes end that are all of a kind from `start` on; `end` at the latest.
  @inline(__always)
  package func end(of kind: ByteKind, from start: Int, to end: Int) -> Int {
    precondition(start >= 0 && start <= end && end <= count)
    return start &+ Int(unsafe rs_run(base + start, end &- start, kind.bit))
  }

  /// Whether all the bytes are of a kind.
  package func isAll(_ kind: ByteKind) -> Bool { end(of: kind, from: 0, to: count) == count }

  /// Whether both views show the same bytes.
  package func equals(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    return unsafe count == 0 || memcmp(base, other.base, count) == 0
  }

  /// Whether the bytes are those of `literal`.
  package func equals(_ literal: StaticString) -> Bool { equals(ByteView(literal)) }

  /// Whether the bytes are those of `literal`, which is lower case, but for ASCII case.
  package func equalsIgnoringCase(_ literal: StaticString) -> Bool {
    equalsIgnoringCase(ByteView(literal))
  }

  /// Whether both views show the same bytes but for ASCII case.
  package func equalsIgnoringCase(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    guard count >= 8 else {
      if count >= 4 { return endWords.withLowercasedBytes == other.endWords.withLowercasedBytes }
      for index in 0..<count where self[index].lowercased != other[index].lowercased {
        return false
      }
      return true
    }
    var index = 0
    while index + 8 < count {
      guard sameWord(at: index, as: other) else { return false }
      index += 8
    }
    return sameWord(at: count - 8, as: other)
  }

  /// The first four bytes and the last four, of four to seven.
  @inline(__always)
  private var endWords: UInt64 {
    precondition(count >= 4)
    let first = unsafe UnsafeRawPointer(base).loadUnaligned(as: UInt32.self)
    let last = unsafe UnsafeRawPointer(base + count - 4).loadUnaligned(as: UInt32.self)
    return UInt64(first) << 32 | UInt64(last)
  }

  /// Whether eight bytes are the same in both but for ASCII case.
  @inline(__always)
  private func sameWord(at position: Int, as other: ByteView) -> Bool {
    let (own, its) = (word(at: position), other.word(at: position))
    return own == its || own.withLowercasedBytes == its.withLowercasedBytes
  }

  /// Whether the bytes begin with `literal`, which is lower case, but for ASCII case.
  package func hasPrefixIgnoringCase(_ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard count >= length else { return false }
    return view(from: 0, to: length).equalsIgnoringCase(literal)
  }

  /// The bytes without blanks and tabs at both ends.
  package var trimmed: ByteView {
    var start = 0
    var end = count
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return view(from: start, to: end)
  }

  /// The decimal number that all the bytes spell, if they do and it is at most `limit`.
  package func decimal(atMost limit: UInt64) -> UInt64? {
    guard count > 0 else { return nil }
    var value: UInt64 = 0
    var index = 0
    guard count > 18 else {
      // So few digits fit.
      while index < count {
        let digit = unsafe base[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value &* 10 &+ UInt64(digit)
        index += 1
      }
      return value <= limit ? value : nil
    }
    while index < count {
      let digit = unsafe base[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow else { return nil }
      value = tens &+ UInt64(digit)
      guard value >= tens, value <= limit else { return nil }
      index += 1
    }
    return value
  }

  /// The number that so many hexadecimal digits of either case spell, 16 at most; nil when they are
  /// not there.
  package func hexadecimal(from start: Int, count length: Int) -> UInt64? {
    guard length <= 16, start >= 0, start + length <= count else { return nil }
    var value: UInt64 = 0
    for index in start..<start + length {
      let byte = unsafe base[index]
      let decimal = byte &- UInt8(ascii: "0")
      let letter = (byte | 0x20) &- UInt8(ascii: "a")
      guard decimal < 10 || letter < 6 else { return nil }
      value = value &<< 4 | UInt64(decimal < 10 ? decimal : letter &+ 10)
    }
    return value
  }

  /// A copy as text; bytes that are not UTF-8 are replaced.
  package var string: String {
    unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
  }

  /// Whether the bytes are those of an array.
  package func equals(_ array: [UInt8]) -> Bool { array.withByteView { equals($0) } }

  /// A copy as an array.
  package var array: [UInt8] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Eight bytes as a number, in the machine's order.
  @inline(__always)
  package func word(at position: Int) -> UInt64 {
    precondition(position >= 0 && position + 8 <= count)
    return unsafe UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
  }

  /// Four bytes, the first one lowest, with letters in lower case; other bytes may change too.
  @inline(__always)
  package func lowercasedWord(at position: Int) -> UInt32 {
    precondition(position >= 0 && position + 4 <= count)
    let word = unsafe UnsafeRawPointer(base + position).loadUnaligned(as: UInt32.self)
    return UInt32(littleEndian: word) | 0x2020_2020
  }

  /// Copies the bytes to `target`, which has room for `count` of them.
  @inline(__always)
  package func copy(to target: UnsafeMutablePointer<UInt8>) {
    guard count > 0 else { return }
    unsafe memcpy(target, base, count)
  }

  /// Lends the bytes to C.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    unsafe try body(UnsafeRawBufferPointer(start: base, count: count))
  }
}

extension Array where Element == UInt8 {
  /// Lends the array's bytes as a view for the length of a call.
  package func withByteView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    try unsafe withUnsafeBytes { unsafe try body(ByteView($0)) }
  }
}

extension String {
  /// Lends the text's UTF-8 bytes as a view for the length of a call.
  package func withByteView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    var copy = self
    return try copy.withUTF8 { try unsafe body(ByteView(UnsafeRawBufferPointer($0))) }
  }
}

extension UInt64 {
  /// The eight bytes with ASCII letters in lower case.
  @inline(__always)
  fileprivate var withLowercasedBytes: UInt64 {
    let heptets = self & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = heptets &+ 0x3F3F_3F3F_3F3F_3F3F
    let beyondZ = heptets &+ 0x2525_2525_2525_2525
    let isUpper = (fromA ^ beyondZ) & ~self & 0x8080_8080_8080_8080
    return self | isUpper &>> 2
  }
}

extension UInt8 {
  /// Whether the byte may be a part of something.
  @inline(__always) package func isPart(of kind: ByteKind) -> Bool {
    rs_byte_is(self, kind.bit) != 0
  }

  @inline(__always) package var isBlank: Bool { self == 0x20 || self == 0x09 }
  @inline(__always) package var isDigit: Bool { self &- 0x30 < 10 }
  @inline(__always) package var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  /// The value of a hexadecimal digit.
  package var hexValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x37
    case 0x61...0x66: self - 0x57
    default: nil
    }
  }
}
