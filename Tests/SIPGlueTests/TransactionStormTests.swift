import Engine
import SIPGlue
import Testing

/// A network between a caller and a switch that loses, doubles and reorders datagrams.
private struct Storm {
  var random: FuzzGenerator
  var queue: [(at: UInt64, toSwitch: Bool, bytes: [UInt8])] = []

  mutating func carry(_ bench: TransactionBench, toSwitch: Bool) {
    for index in 0..<bench.out.count {
      let bytes = bench.out[index].bytes.array
      let copies = [0, 0, 1, 1, 1, 1, 1, 2].randomElement(using: &random) ?? 1
      for _ in 0..<copies {
        let delay = UInt64.random(in: 1...900, using: &random) * TransactionBench.millisecond
        queue.append((bench.now + delay, toSwitch, bytes))
      }
    }
    bench.out.removeAll()
  }

  mutating func next() -> (at: UInt64, toSwitch: Bool, bytes: [UInt8])? {
    guard let index = queue.indices.min(by: { queue[$0].at < queue[$1].at }) else { return nil }
    return queue.remove(at: index)
  }
}

@Suite("Transactions in a storm")
struct TransactionStormTests {
  /// What the two sides saw of one exchange.
  private struct Story {
    var asked = 0
    var answered = 0
    var timedOut = 0
  }

  @Test(
    "Through loss, doubling and reordering a request is asked once and answered at most once",
    .timeLimit(.minutes(15)),
    arguments: [SIPMethod.invite, .bye],
    [UInt16(200), 302, 486]
  )
  func storm(method: SIPMethod, status: UInt16) {
    var answered = 0
    for seed in 0..<150 as Range<UInt64> {
      let story = play(method, status, seed)
      #expect(story.asked <= 1, "seed \(seed)")
      #expect(story.answered + story.timedOut == 1, "seed \(seed)")
      #expect(story.answered == 0 || story.asked == 1, "seed \(seed)")
      answered += story.answered
    }
    // A quarter of the datagrams is lost: nearly every exchange still succeeds.
    #expect(answered >= 145)
  }

  private func play(_ method: SIPMethod, _ status: UInt16, _ seed: UInt64) -> Story {
    let caller = TransactionBench()
    let server = TransactionBench()
    var storm = Storm(random: FuzzGenerator(state: seed))
    var story = Story()
    guard let request = caller.send(method) else { return story }
    storm.carry(caller, toSwitch: true)
    while true {
      let deadlines = [caller, server].compactMap { $0.table.nextDeadline?.nanoseconds }
      let arrival = storm.queue.map(\.at).min()
      guard let time = (deadlines + (arrival.map { [$0] } ?? [])).min() else { break }
      for side in [caller, server] {
        side.now = max(side.now, time)
        side.table.advance(to: side.instant, into: &side.out, events: &side.events)
      }
      if arrival == time, let datagram = storm.next() {
        deliver(datagram, caller, server, status, &story)
      }
      storm.carry(caller, toSwitch: true)
      storm.carry(server, toSwitch: false)
    }
    story.timedOut = caller.events.filter { $0 == .timedOut(request, owner: 0xAA) }.count
    #expect(caller.events.count == story.timedOut)
    for side in [caller, server] {
      #expect(side.count == 0, "seed \(seed)")
      #expect(side.lent == 0, "seed \(seed)")
    }
    return story
  }

  private func deliver(
    _ datagram: (at: UInt64, toSwitch: Bool, bytes: [UInt8]),
    _ caller: TransactionBench,
    _ server: TransactionBench,
    _ status: UInt16,
    _ story: inout Story
  ) {
    let text = String(decoding: datagram.bytes, as: UTF8.self)
    guard datagram.toSwitch else {
      switch caller.response(text) {
      case .final(let handle):
        story.answered += 1
        guard status < 300, text.contains("INVITE") else { return }
        // The ACK to a success is a request of its own, outside the transaction.
        TransactionBench.ours(.ack, 0xBB).withByteView {
          caller.table.acknowledge(handle, with: $0, to: TransactionBench.peer, into: &caller.out)
        }
      case .stray, .absorbed, .provisional, .otherSuccess, .successAgain: return
      }
      return
    }
    switch server.request(text) {
    case .new(let handle):
      story.asked += 1
      server.table.setOwner(77, of: handle)
      server.latest = handle
      server.reply(handle, 100)
      server.reply(handle, status)
    case .acknowledgement: server.acknowledgeLatest()
    case .retransmission, .absorbed, .refused: return
    }
  }
}
