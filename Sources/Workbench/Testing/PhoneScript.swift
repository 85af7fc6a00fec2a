import Engine
import LuaBridge

/// How a phone of the fake line behaves when it is called.
struct PhoneScript {
  enum Manner {
    case answers
    case rings
    case busy
    case rejects
    case unreachable
  }

  var manner = Manner.answers
  /// How long it rings before it is answered.
  var answersAfter: Duration = .seconds(2)
  /// How long people talk before the target hangs up; nil: until somebody does.
  var talk: Duration? = .seconds(60)

  /// Changes what the options of `world:phone` name.
  mutating func read(_ value: LuaValue) throws(TestMistake) {
    var options = try Options(value, of: "world:phone")
    if let after = try options.seconds("answers_after") {
      manner = .answers
      answersAfter = after
    }
    let manners: [(String, Manner)] = [
      ("rings", .rings), ("busy", .busy), ("rejects", .rejects), ("unreachable", .unreachable),
      ("answers", .answers),
    ]
    for (name, meant) in manners where try options.truth(name) == true { manner = meant }
    if let talk = try options.seconds("talk") { self.talk = talk }
    try options.finish()
  }
}
