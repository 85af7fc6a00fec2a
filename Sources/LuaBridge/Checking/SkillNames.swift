/// Finds the names in a skill expression that is already known to be well formed.
enum SkillNames {
  /// A name and where it stands, in characters from 1.
  struct Name {
    var text: String
    var column: Int
    /// Whether it is the name of an agent group, `group(NAME)`, and not a skill.
    var isGroup: Bool
  }

  private static let words: Set<String> = ["and", "or", "not"]

  /// The names in order.
  static func names(in expression: String) -> [Name] {
    var result: [Name] = []
    var name = ""
    var isNumber = false
    // How far a `group(` has been read: its name, then its parenthesis.
    var group = 0
    for (index, scalar) in (expression.unicodeScalars + " ".unicodeScalars).enumerated() {
      let isLetter = scalar == "_" || scalar.properties.isAlphabetic
      if isLetter || ("0"..."9").contains(scalar) {
        if name.isEmpty { isNumber = !isLetter }
        name.unicodeScalars.append(scalar)
        continue
      }
      if !name.isEmpty, !isNumber, !words.contains(name) {
        let column = index - name.unicodeScalars.count + 1
        result.append(Name(text: name, column: column, isGroup: group == 2))
        group = name == "group" && group == 0 ? 1 : 0
      } else if !name.isEmpty {
        group = 0
      }
      name = ""
      if scalar == "(", group == 1 {
        group = 2
        result.removeLast()
      } else if scalar != " ", scalar != "\t" {
        group = 0
      }
    }
    return result
  }
}
