import LuaBridge
import Testing

/// Sources broken at random, from a seed: whatever they are, they get an answer.
@Suite struct SyntaxFuzzTests {
  /// SplitMix64: small, and the same on every machine.
  private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((mixed ^ (mixed >> 31)) % UInt64(sides))
    }
  }

  private static let seeds = [
    """
    local hours = require "lib.hours"
    return function(call)
      if not hours.open(call.now) then return dn "voicemail" end
      local agent <const>, why = call:select(any { skills = "sales >= 5" }, { timeout = 20 })
      for i = 1, 10, 2 do if i // 2 ~= 0x1p4 then goto continue end ::continue:: end
      while true do local t = { [1] = 'a\\z  b', x = 1; call:header('X') } break end
      repeat local x <close> = nil until x == nil or not x
      return queue "9000"
    end
    """,
    """
    local function f(a, ...) return select('#', ...), a.b["c"]:d [==[ long ]] ]==] end
    function t.a.b:c() self.x = -2 ^ 3 .. "é" .. [[

    ]] end --[[ comment ]] -- another
    for k, v in pairs { 1, 2, f = f } do print(k, v) end
    goto done
    do local x = 1 end
    ::done:: return { routing_points = { ["8000"] = { default = { "queue:9000" } } } }
    """,
  ]

  private static let pieces = [
    "(", ")", "{", "}", "[", "]", "[[", "]]", "[=[", "--", "--[[", "\"", "'", "\\", "\\u{", "\n",
    "end", "do", "if", "then", "else", "function", "return", "local", "goto", "::", "break",
    "repeat", "until", "...", "..", "=", "<", "<const>", "0x", "1e", "call", "call:select(",
    "any{", "dn", "queues[", "nil", "é", "\u{0}", "\u{FEFF}", ",", ";", ":", ".", "-", "not",
  ]

  private func mutant(_ dice: inout Dice) -> String {
    var bytes = Array(Self.seeds[dice.roll(Self.seeds.count)].utf8)
    for _ in 0...dice.roll(8) {
      let place = dice.roll(bytes.count + 1)
      switch dice.roll(5) {
      case 0:
        let end = min(bytes.count, place + dice.roll(12))
        bytes.removeSubrange(place..<end)
      case 1:
        if place < bytes.count { bytes[place] = UInt8(dice.roll(256)) }
      case 2:
        bytes.insert(contentsOf: bytes[..<min(bytes.count, dice.roll(200))], at: place)
      case 3:
        bytes.removeSubrange(place...)
      default:
        bytes.insert(contentsOf: Self.pieces[dice.roll(Self.pieces.count)].utf8, at: place)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let floods = [
    "do local abcdef = 1 end ", "abcdfe() ", "::l%:: ", "goto l% ", "while true do end ",
    "local function f%(c) end ", "x% = 1 ", "do local t = { { { 1 } } } end ", "f { 'a' } ",
    "if a then return end ", "::a:: do goto a end ", "--[[ ]] ", "do local s = 'a\\z  b' end ",
  ]

  @Test(.timeLimit(.minutes(15)), arguments: floods)
  func aVeryLongSourceIsCheckedInReasonableTime(piece: String) {
    let parts = piece.split(separator: "%", omittingEmptySubsequences: false)
    let count = 200_000 / piece.utf8.count
    let body = (0..<count).map { parts.joined(separator: String($0)) }.joined()
    let clock = ContinuousClock()
    let began = clock.now
    let found = CheckDiagnosticsTests.check.diagnostics(of: body, file: "flood.lua")
    #expect(found.count <= StrategyCheck.diagnosticsMax)
    #expect(clock.now - began < .seconds(30), "\(piece)")
  }

  @Test(.timeLimit(.minutes(15)), arguments: [1, 2, 3, 4] as [UInt64])
  func brokenSourcesAreAnsweredAndPointIntoTheFile(seed: UInt64) {
    var dice = Dice(state: seed)
    var accepted = 0
    for round in 0..<1000 {
      let source = mutant(&dice)
      let lines = source.split(
        omittingEmptySubsequences: false,
        whereSeparator: { $0.isNewline }
      ).count
      let found = CheckDiagnosticsTests.check.diagnostics(of: source, file: "fuzz.lua")
      #expect(
        found.allSatisfy { (1...lines + 1).contains($0.line) && $0.column >= 1 },
        "seed \(seed), round \(round)"
      )
      guard let locator = try? TableLocator(source: source) else { continue }
      accepted += 1
      let place = locator.position(of: ["routing_points", "8000", "default", 1])
      #expect(place.offset <= source.utf8.count, "seed \(seed), round \(round)")
    }
    #expect(accepted > 20, "the mutations leave too few sources whole to test the check")
  }
}
