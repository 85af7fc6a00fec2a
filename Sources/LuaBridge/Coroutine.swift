// States: filled with a call's facts -> running <-> suspended -> ended -> released.
// Invariant: every coroutine that `make` gave out is released once, by its holder.

internal import CLuaShim
internal import Engine

/// The names of files as texts, known by where Lua keeps them, so that none is made twice.
///
/// Forget them whenever an interpreter may have gone.
struct FileNames: ~Copyable {
  private var known: [(address: UInt, name: String)] = []
  private static let countMax = 64

  mutating func name(_ slice: rs_slice) -> String {
    let address = unsafe UInt(bitPattern: slice.bytes)
    for entry in known where entry.address == address { return entry.name }
    let name = unsafe slice.text
    if known.count == Self.countMax { known.removeAll(keepingCapacity: true) }
    known.append((address, name))
    return name
  }

  mutating func removeAll() { known.removeAll(keepingCapacity: true) }
}

/// The handle of one call's coroutine; a plain pointer that its holder must release.
@safe
struct Coroutine {
  let pointer: OpaquePointer

  /// Takes a kept coroutine or makes one; nil when there is no memory.
  static func make(in interpreter: OpaquePointer) -> Coroutine? {
    guard let pointer = unsafe rs_co_new(interpreter) else { return nil }
    return unsafe Coroutine(pointer: pointer)
  }

  /// Gives the coroutine back; a suspended one is closed.
  func release() { unsafe rs_co_release(pointer) }

  /// Tells the coroutine what `call` shows.
  func fill(_ facts: borrowing CallFacts) {
    var shown = unsafe rs_facts()
    unsafe shown.id = facts.connID.value
    unsafe shown.uuid = (facts.uuid.high, facts.uuid.middle, facts.uuid.low)
    unsafe shown.entered = facts.entered
    unsafe shown.now = facts.context.now
    unsafe shown.attempts = UInt64(facts.context.attempts)
    unsafe facts.ani.withSlice { ani in
      unsafe facts.dnis.withSlice { dnis in
        unsafe facts.routingPoint.number.withSlice { routingPoint in
          unsafe shown.ani = ani
          unsafe shown.dnis = dnis
          unsafe shown.routing_point = routingPoint
          unsafe rs_co_fill(pointer, &shown)
        }
      }
    }
    for pair in facts.userData.pairs {
      unsafe pair.key.withSlice { key in
        unsafe pair.value.withSlice { value in
          unsafe rs_co_user_data(pointer, key.bytes, key.count, value.bytes, value.count)
        }
      }
    }
  }

  /// Tells the coroutine what has changed since its last step.
  func update(_ context: ResumeContext) {
    unsafe rs_co_number(pointer, RS_FACT_NOW, context.now)
    unsafe rs_co_number(pointer, RS_FACT_ATTEMPTS, UInt64(context.attempts))
  }

  /// A transfer gave the call another identity.
  func rename(to connID: ConnID) { unsafe rs_co_number(pointer, RS_FACT_ID, connID.value) }

  /// Tells whether the next step goes on where the last one was, with what its budgets have left.
  func goesOn(_ goesOn: Bool) { unsafe rs_co_goes_on(pointer, goesOn) }

  /// The line of the script at which it waits.
  func place(_ names: inout FileNames) -> StrategyTrace {
    var file = unsafe rs_slice()
    var line: Int32 = 0
    guard unsafe rs_co_place(pointer, &file, &line) else { return .none }
    return StrategyTrace(file: unsafe names.name(file), line: line)
  }

  /// Runs a strategy up to its first request or its end.
  func start(_ reference: Int32) -> rs_outcome { unsafe rs_co_start(pointer, reference) }
}
