/// A DN of the plan in its present state.
struct DNRecord: Sendable, Codable {
  enum Kind: Sendable, Hashable, Codable {
    case `extension`
    case queue(Int32)
    case routingPoint(Int32)
  }

  let dn: DN
  let kind: Kind
  /// The place that it belongs to; negative: none.
  var place: Int32 = -1
  /// Queues and routing points are always in service.
  var isInService: Bool
  /// Who is logged in there.
  var agent: AgentSlot?
  /// Selections that wait for it by number.
  var line = WaitingLine()

  init(_ dn: DN, _ kind: Kind) {
    self.dn = dn
    self.kind = kind
    isInService = kind != .extension
  }
}
