// States: loaded -> (a test runs: started -> asked <-> resumed -> finished) -> loaded.
// Invariants: at most one coroutine is alive; the interpreter is the test file's own, so that no
// test file can disturb another, nor the strategies, which run in a `Generation`.
// Who may change it: the thread that runs the tests.
// Source: HOUSE 2.5 (tests yield as strategies do).

internal import CLuaShim
public import Engine

/// A test file, loaded: the tests that it describes, ready to run one by one.
public final class TestScript {
  /// A test of a file.
  public struct Case: Sendable, Hashable {
    /// Its name, after the names of the blocks around it.
    public var name: String
    /// Its line.
    public var line: Int
    /// Whether it is only named.
    public var isPending: Bool
  }

  /// The file as messages name it.
  public let file: String
  /// The tests in the order of the file.
  public private(set) var cases: [Case] = []

  let interpreter: Interpreter
  private var coroutine: Coroutine?

  /// Instructions of one step of a test, as a multiple of what a strategy has.
  private static let budgetFactor = 50

  /// Loads a test file: runs it once, which collects its tests.
  ///
  /// - Parameters:
  ///   - file: Its name for messages.
  ///   - bytes: What stands in it.
  ///   - strategies: What it may require, and the tables that it may look things up in.
  ///   - limits: The budgets of strategies; a test has more.
  ///   - keepsCoverage: Whether it is noted which lines run of what tests require.
  /// - Throws: The mistake that keeps the file from being loaded; whoever wrote it caused it.
  public init(
    file: String,
    bytes: [UInt8],
    strategies: StrategySource,
    limits: Limits = .standard,
    keepsCoverage: Bool = false
  ) throws(LuaProblem) {
    var limits = limits
    limits.strategyInstructionsMax *= Self.budgetFactor
    guard let interpreter = Interpreter(limits: limits, counted: true) else {
      throw LuaProblem(file: file, line: 0, message: "no memory")
    }
    self.file = file
    if keepsCoverage { unsafe rs_lua_cover(interpreter.pointer) }
    self.interpreter = interpreter
    try open(strategies)
    try load(bytes, limits)
    try list()
  }

  deinit { coroutine?.release() }

  private func open(_ strategies: StrategySource) throws(LuaProblem) {
    let pointer = unsafe interpreter.pointer
    let outcome = unsafe PackageResources.Prelude_lua.withSlice { prelude in
      unsafe PackageResources.TestPrelude_lua.withSlice { tests in
        unsafe rs_lua_test_prelude(pointer, prelude, tests)
      }
    }
    guard outcome == RS_RETURNED else {
      throw LuaProblem(file: "prelude", line: 0, message: interpreter.message)
    }
    _ = Generation.add(strategies, to: interpreter)
  }

  private func load(_ bytes: [UInt8], _ limits: Limits) throws(LuaProblem) {
    let pointer = unsafe interpreter.pointer
    let module = "_test"
    let budget = Int64(limits.strategyInstructionsMax)
    let outcome = unsafe module.withSlice { module in
      unsafe file.withSlice { name in
        unsafe bytes.withSlice { text in
          _ = unsafe rs_lua_add_source(pointer, module, name, text)
        }
      }
      return unsafe rs_lua_load(pointer, module, budget, nil)
    }
    guard outcome == RS_RETURNED else {
      throw LuaProblem(text: interpreter.message, file: file, files: [])
    }
  }

  private func list() throws(LuaProblem) {
    guard case .asked(let request) = start(0), request.operation == .list,
      case .data(.table(let table))? = request.arguments.first
    else { throw LuaProblem(file: file, line: 0, message: interpreter.message) }
    release()
    cases = table.array.map { value in
      guard case .table(let entry) = value, case .string(let name)? = entry["name"],
        case .string(let place)? = entry["place"]
      else { return Case(name: "", line: 0, isPending: true) }
      let line = place.hasPrefix(file + ":") ? place.dropFirst(file.count + 1) : ""
      return Case(
        name: name,
        line: Int(line.prefix { $0 != ":" }) ?? 0,
        isPending: entry["pending"] == .boolean(true)
      )
    }
  }

