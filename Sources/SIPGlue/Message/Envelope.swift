// The first depth of reading: one pass over a datagram, nothing allocated.
//
// The envelope knows the plain grammar only: one value per header line, no folding, no comments, no
// quoted-pairs where a tag could hide. It must never be wrong about what it claims to know, because
// transactions and dialogs are found by it. Whenever a byte lies outside that grammar it does not
// guess: it sets `oddity`, and the message goes to libosip2 (`MessageReader`), which is the
// reference. A differential fuzz test holds the two against each other.
//
// All slices point into the bytes that were scanned. Source: RFC 3261 7, 18.3, 20, 25; RFC 3581.

/// Why the scanner does not vouch for a message; empty when it does.
struct Oddity: OptionSet, Sendable {
  var rawValue: UInt32

  static let tooLong = Oddity(rawValue: 1 << 0)
  /// A control byte, or a carriage return that ends no line.
  static let controlByte = Oddity(rawValue: 1 << 1)
  static let bareLineEnd = Oddity(rawValue: 1 << 2)
  static let noHeaderEnd = Oddity(rawValue: 1 << 3)
  static let folding = Oddity(rawValue: 1 << 4)
  static let startLine = Oddity(rawValue: 1 << 5)
  static let version = Oddity(rawValue: 1 << 6)
  static let requestURI = Oddity(rawValue: 1 << 7)
  static let headerName = Oddity(rawValue: 1 << 8)
  static let emptyValue = Oddity(rawValue: 1 << 9)
  static let severalValues = Oddity(rawValue: 1 << 10)
  /// Lines of one kind do not stand together.
  static let scattered = Oddity(rawValue: 1 << 11)
  /// A header that may stand once stands twice.
  static let repeated = Oddity(rawValue: 1 << 12)
  static let missing = Oddity(rawValue: 1 << 13)
  static let via = Oddity(rawValue: 1 << 14)
  static let party = Oddity(rawValue: 1 << 15)
  static let tag = Oddity(rawValue: 1 << 16)
  static let callID = Oddity(rawValue: 1 << 17)
  static let sequence = Oddity(rawValue: 1 << 18)
  static let number = Oddity(rawValue: 1 << 19)
  /// The body is shorter than Content-Length says.
  static let contentLength = Oddity(rawValue: 1 << 20)
  /// The method in CSeq is not that of the request.
  static let sequenceMethod = Oddity(rawValue: 1 << 21)
}

/// What the top Via says about its `rport` parameter (RFC 3581).
enum ResponsePort: Equatable, Sendable {
  case absent
  case requested
  case value(UInt16)
}

/// The topmost Via value.
struct ViaSlices: Sendable {
  /// The whole value, from "SIP/2.0/UDP" to the last parameter.
  var value = ByteSlice.none
  var transport = ByteSlice.none
  /// Host and port together, as written.
  var sentBy = ByteSlice.none
  var host = ByteSlice.none
  /// The port of sent-by; 0 when there is none.
  var port: UInt16 = 0
  var branch = ByteSlice.none
  var responsePort = ResponsePort.absent
  /// The parameters with their leading semicolon, as they must be skipped when a Via is rewritten.
  var responsePortParameter = ByteSlice.none
  var receivedParameter = ByteSlice.none
  var received = ByteSlice.none
  /// Whether the whole value was understood, so that it may be rewritten.
  var isPlain = false
  /// Whether the branch starts with the magic cookie and says more than that.
  var hasUsefulBranch = false
}

/// A From or To value.
struct PartySlices: Sendable {
  var value = ByteSlice.none
  /// The address without angle brackets, display name and header parameters.
  var uri = ByteSlice.none
  var tag = ByteSlice.none
}

/// What one pass over a datagram found: enough to match, absorb and answer it.
struct Envelope: Sendable {
  /// 0 for a request.
  var statusCode: UInt16 = 0
  /// The method of a request; of a response the one in its CSeq.
  var method = SIPMethod.other
  var methodText = ByteSlice.none
  var requestURI = ByteSlice.none
  var reason = ByteSlice.none

  var topVia = ViaSlices()
  var viaCount: UInt16 = 0
  /// All Via lines, line ends included, as one block.
  var viaLines = ByteSlice.none
  var from = PartySlices()
  var to = PartySlices()
  var callID = ByteSlice.none
  /// The whole CSeq value.
  var sequenceValue = ByteSlice.none
  var sequence: UInt32 = 0
  var sequenceMethod = SIPMethod.other
  var sequenceMethodText = ByteSlice.none

  /// -1 when absent.
  var maxForwards: Int16 = -1
  /// -1 when absent; the body then is the rest of the datagram.
  var contentLength: Int32 = -1
  /// -1 when absent.
  var expires: Int64 = -1
  /// The value of the first Contact line, as written.
  var contact = ByteSlice.none
  var contactLines: UInt16 = 0
  var contentType = ByteSlice.none
  var require = ByteSlice.none
  var authorization = ByteSlice.none
  var proxyAuthorization = ByteSlice.none
  /// All Record-Route lines, line ends included, as one block.
  var recordRouteLines = ByteSlice.none
  /// All Route lines, line ends included, as one block.
  var routeLines = ByteSlice.none
  /// The header lines, from the one after the start line up to the empty line.
  var headerLines = ByteSlice.none
  var body = ByteSlice.none

  var oddity: Oddity = []

  private(set) var isTrusting = false

  var isRequest: Bool { statusCode == 0 }
  var isOdd: Bool { !oddity.isEmpty }

  init() {}

  /// Scans a datagram.
  init(scanning bytes: ByteView) {
    self.init()
    scan(bytes)
  }

  /// Scans bytes that libosip2 has approved of: quoted strings and blanks are then read, not refused.
  init(scanningNormalised bytes: ByteView) {
    self.init()
    isTrusting = true
    scan(bytes)
  }
}
