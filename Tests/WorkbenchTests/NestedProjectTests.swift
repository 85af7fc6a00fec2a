import Service
import Testing

@Suite("A folder with a site of its own")
struct NestedProjectTests {
  @Test("is found among the paths of a folder of strategies")
  func isFound() {
    let paths = ["any.lua", "examples/site.lua", "examples/vip.lua", "lib/hours.lua", "site.lua"]
    #expect(StrategyFolder.nestedProjects(paths) == ["examples"])
  }
}
