extension Coverage {
  /// The coverage as LCOV reads it: lines as DA, targets as branches (BRDA).
  public var lcov: String {
    var text = ""
    for file in files {
      text += "TN:\nSF:\(file.path)\n"
      for (index, outcome) in file.outcomes.enumerated() {
        let isReached = file.lines.first { $0.number == outcome.line }.map { $0.hits > 0 } ?? true
        let taken = isReached || outcome.hits > 0 ? "\(outcome.hits)" : "-"
        text += "BRDA:\(outcome.line),0,\(index),\(taken)\n"
      }
      text += "BRF:\(file.outcomes.count)\nBRH:\(file.chosenCount)\n"
      for line in file.lines { text += "DA:\(line.number),\(line.hits)\n" }
      text += "LF:\(file.lines.count)\nLH:\(file.coveredLineCount)\nend_of_record\n"
    }
    return text
  }
}
