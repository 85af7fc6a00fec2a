// Texts that come again and again, by their bytes.

/// A text of at most fifteen bytes as two numbers: its bytes, and in the uppermost their count.
struct ShortText: Equatable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  /// Takes bytes in; nil when there are too many.
  init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    guard range.count < 16 else { return nil }
    let start = range.lowerBound
    if start + 16 <= bytes.count {
      low = bytes.word(at: start) & Self.mask(range.count)
      high = bytes.word(at: start + 8) & Self.mask(range.count - 8)
    } else {
      for (place, index) in range.enumerated() {
        let byte = UInt64(bytes[index]) << UInt64(place % 8 * 8)
        if place < 8 { low |= byte } else { high |= byte }
      }
    }
    high |= UInt64(range.count) << 56
  }

  /// Covers the first so many bytes of a word.
  private static func mask(_ count: Int) -> UInt64 {
    count <= 0 ? 0 : ~0 >> UInt64(64 - 8 * min(count, 8))
  }

  /// A number that spreads similar texts.
  var mixed: UInt64 {
    let product = (low ^ high &* 0xC2B2_AE3D_27D4_EB4F) &* 0x9E37_79B9_7F4A_7C15
    return product >> 32
  }
}

/// What was found out about texts that came before, as long as no other text takes their place.
///
/// Its size is fixed, and nothing depends on what it has forgotten.
struct TextMemo<Value> {
  private var places: [(text: ShortText, value: Value)?]
  private let mask: UInt64

  /// Makes an empty one with a power of two of places.
  init(bits: Int) {
    places = [(text: ShortText, value: Value)?](repeating: nil, count: 1 << bits)
    mask = 1 << UInt64(bits) - 1
  }

  /// What is known of a text.
  subscript(text: ShortText) -> Value? {
    get {
      guard let place = places[Int(text.mixed & mask)], place.text == text else { return nil }
      return place.value
    }
    set { places[Int(text.mixed & mask)] = newValue.map { (text, $0) } }
  }
}
