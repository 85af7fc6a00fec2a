// States: loading (inside `init`) -> sealed: nothing in it changes any more, calls may run.
// Invariant: it belongs to one thread at a time. It is built where there is time (the control
// thread) and handed over once, to `LuaStrategies.install`; `@unchecked Sendable` says only that
// this hand-over is allowed.
// Source: HOUSE 2.5 "Generations".

internal import CLuaShim
public import Engine

/// One loaded version of all strategies: an interpreter with everything compiled and frozen.
public final class Generation: @unchecked Sendable {
  /// Identifies the sources.
  public let fingerprint: String
  /// The names of the strategies in it, sorted.
  public let strategies: [StrategyName]

  let interpreter: Interpreter
  let references: [String: rs_functions]
  let folder: String
  let keepsCoverage: Bool
  /// The names of all files, for the places of errors.
  let files: [String]

  /// Instructions that loading one file may cost, as a multiple of the budget of a step.
  private static let loadFactor: Int64 = 20

  /// Compiles, runs and freezes a set of sources.
  ///
  /// - Parameters:
  ///   - source: The files.
  ///   - limits: The budgets.
  ///   - keepsCoverage: Whether it is noted which lines run, from the loading on.
  /// - Throws: every problem of every file at once; nothing is left behind then.
  public init(
    _ source: StrategySource,
    limits: Limits = .standard,
    keepsCoverage: Bool = false
  ) throws(LoadFailure) {
    guard let interpreter = Interpreter(limits: limits, counted: true) else {
      throw LoadFailure([LuaProblem(file: source.folder, line: 0, message: "no memory")])
    }
    if keepsCoverage { unsafe rs_lua_cover(interpreter.pointer) }
    self.keepsCoverage = keepsCoverage
    let names = source.files.map { source.folder + "/" + $0.path }
    var problems: [LuaProblem] = []
    var references: [String: rs_functions] = [:]
    if let problem = Self.open(interpreter) { throw LoadFailure([problem]) }
    problems += Self.add(source, to: interpreter)
    let budget = Int64(limits.strategyInstructionsMax) * Self.loadFactor
    for (file, name) in zip(source.files, names) {
      guard let module = file.module else { continue }
      let isStrategy = file.strategy != nil
      var functions = rs_functions()
      let outcome = unsafe module.withSlice { slice in
        unsafe withUnsafeMutablePointer(to: &functions) { functions in
          unsafe rs_lua_load(interpreter.pointer, slice, budget, isStrategy ? functions : nil)
        }
      }
      if outcome != RS_RETURNED {
        let problem = LuaProblem(text: interpreter.message, file: name, files: names)
        if !problems.contains(problem) { problems.append(problem) }
      } else if let strategy = file.strategy {
        references[strategy.text] = functions
      }
    }
    guard problems.isEmpty else { throw LoadFailure(problems) }
    guard unsafe rs_lua_seal(interpreter.pointer) == RS_RETURNED else {
      throw LoadFailure([
        LuaProblem(text: interpreter.message, file: source.folder, files: names)
      ])
    }
    fingerprint = source.fingerprint
    folder = source.folder
    files = names
    strategies = references.keys.sorted().map { StrategyName($0) }
    self.references = references
    self.interpreter = interpreter
  }

  /// Bytes that Lua holds for this generation now.
  public var byteCount: Int { interpreter.byteCount }

  /// Bytes that Lua holds in the whole process.
  public static var byteCountEverywhere: Int { rs_lua_bytes_everywhere() }

  /// Dotted names of everything that a script can reach, sorted within their tables.
  public var reachableNames: [String] {
    guard unsafe rs_lua_names(interpreter.pointer) == RS_RETURNED else { return [] }
    return String(decoding: interpreter.flat, as: UTF8.self)
      .split(separator: "\n")
      .map(String.init)
  }
}

extension Generation {
  private static func open(_ interpreter: borrowing Interpreter) -> LuaProblem? {
    let prelude = PackageResources.Prelude_lua
    let pointer = unsafe interpreter.pointer
    let outcome = unsafe prelude.withSlice { unsafe rs_lua_prelude(pointer, $0) }
    guard outcome != RS_RETURNED else { return nil }
    return LuaProblem(file: "prelude", line: 0, message: interpreter.message)
  }

  /// Gives an interpreter everything that can be required or looked up; nothing runs yet.
  ///
  /// Returns what is wrong with the tables.
  static func add(
    _ source: StrategySource,
    to interpreter: borrowing Interpreter
  ) -> [LuaProblem] {
    var problems: [LuaProblem] = []
    var tables: [String: String] = [:]
    for file in source.files {
      let name = source.folder + "/" + file.path
      if let table = file.table {
        do throws(LuaProblem) {
          if let other = tables.updateValue(name, forKey: table) {
            let message = "the table '\(table)' is also in \(other)"
            throw LuaProblem(file: name, line: 0, message: message)
          }
          Self.add(try file.readTable(as: name), as: table, to: interpreter)
        } catch {
          problems.append(error)
        }
      } else if let module = file.module {
        Self.add(file, module: module, name: name, to: interpreter)
      }
    }
    return problems
  }

  private static func add(
    _ file: StrategySource.File,
    module: String,
    name: String,
    to interpreter: borrowing Interpreter
  ) {
    let pointer = unsafe interpreter.pointer
    unsafe module.withSlice { module in
      unsafe name.withSlice { name in
        unsafe file.bytes.withSlice { text in
          _ = unsafe rs_lua_add_source(pointer, module, name, text)
        }
      }
    }
  }

  private static func add(
    _ table: DataTable,
    as name: String,
    to interpreter: borrowing Interpreter
  ) {
    let pointer = unsafe interpreter.pointer
    unsafe name.withSlice { _ = unsafe rs_lua_data_table(pointer, $0) }
    for row in table.rows {
      unsafe row.key.withSlice { key in
        unsafe LentEntries.with(row.cells) { names, cells in
          _ = unsafe rs_lua_data_row(
            pointer,
            key,
            names.baseAddress,
            cells.baseAddress,
            cells.count
          )
        }
      }
    }
  }
}
