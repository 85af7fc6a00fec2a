internal import CLinux

/// The only owner of an open descriptor; closes it when its life ends.
public struct FileDescriptor: ~Copyable, Sendable {
  /// The kernel's number.
  public let number: Int32

  /// Takes over an open descriptor.
  public init(owning number: Int32) {
    precondition(number >= 0, "not a descriptor: \(number)")
    self.number = number
  }

  /// Takes over what a call of the C room returned, or throws its error.
  init(_ result: Int32, _ operation: @autoclosure () -> String) throws(ReactorError) {
    self.number = try ReactorError.check(result, operation())
  }

  deinit { _ = rs_close(number) }

  /// Hands the kernel bytes from a place on; how many it took, or less than 0: minus `errno`.
  func send(_ bytes: borrowing [UInt8], from start: Int) -> Int {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe rs_send(number, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start)
    }
  }

  /// Gives the descriptor up without closing it.
  public consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}
