// A contact's URI, read just deep enough to compare it with another one and with a packet's source.
// Source: RFC 3261 19.1.1 (shape), 19.1.4 (comparison). Escaped characters are compared as they are
// written: a phone spells its own contact in one way.

/// A SIP or SIPS URI, in parts.
struct ContactURI: Sendable, Equatable {
  /// These make two URIs differ even when only one of them has the parameter (RFC 3261 19.1.4).
  private static let weighty: Set<String> = ["user", "ttl", "method", "maddr", "transport"]

  private var scheme: String
  private var user: String
  /// Lower case; an IPv6 address without its brackets.
  private(set) var host: String
  /// As written; nil when there is none.
  private(set) var port: UInt16?
  private var parameters: [String: String]
  private var headers: String

  /// Reads a URI without angle brackets; nil when it is not one that a request can be sent to.
  init?(_ text: String) {
    guard text.utf8.allSatisfy(Self.mayStand), let colon = text.firstIndex(of: ":") else {
      return nil
    }
    scheme = text[..<colon].lowercased()
    guard scheme == "sip" || scheme == "sips" else { return nil }

    var rest = text[text.index(after: colon)...]
    if let at = rest.firstIndex(of: "@") {
      user = String(rest[..<at])
      rest = rest[rest.index(after: at)...]
    } else {
      user = ""
    }
    headers = ""
    if let mark = rest.firstIndex(of: "?") {
      headers = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    parameters = [:]
    let fields = rest.split(separator: ";", omittingEmptySubsequences: false)
    for field in fields.dropFirst() {
      let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = pair.first, !name.isEmpty else { return nil }
      parameters[name.lowercased()] = pair.count > 1 ? pair[1].lowercased() : ""
    }
    guard let place = Self.hostPort(fields.first ?? "") else { return nil }
    host = place.host
    port = place.port
  }

  /// Nothing may stand in it that could end a header or a name-addr when the contact is written
  /// back.
  private static func mayStand(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
      && byte != UInt8(ascii: "\"")
  }

  /// Tells whether both name the same thing by the rules of RFC 3261 19.1.4.
  func matches(_ other: ContactURI) -> Bool {
    guard scheme == other.scheme, user == other.user, host == other.host, port == other.port,
      headers == other.headers
    else { return false }
    guard parameters != other.parameters else { return true }
    for name in Set(parameters.keys).union(other.parameters.keys) {
      let (left, right) = (parameters[name], other.parameters[name])
      if left == right { continue }
      if Self.weighty.contains(name) || (left != nil && right != nil) { return false }
    }
    return true
  }

  private static func hostPort(_ text: Substring) -> (host: String, port: UInt16?)? {
    var host = text
    var tail = text[text.endIndex...]
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      tail = text[text.index(after: end)...]
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      tail = text[colon...]
    }
    guard !host.isEmpty else { return nil }
    if tail.isEmpty { return (host.lowercased(), nil) }
    guard tail.first == ":", let port = UInt16(tail.dropFirst()), port > 0 else { return nil }
    return (host.lowercased(), port)
  }
}
