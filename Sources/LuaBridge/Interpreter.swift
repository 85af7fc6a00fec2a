// States: empty -> prelude opened -> sources loaded -> sealed; or: bare, for one data file.
// Invariant: everything that reaches `rs_lua` goes through this owner or a `Coroutine` of it; the
// pointer is freed once, when the owner goes. It belongs to one thread at a time: a generation is
// built on the control thread, handed over once, and then used by the engine's thread only.
// Source: HOUSE 2.5, 2.9.

internal import CLuaShim
internal import Engine

/// The owner of one Lua interpreter.
@safe
struct Interpreter: ~Copyable {
  let pointer: OpaquePointer

  /// Makes an interpreter without any names in it; nil when there is no memory.
  init?(limits: Limits, counted: Bool) {
    let budgets = rs_limits(
      instructions: Int64(limits.strategyInstructionsMax),
      growth: limits.strategyMemoryGrowthMax,
      total: limits.strategyMemoryMax,
      string_max: 1 << 18,
      counted: counted
    )
    guard let pointer = unsafe rs_lua_new(budgets) else { return nil }
    unsafe self.pointer = pointer
  }

  deinit { unsafe rs_lua_free(pointer) }

  /// Bytes that Lua holds now.
  var byteCount: Int { unsafe rs_lua_bytes(pointer) }

  /// The text of the last error.
  var message: String {
    var count = 0
    guard let bytes = unsafe rs_lua_message(pointer, &count) else { return "" }
    return unsafe String(
      decoding: UnsafeRawBufferPointer(start: bytes, count: count),
      as: UTF8.self
    )
  }

  /// The call stack at the last error, one line each; empty when there was none.
  var traceback: String {
    var count = 0
    guard let bytes = unsafe rs_lua_traceback(pointer, &count) else { return "" }
    return unsafe String(
      decoding: UnsafeRawBufferPointer(start: bytes, count: count),
      as: UTF8.self
    )
  }

  /// What the last evaluation left, flattened.
  var flat: [UInt8] {
    var count = 0
    guard let bytes = unsafe rs_lua_flat(pointer, &count), count > 0 else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }
}

extension Array where Element == UInt8 {
  /// Lends the bytes to C.
  func withSlice<Result>(_ body: (rs_slice) -> Result) -> Result {
    unsafe withUnsafeBytes { bytes in
      unsafe body(unsafe rs_slice(bytes: bytes.baseAddress, count: bytes.count))
    }
  }
}

extension String {
  /// Lends the text to C.
  func withSlice<Result>(_ body: (rs_slice) -> Result) -> Result {
    var copy = self
    return copy.withUTF8 { bytes in
      unsafe body(unsafe rs_slice(bytes: bytes.baseAddress, count: bytes.count))
    }
  }
}

extension rs_slice {
  /// The bytes as text; what is not UTF-8 is replaced.
  var text: String {
    guard let start = unsafe bytes, unsafe count > 0 else { return "" }
    return unsafe String(
      decoding: UnsafeRawBufferPointer(start: start, count: count),
      as: UTF8.self
    )
  }
}
