/// How the service is run.
public struct ServeOptions: Sendable, Hashable {
  /// The site file.
  public var site = "site.lua"
  /// The folder of strategies.
  public var strategies = "strategies"
  /// The folder of the store and the control socket.
  public var data = "var"
  /// Write every event there as a T-Library text dump.
  public var dumpPath: String?
  /// Whether what happens is kept in the folder's store, and gone on with after a restart.
  public var store = true
  /// Stop by itself after so many seconds.
  public var seconds: Double?
  /// How many seconds calls may still take when the service stops.
  public var drain: Double = 30
  /// Whether the strategies' own tests must pass before they are used.
  public var selfTest = true
  /// Whether SIGHUP, SIGTERM and SIGINT are answered; set it when the process is all ours.
  public var watchesSignals = false

  /// Makes the standard options.
  public init() {}
}
