/// Imports logs of Genesys SIP Server, and T-Library dumps.
struct SIPServerLogImport {
  private var counter = MessageCounter()
  private var calls = CallTracker()
  private var events = TLibraryTracker()
  private let hasDumps: Bool
  private var uuids: Set<String> = []

  /// Reads all files of a request together, in the order of time.
  static func run(
    _ request: ImportRequest,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    var hasDumps = false
    var hasSIP = false
    for path in request.files {
      let look = try LogPreview(path)
      hasDumps = hasDumps || look.hasDumps
      hasSIP = hasSIP || look.hasSIP
    }
    guard hasDumps || hasSIP else {
      throw ImportError(
        "\(request.files[0]):1: neither SIP messages (… Received [0,UDP] 494 bytes from …) nor "
          + "T-Library dumps (@… distribute_event: message EventQueued) in it"
      )
    }
    var state = SIPServerLogImport(hasDumps: hasDumps)
    var files: [ServerLogFile] = []
    for path in request.files { files.append(try ServerLogFile(path, zone: request.zone)) }
    try state.merge(&files, &collector, progress)
    try state.calls.finish(&collector)
    try state.events.finish(&collector)
    state.finish(files, &collector)
  }

  private init(hasDumps: Bool) { self.hasDumps = hasDumps }

  private mutating func merge(
    _ files: inout [ServerLogFile],
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    var items: [ServerLogItem?] = []
    for index in files.indices {
      items.append(try files[index].next())
      report(&files[index], &collector)
    }
    let all = files.reduce(UInt64(0)) { $0 + $1.size }
    var taken = 0
    while true {
      var least: Int?
      for index in items.indices {
        guard let item = items[index] else { continue }
        if let before = least.flatMap({ items[$0] }), before.at <= item.at { continue }
        least = index
      }
      guard let index = least, let item = items[index] else { break }
      collector.sees(item.at)
      try take(item, files[index].path, &collector)
      items[index] = try files[index].next()
      report(&files[index], &collector)
      taken += 1
      if taken % 4_096 == 0 {
        let done = files.reduce(UInt64(0)) { $0 + $1.offset }
        if !progress(done, all) {
          throw ImportError("stopped at line \(files[index].lines) of \(files[index].path)")
        }
      }
    }
    for index in files.indices {
      report(&files[index], &collector)
      collector.report.lines += files[index].lines
    }
  }

  private func report(_ file: inout ServerLogFile, _ collector: inout FactCollector) {
    for (line, reason) in file.broken { collector.report.isBroken(file.path, line, reason) }
    file.broken.removeAll()
  }

  private mutating func take(
    _ item: ServerLogItem,
    _ path: String,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    switch item.kind {
    case .event(let event): try events.take(event, at: item.at, &collector)
    case .link(let callID, let uuid):
      if uuids.count < ImportLimits.rememberedMax { uuids.insert(uuid) }
      try events.link(callID, to: uuid, at: item.at, &collector)
    case .sip(let bytes, let peer, let isReceived, let transport):
      guard let message = SIPText(bytes[...]) else {
        collector.report.isBroken(path, item.line, "what follows is no SIP message")
        return
      }
      let other = Peer(high: 1, low: UInt64(bitPattern: Int64(peer.hashValue)))
      let flow = Flow(
        source: isReceived ? other : Peer(),
        target: isReceived ? Peer() : other,
        transport: Flow.udp,
        tunnel: 0
      )
      let sighting = counter.count(message, bytes[...], flow, &collector.report)
      collector.report.count(isReceived ? "received" : "sent")
      collector.report.count("over \(transport)")
      guard !message.callID.isEmpty, message.isRequest || !message.sequence.isEmpty else {
        collector.report.isBroken(path, item.line, "a SIP message without Call-ID or CSeq")
        return
      }
      guard sighting == .new || sighting == .forwarded else { return }
      // With dumps, calls come from them; SIP says who is registered.
      if hasDumps, message.sequenceMethod != "REGISTER" { return }
      try calls.take(message, at: item.at, from: flow.source, to: flow.target, &collector)
    }
  }

  private func finish(_ files: [ServerLogFile], _ collector: inout FactCollector) {
    if !uuids.isEmpty { collector.report.count("CallUUIDs", by: uuids.count) }
    let copies = files.reduce(0) { $0 + $1.copies }
    if copies > 0 {
      collector.report.count("requests copied to the backup server (left out)", by: copies)
    }
    let requests = files.reduce(0) { $0 + $1.requests }
    if requests > 0 { collector.report.count("requests of clients", by: requests) }
    for file in files {
      collector.report.understood.append(
        "\(file.path): local times are "
          + (file.zone.map { "\($0) s before UTC" } ?? "taken as UTC (--zone says otherwise)")
      )
    }
    if hasDumps {
      collector.report.understood.append("calls and agents come from the T-Library events")
    } else {
      collector.report.understood.append(
        "no T-Library events: a call is an INVITE without a To tag, known by its Call-ID"
      )
      collector.report.notInferred.append(
        "queues, routing points and agents' states: they are in the main log, with T-Library "
          + "events; name both files"
      )
    }
  }
}
