// The torment as a program: seeded worlds around the engine, on all cores.
//
//   torment --seed 7                     one world, with its last signals if it fails
//   torment --seeds 1000 --signals 10000 many worlds, a progress bar, one line at the end
//   torment --exhaustive                 the small world, every interleaving
//   torment --events 100000              the events of so many calls, then the figures
//   torment --scenarios FILE…            what the engine does with scenarios, to the byte
//   torment --fault takes_from_back      with a planted bug: how many seeds until it is found
//
// Exit codes: 0 nothing broke (with a fault: it was found), 1 something did, 2 usage.

import Dispatch
import Engine
import Glibc
import Simulator

struct Options {
  var seed: UInt64?
  var seeds: UInt64 = 1_000
  var signals = 10_000
  var fault: WorldFault?
  var isExhaustive = false
  var calls = 3
  var eventsOfCalls: Int?
  var journalOfCalls: Int?
}

/// Writes to standard error.
func say(_ text: String) {
  let bytes = Array(text.utf8)
  _ = write(2, bytes, bytes.count)
}

func usage(_ problem: String? = nil) -> Never {
  if let problem { say("torment: \(problem)\n") }
  let text = """
    usage: torment [--seed N | --seeds N] [--signals N] [--fault NAME]
           torment --exhaustive [--calls N]
           torment --events CALLS [--seed N]
           torment --journal CALLS [--seed N]
           torment --replay FILE
           torment --scenarios FILE…
           torment --calls CALLS --store FOLDER WAITING
           torment --recover FOLDER
    faults: \(WorldFault.allCases.map(\.rawValue).joined(separator: ", "))

    """
  if problem == nil { print(text, terminator: "") } else { say(text) }
  exit(problem == nil ? 0 : 2)
}

func parse() -> Options {
  var options = Options()
  var arguments = CommandLine.arguments.dropFirst()
  func number<T: FixedWidthInteger>(_ flag: String) -> T {
    guard let text = arguments.popFirst(), let value = T(text), value > 0 else {
      usage("\(flag) wants a number")
    }
    return value
  }
  while let flag = arguments.popFirst() {
    switch flag {
    case "--help", "-h": usage()
    case "--seed": options.seed = number(flag)
    case "--seeds": options.seeds = number(flag)
    case "--signals": options.signals = number(flag)
    case "--calls": options.calls = number(flag)
    case "--journal": options.journalOfCalls = number(flag)
    case "--replay":
      guard let path = arguments.popFirst() else { usage("--replay wants a file") }
      exit(replay(path) ? 0 : 2)
    case "--store":
      guard let folder = arguments.popFirst() else { usage("--store wants a folder") }
      guard let text = arguments.popFirst(), let waiting = Int(text), waiting >= 0 else {
        usage("--store wants a folder and how many callers wait")
      }
      exit(fillStore(folder, calls: options.calls, waiting: waiting) ? 0 : 2)
    case "--recover":
      guard let folder = arguments.popFirst() else { usage("--recover wants a folder") }
      exit(recoverStore(folder) ? 0 : 2)
    case "--scenarios": exit(runScenarios(Array(arguments)) ? 0 : 1)
    case "--events": options.eventsOfCalls = number(flag)
    case "--exhaustive": options.isExhaustive = true
    case "--fault":
      guard let name = arguments.popFirst(), let fault = WorldFault(rawValue: name) else {
        usage("--fault wants one of the faults below")
      }
      options.fault = fault
    default: usage("unknown flag \(flag)")
    }
  }
  return options
}

/// What is left of a world: nothing, or how it broke.
struct Verdict: Sendable {
  var seed: UInt64
  var signals: Int
  var problem: String?
  var lastSignals: String
}

func runWorld(_ seed: UInt64, _ options: Options) -> Verdict {
  // Every eighth world has its limits as small as they can be.
  var world = World(seed: seed, limits: seed % 8 == 0 ? .hostile : .standard)
  world.plant(options.fault)
  world.torment(signals: options.signals)
  world.close()
  return Verdict(
    seed: seed,
    signals: world.signalCount,
    problem: world.problem,
    lastSignals: world.problem == nil ? "" : world.lastSignals
  )
}

