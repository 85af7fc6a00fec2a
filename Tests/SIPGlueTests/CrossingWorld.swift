// A small world for messages that cross: a caller, two phones, the switch, and the real engine,
// with a queue and two agents. Everything that happens comes from a seed.

import Engine
import Foundation
import SIPGlue
import Testing

/// The real engine, as `PairWorld` asks for one.
final class CrossingEngine {
  private var engine: RoutingEngine
  private var outbox = Outbox()
  private var now = Instant.zero
  private(set) var events: [Event] = []

  init(seed: UInt64) {
    let plan = Plan(
      extensions: [
        ExtensionPlan("7002", startsInService: true), ExtensionPlan("7005"),
        ExtensionPlan("7003", startsInService: true),
      ],
      agents: [
        AgentPlan("1001", extensionDN: "7002", logsInAutomatically: true),
        AgentPlan("1002", extensionDN: "7005", logsInAutomatically: true),
      ],
      queues: [QueuePlan("9000", ringTimeout: .seconds(6), wrapUp: .seconds(1))]
    )
    engine = RoutingEngine(plan: plan, seed: seed, epoch: 1_800_000_000_000_000_000)
    _ = give(.control(.start))
  }

  var nextDeadline: Instant? { engine.nextDeadline }

  /// Whether it has a call.
  func has(_ conn: ConnID) -> Bool {
    engine.snapshot(at: now).calls.contains { $0.attributes.connID == conn }
  }

  /// Time has come to `instant`.
  func advance(to instant: Instant) -> [LineCommand] {
    now = instant
    guard let deadline = engine.nextDeadline, deadline <= instant else { return [] }
    return give(.clock)
  }

  func give(_ signal: Signal) -> [LineCommand] {
    engine.handle(signal, at: now, into: &outbox)
    let commands = outbox.lineCommands
    events += outbox.events
    outbox.removeAll()
    return commands
  }

  /// What an agent is whom no call keeps; his phone may not have come through with its REGISTER.
  private static let free: Set<String> = ["ready", "not_ready", "logged_out"]

  /// What is left in the engine; empty when nothing is.
  var remains: String {
    let picture = engine.snapshot(at: now)
    let busy = picture.agents.filter { !Self.free.contains($0.state) }
    guard !picture.calls.isEmpty || !busy.isEmpty else { return "" }
    let agents = busy.map { "\($0.id) \($0.state)" }
    return "engine: calls \(picture.calls.map(\.state)) agents \(agents)"
  }
}

/// What crosses what.
enum Crossing: Int, CaseIterable {
  case cancelAndAnswer, byeAndBye, byeAndReinvite, reinviteAndReinvite, updateAndReinvite
  case registerWhileRinging, lostAnswer, lostACK, lostBYE, everythingTwice, releaseAndBye
  case noAnswerAndAnswer, sessionRefresh, sentOn, deafTarget
  case reliableAndCancel, reliableAndUpdate
  case referAndBye, referAndReinvite, referTwice, referToJoin
  case replaceTarget, replaceCaller
  case callerRefers, callerRefersToJoin, pickUp
  case anythingAtOnce

  /// Whether somebody sends somebody on.
  var transfers: Bool {
    switch self {
    case .referAndBye, .referAndReinvite, .referTwice, .referToJoin, .callerRefers,
      .callerRefersToJoin:
      true
    default: false
    }
  }
}

struct CrossingWorld: ~Copyable {
  private var world: PairWorld
  private let engine: CrossingEngine
  private let caller: PairPhone
  private let phones: [PairPhone]
  /// Somebody whom only `replaceCaller` knows.
  private let stranger: PairPhone
  private var random: PairRandom
  private let crossing: Crossing
  private var registers = 0
  /// What was lost on purpose.
  private final class Losses { var left = 0 }

