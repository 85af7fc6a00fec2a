// What a message of a call says about its dialog: extensions, reliable answers, session timers.
//
// Source: RFC 3262 (100rel, RSeq), RFC 4028 (timer, Session-Expires, Min-SE), RFC 3311 (UPDATE).

/// What is read, in one walk over the header lines, of every message that opens or changes a
/// session.
struct DialogHeaders: Sendable {
  /// Who keeps a session alive; the roles are those of the transaction at hand.
  enum Refresher: UInt8, Sendable { case unsaid, client, server }

  struct Abilities: OptionSet, Sendable {
    var rawValue: UInt8
    static let reliable = Abilities(rawValue: 1)
    static let timer = Abilities(rawValue: 2)
    static let update = Abilities(rawValue: 4)
    static let replaces = Abilities(rawValue: 8)
  }

  /// Supported and Require together, and UPDATE in Allow.
  var abilities: Abilities = []
  /// Require alone.
  var required: Abilities = []
  var refresher = Refresher.unsaid
  /// Session-Expires, in seconds; 0: none.
  var interval: UInt32 = 0
  /// Min-SE, in seconds; 0: none.
  var leastInterval: UInt32 = 0
  /// RSeq; 0: none.
  var responseNumber: UInt32 = 0

  /// Whether a provisional answer wants a PRACK.
  var isReliable: Bool { required.contains(.reliable) && responseNumber > 0 }

  /// What most messages have none of, or not twice.
  private static let names = HeaderNames([
    "supported", "k", "require", "allow", "session-expires", "x", "min-se", "rseq",
  ])

  init() {}

  init(_ received: borrowing Received) {
    self.init(received.envelope, in: received.bytes)
  }

  init(_ envelope: Envelope, in bytes: ByteView) {
    guard !envelope.otherNames.lacksAll(of: Self.names) else {
      abilities = Self.extensions(in: bytes[envelope.supported])
      required = Self.extensions(in: bytes[envelope.require])
      if Self.names("UPDATE", in: bytes[envelope.allow]) { abilities.insert(.update) }
      abilities.formUnion(required)
      return
    }
    let limit = envelope.headerLines.end
    var start = envelope.headerLines.start
    while start < limit {
      let end = bytes.position(of: 0x0A, from: start, to: limit)
      // The first letter tells most lines apart.
      switch bytes[start].lowercased {
      case UInt8(ascii: "s"), UInt8(ascii: "r"), UInt8(ascii: "a"), UInt8(ascii: "m"),
        UInt8(ascii: "k"), UInt8(ascii: "x"):
        take(bytes.view(from: start, to: end))
      default: break
      }
      start = end + 1
    }
    abilities.formUnion(required)
  }

  private mutating func take(_ line: ByteView) {
    let colon = line.position(of: UInt8(ascii: ":"), from: 0, to: line.count)
    guard colon < line.count else { return }
    let name = line.view(from: 0, to: colon).trimmed
    var value: ByteView { HeaderLines.value(of: line) }
    if name.equalsIgnoringCase("supported") || name.equalsIgnoringCase("k") {
      abilities.formUnion(Self.extensions(in: value))
    } else if name.equalsIgnoringCase("require") {
      required.formUnion(Self.extensions(in: value))
    } else if name.equalsIgnoringCase("allow") {
      if Self.names("UPDATE", in: value) { abilities.insert(.update) }
    } else if name.equalsIgnoringCase("session-expires") || name.equalsIgnoringCase("x") {
      takeInterval(value)
    } else if name.equalsIgnoringCase("min-se") {
      leastInterval = Self.seconds(value)
    } else if name.equalsIgnoringCase("rseq") {
      responseNumber = UInt32(value.decimal(atMost: 0x7FFF_FFFF) ?? 0)
    }
  }

  /// Whether a list has this member.
  private static func names(_ method: StaticString, in list: ByteView) -> Bool {
    let member = ByteView(method)
    var start = 0
    while true {
      start = list.position(of: member[0], from: start, to: list.count)
      let end = start + member.count
      guard end <= list.count else { return false }
      if list.view(from: start, to: end).equals(member), start == 0 || list[start - 1].isListGap,
        end == list.count || list[end].isListGap
      {
        return true
      }
      start += 1
    }
  }

  private mutating func takeInterval(_ value: ByteView) {
    interval = Self.seconds(value)
    let semicolon = value.position(of: UInt8(ascii: ";"), from: 0, to: value.count)
    let parameters = ParameterWalk(value.view(from: semicolon, to: value.count))
    guard let who = parameters.value(of: "refresher") else { return }
    if who.equalsIgnoringCase("uac") { refresher = .client }
    if who.equalsIgnoringCase("uas") { refresher = .server }
  }

  /// The number before the parameters; a day at most.
  private static func seconds(_ value: ByteView) -> UInt32 {
    let end = value.position(of: UInt8(ascii: ";"), from: 0, to: value.count)
    guard let number = value.view(from: 0, to: end).trimmed.decimal(atMost: 0xFFFF_FFFF) else {
      return 0
    }
    return UInt32(min(number, 86_400))
  }

  private static func extensions(in value: ByteView) -> Abilities {
    guard !value.isEmpty else { return [] }
    var found: Abilities = []
    RouteValues.forEachValue(in: value) { slice in
      if let one = named(value[slice]) { found.insert(one) }
    }
    return found
  }

  /// The extension of this name, if it is one that a bridge knows.
  static func named(_ option: ByteView) -> Abilities? {
    if option.equalsIgnoringCase("100rel") { return .reliable }
    if option.equalsIgnoringCase("timer") { return .timer }
    if option.equalsIgnoringCase("replaces") { return .replaces }
    return nil
  }
}

extension UInt8 {
  /// Whether this stands between the members of a list.
  fileprivate var isListGap: Bool { self == UInt8(ascii: ",") || isBlank }
}
