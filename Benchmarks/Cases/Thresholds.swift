/// Allocations per operation that are allowed, by the beginning of a case's name.
///
/// The figures hold for Swift 6.3. Times are not checked: machines are noisy.
private let allocationsAllowed: [(prefix: String, allocations: Double)] = [
  ("engine: a redirected call", 0.0),
  ("engine: a bridged call", 0.0),
  ("scale: a call for one of 50 skills", 0.0),
  // Who waits keeps a list of what he waits for; the tables of a full site grow now and then.
  ("scale: a call that waits", 2.0),
  ("strategy: a redirected call", 0.0),
  ("strategy: a bridged call", 13.0),
  // Coverage notes where every request came from.
  ("cost: a bridged call, Lua selects, records off, coverage on", 21.0),
  ("cost: a bridged call", 13.0),
  ("sip: INVITE, 486, ACK", 0.0),
  ("sip: a bridged call", 0.0),
]

/// Compares the allocations of cases with what is allowed, and prints what differs.
func checkThresholds(_ cases: [Case]) -> Bool {
  var isGood = true
  for subject in cases {
    guard let allowed = allocationsAllowed.first(where: { subject.name.hasPrefix($0.prefix) })
    else {
      print("no threshold: \(subject.name)")
      isGood = false
      continue
    }
    let result = measure(subject, runs: 2, scale: 0.1)
    // A tenth of an allocation is what growing tables cost in a short run.
    let isWithin = result.allocations <= allowed.allocations + 0.1
    if !isWithin { isGood = false }
    print(
      "\(isWithin ? "ok  " : "MORE") \(rounded(result.allocations)) allocations, "
        + "\(rounded(allowed.allocations)) allowed: \(subject.name)"
    )
  }
  return isGood
}
