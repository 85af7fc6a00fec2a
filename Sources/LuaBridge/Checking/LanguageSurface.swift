/// The names that the strategy language has, and which of them are served today.
///
/// A name that is missing here is a mistake of the author; a name that is here but not yet
/// available is refused when a strategy is checked, so that no call has to find out.
public struct LanguageSurface: Sendable {
  /// Whether a name of the language is served.
  public enum Availability: Sendable {
    /// The name works.
    case available

    /// The name is part of the language, but this version does not serve it.
    case notYet
  }

  /// Names of one place in the language, each with its availability.
  public typealias Names = [String: Availability]

  /// The global names: targets, the world's facts, `require`.
  public var globals: Names

  /// The facts of a call, `call.NAME`.
  public var callFields: Names

  /// Those facts of a call that are text even where they look like numbers.
  public var callTextFields: Set<String>

  /// The verbs of a call, `call:NAME(…)`.
  public var callMethods: Names

  /// The facts of a queue, `queues["9000"].NAME`.
  public var queueFields: Names

  /// The functions `agents.NAME(…)`.
  public var agentFunctions: Names

  /// The fields of `any { … }` and of the filters of `agents`.
  public var anyFields: Names

  /// The options of `call:select`.
  public var selectOptions: Names

  /// The options of `call:route`.
  public var routeOptions: Names

  /// The treatments of `call:treat { … }`.
  public var treatments: Names

  /// The rules of `call:select(…, { by = RULE })`.
  public var selectionRules: Names

  /// The fields of `call:treat { collect = { … } }`.
  public var collectFields: Names

  /// The fields of the table that a strategy may return instead of a function.
  public var strategyFields: Names

  /// The fields of what `local_time` returns.
  public var localTimeFields: Names

  /// The language as this version serves it.
  public static let current = LanguageSurface(
    globals: names(
      "dn",
      "agent",
      "queue",
      "ANY",
      "any",
      "trunk",
      "reject",
      "agents",
      "queues",
      "table_lookup",
      "random",
      "require",
      "share",
      "state",
      "local_time"
    ),
    callFields: names(
      "id",
      "uuid",
      "ani",
      "dnis",
      "routing_point",
      "now",
      "entered",
      "attempts",
      "user_data"
    ),
    callTextFields: ["id", "uuid", "ani", "dnis", "routing_point"],
    callMethods: names(
      "header",
      "select",
      "route",
      "wait",
      "priority",
      "attach",
      "note",
      "exclude",
      "treat",
      "keep_place",
      "take_place"
    ),
    queueFields: names(
      "waiting",
      "oldest_wait",
      "expected_wait",
      "expected_wait_low",
      "expected_wait_high"
    ),
    agentFunctions: names("available", "logged_in"),
    anyFields: names("skills", "exclude", "group"),
    selectOptions: names("timeout", "priority", "by", "clear", "virtual_queue"),
    routeOptions: names("timeout"),
    treatments: names("music", "announce", "collect", "silence", "ringback"),
    selectionRules: names(
      "longest_idle",
      "least_occupied",
      "fewest_calls",
      "round_robin",
      "random",
      "priority_list"
    ),
    collectFields: names("digits", "timeout", "announce"),
    strategyFields: names("route", "save", "restore"),
    localTimeFields: names(
      "year",
      "month",
      "day",
      "hour",
      "minute",
      "second",
      "wday",
      "yday",
      "offset",
      "zone",
      "date",
      "is_dst"
    )
  )

  private static func names(_ available: String..., notYet: String...) -> Names {
    var result: Names = [:]
    for name in available { result[name] = .available }
    for name in notYet { result[name] = .notYet }
    return result
  }
}