  init(seed: UInt64, isTraced: Bool) throws {
    random = PairRandom(state: seed &* 0x9E37_79B9)
    crossing = Crossing.allCases[Int(seed % UInt64(Crossing.allCases.count))]
    var plan = PairWorld.plan()
    plan.extensions.append(RegistrarExtension("7005"))
    plan.redirectsMax = 2
    plan.transfers = .both
    if crossing == .sessionRefresh { plan.session.interval = 90 }
    world = try PairWorld(seed: seed, plan: plan)
    world.isTraced = isTraced
    engine = CrossingEngine(seed: seed)
    let engine = engine
    world.engine = { engine.give(.line($0)) }
    world.engineClock = { engine.advance(to: $0) }
    world.engineDeadline = { engine.nextDeadline }
    if seed % 4 == 0 {
      // The process ends now and then, and another one goes on.
      world.line.keepsDialogs = true
      world.crashes = 0.05
      world.isAlive = { engine.has($0) }
    }
    caller = world.phone("4420", port: 6000)
    phones = [
      world.phone("7002", port: 7002), world.phone("7005", port: 7005),
      world.phone("7003", port: 7003),
    ]
    stranger = world.phone("4421", port: 6001)
    for signal in world.signals { _ = engine.give(.line(signal)) }
    var chance = PairRandom(state: seed ^ 0x5EED)
    for phone in everybody {
      phone.retryAfterGlare = { isCaller in (isCaller ? 2.1 : 0) + chance.share() * 1.9 }
      phone.headers =
        crossing == .sessionRefresh
        ? "Supported: timer\r\nSession-Expires: 90;refresher="
          + (chance.share() < 0.5 ? "uac" : "uas") + "\r\nAllow: INVITE"
          + (chance.share() < 0.5 ? ", UPDATE\r\n" : "\r\n") : ""
    }
    setWire(seed)
  }

  private var everybody: [PairPhone] { phones + [caller, stranger] }

  private mutating func setWire(_ seed: UInt64) {
    world.wire = PairWire(
      loss: [0, 0.1, 0.3][Int(random.next() % 3)],
      duplication: crossing == .everythingTwice ? 1 : 0.1,
      jitter: [0.01, 0.3, 0.8][Int(random.next() % 3)]
    )
    let losses = Losses()
    losses.left = Int(random.next() % 14)
    let lost: (StaticString, String)? =
      switch crossing {
      case .lostAnswer: ("SIP/2.0 200", "INVITE")
      case .lostACK: ("ACK", "ACK")
      case .lostBYE: ("BYE", "BYE")
      default: nil
      }
    guard let lost else { return }
    world.wire.loses = { text in
      guard losses.left > 0, text.hasPrefix("\(lost.0)"), text.contains(" \(lost.1)\r\n") else {
        return false
      }
      losses.left -= 1
      return true
    }
  }

  private mutating func share(_ most: Double) -> Double { random.share() * most }

  /// Runs it to its end; what is left then.
  mutating func run() -> [String] {
    register()
    world.run(1)
    let delay = 0.3 + share(2)
    for phone in phones { phone.behaviour = .answers(after: delay) }
    if crossing == .reliableAndCancel || crossing == .reliableAndUpdate {
      caller.headers = "Supported: 100rel\r\n"
      for phone in everybody { phone.isReliable = true }
    }
    if crossing == .sentOn { phones[0].script = sendsOn() }
    if crossing.transfers, random.share() < 0.3 { phones[2].script = wantsOffers }
    if crossing == .noAnswerAndAnswer {
      for phone in phones { phone.behaviour = .answers(after: 6) }
    }
    if crossing == .deafTarget { phones[0].behaviour = .silent }
    caller.offersSDP = random.share() < 0.8
    caller.call("9000", at: world.now)
    switch crossing {
    case .cancelAndAnswer, .sentOn, .deafTarget, .reliableAndCancel, .reliableAndUpdate, .pickUp:
      world.run(max(0, delay - 0.5 + share(1.5)))
    case .registerWhileRinging:
      world.run(share(delay))
      register()
      world.run(share(1))
      register()
    case .noAnswerAndAnswer: world.run(5 + share(3))
    default: world.run(delay + 0.5 + share(3))
    }
    cross()
    world.run(share(1))
    cross()
    world.run(crossing == .sessionRefresh ? share(300) : share(8))
    return finish()
  }

