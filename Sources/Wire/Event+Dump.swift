// Events as T-Library text dumps (DOMAIN 6.5, 6.6), which existing log tools read.
//
//   @HH:MM:SS.ffff [0] 0.1.0.0 distribute_event: message EventQueued
//   <TAB>AttributeThisDN<TAB>'8000'
//
// Times are UTC. Numbers are decimal, ConnID and EventSequenceNumber 16 hexadecimal digits, texts
// in single quotes; key-value lists carry their packed size and first bytes.

public import Engine

/// Writes events in the text dump format.
public struct EventDump: Sendable {
  /// The lines so far.
  public private(set) var bytes: [UInt8] = []

  /// Makes an empty dump.
  public init() {}

  /// Empties it and keeps its memory.
  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Adds an event.
  public mutating func append(_ event: borrowing Event) {
    head(event)
    number("EventSequenceNumber", hexadecimal(event.sequence))
    let seconds = event.time / 1_000_000_000
    number("TimeinSecs", "\(seconds) (\(clock(event.time)))")
    number("TimeinuSecs", "\(event.time / 1_000 % 1_000_000)")
    callAttributes(event)
    parties(event)
    others(event)
    list("Reason", event.reasons)
    list("Extensions", event.extensions)
    list("UserData", event.userData?.pairs)
    put("\n")
  }

  private mutating func head(_ event: borrowing Event) {
    let fraction = event.time / 100_000 % 10_000
    put("@\(clock(event.time)).\(padded(fraction, to: 4)) [0] 0.1.0.0 distribute_event: message ")
    put(event.kind.name)
    put("\n")
  }

  private mutating func callAttributes(_ event: borrowing Event) {
    if let call = event.call {
      number("ConnID", hexadecimal(call.connID.value))
      text("CallUUID", call.uuid.text)
      number("CallID", "\(call.callID)")
      number("CallType", "\(call.type.rawValue)")
      if !call.ani.isEmpty { text("ANI", call.ani) }
      if !call.dnis.isEmpty { text("DNIS", call.dnis) }
    }
    if let previous = event.previousConnID {
      number("PreviousConnID", hexadecimal(previous.value))
    }
    code("CallState", event.callState?.rawValue)
  }

  private mutating func parties(_ event: borrowing Event) {
    text("ThisDN", event.thisDN.number)
    code("ThisDNRole", event.thisDNRole?.rawValue)
    if let queue = event.thisQueue { text("ThisQueue", queue.number) }
    if let other = event.otherDN { text("OtherDN", other.number) }
    code("OtherDNRole", event.otherDNRole?.rawValue)
    if let third = event.thirdPartyDN { text("ThirdPartyDN", third.number) }
    code("ThirdPartyDNRole", event.thirdPartyDNRole?.rawValue)
  }

  private mutating func others(_ event: borrowing Event) {
    if let reference = event.referenceID { number("ReferenceID", "\(reference)") }
    code("RouteType", event.routeType?.rawValue)
    if let agent = event.agentID { text("AgentID", agent.text) }
    code("AgentWorkMode", event.workMode?.rawValue)
    code("TreatmentType", event.treatmentType?.rawValue)
    if let digits = event.collectedDigits { text("CollectedDigits", digits) }
    if let place = event.place { text("Place", place) }
    if let error = event.errorCode { number("ErrorCode", "\(error)") }
    if let message = event.errorMessage { text("ErrorMessage", message) }
    if let server = event.server { text("Server", server) }
  }

  // MARK: Pieces

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func number(_ name: String, _ value: String) {
    put("\tAttribute\(name)\t\(value)\n")
  }

  private mutating func code(_ name: String, _ value: UInt8?) {
    if let value { number(name, "\(value)") }
  }

  private mutating func text(_ name: String, _ value: String) {
    put("\tAttribute\(name)\t")
    quoted(value)
    put("\n")
  }

  /// A text in single quotes; what would end the line or the quote is replaced.
  private mutating func quoted(_ value: String) {
    bytes.append(UInt8(ascii: "'"))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "'"): bytes.append(UInt8(ascii: "`"))
      case 0..<0x20, 0x7F: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "'"))
  }

  /// A flat list: N = 2 + Σ(1 + 2 + key + 2 + value) bytes when packed, of which the first four are
  /// shown: the number of pairs, then the type and the key length of the first (DOMAIN 6.6).
  private mutating func list(_ name: String, _ pairs: [KeyValue]?) {
    guard let pairs else { return }
    let size = pairs.reduce(2) { $0 + 5 + $1.key.utf8.count + $1.value.utf8.count }
    let first = UInt64(pairs.first?.key.utf8.count ?? 0)
    let beginning: [UInt64] =
      [UInt64(pairs.count) >> 8 & 255, UInt64(pairs.count) & 255]
      + (pairs.isEmpty ? [] : [0, first >> 8 & 255])
    let shown = beginning.map { hexadecimal($0, digits: 2) }.joined(separator: " ")
    put("\tAttribute\(name)\t[\(size)] \(shown)..\n")
    for pair in pairs {
      put("\t\t")
      quoted(pair.key)
      put("\t")
      quoted(pair.value)
      put("\n")
    }
  }

  private func clock(_ time: UInt64) -> String {
    let seconds = time / 1_000_000_000 % 86_400
    return "\(padded(seconds / 3_600, to: 2)):\(padded(seconds / 60 % 60, to: 2)):"
      + padded(seconds % 60, to: 2)
  }

  private func padded(_ number: UInt64, to width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }

  private func hexadecimal(_ number: UInt64, digits: Int = 16) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
