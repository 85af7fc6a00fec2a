/// A skill expression such as `sales >= 5 and not (english < 2 or german)`, compiled once.
///
/// Grammar: `or` binds weakest, then `and`, then `not`; a comparison is a skill name, one of
/// `> >= < <= == ~= !=`, and a whole number; a name alone means `> 0`; `group(NAME)` holds for the
/// members of an agent group. A skill that an agent does not have is level 0.
public struct SkillExpression: Sendable, Hashable, Codable {
  enum Comparison: Sendable, Hashable, Codable {
    case greater, greaterOrEqual, less, lessOrEqual, equal, notEqual

    func holds(_ level: Int32, _ bound: Int32) -> Bool {
      switch self {
      case .greater: level > bound
      case .greaterOrEqual: level >= bound
      case .less: level < bound
      case .lessOrEqual: level <= bound
      case .equal: level == bound
      case .notEqual: level != bound
      }
    }
  }

  /// Postfix: operands before operators; a result stack of at most 64 bits is kept in one word.
  enum Operation: Sendable, Hashable, Codable {
    case compare(skill: Int, Comparison, Int32)
    case member(group: Int)
    case and
    case or
    case not
  }

  /// The names of the skills it mentions, in the order of first mention.
  public private(set) var skills: [String] = []
  /// The names of the agent groups it mentions, in the order of first mention.
  public private(set) var groups: [String] = []
  private(set) var program: [Operation] = []

  /// An expression that holds for nobody.
  static let never: SkillExpression = {
    var expression = SkillExpression()
    expression.groups = [""]
    expression.program = [.member(group: 0)]
    return expression
  }()

  private init() {}

  /// Compiles an expression.
  ///
  /// - Throws: `SkillExpressionError` with the column of the mistake; the author of the text is to
  ///   blame.
  public init(parsing text: String) throws(SkillExpressionError) {
    var parser = SkillExpressionParser(text)
    try parser.parse()
    skills = parser.skills
    groups = parser.groups
    program = parser.program
  }

  /// Whether it holds for these levels and memberships, which are asked for by the index of a name
  /// in `skills` and in `groups`.
  package func holds(_ level: (Int) -> Int32, member: (Int) -> Bool = { _ in false }) -> Bool {
    var stack: UInt64 = 0
    for operation in program {
      switch operation {
      case .compare(let skill, let comparison, let bound):
        stack = stack << 1 | (comparison.holds(level(skill), bound) ? 1 : 0)
      case .member(let group):
        stack = stack << 1 | (member(group) ? 1 : 0)
      case .and:
        stack = (stack >> 1) & (stack | ~1)
      case .or:
        stack = (stack >> 1) | (stack & 1)
      case .not:
        stack ^= 1
      }
    }
    return stack & 1 == 1
  }

  /// Whether some person could satisfy it, with any skills and memberships.
  ///
  /// A level is as good as any other between two bounds that the expression compares with, so that
  /// few have to be tried; true also when there are more combinations than `combinationsMax`.
  package func canHold(combinationsMax: Int = 20_000) -> Bool {
    var levels = [[Int32]](repeating: [0], count: skills.count)
    for operation in program {
      guard case .compare(let skill, _, let bound) = operation else { continue }
      for level in [bound.subtractingReportingOverflow(1), bound.addingReportingOverflow(1)]
      where !level.overflow && !levels[skill].contains(level.partialValue) {
        levels[skill].append(level.partialValue)
      }
      if !levels[skill].contains(bound) { levels[skill].append(bound) }
    }
    let choices = levels.map { $0.count } + groups.map { _ in 2 }
    var combinations = 1
    for count in choices {
      combinations *= count
      guard combinations <= combinationsMax else { return true }
    }
    var picks = choices.map { _ in 0 }
    for _ in 0..<combinations {
      if holds({ levels[$0][picks[$0]] }, member: { picks[skills.count + $0] == 1 }) { return true }
      // The next combination, as an odometer counts.
      for wheel in picks.indices {
        picks[wheel] = (picks[wheel] + 1) % choices[wheel]
        if picks[wheel] != 0 { break }
      }
    }
    return false
  }
}

/// A mistake in a skill expression.
public struct SkillExpressionError: Error, Sendable, Hashable {
  /// Where, from 1.
  public let column: Int
  /// What.
  public let message: String
}

