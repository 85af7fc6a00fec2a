internal import Engine

/// What the line answers at once.
struct LineReply {
  enum Kind: UInt8 {
    case ringing
    case answered
    case diverted
    case header
    case treatmentApplied
    /// Something else, which the floor knows by its number.
    case other
  }

  var kind: Kind
  var call: ConnID
  /// The attempt, or the treatment.
  var number: UInt32

  init(_ kind: Kind, _ call: ConnID, _ number: UInt32 = 0) {
    self.kind = kind
    self.call = call
    self.number = number
  }

  /// The same as the engine hears it; nil: the floor knows it.
  var signal: LineSignal? {
    switch kind {
    case .ringing: .ringing(call, attempt: number)
    case .answered: .answered(call, attempt: number)
    case .diverted: .diverted(call, attempt: number)
    case .header: .header(call, nil)
    case .treatmentApplied: .treatmentApplied(call, treatment: number)
    case .other: nil
    }
  }
}
