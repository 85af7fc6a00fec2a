import Engine
import TestSupport
import Testing
import Wire

@Suite("A call to an extension itself")
struct DirectCallTests {
  @Test(
    "The caller hears the phone's own refusal where it says something to him",
    arguments: [
      (488, 488), (403, 403), (415, 415), (606, 606), (603, 603), (401, 480), (400, 480),
      (420, 480), (302, 480), (nil, 603),
    ] as [(UInt16?, UInt16)]
  )
  func refusal(said: UInt16?, heard: UInt16) throws {
    var desk = Desk(Sites.floor(agents: 1))
    desk.offer(1, at: "7001")
    desk.line(.diversionFailed(ConnID(1), attempt: 1, .rejected, status: said))
    #expect(desk.commands.last == .reject(ConnID(1), status: heard))
    let kept = desk.shard.decision(of: ConnID(1))
    let record = try #require(kept)
    let lines = DecisionText.lines(record).suffix(2).map { String($0.dropFirst(13)) }
    let words = said.map { " (\($0))" } ?? ""
    #expect(lines == ["came to nothing: rejected\(words)", "refused with \(heard)"])
  }
}
