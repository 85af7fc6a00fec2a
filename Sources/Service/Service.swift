internal import Engine
internal import LuaBridge
internal import Reactor
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
  var generation: Generation
}

/// The assembled service: site, strategies, shard, control socket.
public enum Service {
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
    // Signals are blocked before the first thread is made.
    let signals = options.watchesSignals ? try SignalWatch() : nil
    let files = try start(options, say: say)
    guard Files.makeFolder(options.data) else {
      throw ServiceError("cannot make the folder \(options.data)")
    }
    let listener: UnixListener
    do {
      listener = try UnixListener(path: ControlPath.socket(in: options.data))
    } catch {
      let reason = error.code == 0 ? error.reason : "\(error)"
      throw ServiceError("cannot serve with --data \(options.data): \(reason)")
    }
    let inbox = try door?.inbox ?? Inbox<ControlMessage>()
    let requests = try Inbox<ShardRequest>()
    let bound = Locked<SocketAddress?>(nil)
    let blueprint = ShardLoop.Blueprint(
      site: files.site,
      generation: files.generation,
      requests: requests,
      reports: inbox,
      dumpPath: options.dumpPath,
      whenBound: { address in bound.withLock { $0 = address } }
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
      files: files,
      listener: listener,
      signals: signals,
      inboxes: (inbox, requests),
      say: say
    )
    let address = bound.withLock { $0 }.map { "udp:\($0)" } ?? "none"
    say("ready sip=\(address) http=none")
    try control.run()
  }

  /// Reads and checks the site and the strategies.
  private static func start(
    _ options: ServeOptions,
    say: (String) -> Void
  ) throws -> StartFiles {
    let source = try StrategyFolder.read(options.strategies)
    let loaded = try SiteFile.load(
      options.site,
      strategies: StrategyFolder.names(in: source)
    )
    for finding in loaded.findings { say(finding.short) }
    var errors = loaded.findings.filter { $0.severity == .error }.count
    var generation: Generation?
    do {
      let limits = loaded.site?.plan.limits ?? .standard
      let made = try StrategyReload.make(source, site: loaded.site, limits: limits)
      for finding in made.warnings { say(finding.long) }
      generation = made.generation
    } catch {
      for finding in error.findings { say(finding.long) }
      errors += error.findings.filter { $0.severity == .error }.count
    }
    guard errors == 0, let site = loaded.site, let generation else {
      throw ServiceError("\(errors == 1 ? "1 error" : "\(errors) errors"): nothing is served")
    }
    return StartFiles(
      site: site,
      siteFingerprint: loaded.fingerprint,
      generation: generation
    )
  }

  private static func makeLoop(
    _ options: ServeOptions,
    files: StartFiles,
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
      site: files.site,
      say: say,
      reload: StrategyReload(files, options: options),
      end: options.seconds.map { Clock.monotonic + UInt64($0 * 1e9) }
    )
  }
}
