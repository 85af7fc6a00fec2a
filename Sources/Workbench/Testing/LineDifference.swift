/// The difference of two texts, line by line.
enum LineDifference {
  /// Lines that are gone begin with `-`, new ones with `+`, others with a blank.
  static func text(from old: String, to new: String) -> String {
    let a = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let b = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let difference = b.difference(from: a)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var lines: [String] = []
    var left = 0
    var right = 0
    while left < a.count || right < b.count {
      if left < a.count, removed.contains(left) {
        lines.append("  - " + a[left])
        left += 1
      } else if right < b.count, inserted.contains(right) {
        lines.append("  + " + b[right])
        right += 1
      } else {
        if left < a.count, !a[left].isEmpty { lines.append("    " + a[left]) }
        left += 1
        right += 1
      }
    }
    return lines.joined(separator: "\n")
  }
}
