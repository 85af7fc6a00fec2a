/// A local variable, parameter or loop variable of a source.
package struct LuaVariable: Sendable {
  package enum Origin: Sendable {
    /// `local name = value`; nil when there is no value or it cannot be told apart.
    case local(LuaExpression?)
    case parameter(function: SourcePosition, index: Int)
    case loop
    case function(LuaFunction)
  }

  package var name: LuaName
  package var origin: Origin

  /// Whether anything assigns to it after its declaration.
  package var isAssigned = false

  /// How often the name is used after its declaration.
  package var useCount = 0

  /// The arguments of every use that calls it directly, `name(…)`.
  package var calls: [[LuaExpression]] = []
}

/// What every name in a source stands for.
package struct LuaBindings: Sendable {
  package enum Meaning: Sendable {
    case variable(Int)
    case global
    /// A global name below a `local _ENV`: nobody can say from the text.
    case unknown
  }

  package internal(set) var variables: [LuaVariable] = []
  var meanings: [Int: Meaning] = [:]

  /// What the name at this place stands for.
  package func meaning(at position: SourcePosition) -> Meaning {
    meanings[position.offset] ?? .global
  }

  /// The variable that a name expression reads, if it reads one.
  package func variable(of expression: LuaExpression) -> Int? {
    guard case .name = expression.kind,
      case .variable(let index) = meaning(at: expression.position)
    else { return nil }
    return index
  }

  /// The text of a name expression that reads a global.
  package func global(of expression: LuaExpression) -> String? {
    guard case .name(let text) = expression.kind,
      case .global = meaning(at: expression.position)
    else { return nil }
    return text
  }
}
