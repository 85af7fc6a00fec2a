// URIs and name-addr values, as slices of the text they were found in.
//
// Both parsers see one value that the scanner or libosip2 has already delimited. They are strict:
// what they do not understand is nil, and the caller answers 400 or 416.
// Source: RFC 3261 19.1, 20.10, 25.1; RFC 3966 for tel.

/// The parts of a sip, sips or tel URI, as slices of the view it was parsed from.
package struct SIPURI: Sendable {
  package enum Scheme: UInt8, Sendable { case sip, sips, tel, other }

  package var scheme: Scheme
  /// The user part, still escaped; for tel the number.
  package var user: ByteSlice
  package var password: ByteSlice
  /// The host with the brackets of an IPv6 reference; empty for tel.
  package var host: ByteSlice
  /// 0 when there is none.
  package var port: UInt16
  /// The parameters, from the first semicolon on.
  package var parameters: ByteSlice
  /// The headers, from the question mark on.
  package var headers: ByteSlice

  /// The user part without escapes, as text; of a telephone number the digits alone.
  package func userText(in bytes: ByteView) -> String {
    let text = Self.unescaped(bytes[user])
    guard scheme != .tel else { return Self.digits(of: text) }
    guard !parameters.isEmpty,
      parameter("user", in: bytes)?.equalsIgnoringCase("phone") == true
    else { return text }
    return Self.digits(of: text)
  }

  /// The host as text.
  package func hostText(in bytes: ByteView) -> String { bytes[host].string }

  /// The value of a parameter (empty when it has none), or nil; `name` is lower case.
  package func parameter(_ name: StaticString, in bytes: ByteView) -> ByteView? {
    ParameterWalk(bytes[parameters]).value(of: name)
  }

  /// A telephone number without its parameters and without what is there for the eye (RFC 3966 3,
  /// 5.1.1, RFC 3261 19.1.6); what is no number stays as it is.
  private static func digits(of text: String) -> String {
    text.withByteView { text in
      // A name may have letters that are digits of some telephone.
      guard text.count > 0, text[0].isDigit || "+*#(".utf8.contains(text[0]) else {
        return text.string
      }
      var digits: [UInt8] = []
      for index in 0..<text.count {
        switch text[index] {
        case UInt8(ascii: ";"): return String(decoding: digits, as: UTF8.self)
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"): continue
        case UInt8(ascii: "+") where index == 0: digits.append(text[index])
        case UInt8(ascii: "*"), UInt8(ascii: "#"): digits.append(text[index])
        case let byte where byte.hexValue != nil: digits.append(byte)
        default: return text.string
        }
      }
      return String(decoding: digits, as: UTF8.self)
    }
  }

  /// Undoes %HH once, but for control bytes: a name is shown in terminals and written to logs, and
  /// nobody is called by a line end.
  package static func unescaped(_ text: ByteView) -> String {
    guard text.position(of: UInt8(ascii: "%"), from: 0, to: text.count) < text.count else {
      return text.string
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
        let high = text[index + 1].hexValue, let low = text[index + 2].hexValue,
        high > 1, high != 7 || low != 15
      {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Parses a URI; nil when it is not well formed.
  ///
  /// Unknown schemes are `.other` without parts.
  package init?(_ text: ByteView) {
    user = .none
    password = .none
    host = .none
    port = 0
    parameters = .none
    headers = .none
    let colon = text.position(of: UInt8(ascii: ":"), from: 0, to: text.count)
    guard colon > 0, colon < text.count, text.count <= Int(UInt16.max) else { return nil }
    guard text.isAll(.visible) else { return nil }
    let name = text.view(from: 0, to: colon)
    if name.equalsIgnoringCase("sip") {
      scheme = .sip
    } else if name.equalsIgnoringCase("sips") {
      scheme = .sips
    } else if name.equalsIgnoringCase("tel") {
      scheme = .tel
    } else {
      guard Self.isScheme(name) else { return nil }
      scheme = .other
      return
    }
    let parsed = scheme == .tel ? parseNumber(text, colon + 1) : parseAddress(text, colon + 1)
    guard parsed else { return nil }
  }

  private mutating func parseNumber(_ text: ByteView, _ start: Int) -> Bool {
    let end = text.position(of: UInt8(ascii: ";"), from: start, to: text.count)
    user = ByteSlice(from: start, to: end)
    parameters = ByteSlice(from: end, to: text.count)
    return end > start
  }

  private mutating func parseAddress(_ text: ByteView, _ start: Int) -> Bool {
    let at = text.position(of: UInt8(ascii: "@"), from: start, to: text.count)
    var index = start
    if at < text.count {
      guard at > start else { return false }
      let colon = text.position(of: UInt8(ascii: ":"), from: start, to: at)
      user = ByteSlice(from: start, to: colon)
      guard !user.isEmpty, Self.isEscapedProperly(text.view(from: start, to: at)) else {
        return false
      }
      if colon < at { password = ByteSlice(from: colon + 1, to: at) }
      index = at + 1
    }
    guard let hostEnd = Self.endOfHost(text, index), hostEnd > index else { return false }
    host = ByteSlice(from: index, to: hostEnd)
    index = hostEnd
    if index < text.count, text[index] == UInt8(ascii: ":") {
      let portStart = index + 1
      index = portStart
      while index < text.count, text[index].isDigit { index += 1 }
      guard let number = text.view(from: portStart, to: index).decimal(atMost: 65_535), number > 0
      else { return false }
      port = UInt16(number)
    }
    guard index < text.count else { return true }
    let question = text.position(of: UInt8(ascii: "?"), from: index, to: text.count)
    if text[index] == UInt8(ascii: ";") {
      parameters = ByteSlice(from: index, to: question)
    } else if question != index {
      return false
    }
    if question < text.count { headers = ByteSlice(from: question, to: text.count) }
    return true
  }

  /// The end of a host name, IPv4 address or bracketed IPv6 address that begins at `start`.
  package static func endOfHost(_ text: ByteView, _ start: Int) -> Int? {
    guard start < text.count else { return nil }
    if text[start] == UInt8(ascii: "[") {
      let close = text.position(of: UInt8(ascii: "]"), from: start, to: text.count)
      guard close < text.count, close > start + 2 else { return nil }
      for position in start + 1..<close {
        let byte = text[position]
        guard byte.hexValue != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else {
          return nil
        }
      }
      return close + 1
    }
    return text.end(of: .host, from: start, to: text.count)
  }

  private static func isScheme(_ name: ByteView) -> Bool {
    for index in 0..<name.count {
      let byte = name[index]
      let letter = byte.lowercased &- 0x61 < 26
      let other = byte.isDigit || byte == 0x2B || byte == 0x2D || byte == 0x2E
      guard letter || (other && index > 0) else { return false }
    }
    return true
  }

  private static func isEscapedProperly(_ text: ByteView) -> Bool {
    var index = text.end(of: .plainURI, from: 0, to: text.count)
    while index < text.count {
      if text[index] == UInt8(ascii: "%") {
        guard index + 2 < text.count, text[index + 1].hexValue != nil,
          text[index + 2].hexValue != nil
        else { return false }
        index += 3
      } else {
        guard !text[index].isDelimiterOfAddress else { return false }
        index += 1
      }
    }
    return true
  }
}

/// A name-addr or addr-spec with header parameters, as in Contact, From and To.
package struct NameAddress: Sendable {
  /// The display name without quotes, escapes still in it.
  package var display: ByteSlice
  /// The URI without angle brackets.
  package var uri: ByteSlice
  /// The header parameters, from the first semicolon on.
  package var parameters: ByteSlice

  /// The value of a header parameter (empty when it has none), or nil; `name` is lower case.
  package func parameter(_ name: StaticString, in bytes: ByteView) -> ByteView? {
    ParameterWalk(bytes[parameters]).value(of: name)
  }

  /// Parses exactly one value; nil when it is not well formed or more than one.
  package init?(_ text: ByteView) {
    guard text.count <= Int(UInt16.max) else { return nil }
    display = .none
    var index = 0
    while index < text.count, text[index].isBlank { index += 1 }
    guard index < text.count else { return nil }
    if text[index] == UInt8(ascii: "\"") {
      guard let close = Self.endOfQuoted(text, index) else { return nil }
      display = ByteSlice(from: index + 1, to: close)
      index = close + 1
      while index < text.count, text[index].isBlank { index += 1 }
      guard index < text.count, text[index] == UInt8(ascii: "<") else { return nil }
    }
    let open = text.position(of: UInt8(ascii: "<"), from: index, to: text.count)
    if open < text.count {
      if open > index {
        guard display.isEmpty else { return nil }
        var end = open
        while end > index, text[end - 1].isBlank { end -= 1 }
        display = ByteSlice(from: index, to: end)
        for position in index..<end where !text[position].isDisplayByte { return nil }
      }
      let close = text.position(of: UInt8(ascii: ">"), from: open, to: text.count)
      guard close < text.count else { return nil }
      uri = ByteSlice(from: open + 1, to: close)
      index = close + 1
    } else {
      let start = index
      while index < text.count, text[index] != UInt8(ascii: ";"), !text[index].isBlank {
        // RFC 3261 20: an address with a comma, question mark or semicolon needs brackets.
        guard text[index] != UInt8(ascii: ","), text[index] != UInt8(ascii: "?") else { return nil }
        index += 1
      }
      uri = ByteSlice(from: start, to: index)
    }
    while index < text.count, text[index].isBlank { index += 1 }
    guard !uri.isEmpty, index == text.count || text[index] == UInt8(ascii: ";") else { return nil }
    parameters = ByteSlice(from: index, to: text.count)
    guard ParameterWalk(text[parameters]).isWellFormed else { return nil }
  }

  /// The position of the quote that closes the one at `start`.
  package static func endOfQuoted(_ text: ByteView, _ start: Int) -> Int? {
    var index = start + 1
    while index < text.count {
      if text[index] == UInt8(ascii: "\\") {
        index += 2
        continue
      }
      if text[index] == UInt8(ascii: "\"") { return index }
      index += 1
    }
    return nil
  }
}

/// Walks ";name=value" parameters, quoted values included.
package struct ParameterWalk {
  private let text: ByteView

  package init(_ text: ByteView) { self.text = text }

  /// The value of the first parameter called `name`, without quotes; nil when there is none.
  package func value(of name: StaticString) -> ByteView? {
    var found: ByteView?
    _ = walk { parameter, value in
      if found == nil, parameter.equalsIgnoringCase(name) { found = value }
      return found == nil
    }
    return found
  }

  /// Whether every parameter has a name and every quote its partner.
  package var isWellFormed: Bool { walk { name, _ in !name.isEmpty } }

  /// Shows each parameter until `body` says false; false too when the text is not well formed.
  package func walk(_ body: (ByteView, ByteView) -> Bool) -> Bool {
    var index = 0
    while index < text.count {
      guard text[index] == UInt8(ascii: ";") else { return false }
      index += 1
      let start = index
      while index < text.count, text[index] != UInt8(ascii: ";"), text[index] != UInt8(ascii: "=") {
        guard text[index] != UInt8(ascii: "\""), text[index] != UInt8(ascii: ",") else {
          return false
        }
        index += 1
      }
      let name = text.view(from: start, to: index).trimmed
      var value = ByteView.empty
      if index < text.count, text[index] == UInt8(ascii: "=") {
        guard let (found, end) = self.value(from: index + 1) else { return false }
        value = found
        index = end
      }
      guard body(name, value) else { return false }
    }
    return true
  }

  private func value(from start: Int) -> (ByteView, Int)? {
    var index = start
    while index < text.count, text[index].isBlank { index += 1 }
    if index < text.count, text[index] == UInt8(ascii: "\"") {
      guard let close = NameAddress.endOfQuoted(text, index) else { return nil }
      let value = text.view(from: index + 1, to: close)
      index = close + 1
      while index < text.count, text[index].isBlank { index += 1 }
      return (value, index)
    }
    let begin = index
    while index < text.count, text[index] != UInt8(ascii: ";") {
      guard text[index] != UInt8(ascii: "\""), text[index] != UInt8(ascii: ",") else { return nil }
      index += 1
    }
    return (text.view(from: begin, to: index).trimmed, index)
  }
}

extension UInt8 {
  fileprivate var isDelimiterOfAddress: Bool {
    self == 0x3C || self == 0x3E || self == 0x22 || self >= 0x80
  }

  /// Whether the byte may stand in an unquoted display name: token characters and blanks.
  fileprivate var isDisplayByte: Bool { isTokenByte || isBlank || self >= 0x80 }

  /// Whether the byte is a token character (RFC 3261 25.1).
  package var isTokenByte: Bool { isPart(of: .token) }
}
