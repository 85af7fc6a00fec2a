// Where a request goes: URI to address. There is no DNS: a host is an IP address or `localhost`. It
// is that of `maddr` where the URI has one (RFC 3263 4).

/// Finds the address behind a URI.
enum NextHop {
  /// The address that a URI names, with its transport; nil when it is neither `sip:` nor `sips:`,
  /// its host is a name or its transport none of ours.
  ///
  /// Where the URI leaves its transport unsaid, it is UDP (RFC 3263 4.1), or what the caller knows
  /// better: that of a connection on which the URI's owner has just spoken.
  static func endpoint(of text: ByteView, unsaid: SIPTransport = .udp) -> Endpoint? {
    guard let uri = SIPURI(text), uri.scheme == .sip || uri.scheme == .sips,
      let transport = transport(of: uri, in: text, unsaid: unsaid)
    else { return nil }
    let port = uri.port == 0 ? transport.standardPort : uri.port
    let isPlain = uri.parameters.isEmpty
    let host = isPlain ? text[uri.host] : uri.parameter("maddr", in: text) ?? text[uri.host]
    if let address = Endpoint(address: host, port: port) { return address.by(transport) }
    guard host.equalsIgnoringCase("localhost") else { return nil }
    return Endpoint(ipv4: 0x7F00_0001, port: port).by(transport)
  }

  /// What a URI says about its transport; `sips:` is TLS whatever it says (RFC 3261 19.1.2).
  private static func transport(
    of uri: SIPURI,
    in text: ByteView,
    unsaid: SIPTransport
  ) -> SIPTransport? {
    guard uri.scheme == .sip else { return .tls }
    guard let name = uri.parameter("transport", in: text) else { return unsaid }
    if name.equalsIgnoringCase("udp") { return .udp }
    if name.equalsIgnoringCase("tcp") { return .tcp }
    return name.equalsIgnoringCase("tls") ? .tls : nil
  }
}
