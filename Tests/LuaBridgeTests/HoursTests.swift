import Engine
import Foundation
import LuaBridge
import Testing

/// `strategies/lib/hours.lua`, asked at many instants.
@Suite("Opening hours")
struct HoursTests {
  static let library: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("strategies/lib/hours.lua")
    return try? String(contentsOf: file, encoding: .utf8)
  }()

  static let holidays = """
    date,name,hours
    12-24,Christmas Eve,08:00-12:00
    12-25,,
    2026-05-01,Labour Day,22:00-04:00
    """

  /// What `open` says at instants given as UTC, under a plan.
  static func open(
    _ plan: String,
    at times: [String],
    files: [String: String] = [:]
  ) throws -> [String] {
    var all = files
    let library: String = try #require(Self.library)
    all["lib/hours.lua"] = library
    all["data/holidays.csv"] = holidays
    all["s.lua"] = """
      local week = \(plan)
      return function(call)
        local open, why = week.open(call.now)
        call:note(tostring(open) .. (why and " " .. why or ""))
      end
      """
    var bench = try Workbench(all)
    let reader = ISO8601DateFormatter()
    return try times.map { text in
      let date = try #require(reader.date(from: text + ":00Z"))
      var facts = Workbench.facts()
      facts.context = ResumeContext(
        now: UInt64(date.timeIntervalSince1970) * 1_000_000_000,
        attempts: 0
      )
      #expect(bench.run("s", facts) == .finished(nil))
      return bench.notes.first ?? "nothing"
    }
  }

  static func week(_ fields: String) -> String { "require(\"lib.hours\").week { \(fields) }" }

  @Test("ranges of days, several intervals, a closed day")
  func weekdays() throws {
    let plan = Self.week(
      "[\"monday-thursday\"] = \"08:00-12:00, 13:00-18:00\", friday = \"08:00-16:30\","
        + " saturday = \"closed\""
    )
    let times = [
      "2026-11-16T07:59", "2026-11-16T08:00", "2026-11-16T11:59", "2026-11-16T12:00",
      "2026-11-19T17:59", "2026-11-19T18:00", "2026-11-20T16:29", "2026-11-20T16:30",
      "2026-11-21T10:00", "2026-11-22T10:00",
    ]
    #expect(
      try Self.open(plan, at: times)
        == ["false", "true", "true", "false", "true", "false", "true", "false", "false", "false"]
    )
  }

  @Test("past midnight belongs to the day on which it began, over the week's end too")
  func pastMidnight() throws {
    let plan = Self.week("[\"saturday-sunday\"] = \"22:00-02:00\"")
    let times = [
      "2026-11-21T01:59", "2026-11-21T22:00", "2026-11-22T01:59", "2026-11-22T02:00",
      "2026-11-23T01:59", "2026-11-23T02:00", "2026-11-23T22:30",
    ]
    #expect(
      try Self.open(plan, at: times)
        == ["false", "true", "true", "false", "true", "false", "false"]
    )
  }

  @Test("a whole day, and a range over the week's end")
  func wholeDays() throws {
    let plan = Self.week("[\"friday-monday\"] = \"00:00-24:00\"")
    let times = [
      "2026-11-19T23:59", "2026-11-20T00:00", "2026-11-22T12:00", "2026-11-23T23:59",
      "2026-11-24T00:00",
    ]
    #expect(try Self.open(plan, at: times) == ["false", "true", "true", "true", "false"])
  }

  @Test("a time zone knows summer time, a fixed offset does not")
  func zones() throws {
    let times = ["2026-06-15T06:30", "2026-06-15T07:30", "2026-11-16T06:30", "2026-11-16T07:30"]
    #expect(
      try Self.open(
        Self.week("zone = \"Europe/Berlin\", monday = \"08:00-09:00\""),
        at: times
      ) == ["true", "false", "false", "true"]
    )
    #expect(
      try Self.open(Self.week("utc_offset = 60, monday = \"08:00-09:00\""), at: times)
        == ["false", "true", "false", "true"]
    )
  }

  @Test("yesterday is found on the days of 23 and 25 hours")
  func clocksChange() throws {
    let plan = Self.week(
      "zone = \"Europe/Berlin\", saturday = \"22:00-04:00\", sunday = \"23:00-01:00\""
    )
    // Summer time begins on 2026-03-29 and ends on 2026-10-25, Sundays, at 01:00 UTC.
    let times = [
      "2026-03-29T00:59", "2026-03-29T01:59", "2026-03-29T02:00", "2026-03-29T22:30",
      "2026-03-29T23:00", "2026-10-25T02:59", "2026-10-25T03:00", "2026-10-25T23:59",
      "2026-10-26T00:00",
    ]
    #expect(
      try Self.open(plan, at: times)
        == ["true", "true", "false", "true", "false", "true", "false", "true", "false"]
    )
  }

  @Test("holidays close, or have hours of their own, and say their name")
  func holidays() throws {
    let plan = Self.week("holidays = \"holidays\", [\"monday-sunday\"] = \"06:00-20:00\"")
    let times = [
      "2026-12-24T08:00", "2026-12-24T13:00", "2027-12-25T10:00", "2026-12-26T10:00",
      "2026-05-01T10:00", "2026-05-01T23:00", "2026-05-02T03:59", "2026-05-02T04:00",
      "2027-05-01T10:00",
    ]
    #expect(
      try Self.open(plan, at: times) == [
        "true Christmas Eve", "false Christmas Eve", "false 2027-12-25", "true",
        "false Labour Day",
        "true Labour Day", "true", "false", "true",
      ]
    )
  }

  @Test("hours.open asks the table of the site")
  func siteHours() throws {
    let table = "day,value\nzone,Europe/London\nmonday-friday,09:00-17:00\nsunday,10:00-11:00\n"
    #expect(
      try Self.open(
        "require(\"lib.hours\")",
        at: ["2026-11-16T09:00", "2026-06-15T08:30", "2026-11-21T10:00", "2026-11-22T10:30"],
        files: ["data/hours.csv": table]
      ) == ["true", "true", "false", "true"]
    )
  }

  @Test("without that table, hours.open says so")
  func noSiteHours() throws {
    let library: String = try #require(Self.library)
    var bench = try Workbench([
      "lib/hours.lua": library,
      "s.lua": "local hours = require \"lib.hours\"\nreturn function(c) hours.open(c.now) end",
    ])
    guard case .failed(.error(let text)) = bench.run() else {
      Issue.record("it was open")
      return
    }
    #expect(text.contains("there is no table 'hours': strategies/data/hours.csv"))
  }

  static let wrong: [(String, String)] = [
    ("monday = \"8-18\"", "opening hours look like 08:00-12:00, 13:00-18:00, not like 8-18"),
    ("monday = \"08:00-08:00\"", "opening hours look like"),
    ("monday = \"24:00-08:00\"", "opening hours look like"),
    ("monday = \"08:00-24:01\"", "opening hours look like"),
    ("monday = \"08:60-09:00\"", "opening hours look like"),
    ("monday = \"08:00-09:00,\"", "opening hours look like"),
    ("munday = \"08:00-09:00\"", "opening hours do not know 'munday'; days are monday or"),
    ("[\"monday-funday\"] = \"08:00-09:00\"", "opening hours do not know 'monday-funday'"),
    (
      "monday = \"08:00-09:00\", [\"monday-friday\"] = \"10:00-11:00\"",
      "two opening hours for monday"
    ),
    ("zone = \"Europe/Berlni\"", "there is no time zone 'Europe/Berlni'"),
  ]

  @Test("mistakes are found when the file is loaded", arguments: wrong)
  func mistakes(fields: String, message: String) {
    let failure = #expect(throws: LoadFailure.self) {
      _ = try Self.open(Self.week(fields), at: [])
    }
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
  }
}
