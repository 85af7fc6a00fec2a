// The second pass over a recording: what comes from outside whatever is decided.
//
// Invariants: items come in the order of the file; what depends on decisions (ringing, answers,
// releases, steps, events) is left out.

internal import Engine
internal import Wire

/// Arrivals, agents' requests and what happens to the site, in order.
struct RecordedFeed {
  /// What comes next.
  enum Item {
    /// The next call of the facts.
    case offer(CallOffer)
    /// A call that depends on a conversation.
    case consult(ConnID, of: ConnID)
    case signal(Signal)
    /// A server looked at its clock.
    case clock
  }

  private var scanner: RecordingScanner
  private struct Entry {
    var at: UInt64
    /// Whether it is an agent's request.
    var isRequest = false
    var item: Item
  }

  private var waiting: [Entry] = []
  private var first = 0
  private var isOver = false
  private let keepsClock: Bool
  private var unknown: [String] = []
  /// DNs and dialled numbers, which come again and again.
  private var texts = TextMemo<String>(bits: 10)

  /// Makes a feed of a recording that the first pass has found to be in order.
  init(_ reader: any RecordingReader, keepsClock: Bool) {
    scanner = RecordingScanner(reader)
    self.keepsClock = keepsClock
  }

  /// When the next item is due; the end of time when there are no more.
  mutating func nextInstant() throws -> UInt64 {
    if first == waiting.count, !isOver { try read() }
    return first < waiting.count ? waiting[first].at : .max
  }

  /// Whether the next item is an agent's request.
  var isRequestNext: Bool { first < waiting.count && waiting[first].isRequest }

  /// Takes the next item out.
  mutating func take() -> Item {
    // Nearly always it is the only one.
    if waiting.count == 1 { return waiting.removeLast().item }
    let item = waiting[first].item
    first += 1
    if first == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      first = 0
    }
    return item
  }

  /// When a server looked at its clock the first time since an instant, if before another.
  mutating func clock(from start: UInt64, until end: UInt64) throws -> UInt64? {
    guard keepsClock else { return nil }
    while !isOver, waiting.last.map({ $0.at <= end }) ?? true { try read() }
    for entry in waiting[first...] where entry.at >= start && entry.at <= end {
      if case .clock = entry.item { return entry.at }
    }
    return nil
  }

  private mutating func read() throws {
    while try scanner.advance() {
      switch scanner.kind {
      case .event, .empty: continue
      case .signal, .other: if scanner.number == 1 { continue }
      }
      if let entry = try entry() {
        waiting.append(entry)
        return
      }
    }
    isOver = true
  }

  private mutating func entry() throws -> Entry? {
    guard let opening = try scanner.openSignal(), opening.signal.isFromOutside else { return nil }
    if opening.signal == .offered { return try offer(opening) }
    if opening.signal == .clock { return keepsClock ? Entry(at: opening.at, item: .clock) : nil }
    // Few of them: the library reads them.
    let text = scanner.text
    let line = try RecordingLine(reading: text, number: scanner.number, unknown: &unknown)
    guard case .signal(let signal, let instant) = line else { return nil }
    var isRequest = false
    if case .agent = signal { isRequest = true }
    return Entry(at: instant.nanoseconds, isRequest: isRequest, item: .signal(signal))
  }

  private mutating func offer(_ opening: RecordedOpening) throws -> Entry? {
    try scanner.scanOn()
    let at = opening.at
    guard let call = opening.call ?? scanner.connID("call") else { return nil }
    if let held = scanner.connID("consult_of") {
      return Entry(at: at, item: .consult(call, of: held))
    }
    guard let pairs = scanner.pairs("user_data"), !scanner.has("uuid"),
      let dn = frequentText("dn")
    else {
      let text = scanner.text
      let line = try RecordingLine(reading: text, number: scanner.number, unknown: &unknown)
      guard case .signal(.line(.offered(let offer)), _) = line else { return nil }
      return Entry(at: at, item: .offer(offer))
    }
    var offer = CallOffer(
      call,
      at: DN(dn),
      ani: scanner.string("ani") ?? "",
      dnis: frequentText("dnis") ?? "",
      type: scanner.integer("type").flatMap { CallType(rawValue: UInt8(clamping: $0)) } ?? .inbound
    )
    if !pairs.isEmpty { offer.userData = UserData(pairs) }
    return Entry(at: at, item: .offer(offer))
  }

  private mutating func frequentText(_ key: JSONKey) -> String? {
    guard let short = scanner.shortText(key) else { return scanner.string(key) }
    if let text = texts[short] { return text }
    let text = scanner.string(key)
    texts[short] = text
    return text
  }
}
