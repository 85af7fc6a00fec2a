internal import Engine
internal import Journal
internal import LuaBridge
internal import Reactor
internal import SIPGlue
internal import Wire

/// A handle with which another thread can tell a running service what signals tell it otherwise.
public final class ServiceDoor: Sendable {
  let inbox: Inbox<ControlMessage>

  /// Makes a door for a service that is not running yet.
  public init() throws { inbox = try Inbox() }

  /// What SIGTERM does: no new calls, then the end; the second time, at once.
  public func stop() { inbox.post(.signal(.terminate)) }

  /// What SIGHUP does: load the strategies again.
  public func reload() { inbox.post(.signal(.hangUp)) }
}

/// Everything that is read before the service starts.
struct StartFiles {
  var site: Site
  var siteFingerprint: String
  var prepared: PreparedGeneration
  var selfTest: SelfTest?
}

/// What the service is given to work with, besides files.
package struct ServiceParts: Sendable {
  /// Runs the strategies' own tests; nil: nobody does.
  package var selfTest: SelfTest?
  /// What else may keep a generation from taking over, by its version's number.
  package var handOver: (@Sendable (Int) -> [Finding])?

  /// Makes parts.
  package init(
    selfTest: SelfTest? = nil,
    handOver: (@Sendable (Int) -> [Finding])? = nil
  ) {
    self.selfTest = selfTest
    self.handOver = handOver
  }

  /// What a server has.
  package static var standard: ServiceParts { ServiceParts(selfTest: .standard) }
}

/// The assembled service: site, strategies, shard, control socket.
public enum Service {
  /// The version of the program, which recordings carry.
  public static let version = "0.1.0"

  /// Serves until stopped.
  ///
  /// Runs the control loop on the calling thread and the shard on a thread of its own.
  ///
  /// - Parameters:
  ///   - options: What to serve, and how.
  ///   - door: Another way to stop it.
  ///   - say: Takes lines for people (standard error).
  /// - Throws: Why it could not start, or had to stop; what is wrong in files was said before.
  public static func run(
    _ options: ServeOptions,
    door: ServiceDoor? = nil,
    say: @escaping (String) -> Void
  ) throws {
    try run(options, door: door, parts: .standard, say: say)
  }

  /// Serves with other parts than a server has.
  package static func run(
    _ options: ServeOptions,
    door: ServiceDoor?,
    parts: ServiceParts,
    say: @escaping (String) -> Void
  ) throws {
    // A guest in another program leaves its heap alone.
    if door == nil { ProcessLimits.keepHeapTogether() }
    // Signals are blocked before the first thread is made.
    let signals = options.watchesSignals ? try SignalWatch() : nil
    let files = try start(options, selfTest: parts.selfTest, say: say)
    let listener = try openControl(options)
    var store = VersionStore(
      data: options.data,
      keptMax: files.site.plan.limits.generationsKeptMax
    )
    for text in store.trouble { say(text) }
    let version = keep(files.prepared, in: &store, say: say)
    // Connections take a descriptor each; shells allow a thousand.
    ProcessLimits.raiseDescriptors()
    let inbox = try door?.inbox ?? Inbox<ControlMessage>()
    let requests = try Inbox<ShardRequest>()
    let bound = Locked<[SIPListener]>([])
    let blueprint = ShardLoop.Blueprint(
      site: files.site,
      installation: Installation(
        generation: files.prepared.generation,
        number: version.number,
        sources: StrategyFiles(files.prepared.source)
      ),
      requests: requests,
      reports: inbox,
      credentials: try credentials(of: files.site),
      dumpPath: options.dumpPath,
      storeFolder: options.store ? options.data : nil,
      sources: StrategyFiles(files.prepared.source),
      versions: store.numbers,
      handOver: parts.handOver,
      whenBound: { addresses in bound.withLock { $0 = addresses } }
    )
    let thread = try ShardThread.start(
      name: "shard",
      make: { try ShardLoop(blueprint) },
      run: { shard in
        var shard = shard
        shard.run()
      }
    )
    defer {
      requests.post(.stop)
      thread.join()
    }
    var control = try makeLoop(
      options,
      reload: StrategyReload(files, version: version, store: store, options: options),
      listener: listener,
      signals: signals,
      inboxes: (inbox, requests),
      say: say
    )
    say("ready sip=\(bound.withLock { $0.map(\.text) }.joined(separator: ",")) http=none")
    try control.run()
  }

  /// Opens the control socket in the server's folder.
  private static func openControl(_ options: ServeOptions) throws -> UnixListener {
    guard Files.makeFolder(options.data) else {
      throw ServiceError("cannot make the folder \(options.data)")
    }
    do {
      return try UnixListener(path: ControlPath.socket(in: options.data))
    } catch {
      let reason = error.code == 0 ? error.reason : "\(error)"
      throw ServiceError("cannot serve with --data \(options.data): \(reason)")
    }
  }

