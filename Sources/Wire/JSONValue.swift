internal import CJansson

/// Why a text is not the JSON, or not the line, that it should be.
public struct JSONError: Error, Hashable, Sendable {
  /// The line, from 1; 0 when it is not known.
  public var line: Int
  /// The column, from 1; 0 when the line as a whole is meant.
  public var column: Int
  /// What is wrong.
  public var message: String

  /// Makes an error.
  public init(line: Int = 0, column: Int = 0, _ message: String) {
    self.line = line
    self.column = column
    self.message = message
  }
}

extension JSONError: CustomStringConvertible {
  /// `line:column: message`, as far as known.
  public var description: String {
    switch (line, column) {
    case (0, _): message
    case (_, 0): "\(line): \(message)"
    case (_, _): "\(line):\(column): \(message)"
    }
  }
}

/// A JSON value that was read; objects keep the order of their members.
public enum JSONValue: Hashable, Sendable {
  /// Nothing.
  case null
  /// A truth value.
  case bool(Bool)
  /// A number written without fraction and exponent.
  case integer(Int64)
  /// Any other number.
  case real(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Named members in the order in which they were written.
  case object([Member])

  /// A member of an object.
  public struct Member: Hashable, Sendable {
    /// Its name; unique in its object.
    public let key: String
    /// Its value.
    public let value: JSONValue
  }

  /// Reads a text that is one JSON value.
  ///
  /// - Throws: Where the text stops being JSON; a member named twice is an error too.
  public init(parsing text: String) throws(JSONError) {
    var text = text
    let result = text.withUTF8 { bytes in
      unsafe JSONValue.parse(UnsafeRawBufferPointer(bytes))
    }
    self = try result.get()
  }

  /// Reads bytes that are one JSON value.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    let result = unsafe bytes.withUnsafeBytes { bytes in unsafe JSONValue.parse(bytes) }
    self = try result.get()
  }

  // MARK: Looking inside

  /// The member of that name; `nil` when there is none or this is no object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The members of an object.
  public var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The elements of an array.
  public var elements: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The text of a string.
  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value of an integer.
  public var integer: Int64? {
    guard case .integer(let number) = self else { return nil }
    return number
  }

  /// The value of any number.
  public var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// The value of a truth value.
  public var bool: Bool? {
    guard case .bool(let truth) = self else { return nil }
    return truth
  }

  // MARK: From the library's tree

  private static func parse(_ bytes: UnsafeRawBufferPointer) -> Result<JSONValue, JSONError> {
    var error = json_error_t()
    let flags = Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)
    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    guard let start = unsafe start, bytes.count > 0 else {
      return .failure(JSONError(line: 1, column: 1, "empty text"))
    }
    guard let root = unsafe json_loadb(start, bytes.count, flags, &error) else {
      let message = unsafe withUnsafeBytes(of: &error.text) { text in
        unsafe String(decoding: text.prefix { byte in byte != 0 }, as: UTF8.self)
      }
      return .failure(
        JSONError(line: max(1, Int(error.line)), column: max(1, Int(error.column)), message)
      )
    }
    defer { unsafe json_decref(root) }
    return .success(unsafe JSONValue(root))
  }

  private init(_ node: UnsafeMutablePointer<json_t>) {
    switch unsafe node.pointee.type {
    case JSON_OBJECT:
      var members: [Member] = []
      var iterator = unsafe json_object_iter(node)
      while let at = unsafe iterator {
        if let key = unsafe json_object_iter_key(at), let value = unsafe json_object_iter_value(at)
        {
          unsafe members.append(Member(key: String(cString: key), value: JSONValue(value)))
        }
        unsafe iterator = json_object_iter_next(node, at)
      }
      self = .object(members)
    case JSON_ARRAY:
      let elements = unsafe (0..<json_array_size(node)).compactMap { index in
        unsafe json_array_get(node, index).map { unsafe JSONValue($0) }
      }
      self = .array(elements)
    case JSON_STRING:
      let length = unsafe json_string_length(node)
      let text = unsafe json_string_value(node).map { start in
        unsafe UnsafeRawBufferPointer(start: start, count: length)
      }
      self = .string(unsafe text.map { unsafe String(decoding: $0, as: UTF8.self) } ?? "")
    case JSON_INTEGER: self = .integer(unsafe json_integer_value(node))
    case JSON_REAL: self = .real(unsafe json_real_value(node))
    case JSON_TRUE: self = .bool(true)
    case JSON_FALSE: self = .bool(false)
    default: self = .null
    }
  }
}
