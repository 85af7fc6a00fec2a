/// A routing point of the plan.
struct RoutingPoint: Sendable {
  let plan: RoutingPointPlan
  /// AttributeExtensions of the routes made here: strategy and generation.
  var extensions: [KeyValue]
  /// `plan.timeout` in nanoseconds.
  let patience: Int64
  /// How long phones ring for calls from here, in nanoseconds, unless somebody says otherwise.
  let ringing: Int64
  /// Where the next default route begins, when they go round.
  var nextDefault = 0

  init(_ plan: RoutingPointPlan, in site: borrowing Plan) {
    self.plan = plan
    patience = plan.timeout.nanosecondsClamped
    let ringTimeout =
      plan.noAnswer.timeout ?? plan.ringTimeout ?? site.noAnswer.timeout
      ?? site.limits.ringTimeout
    ringing = ringTimeout.nanosecondsClamped
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
