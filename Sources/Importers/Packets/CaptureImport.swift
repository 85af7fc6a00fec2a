/// Imports captures of packets.
struct CaptureImport {
  private var source = MessageSource()
  private var counter = MessageCounter()
  private var tracker = CallTracker()
  private var cut = 0

  /// Reads all files of a request, the oldest first.
  static func run(
    _ request: ImportRequest,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    collector.report.unit = "packets"
    var files: [(path: String, begins: Int64)] = []
    for path in request.files {
      let capture = try CaptureFile(path)
      guard PacketDecoder.understands(capture.link) else {
        throw ImportError("\(path): packet 1: frames of kind \(capture.link) are not understood")
      }
      files.append((path, try capture.next()?.at ?? 0))
    }
    var state = CaptureImport()
    for (path, _) in files.sorted(by: { $0.begins < $1.begins }) {
      try state.read(path, &collector, progress)
    }
    try state.tracker.finish(&collector)
    state.finish(request, &collector)
    guard collector.report.counted("SIP messages") > 0 else {
      throw ImportError(
        "\(request.files.joined(separator: ", ")): no SIP message in "
          + "\(collector.report.lines) packets"
      )
    }
  }

  private mutating func read(
    _ path: String,
    _ collector: inout FactCollector,
    _ progress: Import.Progress
  ) throws(ImportError) {
    let capture = try CaptureFile(path)
    while let packet = try capture.next() {
      collector.report.lines += 1
      if packet.isCut { cut += 1 }
      if capture.count % 8_192 == 0, !progress(capture.offset, capture.size) {
        throw ImportError("stopped at packet \(capture.count) of \(path)")
      }
      for found in source.take(packet, link: capture.link) {
        try take(found.bytes, found.flow, found.at, path, capture.count, &collector)
      }
    }
    for found in source.finish() {
      try take(found.bytes, found.flow, found.at, path, capture.count, &collector)
    }
  }

  private mutating func take(
    _ bytes: ArraySlice<UInt8>,
    _ flow: Flow,
    _ instant: Int64,
    _ path: String,
    _ number: Int,
    _ collector: inout FactCollector
  ) throws(ImportError) {
    guard let message = SIPText(bytes) else { return }
    collector.sees(instant)
    let sighting = counter.count(message, bytes, flow, &collector.report)
    collector.report.count("over \(Self.name(flow))")
    guard !message.callID.isEmpty, message.isRequest || !message.sequence.isEmpty else {
      collector.report.isBroken(
        path,
        number,
        "a SIP message without Call-ID, or a response without CSeq"
      )
      return
    }
    switch sighting {
    case .retransmission, .elsewhere: break
    case .new, .forwarded:
      try tracker.take(message, at: instant, from: flow.source, to: flow.target, &collector)
    }
  }

  private static func name(_ flow: Flow) -> String {
    var name =
      switch flow.transport {
      case Flow.udp: "UDP"
      case Flow.tcp: "TCP"
      default: "SCTP"
      }
    var tunnel = flow.tunnel
    let tunnels = ["IP in IP", "GTP", "GRE", "VXLAN"]
    while tunnel > 0 {
      let kind = Int(tunnel % 8)
      if kind > 0, kind <= tunnels.count { name += " in \(tunnels[kind - 1])" }
      tunnel /= 8
    }
    return name
  }

  private func finish(_ request: ImportRequest, _ collector: inout FactCollector) {
    if source.retransmissions > 0 {
      collector.report.count("TCP segments sent again", by: source.retransmissions)
    }
    if source.gaps > 0 {
      collector.report.notInferred.append("what was in \(source.gaps) gaps of TCP streams")
    }
    if cut > 0 {
      collector.report.notInferred.append("what was cut off \(cut) packets by the capture")
    }
    for (what, count) in source.strange.sorted(by: { $0.key < $1.key }) {
      collector.report.count("packets with \(what)", by: count)
    }
    collector.report.understood.append("a call is an INVITE without a To tag, known by its Call-ID")
    collector.report.inferred.append(
      "agents: the users who registered, and who answered (the user of the answer's Contact or To)"
    )
    collector.report.notInferred.append(
      "which queue a call waited in, if any: a call's DN is the user of its first request address"
    )
  }
}
