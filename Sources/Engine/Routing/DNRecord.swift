/// A DN of the plan in its present state.
struct DNRecord: Sendable {
  enum Kind: Sendable, Hashable {
    case `extension`
    case queue(Int32)
    case routingPoint(Int32)
  }

  let dn: DN
  let kind: Kind
  /// Queues and routing points are always in service.
  var isInService: Bool
  /// Who is logged in there.
  var agent: AgentSlot?

  init(_ dn: DN, _ kind: Kind) {
    self.dn = dn
    self.kind = kind
    isInService = kind != .extension
  }
}
