/// Finds the name that a misspelt one was probably meant to be.
enum Spelling {
  /// Longer names are not compared: nobody mistypes them, and the cost is quadratic.
  static let lengthMax = 64

  /// The nearest of `candidates`, if it is near enough to be worth naming; ties go to the first in
  /// order.
  static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let target = Array(name.unicodeScalars)
    guard !target.isEmpty, target.count <= lengthMax else { return nil }
    let folded = name.lowercased()
    var best: (distance: Int, name: String)?
    for candidate in candidates where candidate != name {
      let other = Array(candidate.unicodeScalars)
      let allowed = max(1, min(3, max(target.count, other.count) / 3))
      let distance: Int
      if candidate.lowercased() == folded {
        distance = 0
      } else if abs(other.count - target.count) <= allowed, other.count <= lengthMax {
        distance = Self.distance(target, other)
      } else {
        continue
      }
      guard distance <= allowed, distance < max(target.count, other.count) else { continue }
      if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
      best = (distance, candidate)
    }
    return best?.name
  }

  /// Edit distance in which swapping two neighbours counts as one step (optimal string alignment).
  private static func distance(_ first: [UnicodeScalar], _ second: [UnicodeScalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: second.count + 1)
    var last = Array(0...second.count)
    for row in 1...max(first.count, 1) where row <= first.count {
      var next = [row] + [Int](repeating: 0, count: second.count)
      for column in 1...max(second.count, 1) where column <= second.count {
        let change = first[row - 1] == second[column - 1] ? 0 : 1
        var cost = min(last[column] + 1, next[column - 1] + 1, last[column - 1] + change)
        if row > 1, column > 1, first[row - 1] == second[column - 2],
          first[row - 2] == second[column - 1]
        {
          cost = min(cost, beforeLast[column - 2] + 1)
        }
        next[column] = cost
      }
      beforeLast = last
      last = next
    }
    return last[second.count]
  }
}
