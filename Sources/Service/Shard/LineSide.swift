// What stands between the engine and the world on the shard's thread.
//
// Invariants: commands are carried out in the order in which they were decided; every event of the
// engine gets into the log, once; signals of the switch are taken in order, also those that a
// command brought about, before anything else is handled.
// Who may change it: the shard loop that owns it.

internal import Engine
internal import Reactor
internal import SIPGlue

/// The switch, its sockets, and the log of what the engine announced.
struct LineSide: ~Copyable {
  var telephony: SIPSwitch
  var transports: LineTransports
  var log: EventLog
  /// The agent request that is being handled, and the error that the engine answered it with.
  var reference: UInt32 = 0
  var refusal: Event?
  /// What the events add up to.
  var statistics = Statistics(answeredWithin: .seconds(20), abandonedWithin: .seconds(5))
  /// What is to be remembered of this turn.
  var recorder = Recorder()
  /// Where the events are written as dumps, if anywhere.
  var dump: DumpFile?
  /// How many messages have left.
  private var sent: UInt64 = 0

  init(
    telephony: consuming SIPSwitch,
    transports: consuming LineTransports,
    log: consuming EventLog,
    dump: consuming DumpFile?
  ) {
    self.dump = dump
    self.telephony = telephony
    self.transports = transports
    self.log = log
  }

  /// Carries out what the engine decided.
  mutating func perform(_ outbox: inout Outbox, at now: Instant) {
    for command in outbox.lineCommands {
      recorder.note(command)
      telephony.perform(command, at: now)
    }
    outbox.takeEvents { take($0) }
  }

  private mutating func take(_ event: consuming Event) {
    if reference != 0, event.kind == .error, event.referenceID == reference {
      refusal = copy event
    }
    statistics.fold(event)
    dump?.append(event)
    recorder.add(event)
    log.append(consume event)
  }

  /// Receives one batch of datagrams.
  mutating func receiveDatagrams(at now: Instant) {
    transports.receiveDatagrams(into: &telephony, at: now)
  }

  /// Serves the connections that are ready.
  mutating func receiveStreams(at now: Instant) {
    transports.receiveStreams(into: &telephony, at: now)
  }

  /// Writes the dumps that wait; returns what went wrong, the first time.
  mutating func writeDump() -> String? { dump?.flush() ?? nil }

  /// Sends what waits, up to a place in the line of all messages ever made, or all.
  mutating func send(before end: UInt64? = nil) {
    let first = end.map { Int(max($0, sent) - sent) }
    sent += UInt64(transports.send(from: &telephony, first: first))
  }

  /// Sends all that waits, at the end.
  mutating func finish() { transports.finish(from: &telephony) }

  /// How many messages were made so far.
  var written: UInt64 { sent + UInt64(telephony.outgoingCount) }
}
