// States: empty -> worlds are added, each with the lines that ran and the targets that were chosen
// in it.
// Who may change it: the runner that owns it, and the worlds that it makes.

import Engine
import LuaBridge

/// Gathers what the strategies under test did.
final class CoverageCollector {
  private let source: StrategySource
  private var maps: [(path: String, map: CoverageMap)] = []
  private var hits: [String: [UInt32]] = [:]
  private var chosen: [String: [Int]] = [:]

  init(_ source: StrategySource) {
    self.source = source
    for file in source.files where file.path.hasSuffix(".lua") {
      let path = source.folder + "/" + file.path
      guard let map = CoverageMap(String(decoding: file.bytes, as: UTF8.self)) else { continue }
      maps.append((path, map))
      chosen[path] = Array(repeating: 0, count: map.outcomes.count)
    }
  }

  /// Adds the lines that ran somewhere, by file.
  func add(_ lineHits: [String: [UInt32]]) {
    for (file, lines) in lineHits {
      var sum = hits[file] ?? []
      if sum.count < lines.count {
        sum += Array(repeating: 0, count: lines.count - sum.count)
      }
      for (line, count) in lines.enumerated() { sum[line] = sum[line].addingClamped(count) }
      hits[file] = sum
    }
  }

  /// A target was chosen that a script made somewhere.
  ///
  /// Where the place says nothing (a tail call out of another file), the value decides.
  func choose(_ target: Target, madeAt origin: ScriptPlace?, at place: ScriptPlace?) {
    if let origin, mark(origin, target) { return }
    if let place, mark(place, target) { return }
    guard origin != nil else { return }
    for (path, map) in maps {
      for (index, outcome) in map.outcomes.enumerated()
      where outcome.literal != nil && outcome.isMeant(target) {
        chosen[path]?[index] += 1
      }
    }
  }

  private func mark(_ place: ScriptPlace, _ target: Target) -> Bool {
    guard let map = maps.first(where: { $0.path == place.file })?.map else { return false }
    let meant = map.outcomes.indices.filter { map.outcomes[$0].isMeant(target) }
    // Of a statement over several lines Lua tells one; it need not be that of the target.
    var found = meant.filter { map.outcomes[$0].line == place.line }
    if found.isEmpty { found = meant.filter { map.outcomes[$0].statement.contains(place.line) } }
    for index in found { chosen[place.file]?[index] += 1 }
    return !found.isEmpty
  }

  /// What was gathered.
  var coverage: Coverage {
    var result = Coverage()
    result.files = maps.map { path, map in
      let hits = self.hits[path] ?? []
      var lines: [Int: Int] = [:]
      for unit in map.units {
        let count = unit.own.map { $0 < hits.count ? Int(hits[$0]) : 0 }.max() ?? 0
        lines[unit.line] = max(lines[unit.line] ?? 0, count)
      }
      let outcomes = zip(map.outcomes, chosen[path] ?? []).map { outcome, hits in
        Coverage.Outcome(
          line: outcome.line,
          column: outcome.column,
          text: outcome.text,
          hits: hits
        )
      }
      return Coverage.File(
        path: path,
        lines: lines.keys.sorted().map { Coverage.Line(number: $0, hits: lines[$0] ?? 0) },
        outcomes: outcomes
      )
    }
    return result
  }
}

extension UInt32 {
  fileprivate func addingClamped(_ other: UInt32) -> UInt32 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension CoverageMap.Outcome {
  /// Whether the expression can have made this target.
  func isMeant(_ target: Target) -> Bool {
    switch (kind, target) {
    case (.dn, .dn(let dn)): literal.map { $0 == [dn.number] } ?? true
    case (.agent, .agent(let agent)): literal.map { $0 == [agent.text] } ?? true
    case (.queue, .queue(let dn)): literal.map { $0 == [dn.number] } ?? true
    case (.trunk, .trunk(let name, let number)): literal.map { $0 == [name, number] } ?? true
    case (.reject, .reject(let status)): literal.map { $0 == ["\(status)"] } ?? true
    // ANY is made by the prelude and has no condition; `any { }` may have one or none.
    case (.any, .any(let filter)): literal == nil || filter == .none
    default: false
    }
  }
}
