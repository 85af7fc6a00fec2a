/// Why the service, or a request to it, could not do what it was asked.
public struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason, in one line.
  public var message: String

  /// Makes an error.
  public init(_ message: String) { self.message = message }

  /// The reason, in one line.
  public var description: String { message }
}