  private func sendsOn() -> (PairMessage, PairPhone) -> [String]? {
    { request, phone in
      guard request.method == "INVITE", request.toTag.isEmpty else { return nil }
      let text = phone.response(302, to: request, tag: "x")
      return [
        text.replacingOccurrences(
          of: "Content-Length",
          with: "Contact: <sip:7005@127.0.0.1:7005>\r\nContent-Length"
        )
      ]
    }
  }

  /// A phone that takes no INVITE without an offer.
  private let wantsOffers: (PairMessage, PairPhone) -> [String]? = { request, phone in
    guard request.method == "INVITE", request.body.isEmpty else { return nil }
    return [phone.response(488, to: request, tag: "n")]
  }

  private mutating func register() {
    registers += 1
    let text = StreamWorld.register("sip:7005@127.0.0.1:7005", number: registers)
      .replacingOccurrences(of: "7001", with: "7005")
      .replacingOccurrences(of: "TCP 127.0.0.1:6100", with: "UDP 127.0.0.1:7005")
      .replacingOccurrences(of: "Expires: 60", with: "Expires: 3000")
    // Its retransmissions, all at once.
    for _ in 0..<4 { world.inject(text, from: 7005) }
  }

  // MARK: Crossing

  private mutating func cross() {
    let targets = phones.flatMap { phone in phone.dialogs.map { (phone, $0) } }
      .filter { $0.1.isAnswered && !$0.1.isEnded }
    let first = random.share() < 0.5
    switch crossing {
    case .cancelAndAnswer, .sentOn, .noAnswerAndAnswer, .deafTarget, .reliableAndCancel: leave()
    case .reliableAndUpdate:
      for dialog in caller.dialogs where dialog.acknowledged > 0 && !dialog.isEnded {
        caller.send("UPDATE", dialog, body: "v=0 b", at: world.now)
      }
      for phone in phones {
        for dialog in phone.dialogs where !dialog.isEnded {
          phone.send("UPDATE", dialog, body: "v=0 a", at: world.now)
        }
      }
    case .byeAndBye, .lostBYE:
      leave()
      for (phone, dialog) in targets { phone.hangUp(dialog, at: world.now) }
    case .byeAndReinvite:
      for (phone, dialog) in targets {
        if first {
          phone.send("INVITE", dialog, body: "v=0 a", at: world.now)
        } else {
          phone.hangUp(dialog, at: world.now)
        }
      }
      if first { leave() } else { offer("INVITE") }
    case .reinviteAndReinvite, .lostAnswer, .lostACK, .everythingTwice, .sessionRefresh:
      for (phone, dialog) in targets where !dialog.isInviting {
        phone.send("INVITE", dialog, body: random.share() < 0.7 ? "v=0 a" : nil, at: world.now)
      }
      offer("INVITE")
    case .updateAndReinvite:
      for (phone, dialog) in targets where !dialog.isInviting {
        phone.send(first ? "INVITE" : "UPDATE", dialog, body: "v=0 a", at: world.now)
      }
      offer(first ? "UPDATE" : "INVITE")
    case .releaseAndBye:
      let offers = world.offers
      if let conn = offers.last?.connID, !hasEnded(conn) {
        // The engine must hear of it too: as if the line had failed.
        for command in engine.give(.line(.released(conn, by: .line))) { world.perform(command) }
        world.perform(.release(conn))
      }
      for (phone, dialog) in targets { phone.hangUp(dialog, at: world.now) }
    case .referAndBye, .referAndReinvite, .referTwice: sendOn(targets, targets)
    case .referToJoin: joinOthers(targets)
    case .callerRefers: sendOn(answered, targets)
    case .callerRefersToJoin: joinOthers(answered)
    case .pickUp:
      for phone in phones {
        for dialog in phone.dialogs where !dialog.isCaller && !dialog.isAnswered {
          replace(dialog)
        }
      }
    case .replaceTarget: for (_, dialog) in targets { replace(dialog) }
    case .replaceCaller: for dialog in caller.dialogs where dialog.isAnswered { replace(dialog) }
    case .registerWhileRinging: break
    case .anythingAtOnce: riot()
    }
  }

