internal import Glibc
internal import Importers
internal import Service
internal import Wire

/// `pointsman calls` and `pointsman calls show`.
enum CallsVerb {
  static let calls = Verb(
    name: "calls",
    operands: "[show CALL]",
    summary: "calls alive, with state and target; or one, alive or over: what was said in it",
    flags: [
      Verb.data,
      Verb.Flag(name: "--ladder", summary: "its SIP messages as a ladder, events in between"),
      Verb.Flag(name: "--messages", summary: "its SIP messages in full"),
      Verb.Flag(name: "--pcap", value: "FILE", summary: "its SIP messages for Wireshark"),
      Verb.Flag(name: "--ascii", summary: "draw with ASCII only"),
    ],
    example: "pointsman calls show last --ladder",
    operandCount: 0...2,
    words: ["show"],
    run: { invocation in
      guard !invocation.operands.isEmpty else {
        for flag in ["--ladder", "--messages", "--pcap", "--ascii"] where invocation.has(flag) {
          throw UsageError("\(flag) goes with calls show CALL")
        }
        var client = try ControlClient(data: invocation.data)
        return try ListVerbs.show("calls", invocation, &client, table: ListVerbs.callTable)
      }
      guard invocation.operands.count == 2 else {
        throw UsageError("calls show needs a call: a ConnID, the caller's number, or last")
      }
      return try show(invocation.operands[1], invocation)
    }
  )

  /// Why nothing is kept of what was said in a call.
  private static func whyWithoutMessages(_ story: JSONValue) -> String {
    let call = story.word("ConnID")
    // A consult call's events name the other call from the first on; EventPartyChanged does so too.
    if let held = story["events"]?.elements?.first?["PreviousConnID"]?.string {
      return "call \(call) is a consult call; what was said is with the call that is sent on: "
        + "pointsman calls show \(held)"
    }
    return "the messages of call \(call) are not kept (any more): limits.capture_mb of the site "
      + "says for how many"
  }

  private static func show(_ call: String, _ invocation: Invocation) throws -> Outcome {
    var client = try ControlClient(data: invocation.data)
    var request = ControlRequest("call")
    request.set("call", call)
    let text: String
    let story: JSONValue
    switch try client.ask(request) {
    case .refused(let message, _):
      Console.complain("pointsman: \(message)")
      return .found
    case .result(let answer, let value): (text, story) = (answer, value)
    }
    let messages = CallMessage.all(of: story)
    if messages == nil, ["--ladder", "--messages", "--pcap"].contains(where: invocation.has) {
      Console.complain("pointsman: " + whyWithoutMessages(story))
      return .found
    }
    if let path = invocation["--pcap"] {
      try write(messages ?? [], to: path)
      guard invocation.json || invocation.has("--ladder") || invocation.has("--messages") else {
        return .well
      }
    }
    if invocation.json {
      Console.print(text)
      return .well
    }
    for line in heading(story, messages) { Console.print(line) }
    if invocation.has("--messages") {
      for message in messages ?? [] { printWhole(message) }
    } else if invocation.has("--ladder") {
      var style = Ladder.Style()
      style.isASCII = invocation.has("--ascii") || Console.isASCIIOnly
      for line in ladder(story, messages ?? [], style) { Console.print(line) }
    } else {
      for event in story["events"]?.elements ?? [] { Console.print(EventLine.text(event)) }
    }
    return .well
  }

  // MARK: Lines

  /// Who called whom, when, and what is kept of it.
  private static func heading(_ story: JSONValue, _ messages: [CallMessage]?) -> [String] {
    let events = story["events"]?.elements ?? []
    let named = events.first { $0["ANI"]?.string?.isEmpty == false }
    let began = story["began"]?.string ?? events.first?["time"]?.string ?? ""
    // A call that never rang has no events.
    let ends = messages?.first?.ends
    var line = "call \(story.word("ConnID")) from \(named?.word("ANI") ?? ends?.from ?? "-") "
    line += "to \(named?.word("DNIS") ?? ends?.to ?? "-"), \(began.prefix(10)) "
    line += "\(Human.timeOfDay(began)) UTC, "
    if messages == nil {
      line += "its messages are not kept"
    } else if let end = story["ended"]?.string {
      line += "over at \(Human.timeOfDay(end))"
    } else {
      line += "alive"
    }
    return [Human.plain(line), ""]
  }

  private static func ladder(
    _ story: JSONValue,
    _ messages: [CallMessage],
    _ style: Ladder.Style
  ) -> [String] {
    let remarks = (story["events"]?.elements ?? []).compactMap { event -> Ladder.Remark? in
      guard let time = event["time"]?.string.flatMap({ nanoseconds(ofTime: $0) }) else {
        return nil
      }
      return Ladder.Remark(time, EventLine.brief(event))
    }
    let lost = Int(clamping: story["lost"]?.integer ?? 0)
    let after = Int(clamping: story["lost_after"]?.integer ?? 0)
    return Ladder.lines(of: messages, remarks: remarks, lost: (lost, after), style: style)
  }

  private static func printWhole(_ message: CallMessage) {
    let (from, to) = ends(of: message)
    Console.print(
      "\(Human.timeOfDay(message.stamp))  \(from) to \(to), \(message.transport), "
        + "\(message.length) bytes"
    )
    let text = String(decoding: message.bytes, as: UTF8.self)
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0.isNewline }) {
      Console.print(Human.plain(line))
    }
    if message.length > message.bytes.count {
      Console.print("(\(message.length - message.bytes.count) more bytes are not kept)\n")
    }
  }

  private static func ends(of message: CallMessage) -> (from: String, to: String) {
    message.isReceived ? (message.peer, message.own) : (message.own, message.peer)
  }

  // MARK: Capture

  private static func write(_ messages: [CallMessage], to path: String) throws {
    var writer = CaptureWriter()
    for message in messages {
      let (from, to) = ends(of: message)
      var packet = CapturedPacket(
        at: message.time,
        from: from,
        to: to,
        isStream: message.transport != "udp",
        bytes: message.bytes
      )
      packet.length = message.length
      writer.add(packet)
    }
    if let trouble = Files.write(writer.bytes, to: path) { throw ServiceError(trouble) }
    let count = messages.count - writer.leftOut
    Console.complain("\(path): \(count) \(count == 1 ? "message" : "messages")")
  }
}
