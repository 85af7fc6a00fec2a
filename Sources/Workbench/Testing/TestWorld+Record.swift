import Engine
import Wire

// What the engine's decision record says of a call.

extension TestWorld {
  /// How many candidates of a step are shown where somebody reads why a test failed.
  private static let candidatesShown = 3

  /// The story of a call, a line each, with the places of the strategy's text.
  func story(of index: Int) -> [String] {
    guard let record = shard.decision(of: calls[index].connID) else { return [] }
    return DecisionText.lines(record, candidatesMax: Self.candidatesShown)
  }

  /// The record of a call as a snapshot compares it: without the lines of the strategy's text,
  /// which every comment would change.
  func record(of index: Int) -> String {
    guard var record = shard.decision(of: calls[index].connID) else { return "" }
    for step in record.steps.indices {
      switch record.steps[step].kind {
      case .asked(let request, _): record.steps[step].kind = .asked(request, .none)
      case .returned(let target, _): record.steps[step].kind = .returned(target, .none)
      default: break
      }
    }
    return DecisionText.lines(record, namesGeneration: false).joined(separator: "\n")
  }
}