  /// Our side of TLS, if the site has one.
  private static func credentials(of site: Site) throws -> TLSCredentials? {
    guard let tls = site.tls else { return nil }
    do {
      return try TLSCredentials(tls)
    } catch {
      throw ServiceError("no TLS: \(error)")
    }
  }

  /// Reads and checks the site and the strategies, and runs their tests.
  private static func start(
    _ options: ServeOptions,
    selfTest: SelfTest?,
    say: (String) -> Void
  ) throws -> StartFiles {
    let source = try StrategyFolder.read(options.strategies)
    let loaded = try SiteFile.load(
      options.site,
      strategies: StrategyFolder.names(in: source)
    )
    for finding in loaded.findings { say(finding.short) }
    var errors = loaded.findings.filter { $0.severity == .error }.count
    guard let site = loaded.site else {
      // What is wrong with the strategies is worth knowing at the same time.
      errors += reportErrors(of: source, say: say)
      throw ServiceError("\(errors == 1 ? "1 error" : "\(errors) errors"): nothing is served")
    }
    let preparation = Preparation(
      origin: .folder,
      folder: options.strategies,
      site: site,
      current: nil,
      selfTest: options.selfTest ? selfTest : nil
    )
    let prepared: PreparedGeneration
    do {
      let tests = try StrategyFolder.tests(in: options.strategies)
      prepared = try preparation.prepare(source, tests)
    } catch {
      for finding in error.findings { say(finding.long) }
      errors += error.findings.filter { $0.severity == .error }.count
      let hint =
        error.phase == .selfTest
        ? "; the strategies' own tests fail (--self-test off serves all the same)" : ""
      throw ServiceError(
        "\(errors == 1 ? "1 error" : "\(errors) errors"): nothing is served\(hint)"
      )
    }
    for finding in prepared.warnings { say(finding.long) }
    return StartFiles(
      site: site,
      siteFingerprint: loaded.fingerprint,
      prepared: prepared,
      selfTest: selfTest
    )
  }

  /// Says what is wrong with strategies whose site cannot be read, and counts it.
  private static func reportErrors(of source: StrategySource, say: (String) -> Void) -> Int {
    do {
      _ = try StrategyReload.make(source, site: nil, limits: .standard)
      return 0
    } catch {
      for finding in error.findings { say(finding.long) }
      return error.findings.filter { $0.severity == .error }.count
    }
  }

  /// The version that a server starts with: the last one if nothing has changed, else a new one.
  private static func keep(
    _ prepared: PreparedGeneration,
    in store: inout VersionStore,
    say: (String) -> Void
  ) -> Version {
    let newest = store.newest
    if let newest, newest.fingerprint == prepared.source.fingerprint { return newest }
    let version = Version(
      number: (newest?.number ?? 0) + 1,
      fingerprint: prepared.source.fingerprint,
      time: Clock.realtime,
      asked: "start",
      files: VersionStore.entries(of: prepared.source.files),
      tests: VersionStore.entries(of: prepared.tests)
    )
    let files = prepared.source.files + prepared.tests
    if let trouble = store.add(version, files: files) {
      say("version \(version.number) of the strategies is not kept: \(trouble)")
    }
    store.prune(pinned: [version.number])
    return version
  }

  private static func makeLoop(
    _ options: ServeOptions,
    reload: StrategyReload,
    listener: consuming UnixListener,
    signals: consuming SignalWatch?,
    inboxes: (control: Inbox<ControlMessage>, shard: Inbox<ShardRequest>),
    say: @escaping (String) -> Void
  ) throws -> ControlLoop {
    var loop = try EventLoop()
    try loop.add(listener.descriptor, .readable, token: ControlLoop.listenerToken)
    try loop.add(inboxes.control.descriptor, .readable, token: ControlLoop.inboxToken)
    if let descriptor = signals?.descriptor {
      try loop.add(descriptor, .readable, token: ControlLoop.signalsToken)
    }
    var watch: FileWatch?
    do {
      var opened = try FileWatch()
      try opened.watch(folder: options.strategies, tree: true)
      try loop.add(opened.descriptor, .readable, token: ControlLoop.filesToken)
      watch = consume opened
    } catch {
      say("files are not watched, SIGHUP still reloads: \(error)")
      watch = nil
    }
    return ControlLoop(
      loop: loop,
      listener: listener,
      signals: signals,
      files: watch,
      inbox: inboxes.control,
      shard: inboxes.shard,
      options: options,
      site: reload.site,
      say: say,
      reload: reload,
      end: options.seconds.map { Clock.monotonic + UInt64($0 * 1e9) }
    )
  }
}
