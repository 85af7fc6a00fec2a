internal import Wire

/// A request to a running server: one JSON object on one line.
///
/// The server answers with a status line, `{"ok":true}` or `{"ok":false,"error":"…"}`, and after
/// success with one line that holds the result; `events` is answered with the events themselves,
/// line by line, and `{"gap":{"first":1,"last":41}}` where some are no longer kept.
public struct ControlRequest: Sendable {
  /// A value of a request.
  enum Value: Sendable, Hashable {
    case text(String)
    case number(UInt64)
    case truth(Bool)
  }

  /// What is asked: `calls`, `agent`, `events`, ….
  public let verb: String
  private(set) var members: [(key: String, value: Value)] = []

  /// Makes a request without arguments.
  public init(_ verb: String) { self.verb = verb }

  /// Adds an argument.
  public mutating func set(_ key: String, _ value: String) { members.append((key, .text(value))) }

  /// Adds an argument.
  public mutating func set(_ key: String, _ value: UInt64) { members.append((key, .number(value))) }

  /// Adds an argument.
  public mutating func set(_ key: String, _ value: Bool) { members.append((key, .truth(value))) }

  /// The request as it goes over the socket, without the line's end.
  var line: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("verb")
    writer.value(verb)
    for member in members {
      writer.key(member.key)
      switch member.value {
      case .text(let text): writer.value(text)
      case .number(let number): writer.value(number)
      case .truth(let truth): writer.value(truth)
      }
    }
    writer.endObject()
    return writer.text
  }
}
