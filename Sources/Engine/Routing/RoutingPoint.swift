/// A routing point of the plan.
struct RoutingPoint: Sendable {
  let plan: RoutingPointPlan
  /// AttributeExtensions of the routes made here: strategy and generation.
  var extensions: [KeyValue]
  /// Where the next default route begins, when they go round.
  var nextDefault = 0

  init(_ plan: RoutingPointPlan) {
    self.plan = plan
    extensions = [KeyValue("STRATEGY", plan.strategy.text)]
  }
}

extension RoutingPoint {
  /// What changes of it.
  struct State: Sendable, Codable {
    var extensions: [KeyValue]
    var nextDefault: Int
  }

  var state: State {
    get { State(extensions: extensions, nextDefault: nextDefault) }
    set {
      extensions = newValue.extensions
      nextDefault = newValue.nextDefault
    }
  }
}
