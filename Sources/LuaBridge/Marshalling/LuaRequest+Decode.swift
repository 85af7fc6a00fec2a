internal import CLuaShim
internal import Engine

/// The operations that Prelude.lua yields; the numbers are its own.
enum HostOperation: Int64 {
  case select = 1
  case route = 2
  case wait = 3
  case priority = 4
  case attach = 5
  case note = 6
  case exclude = 7
  case availableAgents = 8
  case loggedInAgents = 9
  case queueWaiting = 10
  case queueOldestWait = 11
  case random = 12
  case header = 13
  case treat = 14
  case queueExpectedWait = 15
  case share = 16
  case state = 17
  case setState = 18
  case keepPlace = 19
  case takePlace = 20
}

extension Coroutine {
  private var count: Int32 { unsafe rs_co_count(pointer) }

  /// What the coroutine asks for; nil when the prelude and this file disagree.
  func request() -> StrategyRequest? {
    guard let operation = HostOperation(rawValue: unsafe rs_co_integer(pointer, 0)) else {
      return nil
    }
    switch operation {
    case .select: return selection().map { .select($0) }
    case .route: return destination().map { .route($0, ringTimeout: duration(at: 1)) }
    case .wait: return duration(at: 1).map { .wait($0) }
    case .priority: return priority(at: 1).map { .priority($0) }
    case .attach: return .attach(pairs(from: 1))
    case .note: return .note(text(at: 1))
    case .exclude: return target(at: 1).map { .exclude($0) }
    case .availableAgents: return filter(at: 1).map { .availableAgents($0) }
    case .loggedInAgents: return filter(at: 1).map { .loggedInAgents($0) }
    case .queueWaiting: return .queueWaiting(DN(text(at: 1)))
    case .queueOldestWait: return .queueOldestWait(DN(text(at: 1)))
    case .random: return .random
    case .header: return .header(text(at: 1))
    case .treat: return treatment().map { .treat($0) }
    case .queueExpectedWait: return .queueExpectedWait(DN(text(at: 1)))
    case .share: return .share(parts())
    case .state: return .state(text(at: 1))
    case .setState: return .setState(text(at: 1), value(at: 2))
    case .keepPlace: return duration(at: 2).map { .keepPlace(text(at: 1), $0) }
    case .takePlace: return .takePlace(text(at: 1))
    }
  }

  /// What the coroutine returned.
  func result() -> Result<Target?, LuaProblem> {
    if unsafe rs_co_returned_any(pointer) { return .success(.any(AgentFilter())) }
    guard count > 0 else { return .success(nil) }
    let kind = unsafe rs_co_kind(pointer, 0)
    if kind == RS_NIL { return .success(nil) }
    if let target = target(at: 0) { return .success(target) }
    if let list = list() { return list }
    let name = unsafe String(cString: rs_co_type_name(pointer, 0))
    let message = "the strategy returned a \(name), not a target such as dn \"7001\" or ANY"
    return .failure(LuaProblem(file: "", line: 0, message: message))
  }

  /// A returned list: of queues, and the call waits in all of them, or of targets that are tried
  /// one after the other; nil: no list of targets.
  private func list() -> Result<Target?, LuaProblem>? {
    let length = unsafe rs_co_list_count(pointer, 0)
    guard length > 0, length <= 64 else { return nil }
    var list: [Target] = []
    var queues: [DN] = []
    for index in 1...length {
      guard let found = unsafe rs_co_list_target(pointer, 0, index),
        let target = unsafe Self.target(found)
      else { return nil }
      list.append(target)
      if case .queue(let dn) = target { queues.append(dn) }
    }
    if list.count == 1 { return .success(list[0]) }
    if queues.count == list.count { return .success(.queues(queues)) }
    guard let place = Target.misplaced(in: list) else { return .success(.list(list)) }
    let kind = unsafe rs_co_list_target(pointer, 0, Int32(place) + 1).map {
      Self.word(unsafe rs_target_kind(rawValue: UInt32(rs_target_kind_of($0))))
    }
    let message =
      "the strategy returned a list whose element \(place + 1) is \(kind ?? "no target"): "
      + "only the last one can be"
    return .failure(LuaProblem(file: "", line: 0, message: message))
  }

  private static func word(_ kind: rs_target_kind) -> String {
    switch kind {
    case RS_TARGET_QUEUE: "a queue"
    case RS_TARGET_ANY: "ANY"
    default: "a refusal"
    }
  }

  /// Where `call:route` sends the call: one target, or several.
  private func destination() -> Target? {
    guard count > 3 else { return target(at: 2) }
    let list = (2..<count).compactMap { target(at: $0) }
    return list.count == Int(count) - 2 ? .list(list) : nil
  }