/// Runs seeds on all cores; results come back in the order of the seeds, whoever was first.
final class Campaign: @unchecked Sendable {
  private let options: Options
  private var next: UInt64 = 1
  private var done: UInt64 = 0
  private(set) var signals = 0
  private(set) var failures: [Verdict] = []
  private var mutex = pthread_mutex_t()
  private let shows = isatty(2) == 1

  init(_ options: Options) {
    self.options = options
    pthread_mutex_init(&mutex, nil)
  }

  func run() {
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    DispatchQueue.concurrentPerform(iterations: cores) { _ in
      while let seed = take() { finish(runWorld(seed, options)) }
    }
    if shows { say("\r\u{1B}[K") }
    failures.sort { $0.seed < $1.seed }
  }

  private func take() -> UInt64? {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    guard next <= options.seeds, failures.isEmpty || options.fault == nil else { return nil }
    defer { next += 1 }
    return next
  }

  private func finish(_ verdict: Verdict) {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    done += 1
    signals += verdict.signals
    if verdict.problem != nil { failures.append(verdict) }
    guard shows, done % 8 == 0 || done == options.seeds else { return }
    let share = Int(done * 30 / options.seeds)
    let bar = String(repeating: "█", count: share) + String(repeating: "·", count: 30 - share)
    say("\r\(bar) \(done) of \(options.seeds) seeds, \(failures.count) broken")
  }
}

func report(_ verdict: Verdict) {
  print("SEED=\(verdict.seed) \(verdict.problem ?? "")\nlast signals:\n\(verdict.lastSignals)")
}

/// Walks both small worlds to their ends.
func exploreSmallWorlds(calls: Int) -> Bool {
  var isGood = true
  for place in ["9000", "8000"] as [DN] {
    let outcome = SmallWorld(calls: calls, at: place).explore { states in
      if isatty(2) == 1 { say("\r\u{1B}[K\(place.number): \(states) states") }
    }
    if isatty(2) == 1 { say("\r\u{1B}[K") }
    let kind = place == "9000" ? "queue 9000" : "routing point 8000"
    print(
      "\(calls) calls, 2 agents, \(kind): \(outcome.states) states, \(outcome.steps) steps, "
        + (outcome.isComplete ? "no new state left" : "not complete")
    )
    if outcome.isComplete {
      print("  \(outcome.interleavings) interleavings of \(outcome.length) signals are covered")
    }
    if let problem = outcome.problem { print(problem) }
    isGood = isGood && outcome.isComplete
  }
  return isGood
}

let options = parse()
if options.isExhaustive { exit(exploreSmallWorlds(calls: options.calls) ? 0 : 1) }
if let calls = options.journalOfCalls {
  writeJournal(ofCalls: calls, seed: options.seed ?? 1)
  exit(0)
}
if let calls = options.eventsOfCalls {
  writeEvents(ofCalls: calls, seed: options.seed ?? 1)
  exit(0)
}
if let seed = options.seed {
  print("SEED=\(seed), \(options.signals) signals")
  let verdict = runWorld(seed, options)
  if verdict.problem != nil { report(verdict) }
  print(verdict.problem == nil ? "every invariant held" : "broken")
  exit((verdict.problem == nil) == (options.fault == nil) ? 0 : 1)
}
let campaign = Campaign(options)
campaign.run()
for failure in campaign.failures.prefix(3) { report(failure) }
let broken = campaign.failures.count
if let fault = options.fault {
  if let first = campaign.failures.first {
    print("\(fault.rawValue): found by seed \(first.seed)")
  } else {
    print("\(fault.rawValue): not found in \(options.seeds) seeds")
  }
  exit(broken > 0 ? 0 : 1)
}
print(
  "\(options.seeds) seeds, \(campaign.signals) signals: "
    + (broken == 0 ? "every invariant held" : "\(broken) broken")
)
exit(broken == 0 ? 0 : 1)
