/// Commands and events produced by signals, in the order in which they were decided.
///
/// Append-only and reused: `removeAll` keeps the memory.
public struct Outbox: ~Copyable, Sendable {
  /// The commands, in order.
  public private(set) var commands: [Command] = []
  /// The events, in order.
  public private(set) var events: [Event] = []

  /// Makes an empty outbox.
  public init() {}

  /// Whether nothing was decided.
  public var isEmpty: Bool { commands.isEmpty && events.isEmpty }

  /// Adds a command.
  public mutating func append(_ command: Command) { commands.append(command) }

  /// Adds an event.
  public mutating func append(_ event: Event) { events.append(event) }

  /// Empties the outbox and keeps its memory.
  public mutating func removeAll() {
    commands.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
  }
}
