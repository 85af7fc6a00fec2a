/// The operations that TestPrelude.lua yields; the numbers are its own.
public enum TestOperation: Int64, Sendable, Hashable {
  case begin = 100
  case list = 101
  case done = 102
  case world = 110
  case call = 111
  case advance = 112
  case callField = 113
  case hangUp = 114
  case digits = 115
  case agent = 116
  case dn = 117
  case phone = 118
  case queueField = 119
  case agentField = 120
  case worldField = 121
  case attach = 122
  case routed = 130
  case queued = 131
  case defaulted = 132
  case rejected = 133
  case answered = 134
  case waiting = 135
  case events = 136
  case note = 137
  case snapshot = 138
  case ended = 139
}

/// What a test asks of whoever runs it.
public struct TestRequest: Sendable, Hashable {
  /// What it asks.
  public var operation: TestOperation
  /// Where in the test, as `file:line: `; empty when Lua does not know.
  public var place: String
  /// The rest.
  public var arguments: [TestValue]
}

/// What a test gets back.
public enum TestAnswer: Sendable, Hashable {
  /// It went well, with these values.
  case values([TestValue])
  /// It did not: raised as an error at the place of the request.
  case failure(String)
}

/// How a test stopped for now.
public enum TestStep: Sendable, Hashable {
  /// It asks for something and waits for the answer.
  case asked(TestRequest)
  /// It is over.
  case finished(TestVerdict)
}

/// How a test ended.
public enum TestVerdict: Sendable, Hashable {
  /// Everything was as expected.
  case passed
  /// Something was not, or an error arose: the text, with its place where Lua knew it.
  case failed(String)
  /// It is still to be written, or gave up; and why.
  case pending(String?)
}
