import Engine
import SIPGlue
import Testing

@Suite("Transactions on connections: nothing is repeated, nothing lingers (RFC 3261 table 4)")
struct TransactionStreamTests {
  /// A bench whose peer is reached by TCP.
  private func bench() -> TransactionBench {
    let bench = TransactionBench()
    bench.peer = TransactionBench.peer.by(.tcp)
    return bench
  }

  @Test("Requests go out once; B and F still end them", arguments: [SIPMethod.invite, .options])
  func requests(method: SIPMethod) throws {
    let bench = bench()
    let handle = try #require(bench.send(method))
    #expect(bench.sent().count == 1)
    #expect(bench.run(to: 31_999).isEmpty)
    #expect(bench.events.isEmpty)
    _ = bench.run(to: 32_000)
    #expect(bench.events == [.timedOut(handle, owner: 0xAA)])
    #expect(bench.count == 0)
  }

  @Test("D and K are zero", arguments: [(SIPMethod.invite, 486), (.options, 200)])
  func finals(method: SIPMethod, status: Int) throws {
    let bench = bench()
    _ = try #require(bench.send(method))
    guard case .final = bench.response(TransactionBench.answer(status, to: method)) else {
      Issue.record("not final")
      return
    }
    #expect(bench.sent().count == (method == .invite ? 2 : 1))
    _ = bench.run(to: 0)
    #expect(bench.count == 0)
  }

  @Test("A failure is sent once and waited for with H; I is zero")
  func failure() {
    let bench = bench()
    guard case .new(let handle) = bench.request(TransactionBench.theirs("INVITE")) else { return }
    bench.reply(handle, 486)
    #expect(bench.run(to: 10_000).isEmpty)
    _ = bench.request(TransactionBench.theirs("ACK"))
    _ = bench.run(to: 10_000)
    #expect(bench.count == 0)
    guard case .new(let other) = bench.request(TransactionBench.theirs("INVITE")) else { return }
    bench.reply(other, 486)
    _ = bench.run(to: 42_000)
    #expect(bench.events == [.failureUnacknowledged(other, owner: 0)])
  }

  @Test("A success to INVITE is repeated all the same: a later hop may be UDP; J is zero")
  func successes() {
    let bench = bench()
    guard case .new(let handle) = bench.request(TransactionBench.theirs("INVITE")) else { return }
    bench.reply(handle, 200)
    #expect(bench.run(to: 1_500) == [500, 1_500])
    let other = TransactionBench.theirs("OPTIONS", branch: ";branch=z9hG4bKx2")
    guard case .new(let options) = bench.request(other) else { return }
    bench.reply(options, 200)
    _ = bench.run(to: 1_500)
    #expect(bench.count == 1)
  }
}
