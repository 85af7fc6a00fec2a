// The parameters of Digest credentials, where they stand.
//
// The plain grammar only: "name=value", one of each name, separated by commas, no blanks around the
// equals sign, no escapes in quotes. Of everything else libosip2 makes `Credentials`.
// Source: RFC 3261 20.7 and 25.1, RFC 7616 3.4.

/// What a client's credentials say, without quotes; a parameter that is absent is empty.
package struct DigestFields {
  package var username = ByteView.empty
  package var realm = ByteView.empty
  package var nonce = ByteView.empty
  package var uri = ByteView.empty
  package var response = ByteView.empty
  package var algorithm = ByteView.empty
  package var qop = ByteView.empty
  package var nonceCount = ByteView.empty
  package var clientNonce = ByteView.empty
  package var opaque = ByteView.empty

  package init() {}

  /// Reads the value of an Authorization header; nil when it is not plain, or of another scheme.
  package init?(_ value: ByteView) {
    guard value.hasPrefixIgnoringCase("digest ") else { return nil }
    var index = 7
    repeat {
      while index < value.count, value[index] == 0x20 { index += 1 }
      let nameStart = index
      index = value.end(of: .token, from: nameStart, to: value.count)
      let name = value.view(from: nameStart, to: index)
      guard index + 1 < value.count, value[index] == UInt8(ascii: "=") else { return nil }
      index += 1
      let isQuoted = value[index] == UInt8(ascii: "\"")
      if isQuoted { index += 1 }
      let start = index
      index = value.end(of: isQuoted ? .quoted : .token, from: start, to: value.count)
      guard index > start, take(name, value.view(from: start, to: index), isQuoted) else {
        return nil
      }
      if isQuoted {
        guard index < value.count, value[index] == UInt8(ascii: "\"") else { return nil }
        index += 1
      }
      guard index < value.count else { return }
      guard value[index] == UInt8(ascii: ",") else { return nil }
      index += 1
    } while index < value.count
    return nil
  }

  /// Whether this is a parameter that we know, for the first time, written as it should be.
  private mutating func take(_ name: ByteView, _ value: ByteView, _ isQuoted: Bool) -> Bool {
    switch name.count {
    case 2: !isQuoted && take(name, "nc", value, &nonceCount)
    case 3: isQuoted && take(name, "uri", value, &uri) || take(name, "qop", value, &qop)
    case 5: isQuoted && (take(name, "nonce", value, &nonce) || take(name, "realm", value, &realm))
    case 6:
      isQuoted
        && (take(name, "cnonce", value, &clientNonce) || take(name, "opaque", value, &opaque))
    case 8:
      isQuoted
        && (take(name, "username", value, &username) || take(name, "response", value, &response))
    case 9: take(name, "algorithm", value, &algorithm)
    default: false
    }
  }

  private func take(
    _ name: ByteView,
    _ known: StaticString,
    _ value: ByteView,
    _ field: inout ByteView
  ) -> Bool {
    guard field.isEmpty, name.equalsIgnoringCase(known) else { return false }
    field = value
    return true
  }
}

extension Credentials {
  /// Shows the parameters as bytes for the length of a call; nil when they are too long, or one is
  /// there and empty.
  func withFields<Result>(_ body: (DigestFields) -> Result) -> Result? {
    guard algorithm?.isEmpty != true, qop?.isEmpty != true else { return nil }
    var text = MessageWriter(capacity: 512)
    let values = [
      username, realm, nonce, uri, response, algorithm ?? "", qop ?? "", nc ?? "", cnonce ?? "",
    ]
    var ends = [0]
    for value in values {
      text.write(text: value)
      ends.append(text.count)
    }
    guard !text.overflowed else { return nil }
    let bytes = text.bytes
    func field(_ index: Int) -> ByteView { bytes.view(from: ends[index], to: ends[index + 1]) }
    var fields = DigestFields()
    fields.username = field(0)
    fields.realm = field(1)
    fields.nonce = field(2)
    fields.uri = field(3)
    fields.response = field(4)
    fields.algorithm = field(5)
    fields.qop = field(6)
    fields.nonceCount = field(7)
    fields.clientNonce = field(8)
    let result = body(fields)
    text.removeAll()
    return result
  }
}
