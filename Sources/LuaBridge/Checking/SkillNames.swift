/// Finds the names of skills in a skill expression that is already known to be well formed.
enum SkillNames {
  private static let words: Set<String> = ["and", "or", "not"]

  /// The names with their columns, from 1, in order.
  static func names(in expression: String) -> [(name: String, column: Int)] {
    var result: [(name: String, column: Int)] = []
    var name = ""
    var isNumber = false
    for (index, scalar) in (expression.unicodeScalars + " ".unicodeScalars).enumerated() {
      let isLetter = scalar == "_" || scalar.properties.isAlphabetic
      if isLetter || ("0"..."9").contains(scalar) {
        if name.isEmpty { isNumber = !isLetter }
        name.unicodeScalars.append(scalar)
      } else if !name.isEmpty {
        if !isNumber, !words.contains(name) {
          result.append((name, index - name.unicodeScalars.count + 1))
        }
        name = ""
      }
    }
    return result
  }
}
