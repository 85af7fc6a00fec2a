import Engine
import Foundation
import LuaBridge
import Testing

/// The scripts of `Tests/Corpus/hostile`, each with what becomes of it (see the README there).
struct HostileScript: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable, Equatable {
    case instructions
    case memory
    case steps
    /// An error whose text contains this.
    case error(String)
    /// The target as Swift shows it; `none` for nothing.
    case target(String)
    case rejectedAtLoad(String)
  }

  var name: String
  var source: String
  var outcome: Outcome

  var testDescription: String { name }

  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Corpus/hostile")

  /// Every script, in the order of its name.
  static let all: [HostileScript] = {
    let path = folder.path(percentEncoded: false)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".lua") }.sorted().compactMap { HostileScript(file: $0) }
  }()

  private init?(file: String) {
    guard let text = try? String(contentsOf: Self.folder.appending(path: file), encoding: .utf8),
      let first = text.split(separator: "\n").first, first.hasPrefix("-- outcome: "),
      let outcome = Outcome(first.dropFirst("-- outcome: ".count))
    else { return nil }
    name = String(file.dropLast(4))
    self.outcome = outcome
    source = Self.expanded(text)
  }

  /// Writes out `@{COUNT*TEXT}`: the text so often, `#` in it counting from 1.
  private static func expanded(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "@{"),
      let star = rest[start.upperBound...].firstIndex(of: "*"),
      let count = Int(rest[start.upperBound..<star]),
      let end = rest[star...].dropFirst(2).firstIndex(of: "}")
    {
      result += rest[..<start.lowerBound]
      let piece = String(rest[rest.index(after: star)..<end])
      if piece.contains("#") {
        for number in 1...count { result += piece.replacing("#", with: "\(number)") }
      } else {
        result += String(repeating: piece, count: count)
      }
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}

extension HostileScript.Outcome {
  init?(_ text: Substring) {
    let parts = text.split(separator: ":", maxSplits: 1).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    switch (parts.first, parts.count > 1 ? parts[1] : "") {
    case ("instructions", _): self = .instructions
    case ("memory", _): self = .memory
    case ("steps", _): self = .steps
    case ("error", let part): self = .error(part)
    case ("target", let target): self = .target(target)
    case ("rejected at load", let part): self = .rejectedAtLoad(part)
    default: return nil
    }
  }

  /// Whether a budget ends the script; which one may depend on whether instructions are counted.
  var isBudget: Bool { self == .instructions || self == .memory }

  func matches(_ step: StrategyStep) -> Bool {
    switch (self, step) {
    case (.instructions, .failed(.instructions)), (.memory, .failed(.memory)),
      (.steps, .failed(.steps)):
      true
    case (.error(let part), .failed(.error(let message))):
      message.contains(part) && message.utf8.count < 2_000
    case (.target(let name), .finished(let target)):
      name == target.map(Self.text(of:)) ?? "none"
    default:
      false
    }
  }

  private static func text(of target: Target) -> String {
    switch target {
    case .dn(let dn): "dn \(dn.number)"
    case .agent(let id): "agent \(id.text)"
    case .queue(let dn): "queue \(dn.number)"
    case .queues(let list): "queues " + list.map(\.number).joined(separator: " ")
    case .any: "ANY"
    case .trunk(let name, let number): "trunk \(name) \(number)"
    case .reject(let status): "reject \(status)"
    case .list(let list): "list " + list.map { text(of: $0) }.joined(separator: ", ")
    }
  }
}
