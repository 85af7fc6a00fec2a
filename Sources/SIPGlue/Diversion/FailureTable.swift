// What a target's refusal means to the strategy: the one place where status codes become reasons.
//
// A call that is routed is never given the target's code (PEERS B15): the caller still waits, and
// the engine picks again. Source: RFC 3261 21; DOMAIN 2.6.

internal import Engine

/// From status codes to reasons, and from reasons to the codes of diversion headers.
enum FailureTable {
  /// The reason that a final status from 300 on gives.
  static func failure(of status: UInt16, hasRung: Bool) -> RouteFailure {
    switch status {
    case 486, 600: .busy
    // Silence is "no answer" only when a phone rang; otherwise nothing was reached.
    case 408, 480, 487: hasRung ? .noAnswer : .unreachable
    // Nobody is there, or no way leads there.
    case 404, 410, 430, 481...485, 491, 604: .unreachable
    case 500...599: .unreachable
    // 3xx that is not followed; what he will not or cannot take: 400 to 403, 405 to 407, 413 to
    // 422, 433, 488, 493, 603, 606 to 608, and whatever is new in these classes.
    default: .rejected
    }
  }

  /// The `reason` of a Diversion header (RFC 5806 4).
  static func diversionReason(after failure: RouteFailure?) -> StaticString {
    switch failure {
    case nil: "unconditional"
    case .busy: "user-busy"
    case .noAnswer, .timeout: "no-answer"
    case .rejected: "deflection"
    case .unreachable, .noSuchTarget: "unavailable"
    case .cancelled: "follow-me"
    }
  }

  /// The `cause` of a History-Info entry (RFC 4458, RFC 7544).
  static func historyCause(after failure: RouteFailure?) -> UInt64 {
    switch failure {
    case nil, .cancelled: 302
    case .busy: 486
    case .noAnswer, .timeout: 408
    case .rejected: 480
    case .unreachable, .noSuchTarget: 503
    }
  }
}
