internal import Engine
internal import Journal
internal import SIPGlue

/// What one turn of the shard's loop is to be remembered for, in order.
struct Recorder {
  /// Whether anything is recorded.
  var isOn = false
  /// The entries of this turn.
  var entries: [StoreEntry] = []
  /// Signals and steps so far.
  private(set) var signals = 0
  /// Whether somebody outside will rely on what this turn led to: it leaves after the commit.
  var isAwaited = false

  /// Records what enters the engine, before it does.
  mutating func enter(_ signal: Signal, at now: Instant) {
    guard isOn else { return }
    entries.append(.signal(signal, at: now))
    signals += 1
    switch signal {
    case .agent, .control, .line(.inService), .line(.outOfService): isAwaited = true
    case .line, .strategy, .clock: return
    }
  }

  /// Records the steps that the signal has led to.
  mutating func add(_ steps: [Signal], at now: Instant) {
    for step in steps { entries.append(.step(step, at: now)) }
    signals += steps.count
  }

  /// Records an event.
  mutating func add(_ event: Event) {
    if isOn { entries.append(.event(event)) }
  }

  /// Notes that a caller is told something that he will rely on.
  mutating func note(_ command: LineCommand) {
    guard isOn, case .queued = command else { return }
    isAwaited = true
  }

  /// Records what has become of a call on the line.
  mutating func add(_ change: DialogChange) {
    switch change {
    case .gone(let id): entries.append(.dialogGone(id))
    case .kept(let row):
      var dialog = StoredDialog(
        id: row.id,
        part: row.part.rawValue,
        state: row.state,
        body: row.body
      )
      dialog.conn = row.conn
      dialog.message = row.message
      entries.append(.dialog(dialog))
    }
  }

  /// Records what has become of registrations.
  mutating func add(_ dn: DN, _ bindings: [Binding]) {
    guard isOn else { return }
    isAwaited = true
    // There may have been more of them.
    entries.append(.unbound(dn))
    for (position, binding) in bindings.enumerated() {
      guard let end = binding.expiresAt else { continue }
      var stored = StoredBinding(
        dn,
        uri: binding.uri,
        expires: end,
        callID: binding.callID,
        cseq: binding.cseq
      )
      stored.host = binding.received?.host
      stored.port = binding.received?.port ?? 0
      stored.position = position
      stored.q = binding.q
      stored.instance = binding.device?.instance
      stored.flow = binding.device?.flow ?? 0
      stored.path = binding.path
      stored.parameters = binding.parameters
      stored.since = binding.since
      stored.socket = binding.socket
      entries.append(.binding(stored))
    }
  }
}
