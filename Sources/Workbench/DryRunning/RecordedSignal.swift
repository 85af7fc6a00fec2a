/// The signals of a recording as far as a dry-run tells them apart.
enum RecordedSignal: UInt8 {
  case offered
  case ringing
  case answered
  case diverted
  case diversionFailed
  case released
  case header
  case treatmentApplied
  case treatmentEnded
  case treatmentNotApplied
  case transferred
  case attached
  case held
  case retrieved
  /// About a call, and unknown.
  case otherOfCall
  /// A step of a strategy.
  case strategy
  case clock
  /// Everything else.
  case other

  /// Whether it comes from outside, whatever is decided.
  var isFromOutside: Bool {
    switch self {
    case .offered, .attached, .clock, .other: true
    case .ringing, .answered, .diverted, .diversionFailed, .released, .header, .treatmentApplied,
      .treatmentEnded, .treatmentNotApplied, .transferred, .held, .retrieved, .otherOfCall,
      .strategy:
      false
    }
  }

  /// Reads a name as it stands in a recording.
  init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
    let word = bytes.firstWord(name)
    switch word {
    case JSONKey("call.offered").word: self = .offered
    case JSONKey("call.answered").word: self = .answered
    case JSONKey("call.released").word: self = .released
    case JSONKey("call.ringing").word: self = .ringing
    case JSONKey("call.diverted").word:
      self = bytes.isEqual(name, "call.diverted") ? .diverted : .diversionFailed
    case JSONKey("call.header").word: self = .header
    case JSONKey("call.treatment").word: self = Self.treatment(bytes, name)
    case JSONKey("call.attached").word: self = .attached
    case JSONKey("call.transferred").word: self = .transferred
    case JSONKey("call.held").word: self = .held
    case JSONKey("call.retrieved").word: self = .retrieved
    case JSONKey("strategy").word:
      self = bytes.has("strategy.", at: name.lowerBound) ? .strategy : .other
      return
    default:
      let isOfCall = name.count > 5 && bytes.has("call.", at: name.lowerBound)
      let isClock = bytes.isEqual(name, "clock")
      self = isOfCall ? .otherOfCall : isClock ? .clock : .other
      return
    }
    // The first eight bytes may begin another name too.
    if !isWritten(bytes, name) { self = .otherOfCall }
  }

  private static func treatment(_ bytes: Span<UInt8>, _ name: Range<Int>) -> RecordedSignal {
    if bytes.isEqual(name, "call.treatment_applied") { return .treatmentApplied }
    return bytes.isEqual(name, "call.treatment_ended") ? .treatmentEnded : .treatmentNotApplied
  }

  /// Whether the whole name is that of this signal.
  @inline(__always)
  private func isWritten(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
    switch self {
    case .offered: bytes.isEqual(name, "call.offered")
    case .answered: bytes.isEqual(name, "call.answered")
    case .released: bytes.isEqual(name, "call.released")
    case .ringing: bytes.isEqual(name, "call.ringing")
    case .diverted: bytes.isEqual(name, "call.diverted")
    case .diversionFailed: bytes.isEqual(name, "call.diversion_failed")
    case .header: bytes.isEqual(name, "call.header")
    case .treatmentApplied: bytes.isEqual(name, "call.treatment_applied")
    case .treatmentEnded: bytes.isEqual(name, "call.treatment_ended")
    case .treatmentNotApplied: bytes.isEqual(name, "call.treatment_not_applied")
    case .transferred: bytes.isEqual(name, "call.transferred")
    case .attached: bytes.isEqual(name, "call.attached")
    case .held: bytes.isEqual(name, "call.held")
    case .retrieved: bytes.isEqual(name, "call.retrieved")
    case .otherOfCall, .strategy, .clock, .other: true
    }
  }
}
