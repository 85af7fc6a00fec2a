/// What a test asked that cannot be; raised as an error at its place.
struct TestMistake: Error {
  var message: String

  init(_ message: String) { self.message = message }
}
