internal import CLuaShim

/// A line of a script.
public struct ScriptPlace: Sendable, Hashable {
  /// The file as messages name it.
  public var file: String
  /// The line, from 1.
  public var line: Int

  /// Makes a place.
  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// Where the targets of a strategy's step were made, while coverage is kept.
public struct StepOrigins: Sendable, Hashable {
  /// The line that ran last.
  public var place: ScriptPlace?
  /// Of each target that the step names, in order, where the script made it; nil: it did not.
  public var targets: [ScriptPlace?] = []
}

extension Interpreter {
  /// How often the lines of each file ran, the line as index; empty unless coverage is kept.
  var lineHits: [String: [UInt32]] {
    var hits: [String: [UInt32]] = [:]
    for index in 0..<(unsafe rs_lua_covered_count(pointer)) {
      var count = 0
      let name = unsafe rs_lua_covered_name(pointer, index).text
      guard let lines = unsafe rs_lua_covered_lines(pointer, index, &count) else { continue }
      hits[name] = unsafe Array(UnsafeBufferPointer(start: lines, count: count))
    }
    return hits
  }
}

extension TestScript {
  /// How often the lines of the modules ran that tests required; empty unless coverage is kept.
  public var lineHits: [String: [UInt32]] { interpreter.lineHits }
}

extension Generation {
  /// How often the lines of each file ran, the line as index; empty unless coverage is kept.
  public var lineHits: [String: [UInt32]] { interpreter.lineHits }

  /// A place by the index of its file.
  func place(_ file: Int32, _ line: Int32) -> ScriptPlace? {
    guard file >= 0, line > 0 else { return nil }
    let name = unsafe rs_lua_covered_name(interpreter.pointer, Int(file)).text
    return ScriptPlace(file: name, line: Int(line))
  }

  /// Where the targets were made that a coroutine yielded or returned just now.
  func origins(of coroutine: Coroutine, returned: Bool) -> StepOrigins {
    var line: Int32 = 0
    let file = unsafe rs_lua_last_line(interpreter.pointer, &line)
    var origins = StepOrigins(place: place(file, line))
    origins.targets = unsafe coroutine.targetPointers(returned: returned).map { target in
      var line: Int32 = 0
      let file = unsafe rs_target_origin(target, &line)
      return place(file, line)
    }
    return origins
  }
}

extension Coroutine {
  /// The targets of a selection, of a route or of what was returned.
  fileprivate func targetPointers(returned: Bool) -> [OpaquePointer] {
    let count = unsafe rs_co_count(pointer)
    guard returned else {
      switch HostOperation(rawValue: unsafe rs_co_integer(pointer, 0)) {
      case .select:
        return unsafe (min(6, count)..<count).compactMap { unsafe rs_co_target(pointer, $0) }
      case .route: return unsafe rs_co_target(pointer, 2).map { unsafe [$0] } ?? []
      default: return unsafe []
      }
    }
    if let target = unsafe rs_co_target(pointer, 0) { return unsafe [target] }
    let length = unsafe rs_co_list_count(pointer, 0)
    guard length > 0 else { return unsafe [] }
    return unsafe (1...length).compactMap { unsafe rs_co_list_target(pointer, 0, $0) }
  }
}
