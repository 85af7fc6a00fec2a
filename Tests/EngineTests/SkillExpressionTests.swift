import Engine
import Testing

/// What can be said of a skill expression without knowing anybody.
@Suite("Skill expressions")
struct SkillExpressionTests {
  @Test(
    "An expression that contradicts itself holds for nobody",
    arguments: [
      ("sales > 5 and sales < 3", false),
      ("sales > 5 and sales < 7", true),
      ("sales > 5 and sales < 6", false),
      ("sales == 3 and not (sales <= 3)", false),
      ("sales and not sales", false),
      ("sales >= 2147483647", true),
      ("sales > 2147483647", false),
      ("sales < -2147483647 and sales > -5", false),
      ("group(night) and not group(night)", false),
      ("group(night) and not group(day) and sales != 0", true),
      ("(a > 1 or b > 1) and a <= 1 and b <= 1", false),
      ("(a > 1 or b > 1) and a <= 1 and b <= 2", true),
    ]
  )
  func contradictions(_ text: String, _ holds: Bool) throws {
    #expect(try SkillExpression(parsing: text).canHold() == holds)
  }

  @Test("What would take too long to try is believed")
  func manySkills() throws {
    let names = (0..<30).map { "s\($0) > 3" }
    let text = names.joined(separator: " and ") + " and s0 < 2"
    #expect(try SkillExpression(parsing: text).canHold())
  }
}
