// What the other sides see when the switch's process ends and another goes on from its rows.

import Engine
import Foundation
import SIPGlue
import Testing

@Suite("Calls that outlive the process")
struct KeptDialogTests {
  private static func bridge(_ behaviour: PairBehaviour, diverts: Bool = true) throws -> PairBridge
  {
    var pair = try PairBridge(behaviour, keeps: true, diverts: diverts)
    pair.world.isAlive = { _ in true }
    return pair
  }

  private static func toTags(_ dialog: PairPhone.Dialog) -> Set<String> {
    Set(dialog.responses.filter { $0.status > 100 }.map { $0.toTag })
  }

  @Test func aWaitingCallerIsAnsweredWithTheTagThatHeKnows() throws {
    var pair = try Self.bridge(.answers(after: 1), diverts: false)
    pair.world.perform(.queued(pair.conn, queue: "9000", position: 1))
    pair.world.run(1)
    #expect(pair.dialog.statuses == [100, 182])
    pair.world.crash()
    pair.world.run(1)
    pair.world.perform(.divert(pair.conn, attempt: 1, to: .dn("7002"), mode: .bridge))
    pair.world.run(3)
    #expect(pair.dialog.statuses.last == 200)
    #expect(Self.toTags(pair.dialog).count == 1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.story == ["ringing", "answered", "released caller"])
    #expect(pair.world.remains == "")
    #expect(pair.world.rows.isEmpty)
  }

