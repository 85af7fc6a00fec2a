// Why an expression does not hold, in words: "english 1, needs > 2".

extension SkillExpression {
  /// A part of an expression: whether it holds, why if it should not, why not if it should.
  private struct Part {
    var holds: Bool
    /// What is missing, were it to hold.
    var missing: String
    /// What is in the way, were it not to hold.
    var present: String
  }

  /// What is missing.
  ///
  /// - Parameters:
  ///   - level: The level of a skill, by its name.
  ///   - member: Whether a group has him, by its name.
  /// - Returns: The first condition that fails; of alternatives all that fail; nil: it holds.
  func failure(level: (String) -> Int32, member: (String) -> Bool) -> String? {
    var stack: [Part] = []
    for operation in program {
      switch operation {
      case .compare(let skill, let comparison, let bound):
        let name = skills[skill]
        let has = level(name)
        stack.append(
          Part(
            holds: comparison.holds(has, bound),
            missing: "\(name) \(has), needs \(comparison.word) \(bound)",
            present: "\(name) \(has), needs \(comparison.inverse.word) \(bound)"
          )
        )
      case .member(let group):
        let name = groups[group]
        stack.append(
          Part(
            holds: member(name),
            missing: "not in group \(name)",
            present: "in group \(name), must not be"
          )
        )
      case .and:
        let second = stack.removeLast()
        let first = stack.removeLast()
        stack.append(
          Part(
            holds: first.holds && second.holds,
            missing: first.holds ? second.missing : first.missing,
            present: "\(first.present), or \(second.present)"
          )
        )
      case .or:
        let second = stack.removeLast()
        let first = stack.removeLast()
        stack.append(
          Part(
            holds: first.holds || second.holds,
            missing: "\(first.missing), or \(second.missing)",
            present: first.holds ? first.present : second.present
          )
        )
      case .not:
        let part = stack.removeLast()
        stack.append(Part(holds: !part.holds, missing: part.present, present: part.missing))
      }
    }
    guard let result = stack.last, !result.holds else { return nil }
    return result.missing
  }
}

extension SkillExpression.Comparison {
  /// The operator as it is written.
  var word: String {
    switch self {
    case .greater: ">"
    case .greaterOrEqual: ">="
    case .less: "<"
    case .lessOrEqual: "<="
    case .equal: "=="
    case .notEqual: "~="
    }
  }

  /// What holds exactly when this does not.
  var inverse: SkillExpression.Comparison {
    switch self {
    case .greater: .lessOrEqual
    case .greaterOrEqual: .less
    case .less: .greaterOrEqual
    case .lessOrEqual: .greater
    case .equal: .notEqual
    case .notEqual: .equal
    }
  }
}
