internal import Engine
internal import LuaBridge

// The options of queues, routing points and agents, and the smaller sections.
extension SiteReader {
  mutating func readOptions(
    _ fields: [String: LuaValue],
    of point: inout Site.RoutingPoint,
    at path: [TableKey]
  ) {
    point.divertOn = divertOn(fields["divert_on"], at: path + ["divert_on"])
    let orders = ["list", "round_robin"]
    let order = word(fields["default_order"], at: path + ["default_order"], among: orders)
    if order == "round_robin" { point.defaultOrder = .roundRobin }
    let key: TableKey = "default_redirection_limit"
    let limit = fields["default_redirection_limit"]
    if let given = count(limit, at: path + [key], within: 0...15) {
      point.defaultRedirectionLimit = given
    }
    if point.defaultRedirectionLimit > 0, point.defaults.count > point.defaultRedirectionLimit {
      report(
        path + ["default"],
        "default: only \(point.defaultRedirectionLimit) of \(point.defaults.count) places are tried"
          + " for a call (default_redirection_limit; 0 tries all)",
        severity: .warning
      )
    }
    point.noAnswer = noAnswer(fields["no_answer"], at: path + ["no_answer"])
    if point.divert == .redirect, point.divertOn == .answer {
      report(path + ["divert_on"], "with divert = \"redirect\" nobody sees the answer")
    }
  }

  mutating func divertOn(_ node: LuaValue?, at path: [TableKey]) -> DivertOn {
    word(node, at: path, among: ["ringing", "answer"]) == "answer" ? .answer : .ringing
  }

  mutating func count(
    _ node: LuaValue?,
    at path: [TableKey],
    within range: ClosedRange<Int64>
  ) -> Int? {
    guard let node else { return nil }
    guard case .integer(let number) = node, range.contains(number) else {
      let bounds = "\(range.lowerBound) to \(range.upperBound)"
      report(path, "\(name(of: path)) must be a whole number from \(bounds)")
      return nil
    }
    return Int(number)
  }

  /// What happens when a phone is not answered (DOMAIN 2.6).
  mutating func noAnswer(_ node: LuaValue?, at path: [TableKey]) -> NoAnswerPlan {
    var plan = NoAnswerPlan()
    let known = ["timeout", "action", "overflow"]
    guard node != nil, let fields = fields(of: node, at: path, known: known) else { return plan }
    plan.timeout = seconds(fields["timeout"], at: path + ["timeout"], within: 1...600)
    switch word(
      fields["action"],
      at: path + ["action"],
      among: ["none", "not_ready", "logout"]
    ) {
    case "none": plan.action = NoAnswerAction.none
    case "not_ready": plan.action = .notReady
    case "logout": plan.action = .logout
    default: break
    }
    guard fields["overflow"] != nil else { return plan }
    var steps: [NoAnswerOverflow] = []
    for text in texts(fields["overflow"], at: path + ["overflow"]) {
      switch text {
      case "recall": steps.append(.recall)
      case "default": steps.append(.defaultRoute)
      case "release": steps.append(.release)
      default:
        guard let target = target(text, at: path + ["overflow"]) else { continue }
        steps.append(.target(target))
      }
    }
    plan.overflow = steps
    return plan
  }

