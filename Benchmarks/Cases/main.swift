// What things cost: `Benchmarks [--filter TEXT] [--scale X] [--runs N] [--json]`.

import Glibc

var filter = ""
var scale = 1.0
var runs = 5
var asJSON = false
var arguments = Array(CommandLine.arguments.dropFirst())

func usage() -> Never {
  print("usage: Benchmarks [--filter TEXT] [--scale X] [--runs N] [--json]")
  exit(2)
}

while !arguments.isEmpty {
  let flag = arguments.removeFirst()
  if flag == "--json" {
    asJSON = true
    continue
  }
  guard !arguments.isEmpty else { usage() }
  let value = arguments.removeFirst()
  switch flag {
  case "--filter": filter = value
  case "--scale": scale = Double(value) ?? 1
  case "--runs": runs = max(1, Int(value) ?? 5)
  default: usage()
  }
}

func column(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}

func rounded(_ value: Double) -> String {
  let tenths = (value * 10).rounded()
  return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
}

if !asJSON { print("\(column("CPU ns/op", 12)) \(column("allocations/op", 15))  case") }
for subject in engineCases
where filter.isEmpty || subject.name.utf8.count > 0 && subject.name.contains(filter) {
  let result = measure(subject, runs: runs, scale: scale)
  if asJSON {
    print(
      "{\"case\":\"\(subject.name)\",\"cpu_ns\":\(rounded(result.nanoseconds)),"
        + "\"allocations\":\(rounded(result.allocations))}"
    )
  } else {
    print(
      "\(column(rounded(result.nanoseconds), 12)) \(column(rounded(result.allocations), 15))"
        + "  \(subject.name)"
    )
  }
}
