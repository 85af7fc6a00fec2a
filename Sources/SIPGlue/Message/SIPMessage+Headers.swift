// What the glue asks a parsed message for. Every value is a copy; quotes around text are taken off.

internal import COSIPShim

/// One Via value.
package struct SIPVia: Equatable {
  /// The whole value in plain form.
  package var text: String
  package var transport: String
  package var host: String
  package var port: String?
  fileprivate var parameters: [SIPParameter]

  /// The value of a parameter; nil when it is absent or has no value.
  package func parameter(_ name: String) -> String? {
    parameters.first { $0.name.equalsIgnoringASCIICase(name) }?.value
  }

  package func hasParameter(_ name: String) -> Bool {
    parameters.contains { $0.name.equalsIgnoringASCIICase(name) }
  }
}

/// A parameter of a header; a value is as written, quotes included.
package struct SIPParameter: Equatable {
  package var name: String
  package var value: String?
}

/// One Contact value.
package struct SIPContact: Equatable {
  /// The whole URI with its parameters, or "*".
  package var uri: String
  package var display: String
  /// Nil when absent or not a number of at most 32 bits.
  package var expires: UInt32?
  /// In thousandths.
  package var q: UInt16?
  /// All header parameters in order.
  package var parameters: [SIPParameter]
}

/// One Authorization or Proxy-Authorization value; text without its quotes.
package struct SIPCredentials: Equatable {
  package var scheme = ""
  package var username = ""
  package var realm = ""
  package var nonce = ""
  package var uri = ""
  package var response = ""
  package var algorithm = ""
  package var opaque = ""
  package var qop = ""
  package var nonceCount = ""
  package var clientNonce = ""
}

extension SIPMessage {
  /// The request URI as written by libosip2; empty for a response.
  package var requestURI: String {
    guard let uri = unsafe pointer.pointee.req_uri else { return "" }
    return unsafe text(uri)
  }

  package var fromURI: String {
    guard let uri = unsafe pointer.pointee.from?.pointee.url else { return "" }
    return unsafe text(uri)
  }

  package var toURI: String {
    guard let uri = unsafe pointer.pointee.to?.pointee.url else { return "" }
    return unsafe text(uri)
  }

  /// The display name of From without quotes; empty when there is none.
  package var fromDisplay: String {
    guard let from = unsafe pointer.pointee.from else { return "" }
    return unsafe unquoted(text(from.pointee.displayname))
  }

  /// All Via values, topmost first.
  package var vias: [SIPVia] {
    unsafe elements(of: pointer.pointee.vias, osip_via_t.self) { via in
      let host = unsafe text(via.pointee.host)
      let port = unsafe via.pointee.port.map { unsafe text($0) }
      let parameters = unsafe self.parameters(of: via.pointee.via_params)
      let version = unsafe text(via.pointee.version)
      let transport = unsafe text(via.pointee.protocol)
      var whole = "SIP/\(version)/\(transport) " + (host.contains(":") ? "[\(host)]" : host)
      if let port { whole += ":\(port)" }
      for parameter in parameters {
        whole += ";\(parameter.name)"
        if let value = parameter.value { whole += "=\(value)" }
      }
      return SIPVia(
        text: whole,
        transport: transport,
        host: host,
        port: port,
        parameters: parameters
      )
    }
  }

  /// All Contact values.
  package var contacts: [SIPContact] {
    unsafe elements(of: pointer.pointee.contacts, osip_contact_t.self) { contact in
      let parameters = unsafe self.parameters(of: contact.pointee.gen_params)
      func value(_ name: String) -> String? {
        parameters.first { $0.name.equalsIgnoringASCIICase(name) }?.value
      }
      let display = unsafe text(contact.pointee.displayname)
      let uri = unsafe contact.pointee.url.map { unsafe text($0) }
      return SIPContact(
        uri: uri ?? display,
        display: uri == nil ? "" : unquoted(display),
        expires: value("expires").flatMap { UInt32($0) },
        q: value("q").flatMap { Self.thousandths($0) },
        parameters: parameters
      )
    }
  }

  /// The credentials of Authorization, or of Proxy-Authorization, in order.
  package func credentials(proxy: Bool) -> [SIPCredentials] {
    let list =
      unsafe proxy ? pointer.pointee.proxy_authorizations : pointer.pointee.authorizations
    return unsafe elements(of: list, osip_authorization_t.self) { header in
      let value = unsafe header.pointee
      return unsafe SIPCredentials(
        scheme: text(value.auth_type),
        username: unquoted(text(value.username)),
        realm: unquoted(text(value.realm)),
        nonce: unquoted(text(value.nonce)),
        uri: unquoted(text(value.uri)),
        response: unquoted(text(value.response)),
        algorithm: unquoted(text(value.algorithm)),
        opaque: unquoted(text(value.opaque)),
        qop: unquoted(text(value.message_qop)),
        nonceCount: unquoted(text(value.nonce_count)),
        clientNonce: unquoted(text(value.cnonce))
      )
    }
  }

