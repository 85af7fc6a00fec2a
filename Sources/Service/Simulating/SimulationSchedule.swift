internal import Engine
internal import Workbench

/// When callers call and agents work.
struct SimulationSchedule {
  var arrivals: ArrivalProfile
  var staffing: [StaffChange] = []
  var epoch = SimulationModel.usualEpoch

  init(
    _ options: SimulationInput.Options,
    _ types: [CallerType],
    _ plan: Plan
  ) throws(ServiceError) {
    var first = 0.0
    if let path = options.arrivals {
      guard options.arrivalsPerHour == nil else {
        throw ServiceError("either --arrivals-per-hour or --arrivals, not both")
      }
      (arrivals, first) = try Self.profile(path, types)
      if let hours = options.hours { arrivals.end = hours * 3_600 }
      arrivals.repeats = options.calls != nil && options.hours == nil
    } else {
      guard let rate = options.arrivalsPerHour else {
        throw ServiceError("say how many callers call: --arrivals-per-hour X or --arrivals FILE")
      }
      let period = ArrivalProfile.Period(start: 0, rates: Self.rates(rate, types))
      arrivals = ArrivalProfile([period], end: options.hours.map { $0 * 3_600 })
    }
    guard arrivals.periods.contains(where: { $0.rates.contains { $0 > 0 } }) else {
      throw ServiceError("nobody ever calls")
    }
    epoch += UInt64(max(0, first) * 3_600_000_000_000)
    if let path = options.staff { staffing = try Self.staffing(path, plan, first: first) }
  }

  /// Calls per second by type.
  private static func rates(_ perHour: Double, _ types: [CallerType]) -> [Double] {
    let all = types.reduce(0) { $0 + $1.share }
    return types.map { all > 0 ? perHour / 3_600 * $0.share / all : 0 }
  }

  private static func profile(
    _ path: String,
    _ types: [CallerType]
  ) throws(ServiceError) -> (ArrivalProfile, first: Double) {
    let table = try SimulationTable(path)
    let columns = try columns(of: table, path, known: types.map(\.name) + ["calls"])
    var periods: [ArrivalProfile.Period] = []
    var hours: [Double] = []
    for row in table.rows {
      let hour = try hour(row, path, after: hours.last)
      hours.append(hour)
      var rates = types.map { _ in 0.0 }
      for (name, cell) in zip(columns, row.cells.dropFirst()) {
        let what = "\(path):\(row.line)"
        let number = try SimulationTypes.number(cell, name, what) ?? 0
        if let index = types.firstIndex(where: { $0.name == name }) {
          rates[index] += number / 3_600
        } else {
          for (index, rate) in Self.rates(number, types).enumerated() { rates[index] += rate }
        }
      }
      periods.append(ArrivalProfile.Period(start: (hour - hours[0]) * 3_600, rates: rates))
    }
    guard let first = hours.first, let last = hours.last else {
      throw ServiceError("\(path) has no rows")
    }
    return (ArrivalProfile(periods, end: (last + 1 - first) * 3_600), first)
  }

  private static func staffing(
    _ path: String,
    _ plan: Plan,
    first: Double
  ) throws(ServiceError) -> [StaffChange] {
    let table = try SimulationTable(path)
    let columns = try columns(of: table, path, known: plan.groups.map(\.name) + ["agents"])
    var changes: [StaffChange] = []
    var before: Double?
    for row in table.rows {
      let hour = try hour(row, path, after: before)
      before = hour
      for (name, cell) in zip(columns, row.cells.dropFirst()) {
        let group = plan.groups.first { $0.name == name }
        let agents = group?.agents ?? plan.agents.map(\.id)
        guard let count = Int(cell), (0...agents.count).contains(count) else {
          throw ServiceError(
            "\(path):\(row.line): \(name) is a whole number up to \(agents.count), not \"\(cell)\""
          )
        }
        let at = (hour - first) * 3_600
        changes.append(StaffChange(at: max(0, at), agents: agents, count: count))
      }
    }
    return changes
  }

  private static func columns(
    of table: SimulationTable,
    _ path: String,
    known: [String]
  ) throws(ServiceError) -> [String] {
    guard table.header.first == "hour", table.header.count > 1 else {
      throw ServiceError("\(path): the first line is a header such as hour,\(known.last ?? "")")
    }
    for name in table.header.dropFirst() where !known.contains(name) {
      let ending = Suggestion.ending(for: name, among: known)
      throw ServiceError("\(path): there is no \"\(name)\"\(ending)")
    }
    return Array(table.header.dropFirst())
  }

  private static func hour(
    _ row: (line: Int, cells: [String]),
    _ path: String,
    after: Double?
  ) throws(ServiceError) -> Double {
    let what = "\(path):\(row.line)"
    let hour = try SimulationTypes.number(row.cells.first, "hour", what) ?? 0
    if let after, hour <= after {
      throw ServiceError("\(what): hour \(row.cells[0]) does not come after the one before")
    }
    return hour
  }
}
