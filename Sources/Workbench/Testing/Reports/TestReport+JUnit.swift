import Engine

extension TestReport {
  /// The report in the XML of JUnit, which build servers read.
  public var junit: String {
    let failed = failures.count
    let all = results.reduce(Duration.zero) { $0 + $1.duration }
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text +=
      "<testsuites name=\"pointsman\" tests=\"\(results.count)\" failures=\"\(failed)\""
      + " skipped=\"\(pendingCount)\" time=\"\(all.milliseconds)\">\n"
    var files: [String] = []
    for result in results where !files.contains(result.file) { files.append(result.file) }
    for file in files { text += suite(file) }
    return text + "</testsuites>\n"
  }

  private func suite(_ file: String) -> String {
    let own = results.filter { $0.file == file }
    let failed = own.count { if case .failed = $0.outcome { true } else { false } }
    let pending = own.count { if case .pending = $0.outcome { true } else { false } }
    let time = own.reduce(Duration.zero) { $0 + $1.duration }
    var text =
      "  <testsuite name=\"\(file.xml)\" tests=\"\(own.count)\" failures=\"\(failed)\""
      + " skipped=\"\(pending)\" time=\"\(time.milliseconds)\">\n"
    for result in own {
      text +=
        "    <testcase classname=\"\(file.xml)\" name=\"\(result.name.xml)\""
        + " file=\"\(file.xml)\" line=\"\(result.line)\" time=\"\(result.duration.milliseconds)\""
      switch result.outcome {
      case .passed: text += "/>\n"
      case .pending(let reason):
        let message = reason.map { " message=\"\($0.xml)\"" } ?? ""
        text += ">\n      <skipped\(message)/>\n    </testcase>\n"
      case .failed(let message):
        let first = message.prefix { $0 != "\n" }
        text +=
          ">\n      <failure message=\"\(String(first).xml)\">\(message.xml)</failure>\n"
          + "    </testcase>\n"
      }
    }
    return text + "  </testsuite>\n"
  }
}

extension Duration {
  /// Seconds with three digits.
  var milliseconds: String {
    let milliseconds = (nanosecondsClamped + 500_000) / 1_000_000
    return "\(milliseconds / 1_000).\(String(milliseconds % 1_000 + 1_000).dropFirst())"
  }
}

extension String {
  /// The text as it may stand in XML; what XML cannot hold is replaced.
  fileprivate var xml: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "\n", "\t", "\r": text.unicodeScalars.append(scalar)
      case _ where scalar.value < 32: text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
