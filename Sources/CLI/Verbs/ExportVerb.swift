internal import Foundation
internal import Journal
internal import Service
internal import Wire

/// `pointsman export`.
enum ExportVerb {
  static let verb = Verb(
    name: "export",
    summary: "make a recording from the store of a running or stopped server",
    flags: [
      Verb.data,
      Verb.Flag(name: "-o", value: "OUT.jsonl", summary: "where to write it (- : standard output)"),
      Verb.Flag(
        name: "--since",
        value: "T",
        summary: "events from this time on: 2026-11-20T09:00:00Z or seconds since 1970"
      ),
      Verb.Flag(name: "--until", value: "T", summary: "up to this time"),
      Verb.Flag(
        name: "--call",
        value: "ID",
        summary: "while this call was there, by its ConnID or CallUUID"
      ),
    ],
    example: "pointsman export --data var -o day.jsonl",
    run: run
  )

  private static func run(_ invocation: Invocation) throws -> Outcome {
    guard let path = invocation["-o"] else { throw UsageError("export needs -o OUT.jsonl") }
    guard
      invocation["--call"] == nil || invocation["--since"] == nil && invocation["--until"] == nil
    else { throw UsageError("--call says the time by itself") }
    let exported = try Recordings.export(
      data: invocation.data,
      RecordingPart(
        since: try time("--since", invocation),
        until: try time("--until", invocation),
        call: invocation["--call"]
      ),
      to: path
    )
    if exported.leftOut > 0 {
      Console.complain(
        "the site changed in that time: this is the last part; \(exported.leftOut) before it "
          + "\(exported.leftOut == 1 ? "is" : "are") left out (--until takes them)"
      )
    }
    if invocation.json, path != "-" {
      var writer = JSONWriter()
      writer.beginObject()
      writer.key("signals")
      writer.value(UInt64(exported.signals))
      writer.key("events")
      writer.value(UInt64(exported.events))
      writer.endObject()
      Console.print(writer.text)
    } else {
      Console.complain("\(path): \(exported.signals) signals, \(exported.events) events")
    }
    return .well
  }

  /// A point in time in nanoseconds since the Unix epoch.
  private static func time(_ flag: String, _ invocation: Invocation) throws -> UInt64? {
    guard let text = invocation[flag] else { return nil }
    if let seconds = Double(text), seconds >= 0, seconds < 1e10 { return UInt64(seconds * 1e9) }
    let formatter = ISO8601DateFormatter()
    for options in [
      ISO8601DateFormatter.Options.withInternetDateTime,
      [.withInternetDateTime, .withFractionalSeconds],
      [.withFullDate],
    ] {
      formatter.formatOptions = options
      if let date = formatter.date(from: text), date.timeIntervalSince1970 >= 0 {
        return UInt64(date.timeIntervalSince1970 * 1e9)
      }
    }
    throw UsageError("\(flag) needs a time like 2026-11-20T09:00:00Z, not \"\(text)\"")
  }
}
