// The switch and the user agents around it, joined by a wire in virtual time: delay, loss,
// duplication and reordering come from a seed.

import Engine
import Foundation
import SIPGlue
import Testing

struct PairRandom {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
  mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

struct PairWire {
  var loss = 0.0
  var duplication = 0.0
  var jitter = 0.0
  /// Whether a message is lost for another reason than chance.
  var loses: ((String) -> Bool)?
}

struct PairWorld: ~Copyable {
  struct Flight {
    var due: Double
    var order: Int
    var text: [UInt8]
    var from: UInt16
    var to: UInt16
  }

  var line: SIPSwitch
  var phones: [UInt16: PairPhone] = [:]
  var now = 0.0
  var signals: [LineSignal] = []
  /// Everything that the switch sent, in order, as text.
  var sent: [String] = []
  var wire = PairWire()
  var random: PairRandom
  /// Plays the engine: what to do about a signal.
  var engine: ((LineSignal) -> [LineCommand])?
  /// The time of an engine that has timers: told before it is asked, and when it is due.
  var engineClock: ((Instant) -> [LineCommand])?
  var engineDeadline: (() -> Instant?)?
  /// Whether every message is printed.
  var isTraced = false
  /// What the switch wants kept, by number.
  var rows: [UInt64: DialogRow] = [:]
  /// How likely the switch's process ends, each time that it has something to send.
  var crashes = 0.0
  /// Which calls the engine has when it ends.
  var isAlive: (ConnID) -> Bool = { _ in true }
  /// Whether nobody is there: what arrives is lost.
  var isDown = false
  private(set) var crashCount = 0
  /// Calls that the engine had and the next process did not.
  private(set) var lostCount = 0
  private var flights: [Flight] = []
  private var order = 0

  static let port: UInt16 = 5060

  static func plan() -> SIPPlan {
    var plan = SIPPlan(advertisedHost: "127.0.0.1", domain: "demo.local")
    plan.routingPoints = ["8000"]
    plan.queues = ["9000"]
    plan.extensions = [
      RegistrarExtension("7001", password: "demo"),
      RegistrarExtension("7002", contact: "sip:7002@127.0.0.1:7002"),
      RegistrarExtension("7003", contact: "sip:7003@127.0.0.1:7003"),
      RegistrarExtension("7004", contact: "sip:7004@phones.example.com"),
      RegistrarExtension("7009", contact: "tel:+44207009"),
    ]
    plan.trunks = [SIPTrunk(name: "carrier", uri: "sip:127.0.0.1:7003", numbers: ["+4420*"])]
    if let network = AddressRange("127.0.0.0/8") { plan.trusted = [network] }
    return plan
  }

  init(
    seed: UInt64 = 1,
    plan: SIPPlan = PairWorld.plan(),
    start: UInt64 = 1_800_000_000
  ) throws {
    line = try SIPSwitch(
      plan: plan,
      start: start * 1_000_000_000,
      secret: (seed, seed &* 77 &+ 5)
    )
    random = PairRandom(state: seed)
    take()
  }

  var instant: Instant { Instant(nanoseconds: UInt64(now * 1e9)) }

  mutating func phone(_ name: String, port: UInt16) -> PairPhone {
    let phone = PairPhone(name, port: port)
    phones[port] = phone
    return phone
  }

  // MARK: Signals

  var offers: [CallOffer] {
    signals.compactMap { if case .offered(let offer) = $0 { offer } else { nil } }
  }

  /// The signals in one word each, offers left out.
  var story: [String] {
    signals.compactMap {
      switch $0 {
      case .offered: nil
      case .ringing: "ringing"
      case .answered: "answered"
      case .diverted: "diverted"
      case .diversionFailed(_, _, let failure, _): "failed \(failure)"
      case .released(_, let side): "released \(side)"
      case .header: "header"
      case .treatmentApplied, .treatmentEnded, .treatmentNotApplied: "treatment"
      case .transferred: "transferred"
      case .attached: "attached"
      case .held(_, let side): "held \(side)"
      case .retrieved(_, let side): "retrieved \(side)"
      case .inService(let dn): "in \(dn.number)"
      case .outOfService(let dn): "out \(dn.number)"
      }
    }
  }

  /// What is left in the switch; empty when nothing is.
  var remains: String {
    guard !line.isIdle || line.nextDeadline != nil else { return "" }
    return "calls \(line.callCount) legs \(line.legCount) transactions \(line.transactionCount)"
      + " deadline \(String(describing: line.nextDeadline))"
  }

  func releases(of conn: ConnID) -> Int {
    signals.filter { if case .released(conn, _) = $0 { true } else { false } }.count
  }

  mutating func perform(_ command: LineCommand) {
    line.perform(command, at: instant)
    take()
  }

  /// Takes what the switch has produced: signals to the engine, datagrams to the wire.
  mutating func take() {
    var index = 0
    for command in engineClock?(instant) ?? [] { line.perform(command, at: instant) }
    let start = signals.count
    signals.append(contentsOf: line.signals)
    line.removeSignals()
    index = start
    while index < signals.count {
      if let engine {
        for command in engine(signals[index]) { line.perform(command, at: instant) }
        signals.append(contentsOf: line.signals)
        line.removeSignals()
      }
      index += 1
    }
    _ = keep()
    if crashes > 0, line.hasOutgoing, random.share() < crashes {
      // What was to leave is lost as often as not.
      if random.share() < 0.5 { line.discardOutgoing() }
      send()
      crash()
      return
    }
    send()
  }