  /// Everybody does what comes to his mind.
  private mutating func riot() {
    for _ in 0..<Int(2 + random.next() % 8) {
      let phone = everybody[Int(random.next() % UInt64(everybody.count))]
      phone.statusOfReinvite = [200, 200, 200, 488, 491, 408, 481][Int(random.next() % 7)]
      let open = phone.dialogs.filter { $0.isAnswered && !$0.isEnded }
      guard let dialog = open.last else { continue }
      act(phone, dialog)
      world.run(share(0.7))
    }
    for phone in everybody { phone.statusOfReinvite = 200 }
  }

  private mutating func act(_ phone: PairPhone, _ dialog: PairPhone.Dialog) {
    let now = world.now
    let body = random.share() < 0.7 ? "v=0 a" : nil
    let number = ["7003", "9000", "7005", "+4420"][Int(random.next() % 4)]
    switch random.next() % 10 {
    case 0: phone.hangUp(dialog, at: now)
    case 1, 2: if !dialog.isInviting { phone.send("INVITE", dialog, body: body, at: now) }
    case 3: phone.send("UPDATE", dialog, body: body, at: now)
    case 4: phone.send("INFO", dialog, at: now)
    case 5, 6:
      let headers = "Refer-To: <sip:\(number)@demo.local>\r\n"
      phone.send("REFER", dialog, headers: headers, at: now)
    case 7: phone.call(number == "+4420" ? "8000" : number, at: now)
    case 8: replace(dialog)
    default: joinOthers([(phone, dialog)])
    }
  }

  /// The caller's dialogs that are answered.
  private var answered: [(PairPhone, PairPhone.Dialog)] {
    caller.dialogs.filter { $0.isAnswered && !$0.isEnded }.map { (caller, $0) }
  }

  /// One side sends the other on, and one of them does something else as well.
  private mutating func sendOn(
    _ referrers: [(PairPhone, PairPhone.Dialog)],
    _ targets: [(PairPhone, PairPhone.Dialog)]
  ) {
    let numbers = ["7003", "9000", "7003", "7005", "1234", "+4420"]
    for (phone, dialog) in referrers where !dialog.isInviting {
      let number = numbers[Int(random.next() % UInt64(numbers.count))]
      let headers = "Refer-To: <sip:\(number)@demo.local>\r\n"
      phone.send("REFER", dialog, headers: headers, at: world.now)
      guard random.share() < 0.7 else { continue }
      world.run(share(1.5))
      switch crossing {
      case .referAndReinvite:
        if random.share() < 0.5 {
          offer("INVITE")
        } else if !dialog.isEnded {
          phone.send("INVITE", dialog, body: "v=0 a", at: world.now)
        }
      case .referTwice:
        if !dialog.isEnded { phone.send("REFER", dialog, headers: headers, at: world.now) }
      default:
        if random.share() < 0.5 {
          leave()
        } else {
          for (phone, dialog) in targets { phone.hangUp(dialog, at: world.now) }
        }
      }
    }
  }

  /// Somebody calls somebody else beside his call, and joins the two.
  private mutating func joinOthers(_ targets: [(PairPhone, PairPhone.Dialog)]) {
    let isCaller = crossing == .callerRefersToJoin
    for (phone, dialog) in targets where !dialog.isInviting && dialog.isCaller == isCaller {
      let own = phone.dialogs.last { $0.isCaller && !$0.isEnded && $0 !== dialog }
      let second = own ?? phone.call(random.share() < 0.7 ? "7003" : "9000", at: world.now)
      world.run(share(3))
      let isOther = random.share() < 0.3
      let (from, named) = isOther ? (second, dialog) : (dialog, second)
      guard !from.isEnded, from.isAnswered || !isOther,
        let last = named.responses.last ?? named.invite
      else { continue }
      let tag = named.isCaller ? last.toTag : last.fromTag
      let headers =
        "Refer-To: <sip:7003@demo.local?Replaces=\(named.callID)%3Bto-tag%3D\(tag)%3Bfrom-tag%3D"
        + PairMessage.parameter("tag", named.local) + ">\r\n"
      phone.send("REFER", from, headers: headers, at: world.now)
      world.run(share(1))
      if random.share() < 0.4 { phone.hangUp(from, at: world.now) }
      if random.share() < 0.2 { leave() }
    }
  }

