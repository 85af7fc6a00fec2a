// The parsers of the single values that transactions and dialogs are found by: strict, and silent
// about everything else.

extension Envelope {
  package mutating func takeVia(_ bytes: ByteView, _ value: ByteSlice, _ line: ByteSlice) {
    viaCount += 1
    viaLines = joined(viaLines, line)
    var via = ViaSlices()
    via.value = value
    via.isPlain = scanVia(bytes, &via)
    if !via.isPlain {
      note(.via)
      let comma = bytes.position(of: UInt8(ascii: ","), from: value.start, to: value.end)
      if comma < value.end { note(.severalValues) }
    }
    if viaCount == 1 { topVia = via }
  }

  /// Reads "SIP/2.0/UDP host:port;name=value;name"; false when it is anything else.
  private func scanVia(_ bytes: ByteView, _ via: inout ViaSlices) -> Bool {
    let value = via.value
    guard value.length > 10,
      bytes.view(from: value.start, to: value.start + 8).equals("SIP/2.0/")
    else { return false }
    var index = bytes.end(of: .token, from: value.start + 8, to: value.end)
    via.transport = ByteSlice(from: value.start + 8, to: index)
    guard !via.transport.isEmpty, index < value.end, bytes[index] == 0x20 else { return false }
    let hostStart = index + 1
    guard let hostEnd = SIPURI.endOfHost(bytes.view(from: 0, to: value.end), hostStart),
      hostEnd > hostStart
    else { return false }
    via.host = ByteSlice(from: hostStart, to: hostEnd)
    index = hostEnd
    if index < value.end, bytes[index] == UInt8(ascii: ":") {
      let portStart = index + 1
      index = portStart
      while index < value.end, bytes[index].isDigit { index += 1 }
      guard let port = bytes.view(from: portStart, to: index).decimal(atMost: 65_535), port > 0
      else { return false }
      via.port = UInt16(port)
    }
    via.sentBy = ByteSlice(from: hostStart, to: index)
    while index < value.end {
      guard let end = scanViaParameter(bytes, index, &via) else { return false }
      index = end
    }
    return true
  }

  /// Reads one parameter that begins with its semicolon; where it ends, or nil when it is odd.
  private func scanViaParameter(
    _ bytes: ByteView,
    _ start: Int,
    _ via: inout ViaSlices
  ) -> Int? {
    let limit = via.value.end
    guard bytes[start] == UInt8(ascii: ";") else { return nil }
    var index = bytes.end(of: .token, from: start + 1, to: limit)
    let name = bytes.view(from: start + 1, to: index)
    guard !name.isEmpty else { return nil }
    var value = ByteSlice.none
    if index < limit, bytes[index] == UInt8(ascii: "=") {
      guard let end = endOfViaValue(bytes, index + 1, limit) else { return nil }
      value = ByteSlice(from: index + 1, to: end)
      index = end
    }
    let parameter = ByteSlice(from: start, to: index)
    switch name[0].lowercased {
    case UInt8(ascii: "b") where name.equalsIgnoringCase("branch"):
      guard via.branch.isEmpty, !value.isEmpty else { return nil }
      via.branch = value
      via.hasUsefulBranch = bytes[value].isUsefulBranch
    case UInt8(ascii: "r") where name.equalsIgnoringCase("rport"):
      guard via.responsePort == .absent else { return nil }
      via.responsePortParameter = parameter
      via.responsePort = .requested
      if !value.isEmpty {
        guard let port = bytes[value].decimal(atMost: 65_535) else { return nil }
        via.responsePort = .value(UInt16(port))
      }
    case UInt8(ascii: "r") where name.equalsIgnoringCase("received"):
      guard via.receivedParameter.isEmpty, !value.isEmpty else { return nil }
      via.receivedParameter = parameter
      via.received = value
    default: break
    }
    return index
  }

  private func endOfViaValue(_ bytes: ByteView, _ start: Int, _ limit: Int) -> Int? {
    if isTrusting, start < limit, bytes[start] == UInt8(ascii: "\"") {
      return NameAddress.endOfQuoted(bytes.view(from: 0, to: limit), start).map { $0 + 1 }
    }
    let index = bytes.end(of: .viaValue, from: min(start, limit), to: limit)
    return index > start ? index : nil
  }

  /// Reads a From or To value.
  package mutating func scanParty(_ bytes: ByteView, _ value: ByteSlice) -> PartySlices {
    var party = PartySlices()
    party.value = value
    guard !value.isEmpty else {
      note(.emptyValue)
      return party
    }
    guard let afterName = endOfDisplayName(bytes, value) else {
      note(.party)
      return party
    }
    var end: Int
    if afterName < value.end, bytes[afterName] == UInt8(ascii: "<") {
      let close = bytes.position(of: UInt8(ascii: ">"), from: afterName, to: value.end)
      party.uri = ByteSlice(from: afterName + 1, to: close)
      end = min(close + 1, value.end)
      if close == value.end { note(.party) }
    } else {
      // Without brackets, what follows a semicolon belongs to the header.
      end = bytes.position(of: UInt8(ascii: ";"), from: value.start, to: value.end)
      party.uri = ByteSlice(from: value.start, to: end)
      while isTrusting, bytes[party.uri].hasBlankAtEnd { party.uri.length -= 1 }
    }
    let uri = bytes[party.uri]
    // To is mostly what the request is for, which was looked at before.
    let isKnown =
      !requestURI.isEmpty && !oddity.contains(.requestURI) && uri.equals(bytes[requestURI])
    if !(isKnown || uri.isPlainURI || isTrusting && SIPURI(uri) != nil) { note(.party) }
    guard !oddity.contains(.party) else { return party }
    scanTag(bytes, from: end, &party)
    return party
  }