  private mutating func send() {
    var drained: [(bytes: [UInt8], port: UInt16)] = []
    line.drain { drained.append(($0, $1)) }
    for datagram in drained {
      sent.append(String(decoding: datagram.bytes, as: UTF8.self))
      launch(datagram.bytes, from: Self.port, to: datagram.port)
    }
  }

  // MARK: Keeping

  /// Takes what is to be kept; whether it must be written before anything leaves.
  mutating func keep() -> Bool {
    var changes: [DialogChange] = []
    let isUrgent = line.takeDialogs(at: instant) { changes.append($0) }
    for change in changes {
      switch change {
      case .gone(let id): rows[id] = nil
      case .kept(var row):
        row.message = row.message ?? rows[row.id]?.message
        rows[row.id] = row
      }
    }
    return isUrgent
  }

  /// Ends the switch's process without a word and begins another one.
  mutating func crash() {
    crashCount += 1
    let start = (1_800_000_000 + UInt64(crashCount)) * 1_000_000_000
    let secret = (random.next(), random.next())
    guard let next = try? SIPSwitch(plan: line.sitePlan, start: start, secret: secret) else {
      Issue.record("there is no next switch")
      return
    }
    line = next
    line.removeSignals()
    line.keepsDialogs = true
    let isAlive = isAlive
    let before = offers.map(\.connID).filter { isAlive($0) }
    let sorted = rows.values.sorted { $0.id < $1.id }
    let time = instant
    let kept = line.restore(sorted, at: time, isAlive: isAlive)
    for conn in before where !kept.contains(conn) {
      // A transfer that was not made ends with the process; the two talk on.
      if !offers.contains(where: { $0.connID == conn && $0.consultOf != nil }) { lostCount += 1 }
      signals.append(.released(conn, by: .line))
      _ = engine?(.released(conn, by: .line))
    }
    take()
  }

  mutating func inject(_ text: String, from port: UInt16) {
    launch(Array(text.utf8), from: port, to: Self.port)
  }

  /// Hands a datagram to the switch at once.
  mutating func receive(_ text: [UInt8], from port: UInt16) {
    let time = instant
    text.withUnsafeBytes { line.receive($0, fromIPv4: 0x7F00_0001, port: port, at: time) }
    take()
  }

  private mutating func launch(_ text: [UInt8], from: UInt16, to: UInt16) {
    let copies = random.share() < wire.duplication ? 2 : 1
    for _ in 0..<copies {
      let isLost = wire.loses.map { $0(String(decoding: text, as: UTF8.self)) } ?? false
      let passes = random.share() >= wire.loss && !isLost
      if isTraced { trace(text, from, to, passes) }
      guard passes else { continue }
      order += 1
      let delay = 0.001 + random.share() * wire.jitter
      flights.append(Flight(due: now + delay, order: order, text: text, from: from, to: to))
    }
  }

  private func trace(_ text: [UInt8], _ from: UInt16, _ to: UInt16, _ passes: Bool) {
    guard let message = PairMessage(String(decoding: text, as: UTF8.self)) else { return }
    let time = String(format: "%9.3f", now)
    print("\(time) \(from) \(passes ? "->" : "-x") \(to) \(message.startLine)  \(message["cseq"])")
  }

  // MARK: Time

  /// Lets so many seconds pass.
  mutating func run(_ seconds: Double) {
    let end = now + seconds
    collect()
    while let next = nextTime, next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  private var nextTime: Double? {
    var next = flights.map(\.due).min()
    if !isDown, let deadline = line.nextDeadline {
      // One nanosecond more: a deadline must not lie before it by rounding.
      let time = Double(deadline.nanoseconds) / 1e9 + 1e-6
      next = min(next ?? time, time)
    }
    if let deadline = engineDeadline?() {
      let time = Double(deadline.nanoseconds) / 1e9 + 1e-6
      next = min(next ?? time, time)
    }
    for phone in phones.values {
      if let time = phone.nextDeadline { next = min(next ?? time, time) }
    }
    return next
  }

  private mutating func step() {
    let due = flights.filter { $0.due <= now }.sorted { ($0.due, $0.order) < ($1.due, $1.order) }
    flights.removeAll { $0.due <= now }
    for flight in due {
      if flight.to == Self.port, isDown { continue }
      if flight.to == Self.port {
        receive(flight.text, from: flight.from)
      } else {
        phones[flight.to]?.receive(String(decoding: flight.text, as: UTF8.self), at: now)
      }
    }
    if !isDown {
      line.advance(to: instant)
      take()
    }
    for port in phones.keys.sorted() { phones[port]?.advance(to: now) }
    collect()
  }

  private mutating func collect() {
    for port in phones.keys.sorted() {
      guard let phone = phones[port] else { continue }
      for item in phone.outbox { launch(Array(item.text.utf8), from: port, to: Self.port) }
      phone.outbox.removeAll()
    }
  }
}
