// The second depth of reading: libosip2's parse, made when somebody asks for meaning.

internal import COSIPShim

/// Why libosip2 refused a message.
enum SIPParseError: Error, Equatable {
  case tooLong
  case syntax(Int32)
}

/// The owner of one parsed message.
struct SIPMessage: ~Copyable {
  /// Parses a whole message.
  init(parsing bytes: ByteView) throws(SIPParseError) { throw .syntax(0) }

  // Coming in this file and SIPMessage+Headers.swift:
  // var statusCode: Int, method: String, requestURI: String, callID: String, bodyBytes: [UInt8]
  // var contacts: [SIPContact], vias: [SIPVia]
  // func headers(named: String) -> [String]
  // func credentials(proxy: Bool) -> [SIPCredentials]
}

/// One Contact value.
struct SIPContact: Equatable {
  /// The whole URI with its parameters, or "*".
  var uri: String
  var display: String
  var expires: UInt32?
  /// In thousandths.
  var q: UInt16?
  /// Further header parameters in order.
  var parameters: [(name: String, value: String?)]

  static func == (left: SIPContact, right: SIPContact) -> Bool {
    left.uri == right.uri && left.expires == right.expires && left.q == right.q
  }
}

/// One Authorization or Proxy-Authorization value; text without its quotes.
struct SIPCredentials: Equatable {
  var scheme = ""
  var username = ""
  var realm = ""
  var nonce = ""
  var uri = ""
  var response = ""
  var algorithm = ""
  var opaque = ""
  var qop = ""
  var nonceCount = ""
  var clientNonce = ""
}
