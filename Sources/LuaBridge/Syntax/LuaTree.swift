// The tree of a Lua source, with places, made for finding meaning and not for running it.
//
// Invariant: the tree is never deeper than a small multiple of `LuaParser.levelsMax`, whatever the
// source. Chains that the grammar allows to be endless (`a.b.c…`, `a + b + …`, `elseif`) are
// therefore arrays and not nested nodes; walkers and deinitialisers may recurse without fear.

/// A parsed source: its statements and what its names mean.
package struct LuaChunk: Sendable {
  package var body: LuaBlock
  package var bindings: LuaBindings
}

package struct LuaBlock: Sendable {
  package var statements: [LuaStatement]

  /// Where the word stands that closes the block (`end`, `until`, `else`, the end of the file).
  package var end: SourcePosition
}

package struct LuaName: Sendable {
  package enum Attribute: String, Sendable {
    case const, close
  }

  package var text: String
  package var position: SourcePosition
  package var attribute: Attribute?
}

package struct LuaFunction: Sendable {
  /// Where the word `function` stands; identifies the function within its source.
  package var position: SourcePosition
  package var parameters: [LuaName]
  package var isVariadic: Bool
  package var body: LuaBlock
}

package struct LuaStatement: Sendable {
  package indirect enum Kind: Sendable {
    case local(names: [LuaName], values: [LuaExpression])
    case localFunction(LuaName, LuaFunction)
    case function(LuaExpression, LuaFunction)
    case assignment(targets: [LuaExpression], values: [LuaExpression])
    case call(LuaExpression)
    case block(LuaBlock)
    case whileLoop(LuaExpression, LuaBlock)
    case repeatLoop(LuaBlock, until: LuaExpression)
    case conditional([LuaClause], otherwise: LuaBlock?)
    case numericFor(LuaName, range: [LuaExpression], LuaBlock)
    case genericFor([LuaName], values: [LuaExpression], LuaBlock)
    case goto(LuaName)
    case label(LuaName)
    case returned([LuaExpression])
    case breakLoop
  }

  package var kind: Kind
  package var position: SourcePosition
}

/// One `if` or `elseif` with what it guards.
package struct LuaClause: Sendable {
  package var condition: LuaExpression
  package var body: LuaBlock
}

package struct LuaExpression: Sendable {
  package indirect enum Kind: Sendable {
    case `nil`
    case boolean(Bool)
    case number(LuaNumber)
    case string(LuaStringLiteral)
    case variadic
    case function(LuaFunction)
    case table([LuaField])
    case name(String)
    case suffixed(LuaExpression, [LuaSuffix])
    case parenthesised(LuaExpression)
    case unary(LuaUnaryOperator, LuaExpression)

    /// A chain of operators of one precedence, from left to right; `..` and `^`, which bind to the
    /// right, always have exactly one link and nest in its operand.
    case binary(LuaExpression, [LuaOperation])
  }

  package var kind: Kind
  package var position: SourcePosition
}

package struct LuaOperation: Sendable {
  package var `operator`: LuaBinaryOperator
  package var operand: LuaExpression
}

package struct LuaSuffix: Sendable {
  package enum Kind: Sendable {
    case field(String)
    case index(LuaExpression)
    case call([LuaExpression])
    case method(String, [LuaExpression])
  }

  package var kind: Kind

  /// Where the field or method name, the bracket or the arguments start.
  package var position: SourcePosition
}

package struct LuaField: Sendable {
  package enum Key: Sendable {
    case positional
    case named(String)
    case computed(LuaExpression)
  }

  package var key: Key
  package var value: LuaExpression
  package var position: SourcePosition
}

package enum LuaUnaryOperator: Sendable {
  case not, negate, length, complement
}

package enum LuaBinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "^"
  case concatenate = ".."
  case shiftLeft = "<<"
  case shiftRight = ">>"
  case bitAnd = "&"
  case bitXor = "~"
  case bitOr = "|"
  case equal = "=="
  case notEqual = "~="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case and, or

  /// How strongly the operator holds its left and its right side (`lparser.c`, `priority`).
  var priority: (left: Int, right: Int) {
    switch self {
    case .or: (1, 1)
    case .and: (2, 2)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: (3, 3)
    case .bitOr: (4, 4)
    case .bitXor: (5, 5)
    case .bitAnd: (6, 6)
    case .shiftLeft, .shiftRight: (7, 7)
    case .concatenate: (9, 8)
    case .add, .subtract: (10, 10)
    case .multiply, .divide, .floorDivide, .modulo: (11, 11)
    case .power: (14, 13)
    }
  }

  static let unaryPriority = 12

  /// Whether the two make one flat chain: the same precedence, binding to the left.
  func chains(with other: LuaBinaryOperator) -> Bool {
    priority == other.priority && priority.left == priority.right
  }
}

extension LuaExpression {
  /// The expression without the parentheses around it.
  package var bare: LuaExpression {
    var result = self
    while case .parenthesised(let inner) = result.kind { result = inner }
    return result
  }
}