  /// Where "<" or an address without brackets begins; nil when the display name is odd.
  private func endOfDisplayName(_ bytes: ByteView, _ value: ByteSlice) -> Int? {
    var index = value.start
    if bytes[index] == UInt8(ascii: "\"") {
      guard let close = NameAddress.endOfQuoted(bytes.view(from: 0, to: value.end), index) else {
        return nil
      }
      if !isTrusting {
        let backslash = bytes.position(of: UInt8(ascii: "\\"), from: index, to: close)
        guard backslash == close else { return nil }
      }
      index = close + 1
      while index < value.end, bytes[index] == 0x20 || isTrusting && bytes[index].isBlank {
        index += 1
      }
      return index < value.end && bytes[index] == UInt8(ascii: "<") ? index : nil
    }
    while index < value.end, bytes[index].isTokenByte || bytes[index] == 0x20 { index += 1 }
    return index
  }

  private mutating func scanTag(_ bytes: ByteView, from start: Int, _ party: inout PartySlices) {
    let limit = party.value.end
    var index = skipBlanks(bytes, start, limit)
    while index < limit {
      guard bytes[index] == UInt8(ascii: ";") else { return note(.tag) }
      let nameStart = skipBlanks(bytes, index + 1, limit)
      index = bytes.end(of: .token, from: nameStart, to: limit)
      let name = bytes.view(from: nameStart, to: index)
      guard !name.isEmpty else { return note(.tag) }
      index = skipBlanks(bytes, index, limit)
      var value = ByteSlice.none
      if index < limit, bytes[index] == UInt8(ascii: "=") {
        let valueStart = skipBlanks(bytes, index + 1, limit)
        guard let end = endOfParameterValue(bytes, valueStart, limit) else { return note(.tag) }
        value = ByteSlice(from: valueStart, to: end)
        index = skipBlanks(bytes, end, limit)
      }
      if name.equalsIgnoringCase("tag") {
        guard party.tag.isEmpty, !value.isEmpty, !isTrusting || bytes[value].isToken else {
          return note(.tag)
        }
        party.tag = value
      }
    }
  }

  private func skipBlanks(_ bytes: ByteView, _ start: Int, _ limit: Int) -> Int {
    guard isTrusting else { return start }
    var index = start
    while index < limit, bytes[index].isBlank { index += 1 }
    return index
  }

  private func endOfParameterValue(_ bytes: ByteView, _ start: Int, _ limit: Int) -> Int? {
    if isTrusting, start < limit, bytes[start] == UInt8(ascii: "\"") {
      return NameAddress.endOfQuoted(bytes.view(from: 0, to: limit), start).map { $0 + 1 }
    }
    let index = bytes.end(of: .token, from: min(start, limit), to: limit)
    return index > start ? index : nil
  }

  package mutating func takeCallID(_ bytes: ByteView, _ value: ByteSlice) {
    callID = value
    guard !value.isEmpty else { return note(.emptyValue) }
    guard !isTrusting else { return }
    let text = bytes[value]
    guard text.isAll(.word) else { return note(.callID) }
    let sign = text.position(of: UInt8(ascii: "@"), from: 0, to: text.count)
    guard sign < text.count else { return }
    let other = text.position(of: UInt8(ascii: "@"), from: sign + 1, to: text.count)
    guard sign > 0, sign + 1 < text.count, other == text.count else { return note(.callID) }
  }

  package mutating func takeSequence(_ bytes: ByteView, _ value: ByteSlice) {
    sequenceValue = value
    let blank = bytes.position(of: 0x20, from: value.start, to: value.end)
    let digits = bytes.view(from: value.start, to: blank)
    guard blank < value.end else { return note(.sequence) }
    // RFC 3261 8.1.1.5: less than 2^31.
    guard let number = digits.decimal(atMost: 0x7FFF_FFFF) else { return note(.number) }
    sequence = UInt32(number)
    sequenceMethodText = ByteSlice(from: blank + 1, to: value.end)
    let text = bytes[sequenceMethodText]
    sequenceMethod = SIPMethod(text)
    guard sequenceMethod == .other else { return }
    guard text.isToken else { return note(.sequence) }
    if isRequest, !text.equals(bytes[methodText]) { note(.sequenceMethod) }
  }

  package mutating func takeContentLength(_ bytes: ByteView, _ value: ByteSlice) {
    guard let number = bytes[value].decimal(atMost: 99_999_999) else {
      return note(.number)
    }
    contentLength = Int32(number)
  }

  package mutating func takeMaxForwards(_ bytes: ByteView, _ value: ByteSlice) {
    guard let number = bytes[value].decimal(atMost: 255) else {
      return note(.number)
    }
    maxForwards = Int16(number)
  }

  package mutating func takeExpires(_ bytes: ByteView, _ value: ByteSlice) {
    guard let number = bytes[value].decimal(atMost: UInt64(UInt32.max)) else {
      return note(.number)
    }
    expires = Int64(number)
  }
}

extension ByteView {
  /// RFC 3261 8.1.1.7: the magic cookie, and something behind it.
  fileprivate var isUsefulBranch: Bool {
    count > 7 && lowercasedWord(at: 0) == 0x6768_397A && lowercasedWord(at: 3) == 0x6B62_3467
  }

  fileprivate var hasBlankAtEnd: Bool { count > 0 && self[count - 1].isBlank }
}
