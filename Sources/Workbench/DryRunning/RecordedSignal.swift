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
  /// About a call, and unknown.
  case otherOfCall
  /// A step of a strategy.
  case strategy
  case clock
  /// Everything else.
  case other

  /// Those of calls, the most frequent ones first.
  private static func ofCall(_ bytes: Span<UInt8>, _ name: Range<Int>) -> RecordedSignal {
    if bytes.isEqual(name, "offered") { return .offered }
    if bytes.isEqual(name, "answered") { return .answered }
    if bytes.isEqual(name, "released") { return .released }
    if bytes.isEqual(name, "ringing") { return .ringing }
    if bytes.isEqual(name, "diverted") { return .diverted }
    if bytes.isEqual(name, "diversion_failed") { return .diversionFailed }
    if bytes.isEqual(name, "header") { return .header }
    if bytes.isEqual(name, "treatment_applied") { return .treatmentApplied }
    if bytes.isEqual(name, "treatment_ended") { return .treatmentEnded }
    if bytes.isEqual(name, "treatment_not_applied") { return .treatmentNotApplied }
    if bytes.isEqual(name, "attached") { return .attached }
    if bytes.isEqual(name, "transferred") { return .transferred }
    return .otherOfCall
  }

  /// Reads a name as it stands in a recording.
  init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
    let start = name.lowerBound
    if name.count > 5, bytes.isEqual(start..<start + 5, "call.") {
      self = Self.ofCall(bytes, start + 5..<name.upperBound)
    } else if name.count > 9, bytes.isEqual(start..<start + 9, "strategy.") {
      self = .strategy
    } else {
      self = bytes.isEqual(name, "clock") ? .clock : .other
    }
  }
}
