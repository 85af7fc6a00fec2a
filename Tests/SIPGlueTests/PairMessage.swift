// A SIP message as a test sees it: text, slow and obvious, sharing nothing with the code under
// test.

import Foundation

struct PairMessage {
  var startLine = ""
  var headers: [(name: String, value: String)] = []
  var body = ""

  init?(_ text: String) {
    guard let split = text.range(of: "\r\n\r\n") else { return nil }
    var lines = text[..<split.lowerBound].components(separatedBy: "\r\n")
    startLine = lines.removeFirst()
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers.append(
        (
          String(line[..<colon]).lowercased(),
          line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        )
      )
    }
    body = String(text[split.upperBound...])
  }

  func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
  subscript(_ name: String) -> String { all(name).first ?? "" }

  var isRequest: Bool { !startLine.hasPrefix("SIP/2.0 ") }
  var status: Int { isRequest ? 0 : Int(startLine.split(separator: " ")[1]) ?? 0 }
  var method: String {
    isRequest
      ? String(startLine.split(separator: " ")[0])
      : String(self["cseq"].split(separator: " ").last ?? "")
  }
  var uri: String { String(startLine.split(separator: " ")[1]) }
  var sequence: Int { Int(self["cseq"].split(separator: " ").first ?? "") ?? 0 }
  var callID: String { self["call-id"] }
  var fromTag: String { Self.parameter("tag", self["from"]) }
  var toTag: String { Self.parameter("tag", self["to"]) }
  var branch: String { Self.parameter("branch", self["via"]) }

  static func parameter(_ name: String, _ value: String) -> String {
    for part in value.split(separator: ";").dropFirst() where part.hasPrefix(name + "=") {
      return String(part.dropFirst(name.count + 1))
    }
    return ""
  }

  /// The URI between angle brackets.
  static func address(_ value: String) -> String {
    guard let open = value.firstIndex(of: "<"), let close = value.firstIndex(of: ">") else {
      return value
    }
    return String(value[value.index(after: open)..<close])
  }
}
