import SIPGlue
import Testing

@Suite("Server transactions (RFC 3261 17.2, RFC 6026)")
struct TransactionServerTests {
  private func new(_ outcome: RequestOutcome) throws -> TransactionHandle {
    guard case .new(let handle) = outcome else {
      Issue.record("not new: \(outcome)")
      throw CancellationError()
    }
    return handle
  }

  @Test("A retransmitted INVITE gets the last reply again and is not new")
  func retransmittedInvite() throws {
    let bench = TransactionBench()
    let invite = TransactionBench.theirs("INVITE")
    let handle = try new(bench.request(invite))
    #expect(bench.request(invite) == .retransmission(handle))
    #expect(bench.sent().isEmpty)
    bench.reply(handle, 100)
    bench.reply(handle, 182)
    #expect(bench.sent() == ["SIP/2.0 100 Trying", "SIP/2.0 182 Queued"])
    #expect(bench.request(invite) == .retransmission(handle))
    #expect(bench.sent() == ["SIP/2.0 182 Queued"])
    #expect(bench.count == 1)
  }

  @Test(
    "A failure is repeated after T1, doubled up to T2, until timer H after 64 T1",
    .timeLimit(.minutes(15))
  )
  func timersGAndH() throws {
    let bench = TransactionBench()
    let handle = try new(bench.request(TransactionBench.theirs("INVITE")))
    bench.table.setOwner(9, of: handle)
    bench.reply(handle, 486)
    let times = bench.run(to: 60_000)
    #expect(times == [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    #expect(bench.events == [.failureUnacknowledged(handle, owner: 9)])
    #expect(bench.count == 0)
    #expect(bench.lent == 0)
  }

  @Test("The ACK to a failure is absorbed, and timer I ends the transaction after T4")
  func acknowledgedFailure() throws {
    let bench = TransactionBench()
    let invite = TransactionBench.theirs("INVITE")
    let handle = try new(bench.request(invite))
    bench.reply(handle, 302)
    let ack = TransactionBench.theirs("ACK", tag: ";tag=0000000000000001")
    #expect(bench.request(ack) == .absorbed(handle))
    _ = bench.sent()
    #expect(bench.request(ack) == .absorbed(handle))
    #expect(bench.request(invite) == .retransmission(handle))
    #expect(bench.sent().isEmpty)
    #expect(bench.run(to: 4_999).isEmpty)
    #expect(bench.count == 1)
    #expect(bench.run(to: 40_000).isEmpty)
    #expect(bench.count == 0)
    #expect(bench.events.isEmpty)
    #expect(bench.lastStatus(of: handle) == nil)
    #expect(bench.lent == 0)
  }