private struct SkillExpressionParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  var skills: [String] = []
  var groups: [String] = []
  var program: [SkillExpression.Operation] = []

  /// The deepest nesting; it bounds recursion and the evaluator's one-word stack.
  private static let depthMax = 24
  private static let lengthMax = 1_024

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func parse() throws(SkillExpressionError) {
    guard bytes.count <= Self.lengthMax else {
      throw SkillExpressionError(
        column: Self.lengthMax,
        message: "the expression is longer than \(Self.lengthMax) bytes"
      )
    }
    try alternatives()
    skipBlanks()
    guard position == bytes.count else {
      throw error("'and', 'or' or the end expected")
    }
  }

  private func error(_ message: String) -> SkillExpressionError {
    SkillExpressionError(column: position + 1, message: message)
  }

  private mutating func alternatives() throws(SkillExpressionError) {
    depth += 1
    guard depth <= Self.depthMax else { throw error("nested too deeply") }
    try conjunction()
    while accept(word: "or") {
      try conjunction()
      program.append(.or)
    }
    depth -= 1
  }

  private mutating func conjunction() throws(SkillExpressionError) {
    try negation()
    while accept(word: "and") {
      try negation()
      program.append(.and)
    }
  }

  private mutating func negation() throws(SkillExpressionError) {
    var negated = false
    while accept(word: "not") { negated.toggle() }
    try operand()
    if negated { program.append(.not) }
  }

  private mutating func operand() throws(SkillExpressionError) {
    skipBlanks()
    guard position < bytes.count else { throw error("a skill name expected") }
    if bytes[position] == UInt8(ascii: "(") {
      position += 1
      try alternatives()
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: ")") else {
        throw error("')' expected")
      }
      position += 1
      return
    }
    let start = position
    let name = readName()
    guard !name.isEmpty, name != "and", name != "or", name != "not" else {
      position = start
      throw error("a skill name expected")
    }
    if name == "group", try readGroup() { return }
    let skill: Int
    if let known = skills.firstIndex(of: name) {
      skill = known
    } else {
      skill = skills.count
      skills.append(name)
    }
    guard let comparison = try readComparison() else {
      program.append(.compare(skill: skill, .greater, 0))
      return
    }
    program.append(.compare(skill: skill, comparison, try readNumber()))
  }

  /// Reads `(NAME)` after `group`; without a parenthesis `group` is a skill like any other.
  private mutating func readGroup() throws(SkillExpressionError) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "(") else { return false }
    position += 1
    skipBlanks()
    let name = readName()
    guard !name.isEmpty else { throw error("the name of an agent group expected") }
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: ")") else {
      throw error("')' expected")
    }
    position += 1
    let index = groups.firstIndex(of: name) ?? groups.count
    if index == groups.count { groups.append(name) }
    program.append(.member(group: index))
    return true
  }

  private mutating func skipBlanks() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
      position += 1
    }
  }

  private static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): !first
    default: false
    }
  }

  private mutating func readName() -> String {
    let start = position
    while position < bytes.count,
      Self.isNameByte(bytes[position], first: position == start)
    {
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func accept(word: String) -> Bool {
    skipBlanks()
    let start = position
    if readName() == word { return true }
    position = start
    return false
  }

  private mutating func readComparison() throws(SkillExpressionError)
    -> SkillExpression.Comparison?
  {
    skipBlanks()
    guard position < bytes.count else { return nil }
    let first = bytes[position]
    let second = position + 1 < bytes.count ? bytes[position + 1] : 0
    let hasEqual = second == UInt8(ascii: "=")
    switch first {
    case UInt8(ascii: ">"), UInt8(ascii: "<"):
      position += hasEqual ? 2 : 1
      if first == UInt8(ascii: ">") { return hasEqual ? .greaterOrEqual : .greater }
      return hasEqual ? .lessOrEqual : .less
    case UInt8(ascii: "="), UInt8(ascii: "~"), UInt8(ascii: "!"):
      guard hasEqual else { throw error("one of > >= < <= == ~= expected") }
      position += 2
      return first == UInt8(ascii: "=") ? .equal : .notEqual
    default:
      return nil
    }
  }

  private mutating func readNumber() throws(SkillExpressionError) -> Int32 {
    skipBlanks()
    let start = position
    var negative = false
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") {
      negative = true
      position += 1
    }
    var value: Int64 = 0
    var digits = 0
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      value = value * 10 + Int64(bytes[position] - UInt8(ascii: "0"))
      digits += 1
      guard value <= Int64(Int32.max) else {
        position = start
        throw error("the number is too large")
      }
      position += 1
    }
    guard digits > 0 else {
      position = start
      throw error("a whole number expected")
    }
    return Int32(negative ? -value : value)
  }
}
