/// Our own addresses, as they stand in the Vias and Contacts that we write, and which of them is
/// taken toward whom.
///
/// Of several for datagrams, each has a socket of its own, numbered from 1 in their order: the
/// number is the `connection` of the address, and of everybody who has sent something there.
package struct OwnAddresses: Sendable {
  private var all: [Endpoint]
  /// Those for datagrams, in the order of their numbers; empty unless there are several.
  private var sockets: [Endpoint] = []
  /// Whether two addresses have transport and family in common.
  private var hasChoice = false
  /// Which peers are reached, by transport and family: all of them, or those of this machine.
  private var reach: (everywhere: UInt8, here: UInt8) = (0, 0)

  /// Takes the addresses; the first one stands in where no other fits.
  package init(_ addresses: [Endpoint] = []) {
    all = addresses
    let datagrams = all.indices.filter { !all[$0].transport.isStream }
    if datagrams.count > 1 {
      for (number, index) in datagrams.enumerated() { all[index].connection = UInt64(number + 1) }
      sockets = datagrams.map { all[$0] }
    }
    for (index, own) in all.enumerated() {
      hasChoice = hasChoice || all[..<index].contains { $0.carries(own) }
      // Whoever listens on one family can connect to both.
      let bits = own.transport.isStream ? 3 << (own.transport.rawValue * 2) : own.reachBit
      if own.transport.isStream || !own.isLoopback { reach.everywhere |= bits }
      reach.here |= bits
    }
  }

  /// Whether there are several sockets for datagrams.
  package var hasSockets: Bool { !sockets.isEmpty }

  /// Whether there is one for a transport.
  package func speaks(_ transport: SIPTransport) -> Bool {
    all.contains { $0.transport == transport }
  }

  /// What a URI means that leaves its transport unsaid.
  package var standardTransport: SIPTransport { speaks(.udp) ? .udp : all.first?.transport ?? .udp }

  /// Whether somebody who sends there reaches ourselves.
  package func contains(_ endpoint: Endpoint) -> Bool {
    all.contains { $0.hasSameAddress(as: endpoint) && $0.port == endpoint.port }
  }

  /// Whether we listen at a port, whatever the address.
  package func contains(port: UInt16) -> Bool { all.contains { $0.port == port } }

  /// Whether we have what it takes to send there: for datagrams an address of the family, that is
  /// more than a loopback address when the peer is on another machine.
  package func reaches(_ endpoint: Endpoint) -> Bool {
    if endpoint.transport == .tcp || reach.everywhere & endpoint.reachBit != 0 { return true }
    return reach.here & endpoint.reachBit != 0 && endpoint.isLoopback
  }

  /// Our address for requests to an endpoint, by the endpoint's transport: that of its socket, or
  /// the first that fits, which is one of the same family, and a loopback address for such peers
  /// and no others if there is one.
  ///
  /// Where we do not listen on that transport, the first address of all stands in: answers come on
  /// the connection that we have opened.
  package func address(toward endpoint: Endpoint) -> Endpoint {
    if hasChoice, let own = choice(toward: endpoint) { return own }
    var found: Endpoint?
    for own in all where own.transport == endpoint.transport {
      if own.family == endpoint.family { return own }
      if found == nil { found = own }
    }
    return found ?? (all.first ?? .unspecified).by(endpoint.transport)
  }

  /// Of several that fit, the one whose socket it is and that gets there, or the first that is as
  /// near.
  private func choice(toward endpoint: Endpoint) -> Endpoint? {
    let isLoopback = endpoint.isLoopback
    if !endpoint.transport.isStream, endpoint.connection > 0,
      endpoint.connection <= UInt64(sockets.count)
    {
      let own = sockets[Int(endpoint.connection) - 1]
      if own.family == endpoint.family, isLoopback || !own.isLoopback { return own }
    }
    return all.first { $0.carries(endpoint) && $0.isLoopback == isLoopback }
  }

  /// Our address as others are to reach us who are themselves reached at an endpoint: by the same
  /// transport if we listen there.
  package func contact(toward endpoint: Endpoint) -> Endpoint {
    speaks(endpoint.transport) ? address(toward: endpoint) : all.first ?? .unspecified
  }
}

extension Endpoint {
  /// Whether it has transport and family in common with another.
  fileprivate func carries(_ other: Endpoint) -> Bool {
    transport == other.transport && family == other.family
  }

  /// One bit for each transport and family.
  fileprivate var reachBit: UInt8 { 1 << (transport.rawValue * 2 + family.rawValue) }
}
