public import Engine

/// A value that crosses the border between a test and whoever runs it.
public enum TestValue: Sendable, Hashable {
  /// Plain data.
  case data(LuaValue)
  /// A target.
  case target(Target)

  /// Nothing.
  public static let none = TestValue.data(.nil)

  /// A text.
  public static func text(_ text: String) -> TestValue { .data(.string(text)) }

  /// A whole number.
  public static func integer(_ number: Int) -> TestValue { .data(.integer(Int64(number))) }

  /// A truth value.
  public static func truth(_ truth: Bool) -> TestValue { .data(.boolean(truth)) }
}

/// Writes the format that testing.c reads.
struct FlatWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ value: TestValue) {
    switch value {
    case .data(let data): write(data)
    case .target(let target): write(target)
    }
  }

  private mutating func write(_ value: LuaValue) {
    switch value {
    case .nil: bytes.append(UInt8(ascii: "n"))
    case .boolean(let truth): bytes.append(truth ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    case .integer(let number):
      bytes.append(UInt8(ascii: "i"))
      word(UInt64(bitPattern: number), 8)
    case .number(let number):
      bytes.append(UInt8(ascii: "d"))
      word(number.bitPattern, 8)
    case .string(let text):
      bytes.append(UInt8(ascii: "s"))
      write(text)
    case .table(let table):
      bytes.append(UInt8(ascii: "{"))
      word(UInt64(table.array.count), 4)
      word(UInt64(table.pairs.count), 4)
      for element in table.array { write(element) }
      for pair in table.pairs {
        write(pair.key)
        write(pair.value)
      }
    }
  }

  private mutating func write(_ target: Target) {
    switch target {
    case .dn(let dn): write(1, 0, [dn.number])
    case .agent(let agent): write(2, 0, [agent.text])
    case .queue(let queue): write(3, 0, [queue.number])
    case .queues(let queues): write(3, 0, [queues.first?.number ?? ""])
    case .any(let filter):
      let names =
        (filter.group.map { ["g" + $0] } ?? []) + filter.excludedAgents.map { "a" + $0.text }
        + filter.excludedDNs.map { "d" + $0.number }
      write(4, 0, [filter.skills ?? ""] + names)
    case .trunk(let name, let number): write(5, 0, [name, number])
    case .list(let list): list.first.map { write($0) }
    case .reject(let status): write(6, UInt64(status), [])
    }
  }

  /// The kinds are those of Prelude.lua.
  private mutating func write(_ kind: UInt64, _ number: UInt64, _ texts: [String]) {
    bytes.append(UInt8(ascii: "T"))
    word(kind, 4)
    word(number, 8)
    word(UInt64(texts.count), 4)
    for text in texts { write(text) }
  }

  private mutating func write(_ text: String) {
    word(UInt64(text.utf8.count), 4)
    bytes += Array(text.utf8)
  }

  private mutating func word(_ value: UInt64, _ count: UInt64) {
    for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }
}