  @Test func aCallerWhoHasHeardNothingYetIsLeftAlone() throws {
    var pair = try Self.bridge(.answers(after: 1), diverts: false)
    let count = pair.world.sent.count
    pair.world.crash()
    pair.world.run(10)
    #expect(pair.world.sent.count == count)
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 487)
    pair.finish()
    #expect(pair.world.story == ["released caller"])
    #expect(pair.world.remains == "")
    #expect(pair.world.rows.isEmpty)
  }

  @Test func aRingingPhoneRingsOnAndItsAnswerCounts() throws {
    var pair = try Self.bridge(.answers(after: 3))
    pair.world.run(1)
    pair.world.crash()
    pair.world.run(4)
    #expect(Set(pair.agent.requests("INVITE").map(\.branch)).count == 1)
    #expect(pair.agent.dialogs.count == 1)
    #expect(pair.dialog.statuses.last == 200)
    #expect(Self.toTags(pair.dialog).count == 1)
    pair.agent.hangUp(try #require(pair.agent.dialogs.first), at: pair.world.now)
    pair.finish()
    #expect(pair.world.story.suffix(2) == ["answered", "released target"])
    #expect(pair.world.remains == "")
    #expect(pair.world.rows.isEmpty)
  }

  @Test func anAnswerDuringTheOutageCounts() throws {
    var pair = try Self.bridge(.answers(after: 1))
    pair.world.run(0.2)
    let rows = pair.world.rows
    pair.world.isDown = true
    pair.world.run(8)
    #expect(rows == pair.world.rows)
    pair.world.isDown = false
    pair.world.crash()
    pair.world.run(5)
    #expect(pair.dialog.statuses.last == 200)
    #expect(pair.caller.requests("BYE").isEmpty)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.agent.openDialogs == 0)
    #expect(pair.world.remains == "")
  }

  @Test func aCallThatTalksEndsOnBothSides() throws {
    for isCaller in [true, false] {
      var pair = try Self.bridge(.answers(after: 1))
      pair.world.run(2)
      pair.world.crash()
      pair.world.run(1)
      let leg = try #require(pair.agent.dialogs.first)
      if isCaller {
        pair.caller.hangUp(pair.dialog, at: pair.world.now)
      } else {
        pair.agent.hangUp(leg, at: pair.world.now)
      }
      pair.world.run(1)
      let other = isCaller ? pair.agent : pair.caller
      let bye = try #require(other.requests("BYE").first)
      #expect(bye.toTag.isEmpty == false)
      #expect(bye.callID == (isCaller ? leg.callID : pair.dialog.callID))
      pair.finish()
      #expect(pair.caller.openDialogs + pair.agent.openDialogs == 0)
      #expect(pair.world.story.last == (isCaller ? "released caller" : "released target"))
      #expect(pair.world.remains == "")
      #expect(pair.world.rows.isEmpty)
    }
  }

  @Test func aReINVITEUnderWayIsAnswered() throws {
    var pair = try Self.bridge(.answers(after: 1))
    pair.world.run(2)
    pair.agent.statusOfReinvite = 100
    pair.caller.send("INVITE", pair.dialog, body: "v=0 hold", at: pair.world.now)
    pair.world.run(0.1)
    pair.world.crash()
    pair.caller.cancel(pair.dialog, at: pair.world.now)
    pair.world.run(1)
    #expect(pair.world.line.callCount == 1)
    pair.caller.hangUp(pair.dialog, at: pair.world.now)
    pair.finish()
    #expect(pair.world.remains == "")
    #expect(pair.world.rows.isEmpty)
  }

  @Test func anEarlierSuccessIsAcknowledgedAgain() throws {
    var pair = try Self.bridge(.answers(after: 1))
    pair.world.run(2)
    let first = try #require(pair.agent.dialogs.first)
    let invite = try #require(first.invite)
    let tag = PairMessage.parameter("tag", first.local)
    // The ACK of a later INVITE takes the place of the first one in the row.
    pair.caller.send("INVITE", pair.dialog, body: "v=0 hold", at: pair.world.now)
    pair.world.run(1)
    pair.world.crash()
    let count = pair.agent.requests("ACK").count
    let again = pair.agent.response(200, to: invite, tag: tag, body: pair.agent.sdp)
    pair.world.inject(again, from: 7002)
    pair.world.run(0.1)
    #expect(pair.agent.requests("ACK").count == count + 1)
    #expect(pair.agent.requests("ACK").last?.sequence == invite.sequence)
    #expect(pair.agent.requests("BYE").isEmpty)
  }

  @Test func whatTheEngineDoesNotKnowEnds() throws {
    for seconds in [0.0, 0.5, 2.0] {
      var pair = try Self.bridge(.answers(after: 1), diverts: seconds > 0)
      pair.world.run(seconds)
      pair.world.isAlive = { _ in false }
      pair.world.crash()
      pair.finish()
      if seconds < 1 {
        #expect(pair.dialog.statuses.last == 480)
      } else {
        #expect(pair.caller.requests("BYE").count == 1)
      }
      #expect(pair.caller.openDialogs + pair.agent.openDialogs == 0)
      #expect(pair.world.remains == "")
      #expect(pair.world.rows.isEmpty)
    }
  }

  @Test func whoHasHeardNothingForTooLongIsGone() throws {
    var pair = try Self.bridge(.rings, diverts: false)
    pair.world.isDown = true
    pair.world.run(300)
    pair.world.isDown = false
    pair.world.crash()
    pair.world.run(1)
    #expect(pair.world.line.callCount == 0)
    #expect(pair.dialog.statuses.last == 480)
    pair.finish()
    #expect(pair.world.remains == "")
  }

  @Test func aRefusalThatWasLostComesAgain() throws {
    var pair = try Self.bridge(.rings, diverts: false)
    pair.world.wire.loss = 1
    pair.world.perform(.reject(pair.conn, status: 486))
    pair.world.wire.loss = 0
    pair.world.isAlive = { _ in false }
    pair.world.crash()
    pair.world.run(1)
    #expect(pair.dialog.statuses.last == 486)
    pair.finish()
    #expect(pair.world.remains == "")
    #expect(pair.world.rows.isEmpty)
  }

  @Test func rowsThatNobodyCanReadAreDropped() throws {
    var pair = try Self.bridge(.answers(after: 1))
    pair.world.run(2)
    let rows = pair.world.rows
    for id in rows.keys.sorted() {
      for length in [0, 1, 5, 20] {
        var broken = rows
        let body = broken[id]?.body ?? []
        broken[id]?.body = Array(body.prefix(length))
        pair.world.rows = broken
        pair.world.isAlive = { _ in true }
        pair.world.crash()
        #expect(pair.world.rows[id] == nil)
      }
    }
  }
}
