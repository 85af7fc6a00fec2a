/// The request methods that the switch knows by name.
package enum SIPMethod: UInt8, CaseIterable, Sendable {
  case other, invite, ack, bye, cancel, register, options, info
  case prack, update, refer, notify, subscribe, message, publish

  /// The name as it stands in a message; empty for `.other`.
  package var name: StaticString {
    switch self {
    case .other: ""
    case .invite: "INVITE"
    case .ack: "ACK"
    case .bye: "BYE"
    case .cancel: "CANCEL"
    case .register: "REGISTER"
    case .options: "OPTIONS"
    case .info: "INFO"
    case .prack: "PRACK"
    case .update: "UPDATE"
    case .refer: "REFER"
    case .notify: "NOTIFY"
    case .subscribe: "SUBSCRIBE"
    case .message: "MESSAGE"
    case .publish: "PUBLISH"
    }
  }

  /// The method with this name; method names are case-sensitive (RFC 3261 7.1).
  package init(_ text: ByteView) {
    self = .other
    guard text.count >= 3 else { return }
    let candidates: (SIPMethod, SIPMethod, SIPMethod) =
      switch text[0] {
      case UInt8(ascii: "I"): (.invite, .info, .other)
      case UInt8(ascii: "A"): (.ack, .other, .other)
      case UInt8(ascii: "B"): (.bye, .other, .other)
      case UInt8(ascii: "C"): (.cancel, .other, .other)
      case UInt8(ascii: "R"): (.register, .refer, .other)
      case UInt8(ascii: "O"): (.options, .other, .other)
      case UInt8(ascii: "P"): (.prack, .publish, .other)
      case UInt8(ascii: "U"): (.update, .other, .other)
      case UInt8(ascii: "N"): (.notify, .other, .other)
      case UInt8(ascii: "S"): (.subscribe, .other, .other)
      case UInt8(ascii: "M"): (.message, .other, .other)
      default: (.other, .other, .other)
      }
    if text.equals(candidates.0.name) {
      self = candidates.0
    } else if text.equals(candidates.1.name) {
      self = candidates.1
    }
  }
}
