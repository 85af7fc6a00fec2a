/// Commands and events produced by signals, each in the order in which they were decided.
///
/// Append-only and reused: `removeAll` keeps the memory. `Shard` takes the strategy commands out
/// before the world sees the outbox.
public struct Outbox: ~Copyable, Sendable {
  /// What the line side has to do, in order.
  public private(set) var lineCommands: [LineCommand] = []
  /// What the strategy runtime has to do, in order.
  public private(set) var strategyCommands: [StrategyCommand] = []
  /// What is announced, in order.
  public private(set) var events: [Event] = []
  /// Whether whoever has this outbox looks at `starting`.
  @usableFromInline var startsAtOnce = false
  /// The slot of a call whose strategy starts before all strategy commands; negative: none.
  ///
  /// Its facts are made when they are needed.
  @usableFromInline var starting: Int32 = -1
  /// Which events are wanted; the others are counted and not made.
  public var interest = EventInterest.all

  /// Makes an empty outbox.
  public init() {}

  /// Whether nothing was decided.
  @inlinable
  public var isEmpty: Bool {
    lineCommands.isEmpty && strategyCommands.isEmpty && events.isEmpty && starting < 0
  }

  /// Adds a command for the line side.
  public mutating func append(_ command: consuming LineCommand) { lineCommands.append(command) }

  /// Adds a command for the strategy runtime.
  public mutating func append(_ command: consuming StrategyCommand) {
    strategyCommands.append(command)
  }

  /// Adds an event.
  public mutating func append(_ event: consuming Event) { events.append(event) }

  /// Hands over the events, in order, and keeps none: an event is large, and none is copied.
  public mutating func takeEvents(_ body: (consuming Event) -> Void) {
    for index in events.indices.dropLast() {
      body(exchange(&events[index], with: Event(.error, thisDN: DN(""))))
    }
    // Most signals lead to one event.
    if let last = events.popLast() { body(last) }
    if !events.isEmpty { events.removeAll(keepingCapacity: true) }
  }

  /// Empties the outbox and keeps its memory, unless one signal made it unusually large.
  public mutating func removeAll() {
    let keeps = events.capacity <= Self.capacityKept
    removeStrategyCommands()
    // Most signals lead to one command.
    if lineCommands.count == 1 {
      lineCommands.removeLast()
    } else if !lineCommands.isEmpty {
      lineCommands.removeAll(keepingCapacity: keeps)
    }
    if !events.isEmpty || !keeps { events.removeAll(keepingCapacity: keeps) }
  }

  /// Starting a large site announces every agent in one signal; that much is not kept.
  private static let capacityKept = 4_096

  /// Takes out the answer to a call's step, if that is all that the step has led to for strategies.
  @usableFromInline
  mutating func takeAnswer(
    to call: ConnID,
    after count: Int
  ) -> (answer: StrategyAnswer, context: ResumeContext)? {
    guard strategyCommands.count == count + 1,
      case .resume(call, let answer, let context) = strategyCommands[count]
    else { return nil }
    strategyCommands.removeLast()
    return (answer, context)
  }

  /// Takes the next strategy command out, to be carried out; there must be one.
  ///
  /// Until they are all removed the place of one that others follow stays, and `next` is behind it.
  @usableFromInline
  mutating func takeStrategyCommand(_ next: inout Int) -> StrategyCommand {
    if next + 1 == strategyCommands.count { return strategyCommands.removeLast() }
    var command = StrategyCommand.cancel(ConnID(0))
    swap(&command, &strategyCommands[next])
    next += 1
    return command
  }

  /// Forgets the strategy commands, which `Shard` has carried out.
  @usableFromInline
  mutating func removeStrategyCommands() {
    if !strategyCommands.isEmpty {
      strategyCommands.removeAll(keepingCapacity: true)
    }
  }
}
