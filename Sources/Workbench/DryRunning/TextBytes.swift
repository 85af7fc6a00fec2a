// Bytes of text, looked at eight or sixteen at a time.

extension Span<UInt8> {
  /// The byte at an index that is known to be in range.
  @inline(__always)
  func byte(_ index: Int) -> UInt8 { unsafe self[unchecked: index] }

  /// Eight bytes, the first of them lowest.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// The first eight bytes of a range as a number, or all of it if there are fewer.
  @inline(__always)
  func firstWord(_ range: Range<Int>) -> UInt64 {
    let start = range.lowerBound
    let length = range.count
    guard length > 0 else { return 0 }
    if start &+ 8 <= count {
      return word(at: start) & (length < 8 ? ~0 &>> UInt64(64 &- 8 &* length) : ~0)
    }
    var word: UInt64 = 0
    for place in 0..<Swift.min(8, length) {
      word |= UInt64(self[start + place]) &<< UInt64(8 &* place)
    }
    return word
  }

  /// The next quote, backslash or control character; the end if there is none before it.
  @inline(__always)
  package func endOfPlainText(_ start: Int, _ end: Int) -> Int {
    var at = start
    while at &+ 16 <= count {
      let words = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: at,
        as: SIMD2<UInt64>.self
      )
      // The upper bit of each byte that is zero or below 32; above the first, some too many.
      let ones = SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)
      let quote = (words ^ SIMD2(repeating: 0x2222_2222_2222_2222)) &- ones
      let slash = (words ^ SIMD2(repeating: 0x5C5C_5C5C_5C5C_5C5C)) &- ones
      let control = words &- SIMD2(repeating: 0x2020_2020_2020_2020)
      let marks =
        (quote | slash | control) & ~words & SIMD2(repeating: 0x8080_8080_8080_8080)
      if marks.x | marks.y != 0 {
        let first =
          marks.x != 0 ? marks.x.trailingZeroBitCount : 64 &+ marks.y.trailingZeroBitCount
        // Behind the end there may be anything.
        return Swift.min(at &+ first &>> 3, end)
      }
      at &+= 16
      if at >= end { return end }
    }
    while at < end {
      let byte = byte(at)
      if byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return at }
      at &+= 1
    }
    return end
  }

  /// Where digits end that begin there.
  @inline(__always)
  func endOfDigits(_ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, byte(at) &- 48 < 10 { at &+= 1 }
    return at
  }

  /// Whether some bytes are this text.
  @inline(__always)
  func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
    range.count == text.utf8CodeUnitCount && has(text, at: range.lowerBound)
  }

  /// Whether this text begins there.
  @inline(__always)
  func has(_ text: StaticString, at start: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard start &+ length <= count else { return false }
    if length < 8 {
      return firstWord(start..<start &+ length) == JSONKey(stringLiteral: text).word
    }
    let wanted = unsafe UnsafeRawPointer(text.utf8Start)
    var place = 0
    while place &+ 8 < length {
      let word = unsafe wanted.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      guard self.word(at: start &+ place) == UInt64(littleEndian: word) else { return false }
      place &+= 8
    }
    // The last eight bytes, some of which may have been compared already.
    let last = length &- 8
    let word = unsafe wanted.loadUnaligned(fromByteOffset: last, as: UInt64.self)
    return self.word(at: start &+ last) == UInt64(littleEndian: word)
  }

  /// The value of eight hexadecimal digits; nil when others are among them.
  ///
  /// Which of them are letters is chance, and a branch on chance costs more than all of this.
  package func hexadecimal(at start: Int) -> UInt64? {
    let characters = word(at: start)
    let upperBits: UInt64 = 0x8080_8080_8080_8080
    let letters = (characters &>> 6) & 0x0101_0101_0101_0101
    let small = characters | letters &<< 5
    // A sum has its upper bit where a byte is at least `0`, above `9`, at least `a`, above `f`.
    let digits =
      (small &+ 0x5050_5050_5050_5050) & ~(small &+ 0x4646_4646_4646_4646)
      | (small &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(small &+ 0x1919_1919_1919_1919)
    guard characters & upperBits == 0, digits & upperBits == upperBits else { return nil }
    var value = ((characters & 0x0F0F_0F0F_0F0F_0F0F) &+ letters &* 9).byteSwapped
    value = (value | value &>> 4) & 0x00FF_00FF_00FF_00FF
    value = (value | value &>> 8) & 0x0000_FFFF_0000_FFFF
    return (value | value &>> 16) & 0xFFFF_FFFF
  }

  /// Eight hexadecimal digits of a number, the first of them in the lowest byte.
  @inline(__always)
  package static func hexadecimal(_ number: UInt32) -> UInt64 {
    var digits = UInt64(number)
    digits = (digits | digits &<< 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
    digits = ((digits | digits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F).byteSwapped
    let letters = ((digits &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
    return digits &+ 0x3030_3030_3030_3030 &+ letters &* 39
  }

  /// The value of eight decimal digits; nil when others are among them.
  @inline(__always)
  private func eightDigits(at start: Int) -> UInt64? {
    let digits = word(at: start) ^ 0x3030_3030_3030_3030
    let tooLarge = digits | (digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676
    guard tooLarge & 0x8080_8080_8080_8080 == 0 else { return nil }
    // Neighbours are joined: ones to pairs, pairs to fours, fours to eight.
    let pairs = ((digits &* (10 &<< 8 | 1)) &>> 8) & 0x00FF_00FF_00FF_00FF
    let fours = ((pairs &* (100 &<< 16 | 1)) &>> 16) & 0x0000_FFFF_0000_FFFF
    return (fours &* (10_000 &<< 32 | 1)) &>> 32
  }

  /// Seconds in nanoseconds, to the last digit.
  ///
  /// - Parameters:
  ///   - at: Where it begins, then where it ends.
  ///   - end: Where it ends at the latest.
  /// - Returns: The nanoseconds; nil when it is no plain number.
  @inline(__always)
  package func nanoseconds(_ at: inout Int, _ end: Int) -> UInt64? {
    let start = at
    var number: UInt64 = 0
    while at < end, byte(at) &- 48 < 10 {
      number = number &* 10 &+ UInt64(byte(at) &- 48)
      at &+= 1
    }
    // Ten digits are three hundred years.
    guard at > start, at &- start <= 10, number < 9_000_000_000 else { return nil }
    guard at < end, byte(at) == UInt8(ascii: ".") else { return number &* 1_000_000_000 }
    at &+= 1
    let first = at
    if at &+ 8 <= end, let eight = eightDigits(at: at) {
      number = number &* 100_000_000 &+ eight
      at &+= 8
    }
    let last = Swift.min(end, first &+ 9)
    while at < last, byte(at) &- 48 < 10 {
      number = number &* 10 &+ UInt64(byte(at) &- 48)
      at &+= 1
    }
    for _ in at..<first &+ 9 { number = number &* 10 }
    at = endOfDigits(at, end)
    return number
  }
}
