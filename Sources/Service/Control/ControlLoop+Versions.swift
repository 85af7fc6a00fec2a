internal import Engine
internal import LuaBridge
internal import Wire

// What is asked about generations, and the answers.
extension ControlLoop {
  /// Somebody wants the folder, or an earlier version, in use.
  mutating func askToReload(_ request: JSONValue, _ connection: ControlConnection) {
    connection.isBusy = true
    let isRollback = request["verb"]?.string == "rollback"
    startReload(
      StrategyReload.Ask(
        reason: .client(connection.id),
        rollback: isRollback ? request["to"]?.string ?? "" : nil,
        selfTest: options.selfTest && request["self_test"]?.bool ?? true
      )
    )
  }

  /// Tells who asked for a reload how it ended.
  mutating func answerReload(_ id: UInt64, _ result: StrategyReload.Result) {
    guard let connection = connections[id] else { return }
    switch result {
    case .unchanged(let version):
      connection.succeed(reloadText(version, changed: false))
    case .installed(let version):
      connection.succeed(reloadText(version, changed: true))
    case .failed(let failure):
      let inUse = "version \(reload.current.number) stays in use"
      guard let phase = failure.phase else {
        connection.refuse("\(failure.summary); \(inUse)")
        break
      }
      connection.refuse(
        "\(failure.summary); \(inUse)",
        findings: failure.findings.map { $0.long },
        phase: phase
      )
    }
    finish(connection)
  }

  private func reloadText(_ version: Version, changed: Bool) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("generation")
    writer.value(version.fingerprint)
    writer.key("version")
    writer.value(UInt64(clamping: version.number))
    writer.key("changed")
    writer.value(changed)
    if let of = version.of {
      writer.key("of")
      writer.value(UInt64(clamping: of))
      writer.key("folder")
      writer.value(folderWord)
    }
    writer.endObject()
    return writer.text
  }

  /// How the folder stands to what runs.
  private var folderWord: String {
    switch reload.folderIsCurrent {
    case true?: "same"
    case false?: "differs"
    case nil: "unreadable"
    }
  }

  /// The strategies in use, and which routing points run them.
  func strategyList(_ figures: ShardFigures) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("generation")
    writer.value(reload.current.fingerprint)
    writer.key("version")
    writer.value(UInt64(clamping: reload.current.number))
    writer.key("retired")
    writer.value(UInt64(clamping: max(figures.generations.count - 1, 0)))
    writer.key("strategies")
    writer.beginArray()
    for name in reload.strategyNames {
      writer.beginObject()
      writer.key("name")
      writer.value(name)
      writer.key("routing_points")
      writer.beginArray()
      for point in site.routingPoints where point.strategy == name { writer.value(point.dn) }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.text
  }

  /// The versions that are kept, the newest first, and what switching has cost.
  mutating func versionList(_ figures: ShardFigures) -> String {
    reload.release(allBut: figures.generations.map { $0.number })
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("current")
    writer.value(UInt64(clamping: reload.current.number))
    writer.key("folder")
    writer.value(folderWord)
    writer.key("switches")
    writer.value(reload.pauses)
    writer.key("versions")
    writer.beginArray()
    let versions = reload.store.versions
    for (index, version) in versions.enumerated().reversed() {
      let figure = figures.generations.first { $0.number == version.number }
      let isCurrent = version.number == reload.current.number
      writer.value(
        version,
        state: isCurrent ? "current" : figure == nil ? "kept" : "draining",
        calls: figure?.liveCount ?? 0,
        against: index > 0 ? versions[index - 1] : nil
      )
    }
    writer.endArray()
    writer.endObject()
    return writer.text
  }
}

extension JSONWriter {
  fileprivate mutating func value(_ pauses: StrategyReload.Pauses) {
    beginObject()
    key("count")
    value(pauses.count)
    key("pause_max")
    seconds(nanoseconds: pauses.longest)
    key("pause_mean")
    seconds(nanoseconds: pauses.count == 0 ? 0 : pauses.total / pauses.count)
    endObject()
  }

  fileprivate mutating func value(
    _ version: Version,
    state: String,
    calls: Int,
    against older: Version?
  ) {
    beginObject()
    key("number")
    value(UInt64(clamping: version.number))
    key("fingerprint")
    value(version.fingerprint)
    key("time")
    time(version.time)
    key("state")
    value(state)
    key("calls")
    value(UInt64(clamping: calls))
    key("asked")
    value(version.asked)
    if let of = version.of {
      key("of")
      value(UInt64(clamping: of))
    }
    let changes = version.changes(since: older)
    for (name, paths) in [
      ("added", changes.added), ("changed", changes.changed), ("removed", changes.removed),
    ] {
      key(name)
      beginArray()
      for path in paths { value(path) }
      endArray()
    }
    endObject()
  }
}
