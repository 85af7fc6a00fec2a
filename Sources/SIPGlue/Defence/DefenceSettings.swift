/// How the line side keeps strangers from doing harm.
public struct DefenceSettings: Sendable, Hashable {
  /// How many messages a second an untrusted address may send; 0: any number.
  public var rate: UInt32 = 400
  /// How many of them at once.
  public var burst: UInt32 = 800
  /// How many addresses are told apart.
  public var sourcesMax = 16_384
  /// After how many wrong passwords a sender is locked out; 0: never.
  public var guessesMax: UInt32 = 10
  /// How long.
  public var lockout: Duration = .seconds(60)
  /// How many requests with a right password a user may send in a second; 0: any number.
  public var userRate: UInt32 = 20
  /// Whether tools that only look for open doors are left without an answer.
  public var dropsScanners = true

  /// Makes the standard settings.
  public init() {}
}
