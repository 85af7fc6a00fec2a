internal import Reactor
public import Wire

/// The end of the control socket at which people's tools are.
public struct ControlClient: ~Copyable {
  /// What became of a request.
  public enum Answer: Sendable {
    /// The result, as it came and as a value.
    case result(text: String, value: JSONValue)
    /// The server said no: why, and what it found, one line each.
    case refused(String, findings: [String])
  }

  private var stream: UnixStream

  /// Connects to the server whose folder is `data`.
  public init(data: String) throws(ServiceError) {
    let path = ControlPath.socket(in: data)
    do {
      stream = try UnixStream(connectingTo: path)
    } catch {
      throw ServiceError(
        error.code == 0
          ? "no server is running with --data \(data) (\(error.reason))"
          : "\(error)"
      )
    }
  }

  /// The descriptor to wait for.
  var descriptor: Int32 { stream.descriptor }

  /// Sends a request.
  public mutating func send(_ request: ControlRequest) throws(ServiceError) {
    do {
      _ = try stream.send(line: request.line)
      let deadline = Clock.monotonic + 10_000_000_000
      guard try stream.flushAll(until: deadline) == .all else {
        throw ReactorError("send request", reason: "the server does not take it")
      }
    } catch {
      throw ServiceError("\(error)")
    }
  }

  /// The next line, waiting for it; nil when the server has closed.
  public mutating func nextLine() throws(ServiceError) -> String? {
    do {
      return try stream.readLine()
    } catch {
      throw ServiceError("\(error)")
    }
  }

  /// Takes in what has arrived, without waiting; false when the server has closed.
  mutating func receive() throws(ServiceError) -> Bool {
    do {
      return try stream.receive() == .open
    } catch {
      throw ServiceError("\(error)")
    }
  }

  /// The next line that has arrived.
  mutating func arrivedLine() -> String? { stream.nextLine() }

  /// Reads the status line.
  ///
  /// - Throws: What the server said, when it said no.
  public mutating func receiveStatus() throws(ServiceError) {
    if case .refused(let message, _) = try status() { throw ServiceError(message) }
  }

  /// Sends a request that has one result, and waits for it.
  public mutating func ask(_ request: ControlRequest) throws(ServiceError) -> Answer {
    try send(request)
    if let refusal = try status() { return refusal }
    guard let text = try nextLine() else {
      throw ServiceError("the server closed the connection")
    }
    return .result(text: text, value: try Self.parse(text))
  }

  /// Sends a request that has one result, and waits for it.
  ///
  /// - Throws: What the server said, when it said no.
  public mutating func result(
    of request: ControlRequest
  ) throws(ServiceError) -> (text: String, value: JSONValue) {
    switch try ask(request) {
    case .result(let text, let value): return (text, value)
    case .refused(let message, _): throw ServiceError(message)
    }
  }

  /// The range of lost events that a line of `events` tells of; nil when it is an event.
  public static func gap(in line: String) -> (first: Int64, last: Int64)? {
    guard line.hasPrefix("{\"gap\""), let value = try? JSONValue(parsing: line) else { return nil }
    guard let gap = value["gap"] else { return nil }
    return (gap["first"]?.integer ?? 0, gap["last"]?.integer ?? 0)
  }

  private mutating func status() throws(ServiceError) -> Answer? {
    guard let line = try nextLine() else {
      throw ServiceError("the server closed the connection")
    }
    let value = try Self.parse(line)
    guard value["ok"]?.bool != true else { return nil }
    return .refused(
      value["error"]?.string ?? line,
      findings: (value["findings"]?.elements ?? []).compactMap { $0.string }
    )
  }

  static func parse(_ text: String) throws(ServiceError) -> JSONValue {
    do {
      return try JSONValue(parsing: text)
    } catch {
      throw ServiceError("the server sent something that is not JSON: \(error)")
    }
  }
}

/// Where a server's control socket lies.
enum ControlPath {
  /// The path of the socket in a server's folder.
  static func socket(in data: String) -> String {
    data.hasSuffix("/") ? data + "control.sock" : data + "/control.sock"
  }
}
