import Engine
import LuaBridge
import Wire

/// What a test asks for: the arguments of one request, taken one by one.
struct Arguments {
  private var rest: ArraySlice<TestValue>

  init(_ values: [TestValue]) { rest = values[...] }

  mutating func next() -> TestValue { rest.popFirst() ?? .none }

  mutating func data() -> LuaValue {
    guard case .data(let value) = next() else { return .nil }
    return value
  }

  mutating func integer() -> Int {
    guard case .integer(let number) = data() else { return 0 }
    return Int(number)
  }

  mutating func text() -> String { data().plainText ?? "" }
}

extension TestRunner {
  /// Does what a test asks for.
  mutating func perform(
    _ request: TestRequest,
    in file: String
  ) throws(TestMistake) -> [TestValue] {
    var arguments = Arguments(request.arguments)
    if request.operation == .world {
      let setup = try WorldSetup(arguments.data(), project: project, seed: options.seed)
      worlds.append(try TestWorld.make(setup, coverage: collector))
      return [.integer(worlds.count)]
    }
    let number = arguments.integer()
    guard worlds.indices.contains(number - 1) else {
      throw TestMistake("this world belongs to another test")
    }
    let world = worlds[number - 1]
    switch request.operation {
    case .begin, .list, .done, .world: throw TestMistake("this cannot be asked")
    case .call: return [.integer(try world.offer(arguments.data()))]
    case .advance:
      guard let duration = arguments.data().duration else {
        throw TestMistake("world:advance expects seconds")
      }
      world.advance(duration)
      return []
    case .callField:
      let call = try world.call(arguments.integer())
      return [try world.field(arguments.text(), of: call)]
    case .hangUp, .digits, .attach:
      try world.act(request.operation, try world.call(arguments.integer()), &arguments)
      return []
    case .agent, .dn, .phone:
      try world.change(request.operation, &arguments)
      return []
    case .agentField:
      return [try world.field(ofAgent: arguments.text(), arguments.text())]
    case .queueField:
      return [try world.field(ofQueue: arguments.text(), arguments.text())]
    case .worldField: return [world.field(arguments.text())]
    case .routed, .queued, .defaulted, .rejected, .answered, .waiting, .ended, .events, .note:
      let call = try world.call(arguments.integer())
      try world.check(request.operation, call, &arguments)
      return []
    case .snapshot:
      let call = try world.call(arguments.integer())
      try compare(world.record(of: call), with: arguments.text(), in: file)
      return []
    }
  }

  /// Compares a record with what a file says, or writes the file.
  private mutating func compare(
    _ record: String,
    with name: String,
    in file: String
  ) throws(TestMistake) {
    let isName = name.allSatisfy { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
    guard isName, !name.isEmpty else {
      throw TestMistake("assert.snapshot expects a name of letters, digits, '-' and '_'")
    }
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) + "/" } ?? ""
    let path = "\(folder)snapshots/\(name).txt"
    let text = record + "\n"
    let expected = project.snapshots.read(path)
    if expected == text { return }
    if options.updatesSnapshots {
      guard project.snapshots.write(path, text) else { throw TestMistake("cannot write \(path)") }
      noteWritten(path)
      return
    }
    guard let expected else {
      throw TestMistake("there is no snapshot \(path): --update-snapshots writes it")
    }
    throw TestMistake(
      "the record is not that of \(path) (--update-snapshots accepts it):\n"
        + LineDifference.text(from: expected, to: text)
    )
  }
}
