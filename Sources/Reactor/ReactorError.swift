internal import CLinux

/// What the kernel refused, with the operation that asked for it.
public struct ReactorError: Error, Hashable, Sendable {
  /// The operation and its subject, such as `bind udp 127.0.0.1:5060`.
  public let operation: String
  /// The `errno` value; 0 when the refusal is ours.
  public let code: Int32
  /// The reason in words.
  public let reason: String

  /// Makes an error from an `errno` value.
  public init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
    self.reason = ReactorError.text(of: code)
  }

  /// Makes an error of our own, with the reason in words.
  public init(_ operation: String, reason: String) {
    self.operation = operation
    self.code = 0
    self.reason = reason
  }

  /// The kernel's words for an `errno` value.
  public static func text(of code: Int32) -> String {
    var text = [CChar](repeating: 0, count: 96)
    unsafe rs_error_text(code, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Passes a result of the C room on, or throws when it is a negative `errno`.
  @discardableResult
  static func check<Value: FixedWidthInteger & SignedInteger>(
    _ result: Value,
    _ operation: @autoclosure () -> String
  ) throws(ReactorError) -> Value {
    guard result < 0 else { return result }
    throw ReactorError(operation(), code: Int32(truncatingIfNeeded: -result))
  }
}

extension ReactorError: CustomStringConvertible {
  /// The operation and the reason in one line.
  public var description: String {
    code == 0 ? "\(operation): \(reason)" : "\(operation): \(reason) (errno \(code))"
  }
}

/// The `errno` values that this room tells apart.
enum Errno {
  static let noEntry: Int32 = 2
  static let again: Int32 = 11
  static let noMemory: Int32 = 12
  static let exists: Int32 = 17
  static let noFilesInSystem: Int32 = 23
  static let noFiles: Int32 = 24
  static let brokenPipe: Int32 = 32
  static let nameTooLong: Int32 = 36
  static let noBuffers: Int32 = 105
  static let connectionReset: Int32 = 104
  static let connectionRefused: Int32 = 111
}