  /// The values of all headers with this name, one per value; long names only, any case.
  package func headers(named name: String) -> [String] {
    var values: [String] = []
    var position: Int32 = 0
    while let value = unsafe rs_header(pointer, name, position) {
      unsafe values.append(text(value))
      unsafe rs_free(value)
      position += 1
    }
    return values
  }

  /// The first value of the header with this name.
  package func header(named name: String) -> String? { headers(named: name).first }

  /// The Expires header; nil when absent or not a number of at most 32 bits.
  package var expires: UInt32? { header(named: "expires").flatMap { UInt32($0) } }

  /// "type/subtype" in lower case; empty when there is none.
  package var contentType: String {
    guard let header = unsafe pointer.pointee.content_type else { return "" }
    return unsafe (text(header.pointee.type) + "/" + text(header.pointee.subtype)).lowercased()
  }

  /// The first body as bytes.
  package var bodyBytes: [UInt8] {
    guard let element = unsafe rs_bodies(pointer, 0) else { return [] }
    let body = unsafe element.pointee
    guard let start = unsafe body.body else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: body.length))
  }

  /// A q value of at most three decimals, in thousandths.
  package static func thousandths(_ text: String) -> UInt16? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      let whole = parts.first.flatMap({ UInt16($0) }), whole <= 1, parts.count <= 2
    else {
      return nil
    }
    guard parts.count == 2 else { return whole * 1000 }
    let digits = parts[1]
    guard digits.count <= 3 else { return nil }
    let padded = digits + String(repeating: "0", count: 3 - digits.count)
    let result = whole * 1000 + (UInt16(padded) ?? 0)
    return result <= 1000 ? result : nil
  }
}

extension SIPMessage {
  /// Text that libosip2 owns, copied; empty for a null pointer.
  package func text(_ characters: UnsafePointer<CChar>?) -> String {
    guard let characters = unsafe characters else { return "" }
    return unsafe String(cString: characters)
  }

  package func text(_ characters: UnsafeMutablePointer<CChar>?) -> String {
    unsafe text(UnsafePointer(characters))
  }

  /// A parameter's value; nil when the parameter is absent or has no value.
  func parameter(_ name: String, of list: osip_list_t) -> String? {
    unsafe parameters(of: list).first { $0.name.equalsIgnoringASCIICase(name) }?.value
  }

  private func text(_ uri: UnsafeMutablePointer<osip_uri_t>) -> String {
    var written: UnsafeMutablePointer<CChar>?
    guard unsafe osip_uri_to_str(uri, &written) == OSIP_SUCCESS else { return "" }
    defer { unsafe rs_free(written) }
    return unsafe text(written)
  }

  private func parameters(of list: osip_list_t) -> [SIPParameter] {
    unsafe elements(of: list, osip_generic_param_t.self) { parameter in
      unsafe SIPParameter(
        name: text(parameter.pointee.gname),
        value: parameter.pointee.gvalue.map { unsafe text($0) }
      )
    }
  }

  private func elements<Element, Value>(
    of list: osip_list_t,
    _ type: Element.Type,
    _ value: (UnsafeMutablePointer<Element>) -> Value
  ) -> [Value] {
    var copy = unsafe list
    let count = unsafe rs_list_size(&copy)
    var values: [Value] = []
    var position: Int32 = 0
    while position < count, let element = unsafe rs_list_get(&copy, position) {
      unsafe values.append(value(element.assumingMemoryBound(to: Element.self)))
      position += 1
    }
    return values
  }

  /// Takes the quotes and the escapes inside them off.
  private func unquoted(_ text: String) -> String {
    let quote = UInt8(ascii: "\"")
    guard text.utf8.count >= 2, text.utf8.first == quote, text.utf8.last == quote else {
      return text
    }
    // Nearly nobody escapes anything.
    guard text.utf8.contains(UInt8(ascii: "\\")) else {
      return String(Substring(text.utf8.dropFirst().dropLast()))
    }
    var result = ""
    var escaped = false
    for character in text.unicodeScalars.dropFirst().dropLast() {
      if character == "\\", !escaped {
        escaped = true
        continue
      }
      result.unicodeScalars.append(character)
      escaped = false
    }
    return result
  }
}

extension String {
  /// Whether two texts are the same but for ASCII case.
  package func equalsIgnoringASCIICase(_ other: String) -> Bool {
    withByteView { own in other.withByteView { own.equalsIgnoringCase($0) } }
  }
}
