/// What a caller hears while he waits (SURFACE 4, `call:treat`; DOMAIN 2.7).
public enum Treatment: Sendable, Hashable, Codable {
  /// Music, by its name at the media side; goes on until something replaces it.
  case music(String)
  /// An announcement, by its name; the strategy goes on when it has ended.
  case announce(String)
  /// Collects so many digits, for so long; an announcement may be played first.
  case collect(digits: Int, timeout: Duration?, announcement: String?)
  /// Silence, until something replaces it.
  case silence
  /// Ringback tone, until something replaces it.
  case ringback

  /// The number that events carry for it.
  public var type: TreatmentType {
    switch self {
    case .music: .music
    case .announce: .playAnnouncement
    case .collect(_, _, nil): .collectDigits
    case .collect: .playAnnouncementAndDigits
    case .silence: .silence
    case .ringback: .ringBack
    }
  }

  /// Whether it has no end of its own, so that no EventTreatmentEnd follows (DOMAIN 2.7).
  public var isContinuous: Bool {
    switch self {
    case .music, .silence, .ringback: true
    case .announce, .collect: false
    }
  }
}

/// How a treatment ended.
public struct TreatmentResult: Sendable, Hashable, Codable {
  /// What the caller typed; nil when no digits were asked for.
  public var digits: String?
  /// Whether the caller cut it short by typing (Extensions INTERRUPTED = KEYPAD).
  public var wasInterrupted: Bool

  /// Makes a result.
  public init(digits: String? = nil, wasInterrupted: Bool = false) {
    self.digits = digits
    self.wasInterrupted = wasInterrupted
  }
}

/// How long a wait is likely to be (ADR 0013).
public struct ExpectedWait: Sendable, Hashable, Codable {
  /// The mean.
  public var mean: Duration
  /// Nine waits of ten are longer than this.
  public var low: Duration
  /// Nine waits of ten are shorter than this.
  public var high: Duration

  /// Makes an expectation.
  public init(mean: Duration, low: Duration, high: Duration) {
    self.mean = mean
    self.low = low
    self.high = high
  }
}
