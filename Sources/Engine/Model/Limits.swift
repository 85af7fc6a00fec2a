/// Every maximum in the system, by name.
///
/// Reaching one is an event or an answer, never a crash.
public struct Limits: Sendable, Hashable {
  /// Calls alive at the same time; further ones are refused with 503.
  public var callsMax = 1_000_000
  /// Calls waiting in one queue.
  public var queueLengthMax = 100_000
  /// Diversions tried for one call before it goes to the default route.
  public var attemptsMax = 32
  /// Bytes of a call's user data.
  public var userDataBytesMax = 16_384
  /// Notes that a strategy may leave for one call.
  public var notesMax = 64
  /// Agents and DNs that a strategy may exclude for one call.
  public var exclusionsMax = 256
  /// Targets in one selection.
  public var targetsMax = 64
  /// Distinct skill expressions kept compiled; beyond it the oldest are dropped.
  public var skillExpressionsMax = 4_096
  /// Requests that one strategy run may make.
  public var strategyStepsMax = 1_000
  /// Requests that one strategy run may make without waiting in between.
  public var strategyStepsAtOnceMax = 200
  /// Different percentage allocations (`share`) of all strategies.
  public var sharesMax = 1_024
  /// Parts of one percentage allocation.
  public var sharePartsMax = 64
  /// Keys that one strategy may keep from call to call.
  public var stateKeysMax = 256
  /// Bytes of the keys and values that one strategy may keep from call to call.
  public var stateBytesMax = 65_536
  /// Places kept for callers who are to come back.
  public var keptPlacesMax = 10_000
  /// VM instructions of a strategy at one instant: until it waits.
  public var strategyInstructionsMax = 1_000_000
  /// Bytes by which a strategy may grow its interpreter at one instant; less when that is nearly
  /// full.
  public var strategyMemoryGrowthMax = 8 << 20
  /// Bytes of a generation's interpreter in all.
  public var strategyMemoryMax = 256 << 20
  /// Events kept for readers that come back (`events --from`).
  public var eventsKeptMax = 100_000
  /// Entries of decision records that are kept, and as many changes of agents' standing.
  ///
  /// A call has about ten (`pointsman why`). Zero: none.
  public var decisionsKept = 65_536
  /// How long a selected agent is kept for a strategy that does not route the call.
  public var reservationExpiry: Duration = .seconds(10)
  /// How long a phone may ring when neither strategy nor plan says otherwise.
  public var ringTimeout: Duration = .seconds(15)
  /// How long a phone rings for a direct call when no plan says otherwise.
  public var directRingTimeout: Duration = .seconds(180)
  /// How long an agent is left alone after his phone refused a call.
  public var refusalBackOff: Duration = .seconds(5)
  /// How long strategies may still run in a generation that is no longer current.
  public var generationDrain: Duration = .seconds(3_600)
  /// Versions of the strategies whose sources are kept.
  public var generationsKeptMax = 10
  /// How long the strategies' own tests may take before a new version is refused.
  public var selfTestTimeout: Duration = .seconds(30)

  /// Makes the standard limits; change what should differ.
  public init() {}

  /// What a site gets unless it says otherwise.
  public static let standard = Limits()

  /// Everything as small as it can be, to find what breaks at a limit.
  public static let hostile = {
    var limits = Limits()
    limits.callsMax = 2
    limits.queueLengthMax = 2
    limits.attemptsMax = 2
    limits.userDataBytesMax = 64
    limits.notesMax = 2
    limits.targetsMax = 2
    limits.exclusionsMax = 2
    limits.skillExpressionsMax = 2
    limits.strategyStepsMax = 8
    limits.sharesMax = 2
    limits.sharePartsMax = 2
    limits.stateKeysMax = 2
    limits.stateBytesMax = 32
    limits.keptPlacesMax = 2
    limits.strategyStepsAtOnceMax = 4
    limits.eventsKeptMax = 2
    limits.decisionsKept = 2
    return limits
  }()
}
