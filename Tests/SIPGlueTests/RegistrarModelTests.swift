import Engine
import SIPGlue
import Testing

/// What the registrar should do, written without any cleverness: a dictionary, searched through.
private struct NaiveRegistrar {
  struct Entry {
    var uri: String
    var end: UInt64
    var callID: String
    var cseq: UInt32
  }

  var entries: [DN: Entry] = [:]

  /// Ends what has come to its end, in the order of the ends and then of the numbers.
  mutating func advance(to now: UInt64) -> [RegistrationChange] {
    let due = entries.filter { $0.value.end <= now }
      .sorted { ($0.value.end, $0.key) < ($1.value.end, $1.key) }
    for (dn, _) in due { entries[dn] = nil }
    return due.map { .outOfService($0.key) }
  }

  /// Gives status and changes.
  mutating func handle(
    _ request: RegisterRequest,
    at now: UInt64
  ) -> (status: Int, changes: [RegistrationChange]) {
    let old = entries[request.dn]
    guard let contact = request.contacts.first else {
      if !request.wildcard { return (200, []) }
      if let old, old.callID == request.callID, request.cseq <= old.cseq { return (500, []) }
      entries[request.dn] = nil
      return (200, old == nil ? [] : [.outOfService(request.dn)])
    }
    let asked = contact.expires ?? request.expires ?? 300
    if asked > 0, asked < 10 { return (423, []) }
    if let old, old.callID == request.callID, request.cseq <= old.cseq { return (500, []) }
    if asked == 0 {
      guard let old, old.uri == contact.uri else { return (200, []) }
      entries[request.dn] = nil
      return (200, [.outOfService(request.dn)])
    }
    entries[request.dn] = Entry(
      uri: contact.uri,
      end: now + UInt64(min(asked, 3600)) * 1_000_000_000,
      callID: request.callID,
      cseq: request.cseq
    )
    guard let old else { return (200, [.inService(request.dn)]) }
    return (200, old.uri == contact.uri ? [] : [.contactChanged(request.dn)])
  }
}

@Suite("The registrar against a naive model")
struct RegistrarModelTests {
  private static func request(using random: inout SeededRandom) -> RegisterRequest {
    let dn = DN("70\(Int.random(in: 10..<42, using: &random))")
    var request = RegisterRequest(
      dn: dn,
      host: "demo.local",
      callID: ["a", "b", "c"][Int.random(in: 0..<3, using: &random)],
      cseq: UInt32.random(in: 1...40, using: &random)
    )
    request.trusted = true
    let times: [UInt32?] = [nil, 0, 1, 9, 10, 11, 60, 61, 600, 3600, 90_000]
    request.expires = times[Int.random(in: 0..<times.count, using: &random)]
    switch Int.random(in: 0..<12, using: &random) {
    case 0: break
    case 1:
      request.wildcard = true
      request.expires = 0
    default:
      let host = Int.random(in: 1...3, using: &random)
      let own = Int.random(in: 0..<4, using: &random) == 0
      request.contacts = [
        RegisterContact(
          "sip:\(dn.number)@10.0.0.\(host)",
          expires: own ? times[Int.random(in: 0..<times.count, using: &random)] : nil
        )
      ]
    }
    return request
  }

  @Test(.timeLimit(.minutes(15)), arguments: 1...12 as ClosedRange<UInt64>)
  func theyAgreeOnEveryReplyEveryChangeAndEveryBinding(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let dns = (10..<42).map { DN("70\($0)") }
    let office = try Office(dns.map { RegistrarExtension($0) })
    var model = NaiveRegistrar()
    var now: UInt64 = 0
    var seen: [Int: Int] = [:]
    var expired = 0
    for step in 0..<3000 {
      let pause = [0, 1, 999_999_999, 1_000_000_000, 9_000_000_000] as [UInt64]
      now += pause[Int.random(in: 0..<pause.count, using: &random)]
      if Int.random(in: 0..<200, using: &random) == 0 { now += 700_000_000_000 }
      let instant = Instant(nanoseconds: now)
      let ended = office.advance(to: instant)
      let expected = model.advance(to: now)
      #expect(ended == expected, "seed \(seed) step \(step)")
      expired += ended.count
      let request = Self.request(using: &random)
      let outcome = office.handle(request, at: instant)
      let wanted = model.handle(request, at: now)
      #expect(outcome.reply.status == wanted.status, "seed \(seed) step \(step)")
      #expect(outcome.changes == wanted.changes, "seed \(seed) step \(step)")
      seen[wanted.status, default: 0] += 1
      for dn in dns {
        let (found, entry) = (office.binding(dn, at: instant), model.entries[dn])
        guard
          found?.uri == entry?.uri, found?.expiresAt?.nanoseconds == entry?.end,
          found?.cseq == entry?.cseq
        else {
          Issue.record("seed \(seed) step \(step): \(dn.number)")
          return
        }
      }
      if let first = model.entries.values.map(\.end).min() {
        #expect(try #require(office.nextDeadline).nanoseconds <= first)
      }
    }
    // The run has been everywhere, or it proves little.
    for status in [200, 423, 500] { #expect(seen[status, default: 0] > 30) }
    #expect(expired > 30)
  }

  @Test(.timeLimit(.minutes(15)))
  func deadlinesLeadToEveryEndAndThenStop() throws {
    var random = SeededRandom(seed: 7)
    let dns = (10..<42).map { DN("70\($0)") }
    let office = try Office(dns.map { RegistrarExtension($0) })
    for step in 0..<2000 {
      _ = office.handle(
        Self.request(using: &random).with { $0.callID = "\(step)" },
        at: .at(Double(step) / 100)
      )
    }
    var ends: [DN: Instant] = [:]
    for dn in dns { ends[dn] = office.binding(dn, at: 20)?.expiresAt }
    #expect(ends.count > 10)
    var wakes = 0
    var last = Instant.zero
    while let deadline = office.nextDeadline {
      #expect(deadline >= last)
      last = deadline
      wakes += 1
      try #require(wakes < 1000)
      for change in office.advance(to: deadline) {
        guard case .outOfService(let dn) = change else {
          Issue.record("unexpected \(change)")
          return
        }
        #expect(ends.removeValue(forKey: dn) == deadline)
      }
    }
    #expect(ends.isEmpty)
    // One early wake at most for each DN that was refreshed.
    #expect(wakes <= 2 * dns.count)
  }
}
