/// A routing point of the plan.
struct RoutingPoint: Sendable {
  let plan: RoutingPointPlan
  /// AttributeExtensions of the routes made here: strategy and generation.
  var extensions: [KeyValue]

  init(_ plan: RoutingPointPlan) {
    self.plan = plan
    extensions = [KeyValue("STRATEGY", plan.strategy.text)]
  }
}
