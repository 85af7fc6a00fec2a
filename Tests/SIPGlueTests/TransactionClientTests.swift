import SIPGlue
import Testing

@Suite("Client transactions (RFC 3261 17.1, RFC 6026)")
struct TransactionClientTests {
  @Test("An INVITE without answer is sent at T1, doubled, until timer B after 64 T1")
  func timersAAndB() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    #expect(bench.run(to: 70_000) == [500, 1500, 3500, 7500, 15_500, 31_500])
    #expect(bench.now == 70_000 * TransactionBench.millisecond)
    #expect(bench.events == [.timedOut(handle, owner: 0xAA)])
    #expect(bench.count == 0)
    #expect(bench.lent == 0)
  }

  @Test("Another request without answer is sent at T1, doubled up to T2, until timer F")
  func timersEAndF() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.bye))
    let times = bench.run(to: 70_000)
    #expect(times == [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    #expect(bench.events == [.timedOut(handle, owner: 0xAA)])
  }

  @Test("A provisional answer slows another request down to T2, and timer F still runs")
  func provisionalToNonInvite() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.options))
    #expect(bench.response(TransactionBench.answer(100, to: .options)) == .provisional(handle))
    #expect(bench.run(to: 70_000) == [500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500])
    #expect(bench.events == [.timedOut(handle, owner: 0xAA)])
  }

  @Test("A final answer to another request ends it after T4 (timer K)")
  func timerK() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.bye))
    #expect(bench.response(TransactionBench.answer(200, to: .bye)) == .final(handle))
    #expect(bench.response(TransactionBench.answer(200, to: .bye)) == .absorbed(handle))
    #expect(bench.run(to: 4_999).isEmpty)
    #expect(bench.count == 1)
    #expect(bench.run(to: 40_000).isEmpty)
    #expect(bench.count == 0)
    #expect(bench.events.isEmpty)
    #expect(bench.response(TransactionBench.answer(200, to: .bye)) == .stray)
  }

  @Test("A provisional answer stops the INVITE's retransmission and its timer B")
  func provisionalToInvite() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    _ = bench.run(to: 2_000)
    #expect(bench.response(TransactionBench.answer(180)) == .provisional(handle))
    #expect(bench.run(to: 600_000).isEmpty)
    #expect(bench.events.isEmpty)
    #expect(bench.lastStatus(of: handle) == 180)
  }

  @Test("A failure is acknowledged by the transaction, again for each repetition, until timer D")
  func failure() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    _ = bench.sent()
    #expect(bench.response(TransactionBench.answer(486)) == .final(handle))
    let ack = bench.lastSent
    #expect(ack.hasPrefix("ACK sip:1001@192.0.2.20 SIP/2.0\r\n"))
    #expect(
      ack.contains("Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK00000000000000aa\r\n")
    )
    #expect(ack.contains("To: <sip:1001@pbx.example.com>;tag=p1\r\n"))
    #expect(ack.contains("CSeq: 3 ACK\r\n"))
    #expect(ack.contains("Route: <sip:edge.example.com;lr>\r\n"))
    _ = bench.sent()
    #expect(bench.response(TransactionBench.answer(486)) == .absorbed(handle))
    #expect(bench.sent() == ["ACK sip:1001@192.0.2.20 SIP/2.0"])
    _ = bench.run(to: 31_999)
    #expect(bench.count == 1)
    _ = bench.run(to: 32_000)
    #expect(bench.count == 0)
    #expect(bench.lent == 0)
  }

  @Test("A success is the switch's to acknowledge; its repetitions get the same ACK again")
  func success() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    #expect(bench.response(TransactionBench.answer(200)) == .final(handle))
    _ = bench.sent()
    #expect(bench.response(TransactionBench.answer(200)) == .absorbed(handle))
    #expect(bench.sent().isEmpty)
    "ACK sip:x SIP/2.0\r\n\r\n".withByteView {
      bench.table.acknowledge(handle, with: $0, to: TransactionBench.peer, into: &bench.out)
    }
    #expect(bench.sent() == ["ACK sip:x SIP/2.0"])
    #expect(bench.response(TransactionBench.answer(200)) == .absorbed(handle))
    #expect(bench.sent() == ["ACK sip:x SIP/2.0"])
    #expect(bench.response(TransactionBench.answer(200, tag: "p2")) == .otherSuccess(handle))
    #expect(bench.response(TransactionBench.answer(486)) == .absorbed(handle))
    #expect(bench.sent().isEmpty)
    _ = bench.run(to: 32_000)
    #expect(bench.count == 0)
    #expect(bench.events.isEmpty)
  }

  @Test("Once the dialog is over, a repeated success is the switch's to acknowledge again")
  func successAfterTheEnd() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    #expect(bench.response(TransactionBench.answer(200)) == .final(handle))
    bench.table.forgetAcknowledgement(handle)
    #expect(bench.response(TransactionBench.answer(200)) == .absorbed(handle))
    "ACK sip:x SIP/2.0\r\n\r\n".withByteView {
      bench.table.acknowledge(handle, with: $0, to: TransactionBench.peer, into: &bench.out)
    }
    bench.table.forgetAcknowledgement(handle)
    _ = bench.sent()
    #expect(bench.lent == 0)
    #expect(bench.response(TransactionBench.answer(200)) == .successAgain(handle))
    #expect(bench.response(TransactionBench.answer(200, tag: "p2")) == .otherSuccess(handle))
    #expect(bench.response(TransactionBench.answer(486)) == .absorbed(handle))
    #expect(bench.sent().isEmpty)
  }

  @Test("CANCEL waits for a provisional answer, and is retransmitted by itself")
  func cancelBeforeProvisional() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    _ = bench.sent()
    let pending = bench.table.cancel(handle, at: bench.instant, into: &bench.out)
    #expect(pending)
    #expect(bench.sent().isEmpty)
    #expect(bench.response(TransactionBench.answer(180)) == .provisional(handle))
    #expect(bench.lastSent.contains("CSeq: 3 CANCEL\r\n"))
    #expect(bench.lastSent.contains("branch=z9hG4bK00000000000000aa\r\n"))
    #expect(bench.sent() == ["CANCEL sip:1001@192.0.2.20 SIP/2.0"])
    #expect(bench.response(TransactionBench.answer(183)) == .provisional(handle))
    #expect(bench.sent().isEmpty)
    #expect(bench.run(to: 600) == [500])
    guard case .absorbed = bench.response(TransactionBench.answer(200, to: .cancel)) else {
      Issue.record("the answer to CANCEL came through")
      return
    }
    #expect(bench.response(TransactionBench.answer(487)) == .final(handle))
    let late = bench.table.cancel(handle, at: bench.instant, into: &bench.out)
    #expect(!late)
  }

  @Test("A cancelled INVITE that is never answered ends after 64 T1")
  func cancelWithoutAnswer() throws {
    let bench = TransactionBench()
    let handle = try #require(bench.send(.invite))
    _ = bench.response(TransactionBench.answer(180))
    bench.table.cancel(handle, at: bench.instant, into: &bench.out)
    _ = bench.run(to: 31_999)
    #expect(bench.events.isEmpty)
    _ = bench.run(to: 64_000)
    #expect(bench.events == [.timedOut(handle, owner: 0xAA)])
    #expect(bench.count == 0)
  }

  @Test("What we did not ask for is stray")
  func stray() throws {
    let bench = TransactionBench()
    _ = try #require(bench.send(.invite))
    #expect(bench.response(TransactionBench.answer(200, branch: 0xAB)) == .stray)
    #expect(bench.response(TransactionBench.answer(200, to: .bye)) == .stray)
    let foreign = TransactionBench.answer(200).replacing(
      "z9hG4bK00000000000000aa",
      with: "z9hG4bKx"
    )
    #expect(bench.response(foreign) == .stray)
  }
}
