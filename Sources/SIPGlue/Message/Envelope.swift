// The first depth of reading: one pass over a datagram, nothing allocated.
//
// The envelope knows the plain grammar only: one value per header line, no folding, no comments, no
// quoted-pairs where a tag could hide. It must never be wrong about what it claims to know, because
// transactions and dialogs are found by it. Whenever a byte lies outside that grammar it does not
// guess: it sets `oddity`, and the message goes to libosip2 (`MessageReader`), which is the
// reference. A differential fuzz test holds the two against each other.
//
// All slices point into the bytes that were scanned. Source: RFC 3261 7, 18.3, 20, 25; RFC 3581.

/// Why the scanner does not vouch for a message.
enum Oddity: UInt8, Sendable {
  case none
  case tooLong, controlByte, bareLineEnd, noHeaderEnd, folding
  case startLine, version, requestURI
  case headerName, emptyValue, nonASCII
  case severalValues, scattered, repeated, missing
  case via, party, tagSyntax, callID, number, contentLength, sequenceMethod
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

  var oddity = Oddity.none

  var isRequest: Bool { statusCode == 0 }
  var isOdd: Bool { oddity != .none }

  init() {}

  /// Scans a datagram.
  init(scanning bytes: ByteView) {
    self.init()
    scan(bytes)
  }
}

extension Envelope {
  mutating func scan(_ bytes: ByteView) { preconditionFailure() }
}
