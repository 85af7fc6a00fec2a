internal import CLuaShim
public import Engine

/// Data files in Lua, such as site.lua: run in the sandbox, without the strategies' API.
public enum ConstantTable {
  /// Runs a data file and returns what it returned.
  ///
  /// The file may compute (budgets of a strategy's step apply), but what it returns must be data:
  /// no functions, no table inside itself.
  ///
  /// - Parameters:
  ///   - source: The file's text.
  ///   - chunkname: Its name for messages.
  ///   - limits: The budgets.
  /// - Returns: What the file returned, as a tree.
  /// - Throws: The first problem, with its line; whoever wrote the file caused it.
  public static func evaluate(
    source: [UInt8],
    chunkname: String,
    limits: Limits = .standard
  ) throws(LuaProblem) -> LuaValue {
    guard let interpreter = Interpreter(limits: limits, counted: true) else {
      throw LuaProblem(file: chunkname, line: 0, message: "no memory")
    }
    let pointer = unsafe interpreter.pointer
    guard unsafe rs_lua_bare(pointer) == RS_RETURNED else {
      throw LuaProblem(file: chunkname, line: 0, message: interpreter.message)
    }
    let budget = Int64(limits.strategyInstructionsMax)
    let outcome = unsafe chunkname.withSlice { name in
      unsafe source.withSlice { text in
        unsafe rs_lua_evaluate(pointer, name, text, budget)
      }
    }
    guard outcome == RS_RETURNED else {
      throw LuaProblem(text: interpreter.message, file: chunkname, files: [])
    }
    var reader = FlatReader(bytes: interpreter.flat)
    guard let value = reader.next() else {
      throw LuaProblem(file: chunkname, line: 0, message: "the result cannot be read")
    }
    return value
  }
}