  mutating func readVirtualQueues(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["virtual_queues"]) ?? [] {
      let path: [TableKey] = ["virtual_queues", .name(entry.key)]
      guard checkName(entry.key, what: "a DN", at: path),
        let fields = fields(of: entry.value, at: path, known: ["name"])
      else { continue }
      let name = text(fields["name"], at: path + ["name"]) ?? ""
      site.virtualQueues.append(VirtualQueuePlan(DN(entry.key), name: name))
    }
  }

  mutating func readPlaces(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["places"]) ?? [] {
      let path: [TableKey] = ["places", .name(entry.key)]
      guard checkName(entry.key, what: "a place", at: path),
        let fields = fields(of: entry.value, at: path, known: ["extensions"])
      else { continue }
      let list = texts(fields["extensions"], at: path + ["extensions"])
      if list.isEmpty { report(path, "place \(entry.key) needs extensions = { … }") }
      site.places.append(PlacePlan(entry.key, extensions: list.map { DN($0) }))
    }
  }

  mutating func readGroups(_ node: LuaValue?) {
    for entry in entries(of: node, at: ["groups"]) ?? [] {
      let path: [TableKey] = ["groups", .name(entry.key)]
      guard SIPText.isIdentifier(entry.key) else {
        let rule = "a letter or _, then letters, digits, _"
        report(path, "\"\(entry.key)\" cannot be an agent group: \(rule)")
        continue
      }
      guard let fields = fields(of: entry.value, at: path, known: ["agents", "skills"])
      else { continue }
      let list = texts(fields["agents"], at: path + ["agents"])
      let skills = text(fields["skills"], at: path + ["skills"])
      if list.isEmpty, skills == nil {
        report(path, "group \(entry.key) needs agents = { … } or skills = \"…\"")
      }
      let agents = list.map { AgentID($0) }
      site.groups.append(AgentGroupPlan(entry.key, agents: agents, skills: skills))
    }
  }

  mutating func readLimits(_ node: LuaValue?) {
    let known = [
      "generation_drain", "generations_kept", "self_test", "events_kept", "decisions_kept",
      "capture_mb", "capture_kb_per_call",
    ]
    guard let fields = fields(of: node, at: ["limits"], known: known) else { return }
    take("generation_drain", of: fields, in: "limits", 1...604_800, \.limits.generationDrain)
    take("generations_kept", of: fields, in: "limits", 1...1_000, \.limits.generationsKeptMax)
    take("self_test", of: fields, in: "limits", 1...600, \.limits.selfTestTimeout)
    take("events_kept", of: fields, in: "limits", 100...10_000_000, \.limits.eventsKeptMax)
    take("decisions_kept", of: fields, in: "limits", 100...100_000_000, \.limits.decisionsKept)
    take("capture_mb", of: fields, in: "limits", 0...65_536, \.captureMegabytes)
    take("capture_kb_per_call", of: fields, in: "limits", 32...512, \.captureKilobytesPerCall)
  }

  mutating func readStore(_ node: LuaValue?) {
    let known = ["keep_days", "keep_mb", "snapshot_seconds", "snapshot_signals"]
    guard let fields = fields(of: node, at: ["store"], known: known) else { return }
    take("keep_days", of: fields, in: "store", 1...3_650, \.store.keepDays)
    take("keep_mb", of: fields, in: "store", 16...16_000_000, \.store.keepMegabytes)
    take("snapshot_seconds", of: fields, in: "store", 1...86_400, \.store.snapshotSeconds)
    take("snapshot_signals", of: fields, in: "store", 10...10_000_000, \.store.snapshotSignals)
  }

  /// Reads a whole number of a section into its place, if it is there.
  private mutating func take(
    _ key: String,
    of fields: [String: LuaValue],
    in section: String,
    _ range: ClosedRange<Int64>,
    _ place: WritableKeyPath<Site, Int>
  ) {
    let path: [TableKey] = [.name(section), .name(key)]
    if let number = count(fields[key], at: path, within: range) { site[keyPath: place] = number }
  }

  /// Reads a number of seconds of a section into its place, if it is there.
  private mutating func take(
    _ key: String,
    of fields: [String: LuaValue],
    in section: String,
    _ range: ClosedRange<Int>,
    _ place: WritableKeyPath<Site, Duration>
  ) {
    let path: [TableKey] = [.name(section), .name(key)]
    if let time = seconds(fields[key], at: path, within: range) { site[keyPath: place] = time }
  }

  mutating func readReservation(_ node: LuaValue?) {
    guard let fields = fields(of: node, at: ["reservation"], known: ["policy", "window"])
    else { return }
    let path: [TableKey] = ["reservation", "policy"]
    let policy = word(fields["policy"], at: path, among: ["collect", "replace"])
    let window = seconds(fields["window"], at: ["reservation", "window"], within: 0...10)
    if policy == "replace" {
      site.reservations = .replace
      if fields["window"] != nil {
        report(["reservation", "window"], "policy \"replace\" has no window")
      }
    } else {
      site.reservations = .collect(window: window ?? .zero)
    }
  }
}