  private func selection() -> Selection? {
    guard count > 6 else { return nil }
    var targets: [Target] = []
    targets.reserveCapacity(Int(count) - 6)
    for index in 6..<count {
      guard let target = target(at: index) else { return nil }
      targets.append(target)
    }
    var selection = Selection(targets, timeout: duration(at: 1), priority: priority(at: 2))
    if let rule = SelectionRule(word: text(at: 3)) { selection.rule = rule }
    selection.clears = unsafe rs_co_boolean(pointer, 4)
    let virtualQueue = text(at: 5)
    if !virtualQueue.isEmpty { selection.virtualQueue = DN(virtualQueue) }
    return selection
  }

  /// The kinds are those of Prelude.lua.
  private func treatment() -> Treatment? {
    let name = text(at: 2)
    switch unsafe rs_co_integer(pointer, 1) {
    case 1: return .music(name)
    case 2: return .announce(name)
    case 3:
      return .collect(
        digits: Int(unsafe rs_co_integer(pointer, 3)),
        timeout: duration(at: 4),
        announcement: name.isEmpty ? nil : name
      )
    case 4: return .silence
    case 5: return .ringback
    default: return nil
    }
  }

  private func text(at index: Int32) -> String {
    unsafe rs_co_slice(pointer, index).text
  }

  private func duration(at index: Int32) -> Duration? {
    let kind = unsafe rs_co_kind(pointer, index)
    guard kind == RS_INTEGER || kind == RS_NUMBER else { return nil }
    let nanoseconds = unsafe (rs_co_double(pointer, index) * 1e9).rounded()
    return .nanoseconds(Int64(exactly: nanoseconds) ?? .max)
  }

  private func priority(at index: Int32) -> Int32? {
    guard unsafe rs_co_kind(pointer, index) == RS_INTEGER else { return nil }
    return Int32(clamping: unsafe rs_co_integer(pointer, index))
  }

  private func pairs(from first: Int32) -> [KeyValue] {
    stride(from: first, to: count - 1, by: 2).map { index in
      KeyValue(text(at: index), text(at: index + 1))
    }
  }

  private func parts() -> [SharePart] {
    stride(from: Int32(1), to: count - 1, by: 2).map { index in
      SharePart(text(at: index), unsafe rs_co_integer(pointer, index + 1))
    }
  }

  /// A value to keep; nil for nil.
  private func value(at index: Int32) -> StateValue? {
    switch unsafe rs_co_kind(pointer, index) {
    case RS_TEXT: .text(text(at: index))
    case RS_INTEGER: .integer(unsafe rs_co_integer(pointer, index))
    case RS_NUMBER: .number(bits: unsafe rs_co_double(pointer, index).bitPattern)
    case RS_BOOLEAN: .boolean(unsafe rs_co_boolean(pointer, index))
    default: nil
    }
  }

  private func filter(at index: Int32) -> AgentFilter? {
    guard case .any(let filter) = target(at: index) else { return nil }
    return filter
  }

  func target(at index: Int32) -> Target? {
    guard let target = unsafe rs_co_target(pointer, index) else { return nil }
    return unsafe Self.target(target)
  }

  private static func target(_ target: OpaquePointer) -> Target? {
    func name(_ index: Int32) -> String { unsafe rs_target_slice(target, index).text }
    switch unsafe rs_target_kind(rawValue: UInt32(rs_target_kind_of(target))) {
    case RS_TARGET_DN: return .dn(DN(name(0)))
    case RS_TARGET_AGENT: return .agent(AgentID(name(0)))
    case RS_TARGET_QUEUE: return .queue(DN(name(0)))
    case RS_TARGET_TRUNK: return .trunk(name: name(0), number: name(1))
    case RS_TARGET_REJECT: return .reject(UInt16(clamping: unsafe rs_target_number(target)))
    case RS_TARGET_ANY:
      let names = unsafe rs_target_count(target)
      let skills = unsafe rs_target_slice(target, 0)
      if names == 1, unsafe skills.count == 0 { return .any(AgentFilter()) }
      var filter = AgentFilter(skills: unsafe skills.count == 0 ? nil : name(0))
      for index in 1..<max(names, 1) {
        let marked = name(index)
        let rest = String(marked.dropFirst())
        switch marked.utf8.first {
        case UInt8(ascii: "d"): filter.excludedDNs.append(DN(rest))
        case UInt8(ascii: "g"): filter.group = rest
        default: filter.excludedAgents.append(AgentID(rest))
        }
      }
      return .any(filter)
    default:
      return nil
    }
  }
}
