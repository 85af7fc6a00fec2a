/// Our own addresses, as they stand in the Vias and Contacts that we write.
package struct OwnAddresses: Sendable {
  private var all: [Endpoint]

  /// Takes the addresses; the first one stands in where no other fits.
  package init(_ all: [Endpoint] = []) { self.all = all }

  /// Whether there is one for a transport.
  package func speaks(_ transport: SIPTransport) -> Bool {
    all.contains { $0.transport == transport }
  }

  /// Whether somebody who sends there reaches ourselves.
  package func contains(_ endpoint: Endpoint) -> Bool {
    all.contains { $0.hasSameAddress(as: endpoint) && $0.port == endpoint.port }
  }

  /// Whether we listen at a port, whatever the address.
  package func contains(port: UInt16) -> Bool { all.contains { $0.port == port } }

  /// Our address for requests to an endpoint, by the endpoint's transport: that of the same family
  /// if there is one.
  ///
  /// Where we do not listen on that transport, the first address of all stands in: answers come on
  /// the connection that we have opened.
  package func address(toward endpoint: Endpoint) -> Endpoint {
    var found: Endpoint?
    for own in all where own.transport == endpoint.transport {
      if own.family == endpoint.family { return own }
      if found == nil { found = own }
    }
    return found ?? (all.first ?? .unspecified).by(endpoint.transport)
  }

  /// Our address as others are to reach us who are themselves reached at an endpoint: by the same
  /// transport if we listen there.
  package func contact(toward endpoint: Endpoint) -> Endpoint {
    speaks(endpoint.transport) ? address(toward: endpoint) : all.first ?? .unspecified
  }
}
