// Sets of agents, each with a bit of its own: everybody, the queues, the named groups of the plan,
// and every distinct filter that a strategy has used (DOMAIN 4.1: a skill expression is a group of
// agents, though nobody named it). Who belongs to a set is worked out once, when the set is made;
// from then on a choice among a hundred thousand agents is a question of one bit.
//
// Invariants: bit 0 is everybody; bit 1 + q is queue q; then come the named groups; then filters,
// whose bits are given to others when nobody waits for them and too many are kept.

/// A set of agents with its bit.
struct AgentGroup: Sendable, Codable {
  /// Who belongs to it.
  enum Definition: Sendable, Codable {
    case everybody
    /// Those who satisfy the queue's expression and are signed in.
    case queue(Int32)
    /// Those who are listed in the plan or satisfy its expression.
    case named(Int32)
    /// Those who satisfy a filter.
    case filter(skills: SkillExpression?, group: Int32?)
  }

  let definition: Definition
  /// Waiting calls that count on its bit.
  var users: Int32 = 0
  /// Who was chosen last by `round_robin`.
  var lastChosen: Int32 = -1
  /// Whether `loggedIn` and `available` are kept up to date; begins when somebody asks.
  var isCounted = false
  var loggedIn: Int32 = 0
  var available: Int32 = 0
}

/// The names under which filters are known; a struct so that a look-up allocates nothing.
struct FilterName: Hashable, Sendable, Codable {
  var skills: String
  var group: String
}

/// Why a filter means nothing.
enum FilterProblem: Error {
  case expression(SkillExpressionError)
  case noSuchGroup(String)
  case tooMany

  /// The sentence that a strategy gets to read.
  func message(_ filter: AgentFilter, limit: Int) -> String {
    switch self {
    case .expression(let error):
      "skill expression '\(filter.skills ?? "")', column \(error.column): \(error.message)"
    case .noSuchGroup(let name): "there is no agent group \"\(name)\""
    case .tooMany: "skillExpressionsMax (\(limit)) is reached: too many filters are waited for"
    }
  }
}
