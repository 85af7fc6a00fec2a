// Local variables that are of no use, or stand in the way.

extension CheckWalk {
  /// Warns of a local statement none of whose names is ever used.
  mutating func checkUse(of names: [LuaName], isFunction: Bool) {
    guard let first = names.first else { return }
    for name in names {
      guard case .variable(let index) = bindings.meaning(at: name.position),
        bindings.variables[index].useCount == 0, name.attribute == nil,
        !name.text.hasPrefix("_")
      else { return }
    }
    let what = isFunction ? "local function" : "local"
    report(.warning, at: first.position, "unused \(what) '\(first.text)'")
  }

  /// Warns of a local inside the strategy that is named as its call.
  mutating func checkShadow(of names: [LuaName]) {
    guard let strategy, let parameter = strategy.parameters.first else { return }
    for name in names
    where name.text == parameter.text && name.position.offset > parameter.position.offset
      && name.position.offset < strategy.body.end.offset
    {
      report(
        .warning,
        at: name.position,
        "local '\(name.text)' hides the call of the strategy: give it another name"
      )
    }
  }
}
