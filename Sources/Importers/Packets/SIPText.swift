internal import SIPGlue

// A SIP message as an importer reads it: leniently.
//
// A capture holds messages that a server would refuse; here they are facts all the same. Lines are
// taken as they are, and only the values that say who and what are read with the grammar of the
// glue. Source: RFC 3261 7, 20, compact names 7.3.3.

/// What an importer wants to know of a SIP message.
struct SIPText {
  /// Empty for a response.
  var method = ""
  /// 0 for a request.
  var status = 0
  var requestURI = ""
  var callID = ""
  var sequence = ""
  /// The method of CSeq; of a request without one its own.
  var sequenceMethod = ""
  var branch = ""
  var from = Address()
  var to = Address()
  var contacts: [Address] = []
  var expires: Int64?
  /// The values of some other headers.
  var callUUID = ""

  /// An address with a tag.
  struct Address: Equatable {
    var user = ""
    var host = ""
    var tag = ""
    var expires: Int64?
    /// All contacts: `*`.
    var isStar = false
  }

  var isRequest: Bool { status == 0 }

  /// Reads a message; nil when its first line is none of SIP's.
  init?(_ bytes: ArraySlice<UInt8>) {
    var bytes = bytes
    while bytes.first == 13 || bytes.first == 10 { bytes = bytes.dropFirst() }
    guard Self.mayBegin(bytes) else { return nil }
    let head = bytes[..<(Self.endOfHead(bytes) ?? bytes.endIndex)]
    let lines = Self.lines(head)
    guard let first = lines.first else { return nil }
    let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    if first.hasPrefix("SIP/2.0 ") {
      status = Int(words[1].prefix(3)) ?? 0
      guard status >= 100, status < 700 else { return nil }
    } else {
      guard words.count == 3 else { return nil }
      (method, requestURI) = (String(words[0]), String(words[1]))
    }
    for line in lines.dropFirst() { header(line) }
    if sequenceMethod.isEmpty { sequenceMethod = method }
  }

  private mutating func header(_ line: Substring) {
    guard let colon = line.firstIndex(of: ":") else { return }
    let value = line[line.index(after: colon)...].trimmed
    switch line[..<colon].trimmed.lowercased() {
    case "call-id", "i": if callID.isEmpty { callID = String(value) }
    case "cseq":
      guard sequence.isEmpty else { return }
      let parts = value.split(whereSeparator: { $0 == " " || $0 == "\t" })
      sequence = parts.first.map(String.init) ?? ""
      sequenceMethod = parts.count > 1 ? String(parts[1]) : ""
    case "from", "f": if from == Address() { from = Self.address(value) }
    case "to", "t": if to == Address() { to = Self.address(value) }
    case "via", "v":
      guard branch.isEmpty, let start = value.range(of: "branch=") else { return }
      branch = String(value[start...].prefix { $0 != ";" && $0 != "," && $0 != " " })
    case "contact", "m":
      for part in Self.split(value) where contacts.count < 64 {
        contacts.append(Self.address(part))
      }
    case "expires": expires = Int64(value)
    case "x-genesys-calluuid": callUUID = String(value)
    default: break
    }
  }

  // MARK: Values

  /// The user, the host and the tag of an address.
  private static func address(_ text: Substring) -> Address {
    var result = Address()
    if text == "*" {
      result.isStar = true
      return result
    }
    String(text).withByteView { view in
      guard let name = NameAddress(view) else {
        result = plainAddress(text)
        return
      }
      result.tag = name.parameter("tag", in: view)?.string ?? ""
      result.expires = name.parameter("expires", in: view).flatMap { Int64($0.string) }
      let uri = view[name.uri]
      if let parsed = SIPURI(uri) {
        result.user = parsed.userText(in: uri)
        result.host = parsed.hostText(in: uri)
      } else {
        let plain = plainAddress(text)
        (result.user, result.host) = (plain.user, plain.host)
      }
      // A tel number has its digits where others have their host.
      result.user = String(result.user.prefix { $0 != ";" })
    }
    return result
  }

