internal import Service
internal import Wire

/// `pointsman check`.
enum CheckVerb {
  static let verb = Verb(
    name: "check",
    operands: "PATH…",
    summary: "find mistakes in strategies and in the site file without a call",
    flags: [
      Verb.Flag(
        name: "--site",
        value: "FILE",
        summary: "check DNs, queues and skills against this site (default: site.lua if there)"
      )
    ],
    example: "pointsman check strategies --site site.lua",
    operandCount: 1...1_000,
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    let report = try Check.run(paths: invocation.operands, site: invocation["--site"])
    for finding in report.findings {
      Console.print(invocation.json ? Check.json(finding) : finding.long)
    }
    let errors = report.findings.filter { $0.severity == .error }.count
    if !invocation.json {
      let files = report.fileCount == 1 ? "1 file" : "\(report.fileCount) files"
      let found = errors == 0 ? "no errors" : errors == 1 ? "1 error" : "\(errors) errors"
      Console.complain("checked \(files): \(found)")
    }
    return errors == 0 ? .well : .found
  }
}
