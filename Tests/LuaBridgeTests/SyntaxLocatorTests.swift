import LuaBridge
import Testing

@Suite struct SyntaxLocatorTests {
  private static let site = """
    ---@type Site
    local agents = {
      ["1001"] = { name = "Ana" },
    }
    return {
      name = "demo",
      sip = { listen = { "udp:127.0.0.1:5060", "tcp:127.0.0.1:5060" } },
      agents = agents,
      routing_points = {
        ["8000"] = {
          strategy = "sales", default = { "queue:9000", "dn:7002" },
        },
        [8001] = { strategy = "any" },
      },
      computed = make { x = 1 },
      twice = 1,
      twice = 2,
    }
    """

  @Test(
    arguments: [
      ([], "5:8"), (["name"], "6:3"), (["sip", "listen"], "7:11"),
      (["sip", "listen", 2], "7:44"), (["routing_points", "8000"], "10:5"),
      (["routing_points", "8000", "default"], "11:27"),
      (["routing_points", "8000", "default", 1], "11:39"),
      (["routing_points", "8000", "default", 2], "11:53"),
      (["routing_points", "8001", "strategy"], "13:16"),
      (["routing_points", 8001], "13:5"), (["twice"], "17:3"),
      (["agents"], "8:3"), (["agents", "1001", "name"], "3:16"),
    ] as [([TableKey], String)]
  )
  func aPathIsFoundWhereItStands(path: [TableKey], expected: String) throws {
    let locator = try TableLocator(source: Self.site)
    let place = locator.position(of: path)
    #expect("\(place.line):\(place.column)" == expected)
    #expect(locator.contains(path))
  }

  @Test(
    arguments: [
      (["nothing"], "5:8"), (["sip", "domain"], "7:3"), (["sip", "listen", 3], "7:11"),
      (["routing_points", "8000", "timeout"], "10:5"), (["name", "x"], "6:3"),
      (["computed", "x"], "15:3"), (["agents", "1002", "name"], "8:3"),
    ] as [([TableKey], String)]
  )
  func whatIsAbsentIsFoundAtTheNearestPartAboveIt(
    path: [TableKey],
    expected: String
  ) throws {
    let locator = try TableLocator(source: Self.site)
    let place = locator.position(of: path)
    #expect("\(place.line):\(place.column)" == expected)
    #expect(!locator.contains(path))
  }

  @Test func aFileThatReturnsNothingPointsAtItsStart() throws {
    let locator = try TableLocator(source: "local x = 1")
    #expect(locator.position(of: ["name"]) == SourcePosition())
  }

  @Test func aFileThatIsNotLuaIsAnErrorWithItsPlace() {
    #expect(throws: LuaSyntaxError.self) { try TableLocator(source: "return {") }
  }
}
