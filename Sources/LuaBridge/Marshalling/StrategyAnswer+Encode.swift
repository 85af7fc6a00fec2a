internal import CLuaShim
internal import Engine

extension Coroutine {
  /// Resumes with an answer as the values that the prelude expects.
  ///
  /// An answer of false and a text is an error in the request; nil and a text is a failure.
  func resume(with answer: StrategyAnswer) -> rs_outcome {
    var values = unsafe (rs_value(), rs_value())
    switch answer {
    case .done:
      unsafe values.0.kind = RS_BOOLEAN
      unsafe values.0.boolean = true
      return unsafe resume(&values, count: 1)
    case .selected(let target):
      return resume(selected: target)
    case .failed(let reason):
      unsafe values.0.kind = RS_NIL
      return unsafe resume(then: reason.luaText, first: &values)
    case .count(let count):
      unsafe values.0.kind = RS_INTEGER
      unsafe values.0.integer = count
      return unsafe resume(&values, count: 1)
    case .duration(let duration):
      unsafe values.0.kind = RS_NUMBER
      unsafe values.0.number = Double(duration.nanosecondsClamped) / 1e9
      return unsafe resume(&values, count: 1)
    case .expectedWait(let expected):
      return resume(seconds: (expected.mean, expected.low, expected.high))
    case .treated(let result):
      return resume(with: result.digits.map { .text($0) } ?? .done)
    case .notTreated(let reason):
      unsafe values.0.kind = RS_NIL
      return unsafe resume(then: reason, first: &values)
    case .bits(let bits):
      unsafe values.0.kind = RS_INTEGER
      unsafe values.0.integer = Int64(bitPattern: bits)
      return unsafe resume(&values, count: 1)
    case .text(let text):
      guard let text else {
        unsafe values.0.kind = RS_NIL
        return unsafe resume(&values, count: 1)
      }
      return unsafe text.withSlice { slice in
        unsafe values.0.kind = RS_TEXT
        unsafe values.0.text = slice
        return unsafe resume(&values, count: 1)
      }
    case .value(let value):
      return resume(with: value)
    case .noSuchPlace:
      unsafe values.0.kind = RS_NIL
      return unsafe resume(then: "no_such_place", first: &values)
    case .invalid(let message):
      unsafe values.0.kind = RS_BOOLEAN
      unsafe values.0.boolean = false
      return unsafe resume(then: message, first: &values)
    }
  }

  private func resume(with value: StateValue?) -> rs_outcome {
    guard let value else {
      var nothing = unsafe (rs_value(), rs_value())
      return unsafe resume(&nothing, count: 1)
    }
    return unsafe value.withLuaValue { lent in
      var values = unsafe (lent, rs_value())
      return unsafe resume(&values, count: 1)
    }
  }

  private func resume(seconds: (Duration, Duration, Duration)) -> rs_outcome {
    var values = unsafe (rs_value(), rs_value(), rs_value())
    unsafe values.0.kind = RS_NUMBER
    unsafe values.0.number = Double(seconds.0.nanosecondsClamped) / 1e9
    unsafe values.1.kind = RS_NUMBER
    unsafe values.1.number = Double(seconds.1.nanosecondsClamped) / 1e9
    unsafe values.2.kind = RS_NUMBER
    unsafe values.2.number = Double(seconds.2.nanosecondsClamped) / 1e9
    return unsafe withUnsafeBytes(of: &values) { bytes in
      unsafe rs_co_resume(pointer, bytes.assumingMemoryBound(to: rs_value.self).baseAddress, 3)
    }
  }

  private func resume(then text: String, first values: inout (rs_value, rs_value)) -> rs_outcome {
    unsafe text.withSlice { slice in
      unsafe values.1.kind = RS_TEXT
      unsafe values.1.text = slice
      return unsafe resume(&values, count: 2)
    }
  }

  private func resume(selected target: Target) -> rs_outcome {
    var values = unsafe (rs_value(), rs_value())
    unsafe values.0.kind = RS_TARGET
    func go(_ kind: rs_target_kind, _ name: String, _ second: String = "") -> rs_outcome {
      unsafe name.withSlice { name in
        unsafe second.withSlice { second in
          unsafe values.0.integer = Int64(kind.rawValue)
          unsafe values.0.text = name
          unsafe values.0.second = second
          return unsafe resume(&values, count: 1)
        }
      }
    }
    switch target {
    case .dn(let dn): return go(RS_TARGET_DN, dn.number)
    case .agent(let id): return go(RS_TARGET_AGENT, id.text)
    case .queue(let dn): return go(RS_TARGET_QUEUE, dn.number)
    case .queues, .list: preconditionFailure("a selection never yields several targets")
    case .any(let filter): return go(RS_TARGET_ANY, filter.skills ?? "")
    case .trunk(let name, let number): return go(RS_TARGET_TRUNK, name, number)
    case .reject(let status):
      unsafe values.0.number = Double(status)
      return go(RS_TARGET_REJECT, "")
    }
  }

  private func resume(_ values: inout (rs_value, rs_value), count: Int) -> rs_outcome {
    unsafe withUnsafeBytes(of: &values) { bytes in
      unsafe rs_co_resume(pointer, bytes.assumingMemoryBound(to: rs_value.self).baseAddress, count)
    }
  }
}

extension RouteFailure {
  /// The reason as scripts see it (SURFACE 4).
  var luaText: String {
    switch self {
    case .timeout: "timeout"
    case .busy: "busy"
    case .noAnswer: "no_answer"
    case .rejected: "rejected"
    case .unreachable: "unreachable"
    case .noSuchTarget: "no_such_target"
    case .cancelled: "cancelled"
    }
  }
}
