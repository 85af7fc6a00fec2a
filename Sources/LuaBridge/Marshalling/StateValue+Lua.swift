internal import CLuaShim
internal import Engine

extension StateValue {
  /// Lends the value to C.
  func withLuaValue<Result>(_ body: (rs_value) -> Result) -> Result {
    var value = unsafe rs_value()
    switch self {
    case .text(let text):
      return unsafe text.withSlice { slice in
        unsafe value.kind = RS_TEXT
        unsafe value.text = slice
        return unsafe body(value)
      }
    case .integer(let number):
      unsafe value.kind = RS_INTEGER
      unsafe value.integer = number
    case .number(let bits):
      unsafe value.kind = RS_NUMBER
      unsafe value.number = Double(bitPattern: bits)
    case .boolean(let truth):
      unsafe value.kind = RS_BOOLEAN
      unsafe value.boolean = truth
    }
    return unsafe body(value)
  }

  /// What a script gave, if it is something that can be kept.
  init?(_ value: LuaValue) {
    switch value {
    case .boolean(let truth): self = .boolean(truth)
    case .integer(let number): self = .integer(number)
    case .number(let number):
      guard number.isFinite else { return nil }
      self = .number(bits: number.bitPattern)
    case .string(let text): self = .text(text)
    case .nil, .table: return nil
    }
  }
}

/// Texts that are lent to C, one after the other in one block of bytes.
///
/// An offset and a length each, until somebody asks for the slices.
struct LentTexts {
  private var bytes: [UInt8] = []
  private var spans: [(start: Int, count: Int)] = []

  mutating func append(_ text: String) {
    spans.append((bytes.count, text.utf8.count))
    bytes += text.utf8
  }

  /// Lends all of them at once.
  func withSlices<Result>(_ body: ([rs_slice]) -> Result) -> Result {
    unsafe bytes.withUnsafeBytes { all in
      let slices = unsafe spans.map { span in
        unsafe rs_slice(bytes: all.baseAddress.map { unsafe $0 + span.start }, count: span.count)
      }
      return unsafe body(slices)
    }
  }
}

/// Keys and values that are lent to C as a row or a plain table.
enum LentEntries {
  static func with<Result>(
    _ entries: [StateEntry],
    _ body: (UnsafeBufferPointer<rs_slice>, UnsafeBufferPointer<rs_value>) -> Result
  ) -> Result {
    var texts = LentTexts()
    for entry in entries { texts.append(entry.key) }
    for entry in entries {
      if case .text(let text) = entry.value { texts.append(text) } else { texts.append("") }
    }
    return unsafe texts.withSlices { slices in
      let names = unsafe Array(slices.prefix(entries.count))
      var values: [rs_value] = unsafe []
      for (index, entry) in entries.enumerated() {
        if case .text = entry.value {
          var value = unsafe rs_value()
          unsafe value.kind = RS_TEXT
          unsafe value.text = unsafe slices[entries.count + index]
          unsafe values.append(value)
        } else {
          unsafe entry.value.withLuaValue { value in unsafe values.append(value) }
        }
      }
      return unsafe names.withUnsafeBufferPointer { names in
        unsafe values.withUnsafeBufferPointer { values in unsafe body(names, values) }
      }
    }
  }
}
