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
  static func make(in interpreter: borrowing Interpreter) -> Coroutine? {
    guard let pointer = unsafe rs_co_new(interpreter.pointer) else { return nil }
    return unsafe Coroutine(pointer: pointer)
  }

  /// Gives the coroutine back; a suspended one is closed.
  func release() { unsafe rs_co_release(pointer) }

  /// Tells the coroutine what `call` shows.
  func fill(_ facts: borrowing CallFacts) {
    unsafe rs_co_number(pointer, RS_FACT_ID, facts.connID.value)
    unsafe rs_co_uuid(pointer, facts.uuid.high, facts.uuid.middle, facts.uuid.low)
    unsafe rs_co_number(pointer, RS_FACT_ENTERED, facts.entered)
    fill(RS_FACT_ANI, facts.ani)
    fill(RS_FACT_DNIS, facts.dnis)
    fill(RS_FACT_ROUTING_POINT, facts.routingPoint.number)
    update(facts.context)
    for pair in facts.userData.pairs {
      unsafe pair.key.withSlice { key in
        unsafe pair.value.withSlice { value in
          unsafe rs_co_user_data(pointer, key.bytes, key.count, value.bytes, value.count)
        }
      }
    }
  }

  private func fill(_ fact: rs_fact, _ text: String) {
    unsafe text.withSlice { slice in
      unsafe rs_co_text(pointer, fact, slice.bytes, slice.count)
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