  /// What can be seen in an address that is not well formed.
  private static func plainAddress(_ text: Substring) -> Address {
    var result = Address()
    guard let scheme = text.firstIndex(of: ":") else { return result }
    let uri = text[text.index(after: scheme)...].prefix { $0 != ">" && $0 != ";" && $0 != " " }
    let parts = uri.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      (result.user, result.host) = (String(parts[0]), String(parts[1]))
    } else {
      result.host = String(uri)
    }
    if let start = text.range(of: "tag=") {
      result.tag = String(text[start...].prefix { $0 != ";" && $0 != ">" && $0 != " " })
    }
    return result
  }

  /// The user part of a request's address.
  var requestUser: String {
    let address = Self.address(requestURI[...])
    return address.user.isEmpty && requestURI.hasPrefix("tel:") ? address.host : address.user
  }

  /// Values of one line, separated by commas outside of quotes and brackets.
  private static func split(_ value: Substring) -> [Substring] {
    var parts: [Substring] = []
    var start = value.startIndex
    var isQuoted = false
    var depth = 0
    for index in value.indices {
      switch value[index] {
      case "\"": isQuoted.toggle()
      case "<" where !isQuoted: depth += 1
      case ">" where !isQuoted: depth -= 1
      case "," where !isQuoted && depth <= 0:
        parts.append(value[start..<index].trimmed)
        start = value.index(after: index)
      default: break
      }
    }
    return parts + [value[start...].trimmed]
  }

  // MARK: Bytes

  /// Whether a first line of SIP may stand here.
  static func mayBegin(_ bytes: ArraySlice<UInt8>) -> Bool {
    let version = Array("SIP/2.0".utf8)
    if bytes.starts(with: version) {
      return bytes.count > 11 && bytes[bytes.startIndex + 7] == 32
    }
    guard let first = bytes.first, first.isTokenByte else { return false }
    let word = bytes.prefix(32).prefix { $0.isTokenByte }
    guard word.count < 32, word.endIndex < bytes.endIndex, bytes[word.endIndex] == 32 else {
      return false
    }
    var line = bytes.prefix(65_536).prefix { $0 != 10 }
    if line.last == 13 { line = line.dropLast() }
    return line.suffix(7).elementsEqual(version) && line.count > word.count + 9
  }

  /// Where the body begins; nil when the empty line has not come yet.
  static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
    var position = bytes.startIndex
    while let end = bytes[position...].firstIndex(of: 10) {
      position = end + 1
      guard position < bytes.endIndex else { return nil }
      if bytes[position] == 10 { return position + 1 }
      if bytes[position] == 13, position + 1 < bytes.endIndex, bytes[position + 1] == 10 {
        return position + 2
      }
    }
    return nil
  }

  /// The length of the body that a head promises.
  static func contentLength(_ head: ArraySlice<UInt8>) -> Int? {
    for line in lines(head).dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].trimmed.lowercased()
      guard name == "content-length" || name == "l" else { continue }
      return Int(line[line.index(after: colon)...].trimmed).flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
  }

  /// The lines of a head, folded ones made one (RFC 3261 7.3.1).
  private static func lines(_ head: ArraySlice<UInt8>) -> [Substring] {
    let text = LineText.decode(head).text.replacing("\r\n", with: "\n")
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if let last = lines.last, line.first == " " || line.first == "\t" {
        lines[lines.count - 1] = Substring(last + " " + line.trimmed)
      } else {
        lines.append(line)
      }
    }
    return lines
  }
}

extension Substring {
  /// Where the text behind a word begins, in any case.
  fileprivate func range(of word: String) -> Index? {
    var position = startIndex
    while position < endIndex {
      let rest = self[position...]
      if rest.prefix(word.count).lowercased() == word {
        return rest.dropFirst(word.count).startIndex
      }
      position = index(after: position)
    }
    return nil
  }
}
