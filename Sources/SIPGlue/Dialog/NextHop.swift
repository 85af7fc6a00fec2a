// Where a request goes: URI to address. There is no DNS: a host is an IP address or `localhost`.

/// Finds the address behind a URI.
enum NextHop {
  /// The address that a URI names; nil when it is not `sip:` or its host is a name.
  static func endpoint(of text: ByteView) -> Endpoint? {
    guard let uri = SIPURI(text), uri.scheme == .sip else { return nil }
    return endpoint(of: uri, in: text)
  }

  /// The address that a parsed URI names.
  static func endpoint(of uri: SIPURI, in text: ByteView) -> Endpoint? {
    let port = uri.port == 0 ? 5060 : uri.port
    let host = text[uri.host]
    if let address = Endpoint(address: host, port: port) { return address }
    return host.equalsIgnoringCase("localhost") ? Endpoint(ipv4: 0x7F00_0001, port: port) : nil
  }
}
