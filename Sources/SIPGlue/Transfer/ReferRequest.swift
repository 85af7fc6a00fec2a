// What a REFER asks for (RFC 3515 2.1, RFC 3891 3, RFC 3892 2, RFC 4488 4).

/// A REFER, read.
struct ReferRequest {
  /// A dialog that a Replaces names, as its owner names it: the tag of ours is `toTag`.
  struct Dialog {
    var callID: String
    var toTag: String
    var fromTag: String
    /// Whether it is meant only while it is early.
    var isEarlyOnly = false
  }

  /// Where the party is to be sent: the user part of Refer-To.
  var number: String
  /// The dialog that the party is to take the place of the referrer in.
  var replaced: Dialog?
  /// Referred-By, as it came; empty when it did not.
  var referredBy = ""
  /// Whether the referrer wants NOTIFYs.
  var isReported = true

  /// What has been read: the request, or the status that refuses it.
  enum Reading {
    case request(ReferRequest)
    case problem(UInt16)
  }

  static func read(_ received: borrowing Received) -> Reading {
    var count = 0
    var reading = Reading.problem(400)
    received.forEachToken(of: "refer-to", or: UInt8(ascii: "r")) { value in
      count += 1
      reading = target(value)
    }
    guard count == 1, case .request(var request) = reading else {
      return count == 1 ? reading : .problem(400)
    }
    received.forEachToken(of: "referred-by", or: UInt8(ascii: "b")) {
      request.referredBy = $0.string
    }
    received.forEachToken(of: "refer-sub", or: 0) { value in
      if value.hasPrefixIgnoringCase("false") { request.isReported = false }
    }
    return .request(request)
  }

  private static func target(_ value: ByteView) -> Reading {
    guard let address = NameAddress(value) else { return .problem(400) }
    let text = value[address.uri]
    guard let uri = SIPURI(text) else { return .problem(400) }
    guard uri.scheme != .other else { return .problem(416) }
    if let method = uri.parameter("method", in: text), !method.equalsIgnoringCase("invite") {
      return .problem(403)
    }
    var request = ReferRequest(number: uri.userText(in: text))
    guard let named = header("replaces", in: text[uri.headers]) else { return .request(request) }
    guard let dialog = dialog(SIPURI.unescaped(named)) else { return .problem(400) }
    request.replaced = dialog
    return .request(request)
  }

  /// The value of a header in a URI: `?name=value&name=value`.
  private static func header(_ name: StaticString, in headers: ByteView) -> ByteView? {
    var start = 1
    while start < headers.count {
      let end = headers.position(of: UInt8(ascii: "&"), from: start, to: headers.count)
      let equals = headers.position(of: UInt8(ascii: "="), from: start, to: end)
      if equals < end, headers.view(from: start, to: equals).equalsIgnoringCase(name) {
        return headers.view(from: equals + 1, to: end)
      }
      start = end + 1
    }
    return nil
  }

  /// Reads the value of Replaces: `call-id;to-tag=…;from-tag=…`.
  static func dialog(_ value: String) -> Dialog? {
    value.withByteView { text in
      let end = text.position(of: UInt8(ascii: ";"), from: 0, to: text.count)
      let parameters = ParameterWalk(text.view(from: end, to: text.count))
      let callID = text.view(from: 0, to: end).trimmed
      guard !callID.isEmpty, let toTag = parameters.value(of: "to-tag"),
        let fromTag = parameters.value(of: "from-tag")
      else { return nil }
      var dialog = Dialog(callID: callID.string, toTag: toTag.string, fromTag: fromTag.string)
      dialog.isEarlyOnly = parameters.value(of: "early-only") != nil
      return dialog
    }
  }
}
