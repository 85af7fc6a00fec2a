// The values of digest authentication: what we ask and what a client answers.
// Source: RFC 3261 22, RFC 7616 3.3 and 3.4, RFC 8760.

/// One `WWW-Authenticate` or `Proxy-Authenticate` header; its value is the same in both.
public struct Challenge: Sendable, Equatable {
  /// The protection domain; the site's `sip.domain`.
  public var realm: String
  /// The nonce that the client must use.
  public var nonce: String
  /// The hash that this challenge asks for.
  public var algorithm: DigestAlgorithm
  /// A text that the client hands back, if any.
  public var opaque: String?
  /// Tells that the password was right and only the nonce was not: the client need not ask its
  /// user.
  public var stale: Bool

  /// The header's value, ready to be written.
  public var headerValue: String {
    var text = "Digest realm=\(Self.quoted(realm)), nonce=\"\(nonce)\""
    if let opaque { text += ", opaque=\(Self.quoted(opaque))" }
    if stale { text += ", stale=true" }
    return text + ", algorithm=\(algorithm.rawValue), qop=\"auth\""
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return result + "\""
  }
}

/// One `Authorization` or `Proxy-Authorization` header, with the quotes already taken off.
public struct Credentials: Sendable, Equatable {
  /// The method of the request that carried the header, not anything that the header says.
  public var method: String
  /// The user's name, with or without `@realm`.
  public var username: String
  /// The protection domain that the client answers for.
  public var realm: String
  /// The nonce that was used.
  public var nonce: String
  /// The digest URI; only hashed (RFC 3261 22.4 item 7 lets it differ from the Request-URI).
  public var uri: String
  /// The hash in hexadecimal.
  public var response: String
  /// The algorithm's name; nil means MD5.
  public var algorithm: String?
  /// The quality of protection; nil is the form of RFC 2069.
  public var qop: String?
  /// The nonce-count, eight hexadecimal digits.
  public var nc: String?
  /// The client's nonce.
  public var cnonce: String?
  /// The text of the challenge that comes back; not used.
  public var opaque: String?

  /// Makes credentials of the mandatory parameters; the others are nil until set.
  public init(
    method: String,
    username: String,
    realm: String,
    nonce: String,
    answer: DigestAnswer
  ) {
    self.method = method
    self.username = username
    self.realm = realm
    self.nonce = nonce
    uri = answer.uri
    response = answer.response
  }
}

/// The two parameters of credentials that are proof rather than name.
public struct DigestAnswer: Sendable, Equatable {
  /// The digest URI.
  public var uri: String
  /// The hash in hexadecimal.
  public var response: String

  /// Makes an answer.
  public init(uri: String, response: String) {
    self.uri = uri
    self.response = response
  }
}

/// What credentials turned out to be.
public enum DigestVerdict: Sendable, Equatable {
  /// The password was proved, with a nonce that is good for it; `user` has no realm part.
  case accepted(user: String)
  /// The password was proved, but with a nonce that is too old, unknown or forgotten.
  case stale
  /// The response is not the one of this user's password.
  case wrongPassword
  /// No such user in this realm.
  case unknownUser
  /// The password was proved, but by a response that was used before.
  case replayed
  /// A parameter is missing, or is not what we offered.
  case malformed
}

/// Whether a request may pass.
public enum Admission: Sendable, Equatable {
  /// The sender is this user.
  case admitted(user: String)
  /// To be answered with 401 (or 407) and one header for each challenge, in this order.
  case challenged([Challenge])
  /// To be answered with 400.
  case malformed
  /// Has guessed too often, and is not listened to: 403 with these seconds in Retry-After.
  case lockedOut(UInt32)
  /// The user comes too often: 503 with these seconds in Retry-After.
  case tooMany(UInt32)
}
