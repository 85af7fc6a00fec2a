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

  @Test func everyFieldIsReadOnceHoweverOftenItIsAskedFor() throws {
    func source(_ agents: Int) -> String {
      let lines = (1...agents).map { "  [\"\($0)\"] = { name = \"A\($0)\", skills = all }," }
      return "local all = { sales = 1, support = 2 }\nreturn { agents = {\n"
        + lines.joined(separator: "\n") + "\n} }"
    }
    for count in [10, 2000] {
      let locator = try TableLocator(source: source(count))
      for agent in 1...count {
        let place = locator.position(of: ["agents", .name("\(agent)"), "skills", "support"])
        #expect(place.line == 1)
        #expect(locator.position(of: ["agents", .name("\(agent)")]).line == agent + 2)
      }
      // `agents`, two skills that all share, and an agent with two fields.
      #expect(locator.fieldsRead == 3 + 3 * count)
    }
  }

  @Test func tablesMayBeNestedDeeperByTheirNamesThanTheTextIs() throws {
    let depth = 100
    var lines = ["local t0 = { y = 1 }"]
    for table in 1...150 {
      let nested = String(repeating: "{ x = ", count: depth) + "t\(table - 1)"
      lines.append("local t\(table) = " + nested + String(repeating: " }", count: depth))
    }
    let locator = try TableLocator(source: (lines + ["return t150"]).joined(separator: "\n"))
    let path = Array(repeating: TableKey.name("x"), count: 150 * depth) + ["y"]
    #expect(locator.contains(path))
    #expect(locator.position(of: path).line == 1)
  }

  @Test func aTableThatIsNamedOftenIsReadOnce() throws {
    let nested = "local a = { x = 1 }\nlocal b = { a, a }\nlocal c = { b, b }\nreturn { c, c }"
    let locator = try TableLocator(source: nested)
    #expect(locator.position(of: [2, 1, 2, "x"]).line == 1)
    #expect(locator.fieldsRead == 7)
  }

  @Test func aFileThatReturnsNothingPointsAtItsStart() throws {
    let locator = try TableLocator(source: "local x = 1")
    #expect(locator.position(of: ["name"]) == SourcePosition())
  }

  @Test func aFileThatIsNotLuaIsAnErrorWithItsPlace() {
    #expect(throws: LuaSyntaxError.self) { try TableLocator(source: "return {") }
  }
}
