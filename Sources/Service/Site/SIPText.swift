/// What can be said about the text of names, hosts and SIP URIs without reading SIP.
///
/// The line side parses URIs with its own means; here they are only checked well enough to tell a
/// person at once, and with the line of the file, what is wrong.
enum SIPText {
  /// What is wrong with a SIP URI, as the end of a sentence; nil when nothing is.
  static func problem(withURI text: String) -> String? {
    guard text.hasPrefix("sip:") || text.hasPrefix("sips:") else {
      return "is not a SIP URI: it must start with \"sip:\""
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3C && $0 != 0x3E })
    else { return "has characters that a SIP URI cannot have" }
    guard let colon = text.firstIndex(of: ":") else { return "is not a SIP URI" }
    var rest = text[text.index(after: colon)...]
    if let end = rest.firstIndex(where: { $0 == ";" || $0 == "?" }) { rest = rest[..<end] }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    return problem(withHostAndPort: String(rest))
  }

  private static func problem(withHostAndPort text: String) -> String? {
    var host = text
    var port: String?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return "has no ] after its address" }
      host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      if !rest.isEmpty { port = String(rest.dropFirst()) }
      guard IPAddress.isVersion6(host), rest.isEmpty || rest.hasPrefix(":") else {
        return "has a wrong IPv6 address"
      }
    } else {
      if let colon = text.firstIndex(of: ":") {
        host = String(text[..<colon])
        port = String(text[text.index(after: colon)...])
      }
      guard isHost(host) else { return "has no valid host" }
    }
    if let port {
      guard let number = UInt16(port), number > 0 else { return "has a wrong port" }
    }
    return nil
  }

  /// Whether a text is a host name or an IPv4 address.
  static func isHost(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 255 else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      guard !label.isEmpty, label.utf8.count <= 63, label.first != "-", label.last != "-" else {
        return false
      }
      return label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  /// Whether a text can be a skill's name.
  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !isDigit(first) else { return false }
    return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
  }

  /// Whether a text is a pattern of telephone numbers: `+4420*`.
  static func isNumberPattern(_ text: String) -> Bool {
    var body = Substring(text)
    if body.hasSuffix("*") { body = body.dropLast() }
    if body.hasPrefix("+") { body = body.dropFirst() }
    return !text.isEmpty && body.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "#") }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
