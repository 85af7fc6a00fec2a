// Values as bytes: small, self-describing, and the same bytes for equal values.
//
// `Pk01`, one value, the sum (FNV-1a, 64 bits, big-endian) of all that stands before it.
// A value begins with its tag: 0 nil, 1 false, 2 true, 3 whole number, 4 negative number (-1 - n),
// 5 text (length, UTF-8), 6 array (values up to tag 8), 7 object (keys and values up to key 0).
// A key is a number: 1 is a new key, whose text follows (length, UTF-8); n is the (n - 2)th key of
// the file. Numbers are of base 128, lowest digits first. There are no fractions.
// Keys stand in the order in which types write them, which the compiler takes from their
// declaration; tables write theirs sorted (`Lookup`). A reader must find every key that it asks
// for, and nobody else: what was written by another layout is refused, not guessed.

/// Turns values into bytes and back.
public enum Packed {
  static let beginning = Array("Pk01".utf8)

  enum Tag {
    static let null: UInt8 = 0
    static let no: UInt8 = 1
    static let yes: UInt8 = 2
    static let number: UInt8 = 3
    static let negative: UInt8 = 4
    static let text: UInt8 = 5
    static let array: UInt8 = 6
    static let object: UInt8 = 7
    static let end: UInt8 = 8
  }

  /// Writes a value.
  ///
  /// - Throws: What cannot be written: a fraction.
  public static func bytes(of value: some Encodable) throws(PackedError) -> [UInt8] {
    let sink = PackedSink()
    do {
      try value.encode(to: PackedEncoder(sink, depth: 0))
    } catch let error as PackedError {
      throw error
    } catch {
      throw PackedError("\(error)")
    }
    sink.close(to: 0)
    appendSum(&sink.bytes)
    return sink.bytes
  }

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - type: What it is.
  ///   - bytes: All of what was written.
  /// - Returns: The value.
  /// - Throws: One sentence that says what is wrong: damage, or another layout.
  public static func value<Value: Decodable>(
    _ type: Value.Type,
    from bytes: [UInt8]
  ) throws(PackedError) -> Value {
    let source = PackedSource(try PackedTree(bytes))
    do {
      let value = try type.init(from: PackedDecoder(source, at: 0))
      guard source.isUsedUp else {
        throw PackedError("it has members that this version does not know")
      }
      return value
    } catch let error as PackedError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw PackedError("it lacks \"\(key.stringValue)\"")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context),
      DecodingError.valueNotFound(_, let context)
    {
      throw PackedError(context.debugDescription)
    } catch {
      throw PackedError("\(error)")
    }
  }

  /// The sum of some bytes.
  static func sum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return sum
  }

  private static func appendSum(_ bytes: inout [UInt8]) {
    let sum = sum(bytes[...])
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: sum >> UInt64(shift)))
    }
  }
}

/// Why bytes are no value, or a value no bytes.
public struct PackedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let message: String

  init(_ message: String) { self.message = message }

  /// The same.
  public var description: String { message }
}
