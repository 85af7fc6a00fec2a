// What a live view is fed with: the events of a server as they come, and a picture now and then.
//
// States: waiting for lines of either connection; ended (stopped by a signal, by time, or because
// the server closed).
// Invariants: at most one request for a picture is on its way; events are handed out in order.
// Who may change it: the one thread that owns it.

internal import Reactor
public import Wire

/// Events and pictures of a running server, for people who watch.
public struct LiveFeed: ~Copyable {
  /// What comes next.
  public enum Item: Sendable {
    /// An event, as it came and as a value.
    case event(String, JSONValue)
    /// How everything stands now.
    case picture(JSONValue)
    /// A signal, or the end of the time given.
    case stopped
    /// The server has closed.
    case serverEnded
  }

  private static let eventsToken = EventLoop.Token(1)
  private static let picturesToken = EventLoop.Token(2)
  private static let signalsToken = EventLoop.Token(3)
  /// Nanoseconds between two pictures.
  private static let period: UInt64 = 500_000_000

  private let signals: SignalWatch
  private var events: ControlClient
  private var pictures: ControlClient
  private var loop: EventLoop
  private let end: UInt64?
  private var nextPicture: UInt64
  private var awaitsPicture = false
  private var hasStatus = false

  /// Connects to the server whose folder is `data`; stops after `seconds`, if given.
  public init(data: String, seconds: Double? = nil) throws {
    let signals = try SignalWatch()
    var events = try ControlClient(data: data)
    let pictures = try ControlClient(data: data)
    var loop = try EventLoop()
    try loop.add(events.descriptor, .readable, token: Self.eventsToken)
    try loop.add(pictures.descriptor, .readable, token: Self.picturesToken)
    try loop.add(signals.descriptor, .readable, token: Self.signalsToken)
    var request = ControlRequest("events")
    request.set("follow", true)
    request.set("from", UInt64(0))
    request.set("last", UInt64(50))
    try events.send(request)
    try events.receiveStatus()
    let now = Clock.monotonic
    end = seconds.map { now + UInt64($0 * 1e9) }
    nextPicture = now
    self.signals = signals
    self.events = events
    self.pictures = pictures
    self.loop = loop
  }

  /// Waits for what comes next.
  public mutating func next() throws -> Item {
    while true {
      while let line = events.arrivedLine() {
        guard ControlClient.gap(in: line) == nil else { continue }
        return .event(line, try ControlClient.parse(line))
      }
      if let picture = try arrivedPicture() { return .picture(picture) }
      let now = Clock.monotonic
      if let end, now >= end { return .stopped }
      if now >= nextPicture, !awaitsPicture {
        try pictures.send(ControlRequest("snapshot"))
        awaitsPicture = true
        nextPicture = now + Self.period
      }
      let due = awaitsPicture ? end : min(nextPicture, end ?? nextPicture)
      if let item = try wait(until: due) { return item }
    }
  }

  private mutating func wait(until due: UInt64?) throws -> Item? {
    let count = try loop.wait(until: due)
    for index in 0..<count {
      switch loop.ready(at: index).token {
      case Self.signalsToken:
        if let signal = try signals.next(), signal != .hangUp { return .stopped }
      case Self.eventsToken:
        guard try events.receive() else { return .serverEnded }
      case Self.picturesToken:
        guard try pictures.receive() else { return .serverEnded }
      default:
        continue
      }
    }
    return nil
  }

  private mutating func arrivedPicture() throws -> JSONValue? {
    while let line = pictures.arrivedLine() {
      let value = try ControlClient.parse(line)
      guard hasStatus else {
        guard value["ok"]?.bool == true else {
          throw ServiceError(value["error"]?.string ?? line)
        }
        hasStatus = true
        continue
      }
      hasStatus = false
      awaitsPicture = false
      return value
    }
    return nil
  }
}