  private func release() {
    coroutine?.release()
    coroutine = nil
  }
}

// MARK: - Running

extension TestScript {
  /// Dotted names of everything that a test can reach, sorted within their tables.
  public static var reachableNames: [String] {
    let empty = StrategySource(fingerprint: "", files: [])
    let script = try? TestScript(file: "names_test.lua", bytes: [], strategies: empty)
    guard let script else { return [] }
    guard unsafe rs_lua_names(script.interpreter.pointer) == RS_RETURNED else { return [] }
    return String(decoding: script.interpreter.flat, as: UTF8.self)
      .split(separator: "\n")
      .map(String.init)
  }

  /// Starts a test, counted from 1.
  public func start(_ number: Int) -> TestStep {
    release()
    guard let made = unsafe Coroutine.make(in: interpreter.pointer) else {
      return .finished(.failed("no memory"))
    }
    coroutine = made
    let outcome = made.start(unsafe rs_lua_driver(interpreter.pointer))
    // The first thing that the driver asks is which test to run.
    guard case .asked(let first) = step(outcome), first.operation == .begin else {
      return .finished(.failed("the test cannot start: \(interpreter.message)"))
    }
    return resume([.integer(number)])
  }

  /// Answers what the test asked for and runs it on.
  public func resume(with answer: TestAnswer) -> TestStep {
    switch answer {
    case .values(let values): resume([.truth(true)] + values)
    case .failure(let message): resume([.truth(false), .text(message)])
    }
  }

  private func resume(_ values: [TestValue]) -> TestStep {
    guard let coroutine else { return .finished(.failed("no test runs")) }
    var writer = FlatWriter()
    for value in values { writer.write(value) }
    let outcome = unsafe writer.bytes.withSlice { flat in
      unsafe rs_co_resume_flat(coroutine.pointer, flat, values.count)
    }
    return step(outcome)
  }

  private func step(_ outcome: rs_outcome) -> TestStep {
    guard outcome == RS_YIELDED, let coroutine else {
      release()
      switch outcome {
      case RS_INSTRUCTIONS: return .finished(.failed("the test used up its instructions"))
      case RS_MEMORY: return .finished(.failed("the test used up its memory"))
      default: return .finished(.failed(interpreter.message))
      }
    }
    let values = coroutine.testValues(in: interpreter)
    guard case .data(.integer(let number))? = values.first else {
      return refuse("this can be asked only by a strategy")
    }
    guard let operation = TestOperation(rawValue: number) else {
      let message =
        "this can be asked only by a strategy; a test asks its world, as in"
        + " world:queue(\"9000\").waiting"
      return refuse(message)
    }
    let rest = Array(values.dropFirst())
    switch operation {
    case .done:
      release()
      return .finished(verdict(rest))
    case .list: return .asked(TestRequest(operation: .list, place: "", arguments: rest))
    default:
      var place = ""
      if case .data(.string(let text))? = rest.first { place = text }
      let arguments = Array(rest.dropFirst())
      return .asked(TestRequest(operation: operation, place: place, arguments: arguments))
    }
  }

  private func refuse(_ message: String) -> TestStep {
    resume([.truth(false), .text(message)])
  }

  private func verdict(_ values: [TestValue]) -> TestVerdict {
    var text: String?
    if values.count > 1, case .data(.string(let said)) = values[1] { text = said }
    switch values.first {
    case .data(.integer(0)): return .passed
    case .data(.integer(2)): return .pending(text)
    default: return .failed(text ?? "the test ended in a way that is not known")
    }
  }
}

extension Coroutine {
  /// Everything that the coroutine yielded.
  func testValues(in interpreter: borrowing Interpreter) -> [TestValue] {
    let count = unsafe rs_co_count(pointer)
    return (0..<count).map { index in
      if let target = target(at: index) { return .target(target) }
      guard unsafe rs_co_flatten(pointer, index) == RS_RETURNED else { return .none }
      var reader = FlatReader(bytes: interpreter.flat)
      return reader.next().map { .data($0) } ?? .none
    }
  }
}
