extension TestReport {
  /// The report in the lines of the Test Anything Protocol, version 14.
  public var tap: String {
    var lines = ["TAP version 14", "1..\(results.count)"]
    for (index, result) in results.enumerated() {
      let name = "\(index + 1) - \(result.file): \(result.name)".tapName
      switch result.outcome {
      case .passed: lines.append("ok \(name)")
      case .pending(let reason):
        lines.append("ok \(name) # SKIP \((reason ?? "to be written").tapName)")
      case .failed(let message):
        lines.append("not ok \(name)")
        lines.append("  ---")
        lines.append("  at: \(result.file):\(result.line)")
        lines.append("  message: |")
        for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
          lines.append("    " + line)
        }
        lines.append("  ...")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension String {
  /// A name without what has a meaning in TAP.
  fileprivate var tapName: String {
    var text = ""
    for character in self {
      switch character {
      case "\n": text += " "
      case "#": text += "\\#"
      case "\\": text += "\\\\"
      default: text.append(character)
      }
    }
    return text
  }
}
