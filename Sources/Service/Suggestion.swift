/// "Did you mean …?" for names that people type.
public enum Suggestion {
  /// The candidate nearest to `word`, if one is near enough to be a slip of the finger.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let allowed = word.count <= 3 ? 1 : word.count <= 6 ? 2 : 3
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(word.lowercased(), candidate.lowercased())
      guard distance <= allowed, distance < candidate.count else { continue }
      guard let known = best, known.distance <= distance else {
        best = (candidate, distance)
        continue
      }
    }
    return best?.name
  }

  /// The ending of a message: `; did you mean "x"?`, or nothing.
  public static func ending(for word: String, among candidates: [String]) -> String {
    guard let name = nearest(to: word, among: candidates) else { return "" }
    return "; did you mean \"\(name)\"?"
  }

  /// Edits (insert, delete, replace, swap neighbours) between two words.
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars)
    let right = Array(right.unicodeScalars)
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var rows = [Array(0...right.count)]
    for row in 1...left.count {
      var current = [row]
      for column in 1...right.count {
        let cost = left[row - 1] == right[column - 1] ? 0 : 1
        var least = min(rows[row - 1][column] + 1, current[column - 1] + 1)
        least = min(least, rows[row - 1][column - 1] + cost)
        if row > 1, column > 1, left[row - 1] == right[column - 2],
          left[row - 2] == right[column - 1]
        {
          least = min(least, rows[row - 2][column - 2] + 1)
        }
        current.append(least)
      }
      rows.append(current)
    }
    return rows[left.count][right.count]
  }
}