  @Test("A success is repeated until its ACK, which belongs to the dialog")
  func acknowledgedSuccess() throws {
    let bench = TransactionBench()
    let invite = TransactionBench.theirs("INVITE")
    let handle = try new(bench.request(invite))
    bench.reply(handle, 200)
    #expect(bench.run(to: 2_000) == [500, 1_500])
    _ = bench.sent()
    #expect(bench.request(invite) == .retransmission(handle))
    #expect(bench.sent().isEmpty)
    #expect(
      bench.request(TransactionBench.theirs("ACK", branch: ";branch=z9hG4bKx2")) == .acknowledgement
    )
    // A phone that uses the branch of its INVITE for the ACK to the success as well.
    #expect(bench.request(TransactionBench.theirs("ACK")) == .acknowledgement)
    bench.table.successAcknowledged(handle)
    #expect(bench.run(to: 31_999).isEmpty)
    #expect(bench.count == 1)
    #expect(bench.run(to: 32_000).isEmpty)
    #expect(bench.count == 0)
    #expect(bench.events.isEmpty)
  }

  @Test("A success without ACK is given up after 64 T1")
  func unacknowledgedSuccess() throws {
    let bench = TransactionBench()
    let handle = try new(bench.request(TransactionBench.theirs("INVITE")))
    bench.table.setOwner(4, of: handle)
    bench.reply(handle, 200)
    let times = bench.run(to: 60_000)
    #expect(times == [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    #expect(bench.events == [.successUnacknowledged(handle, owner: 4)])
  }

  @Test("A second final reply is not sent")
  func oneFinal() throws {
    let bench = TransactionBench()
    let handle = try new(bench.request(TransactionBench.theirs("INVITE")))
    bench.reply(handle, 200)
    bench.reply(handle, 486)
    bench.reply(handle, 180)
    #expect(bench.sent() == ["SIP/2.0 200 OK"])
    #expect(bench.lastStatus(of: handle) == 200)
  }

  @Test("A non-INVITE reply is repeated on request only, for 64 T1 (timer J)")
  func timerJ() throws {
    let bench = TransactionBench()
    let options = TransactionBench.theirs("OPTIONS")
    let handle = try new(bench.request(options))
    bench.reply(handle, 200)
    _ = bench.sent()
    #expect(bench.run(to: 31_999).isEmpty)
    #expect(bench.request(options) == .retransmission(handle))
    #expect(bench.sent() == ["SIP/2.0 200 OK"])
    _ = bench.run(to: 32_000)
    #expect(bench.count == 0)
    #expect(try new(bench.request(options)) != handle)
  }

  @Test("CANCEL is a transaction of its own and finds its INVITE")
  func cancel() throws {
    let bench = TransactionBench()
    let invite = try new(bench.request(TransactionBench.theirs("INVITE")))
    let text = TransactionBench.theirs("CANCEL")
    let cancel = try new(bench.request(text))
    #expect(cancel != invite)
    #expect(bench.cancelled(text) == invite)
    #expect(
      bench.cancelled(TransactionBench.theirs("CANCEL", branch: ";branch=z9hG4bKother")) == nil
    )
    bench.reply(cancel, 200)
    bench.reply(invite, 487)
    #expect(bench.sent() == ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"])
    #expect(bench.request(TransactionBench.theirs("ACK")) == .absorbed(invite))
  }

  @Test(
    "Without a useful branch the fields of RFC 2543 tell transactions apart",
    arguments: ["", ";branch=z9hG4bK", ";branch=1"]
  )
  func oldStyle(branch: String) throws {
    let bench = TransactionBench()
    let invite = TransactionBench.theirs("INVITE", branch: branch)
    let handle = try new(bench.request(invite))
    #expect(bench.request(invite) == .retransmission(handle))
    let other = try new(
      bench.request(TransactionBench.theirs("INVITE", branch: branch, call: "c2"))
    )
    #expect(other != handle)
    let next = try new(bench.request(TransactionBench.theirs("INVITE", branch: branch, number: 2)))
    #expect(next != handle)
    let inside = TransactionBench.theirs("INVITE", branch: branch, tag: ";tag=9")
    #expect(try new(bench.request(inside)) != handle)
    #expect(bench.cancelled(TransactionBench.theirs("CANCEL", branch: branch)) == handle)
    bench.reply(handle, 486)
    let ack = TransactionBench.theirs("ACK", branch: branch, tag: ";tag=0000000000000001")
    #expect(bench.request(ack) == .absorbed(handle))
  }

  @Test("The same branch from another sender is another transaction")
  func sentByCounts() throws {
    let bench = TransactionBench()
    let invite = TransactionBench.theirs("INVITE")
    let handle = try new(bench.request(invite))
    let other = invite.replacing("192.0.2.10:5062", with: "192.0.2.11:5062")
    #expect(try new(bench.request(other)) != handle)
  }

  @Test("An ACK that belongs to nothing is for the dialog; a full table refuses")
  func limits() throws {
    let bench = TransactionBench(limit: 2)
    #expect(bench.request(TransactionBench.theirs("ACK")) == .acknowledgement)
    for number in 1...2 {
      _ = try new(
        bench.request(TransactionBench.theirs("OPTIONS", branch: ";branch=z9hG4bK\(number)"))
      )
    }
    #expect(bench.request(TransactionBench.theirs("OPTIONS")) == .refused)
    #expect(bench.count == 2)
  }

  @Test("In a full table, what only waits for repetitions makes room, the oldest first")
  func roomForNew() throws {
    let bench = TransactionBench(limit: 3)
    let invite = try new(bench.request(TransactionBench.theirs("INVITE")))
    var handles = [invite]
    for number in 1...20 {
      let options = TransactionBench.theirs("OPTIONS", branch: ";branch=z9hG4bK\(number)")
      let handle = try new(bench.request(options))
      bench.now += TransactionBench.millisecond
      bench.reply(handle, 200)
      handles.append(handle)
    }
    #expect(bench.count == 3)
    let living = handles.filter { bench.lastStatus(of: $0) != nil }
    #expect(living == [invite, handles[19], handles[20]])
    // What is under way keeps its place, and nothing is left of what was given up.
    bench.reply(invite, 486)
    #expect(bench.run(to: 40_000).last == 31_520)
    #expect(bench.count == 0)
    #expect(bench.lent == 0)
  }

  @Test("The reply to a request within a dialog is the same again, though it is not kept")
  func repeatedReply() throws {
    let bench = TransactionBench()
    let goodbye = TransactionBench.theirs("BYE", tag: ";tag=b1")
    let handle = try new(bench.request(goodbye))
    bench.reply(handle, 200)
    let reply = bench.lastSent
    #expect(reply.contains("To: <sip:8000@pbx.example.com>;tag=b1\r\n"))
    let kept = bench.lent
    _ = bench.sent()
    for _ in 1...2 {
      #expect(bench.request(goodbye) == .retransmission(handle))
      #expect(bench.lastSent == reply)
      #expect(bench.sent().count == 1)
    }
    #expect(kept == 64)
  }

  @Test("A reply that says more than its status is kept, and repeated as it was")
  func keptReply() throws {
    let bench = TransactionBench()
    for (number, tag) in ["", ";tag=b1"].enumerated() {
      let options = TransactionBench.theirs(
        "OPTIONS",
        branch: ";branch=z9hG4bK\(number)",
        tag: tag
      )
      let handle = try new(bench.request(options))
      bench.table.reply(
        to: handle,
        with: Reply(200, tag: SIPToken(7)),
        at: bench.instant,
        into: &bench.out
      ) { if !tag.isEmpty { $0.header("Allow", "INVITE") } }
      let reply = bench.lastSent
      _ = bench.sent()
      #expect(bench.request(options) == .retransmission(handle))
      #expect(bench.lastSent == reply)
    }
  }

  @Test("A handle whose transaction has ended does nothing, even when its slot lives again")
  func oldHandles() throws {
    let bench = TransactionBench()
    let old = try new(bench.request(TransactionBench.theirs("INVITE")))
    bench.table.abandon(old)
    let young = try new(bench.request(TransactionBench.theirs("INVITE")))
    #expect(young.index == old.index)
    bench.reply(old, 200)
    bench.table.abandon(old)
    #expect(bench.sent().isEmpty)
    #expect(bench.owner(of: old) == nil)
    #expect(bench.owner(of: young) == 0)
  }
}
