// What things cost: `Benchmarks [--filter TEXT] [--scale X] [--runs N] [--json] [--check]
// [--list] [--memory [CALLS]]`.
//
// `--check` compares what does not depend on the machine: allocations per operation with
// Benchmarks/Thresholds, and the cost of a message beside many transactions with that beside few.

import Glibc

var filter = ""
var scale = 1.0
var runs = 5
var asJSON = false
var isCheck = false
var isList = false
var memoryCalls: Int?
var arguments = Array(CommandLine.arguments.dropFirst())

func usage() -> Never {
  print("usage: Benchmarks [--filter TEXT] [--scale X] [--runs N] [--json]")
  print("       Benchmarks --check | --list | --memory [CALLS]")
  exit(2)
}

while !arguments.isEmpty {
  let flag = arguments.removeFirst()
  if flag == "--json" {
    asJSON = true
    continue
  }
  if flag == "--check" {
    isCheck = true
    continue
  }
  if flag == "--memory" {
    memoryCalls = arguments.isEmpty ? 1_000_000 : Int(arguments.removeFirst()) ?? 1_000_000
    continue
  }
  if flag == "--list" {
    isList = true
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
  let tenths = Int((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10)"
}

let cases = (engineCases + luaCases + sipCases + scaleCases).filter {
  filter.isEmpty || $0.name == filter || $0.name.contains(filter)
}
if isList {
  for subject in cases { print("\(subject.operations)\t\(subject.name)") }
  exit(0)
}
if let memoryCalls { exit(measureMemory(waiting: memoryCalls) ? 0 : 1) }
if isCheck {
  let isGood = checkThresholds(cases)
  exit(checkCoroutines() && isGood ? 0 : 1)
}

if !asJSON { print("\(column("CPU ns/op", 12)) \(column("allocations/op", 15))  case") }
for subject in cases {
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
