/// Why the store cannot be used.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Kind: Sendable, Hashable {
    /// The disk is full.
    case full
    /// The file is no longer what was written.
    case damaged
    /// A later version of the program wrote it.
    case newer
    /// A version of the program wrote it that decides otherwise than this one.
    case differs
    /// It is the database of another program.
    case foreign
    /// There is none.
    case missing
    /// Anything else that the system says: no permission, a disk that fails.
    case system
  }

  /// What kind of trouble it is.
  public var kind: Kind
  /// The reason, in one sentence.
  public var message: String

  /// Makes an error.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The reason, in one sentence.
  public var description: String { message }
}
