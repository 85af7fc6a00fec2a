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
package struct Oddity: OptionSet, Sendable {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let tooLong = Oddity(rawValue: 1 << 0)
  /// A control byte, or a carriage return that ends no line.
  package static let controlByte = Oddity(rawValue: 1 << 1)
  package static let bareLineEnd = Oddity(rawValue: 1 << 2)
  package static let noHeaderEnd = Oddity(rawValue: 1 << 3)
  package static let folding = Oddity(rawValue: 1 << 4)
  package static let startLine = Oddity(rawValue: 1 << 5)
  package static let version = Oddity(rawValue: 1 << 6)
  package static let requestURI = Oddity(rawValue: 1 << 7)
  package static let headerName = Oddity(rawValue: 1 << 8)
  package static let emptyValue = Oddity(rawValue: 1 << 9)
  package static let severalValues = Oddity(rawValue: 1 << 10)
  /// Lines of one kind do not stand together.
  package static let scattered = Oddity(rawValue: 1 << 11)
  /// A header that may stand once stands twice.
  package static let repeated = Oddity(rawValue: 1 << 12)
  package static let missing = Oddity(rawValue: 1 << 13)
  package static let via = Oddity(rawValue: 1 << 14)
  package static let party = Oddity(rawValue: 1 << 15)
  package static let tag = Oddity(rawValue: 1 << 16)
  package static let callID = Oddity(rawValue: 1 << 17)
  package static let sequence = Oddity(rawValue: 1 << 18)
  package static let number = Oddity(rawValue: 1 << 19)
  /// The body is shorter than Content-Length says.
  package static let contentLength = Oddity(rawValue: 1 << 20)
  /// The method in CSeq is not that of the request.
  package static let sequenceMethod = Oddity(rawValue: 1 << 21)
}

/// What the top Via says about its `rport` parameter (RFC 3581).
package enum ResponsePort: Equatable, Sendable {
  case absent
  case requested
  case value(UInt16)
}

/// The topmost Via value.
package struct ViaSlices: Sendable {
  /// The whole value, from "SIP/2.0/UDP" to the last parameter.
  package var value = ByteSlice.none
  package var transport = ByteSlice.none
  /// Host and port together, as written.
  package var sentBy = ByteSlice.none
  package var host = ByteSlice.none
  /// The port of sent-by; 0 when there is none.
  package var port: UInt16 = 0
  package var branch = ByteSlice.none
  package var responsePort = ResponsePort.absent
  /// The parameters with their leading semicolon, as they must be skipped when a Via is rewritten.
  package var responsePortParameter = ByteSlice.none
  package var receivedParameter = ByteSlice.none
  package var received = ByteSlice.none
  /// Whether the whole value was understood, so that it may be rewritten.
  package var isPlain = false
  /// Whether the branch starts with the magic cookie and says more than that.
  package var hasUsefulBranch = false
}

/// A From or To value.
package struct PartySlices: Sendable {
  package var value = ByteSlice.none
  /// The address without angle brackets, display name and header parameters.
  package var uri = ByteSlice.none
  package var tag = ByteSlice.none
}

/// Which names the header lines may have that are not looked at when a message is scanned.
///
/// Says for certain that there is no line of a name; that there may be one, it also says of some
/// names which fall on the same bit.
package struct HeaderNames: Hashable, Sendable {
  private var bits: UInt64 = 0

  package init() {}

  /// Names in lower case.
  package init(_ names: [StaticString]) {
    for name in names { insert(ByteView(name)) }
  }

  /// A name in lower case.
  @inline(__always)
  package init(_ name: StaticString) { insert(ByteView(name)) }

  /// Adds the name of a line, in any case.
  @inline(__always)
  package mutating func insert(_ name: ByteView) {
    guard name.count > 0 else { return }
    // The factors keep those that phones send apart from those that are looked for.
    let number = 2 * UInt64(name[0] & 0x1F) &+ 5 &* UInt64(name.count)
    bits |= 1 << (number & 63)
  }

  /// Whether none of these names is among the lines.
  package func lacksAll(of names: HeaderNames) -> Bool { bits & names.bits == 0 }
}

/// What one pass over a datagram found: enough to match, absorb and answer it.
package struct Envelope: Sendable {
  /// 0 for a request.
  package var statusCode: UInt16 = 0
  /// The method of a request; of a response the one in its CSeq.
  package var method = SIPMethod.other
  package var methodText = ByteSlice.none
  package var requestURI = ByteSlice.none
  package var reason = ByteSlice.none

  package var topVia = ViaSlices()
  package var viaCount: UInt16 = 0
  /// All Via lines, line ends included, as one block.
  package var viaLines = ByteSlice.none
  package var from = PartySlices()
  package var to = PartySlices()
  package var callID = ByteSlice.none
  /// The whole CSeq value.
  package var sequenceValue = ByteSlice.none
  package var sequence: UInt32 = 0
  package var sequenceMethod = SIPMethod.other
  package var sequenceMethodText = ByteSlice.none

  /// -1 when absent.
  package var maxForwards: Int16 = -1
  /// -1 when absent; the body then is the rest of the datagram.
  package var contentLength: Int32 = -1
  /// -1 when absent.
  package var expires: Int64 = -1
  /// The value of the first Contact line, as written.
  package var contact = ByteSlice.none
  package var contactLines: UInt16 = 0
  package var contentType = ByteSlice.none
  /// Of these, the value of the first line that has one; the name of another is in `otherNames`.
  package var require = ByteSlice.none
  package var supported = ByteSlice.none
  package var allow = ByteSlice.none
  package var assertedIdentity = ByteSlice.none
  package var authorization = ByteSlice.none
  package var authorizationLines: UInt16 = 0
  package var proxyAuthorization = ByteSlice.none
  /// All Record-Route lines, line ends included, as one block.
  package var recordRouteLines = ByteSlice.none
  /// All Route lines, line ends included, as one block.
  package var routeLines = ByteSlice.none
  /// Whether there is a Path header.
  package var hasPath = false
  /// Names of the header lines that have no slice here.
  package var otherNames = HeaderNames()
  /// The header lines, from the one after the start line up to the empty line.
  package var headerLines = ByteSlice.none
  package var body = ByteSlice.none

  package var oddity: Oddity = []

  package private(set) var isTrusting = false

  package var isRequest: Bool { statusCode == 0 }
  /// Whether there is anything that proves a password.
  package var hasCredentials: Bool { !authorization.isEmpty || !proxyAuthorization.isEmpty }
  package var isOdd: Bool { !oddity.isEmpty }

  package init() {}

  /// Scans a datagram.
  package init(scanning bytes: ByteView) {
    self.init()
    scan(bytes)
  }

  /// Scans bytes that libosip2 has approved of: quoted strings and blanks are then read, not
  /// refused.
  package init(scanningNormalised bytes: ByteView) {
    self.init()
    isTrusting = true
    scan(bytes)
  }
}
