/// Why a file cannot be imported, in one sentence that names file and line.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public var message: String

  /// Makes an error.
  public init(_ message: String) { self.message = message }

  /// The sentence.
  public var description: String { message }
}

/// The largest sizes of what an import keeps; what is larger is refused or counted, never grown.
enum ImportLimits {
  /// Bytes of one line of a text file.
  static let lineBytesMax = 1 << 20
  /// Calls that are open at the same time; the oldest is then taken as unfinished.
  static let openCallsMax = 200_000
  /// Agents of one import.
  static let agentsMax = 200_000
  /// Queues of one import.
  static let queuesMax = 10_000
  /// Broken lines that the report shows one by one.
  static let shownMax = 1_000
  /// Different things that a report counts by their names.
  static let namesMax = 300
  /// Bytes that are sorted in memory before they are written to a temporary file.
  static let sortBytesMax = 48 << 20
  /// Streams, fragments and messages of a capture that are waited for at the same time.
  static let streamsMax = 20_000
  /// Bytes that one stream may keep while it waits for what is missing.
  static let streamBytesMax = 1 << 20
  /// Messages that are remembered, so that the same one is not counted twice.
  static let rememberedMax = 200_000
}