  /// Somebody comes to take a party's place, and somebody else does something as well.
  private mutating func replace(_ dialog: PairPhone.Dialog) {
    guard !dialog.isEnded, let last = dialog.responses.last ?? dialog.invite else { return }
    let isCaller = crossing == .replaceCaller
    let newcomer = isCaller ? stranger : phones[2]
    let header =
      "Replaces: \(dialog.callID);to-tag=\(dialog.isCaller ? last.toTag : last.fromTag)"
      + ";from-tag=\(PairMessage.parameter("tag", dialog.local))\r\n"
    newcomer.call("9000", headers: header, at: world.now)
    guard random.share() < 0.8 else { return }
    world.run(share(1.5))
    switch random.next() % 5 {
    case 0: leave()
    case 1: leave(newcomer)
    case 2: offer("INVITE")
    default:
      for phone in phones {
        for dialog in phone.dialogs where dialog.isAnswered && !dialog.isEnded {
          if random.share() < 0.5 {
            phone.hangUp(dialog, at: world.now)
          } else if !dialog.isInviting {
            phone.send("INVITE", dialog, body: "v=0 a", at: world.now)
          }
        }
      }
    }
  }

  private func hasEnded(_ conn: ConnID) -> Bool { world.releases(of: conn) > 0 }

  private mutating func offer(_ method: String) {
    for dialog in caller.dialogs where dialog.isAnswered && !dialog.isEnded && !dialog.isInviting {
      caller.send(method, dialog, body: "v=0 b", at: world.now)
    }
  }

  /// The caller has enough.
  private mutating func leave() { leave(caller) }

  private mutating func leave(_ phone: PairPhone) {
    for dialog in phone.dialogs where dialog.isCaller && !dialog.isEnded {
      if dialog.isAnswered {
        phone.hangUp(dialog, at: world.now)
      } else {
        phone.cancel(dialog, at: world.now)
      }
    }
  }

  // MARK: The end

  private mutating func finish() -> [String] {
    // Twice: a call may be answered while it is being cancelled.
    for _ in 0..<2 {
      for phone in everybody { leave(phone) }
      if [.callerRefers, .callerRefersToJoin, .anythingAtOnce].contains(crossing) {
        // Two who were called may talk with each other.
        for phone in phones {
          for dialog in phone.dialogs where dialog.isAnswered {
            phone.hangUp(dialog, at: world.now)
          }
        }
      }
      world.run(70)
    }
    // Lost hang-ups are found by the probe; then every timer ends, the registration too.
    world.run(3_100)
    var problems = [world.remains, engine.remains].filter { !$0.isEmpty }
    // Whom no BYE reaches in 32 seconds knows nothing of it, and has timers of his own.
    for phone in everybody where phone.openDialogs > 0 && crossing != .lostBYE {
      problems.append("\(phone.name) has \(phone.openDialogs) open dialogs")
    }
    // Where nothing is lost, every success is acknowledged, also that of a call which has ended.
    // (A process that begins knows nothing of a dialog whose other side has said BYE.)
    if world.wire.loss == 0, world.wire.loses == nil, world.crashes == 0 {
      for phone in everybody where phone.unacknowledged > 0 {
        problems.append("\(phone.name) has \(phone.unacknowledged) successes without an ACK")
      }
      for phone in everybody where !phone.unanswered.isEmpty {
        problems.append("\(phone.name) has had no answer to \(phone.unanswered)")
      }
    }
    for offer in world.offers {
      let releases = world.releases(of: offer.connID)
      if releases > 1 { problems.append("released \(releases) times") }
    }
    if world.lostCount > 0 { problems.append("\(world.lostCount) calls were lost in a restart") }
    if !world.rows.isEmpty { problems.append("rows: \(world.rows.values.map(\.state))") }
    return problems.map { "\(crossing): \($0)" }
  }
}
