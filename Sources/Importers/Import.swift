public import Engine
internal import Wire

/// What is to be imported, and how.
public struct ImportRequest: Sendable {
  /// What the files are.
  public enum Source: String, CaseIterable, Sendable {
    /// A capture of packets.
    case pcap
    /// Asterisk's `queue_log`, also PBXware's export of it.
    case queueLog = "queue-log"
    /// The logs of Genesys SIP Server and T-Library dumps.
    case sipServerLog = "sip-server-log"
    /// A table: a row per call.
    case csv
  }

  /// What the files are.
  public var source: Source
  /// The files.
  public var files: [String]
  /// The site, when it is not to be inferred.
  public var site: Plan?
  /// Where a site file is written that strategies can be tried with; nil: nowhere.
  public var siteFile: String?
  /// How many seconds local times are before UTC; nil: as the files say, else UTC.
  public var zone: Int64?
  /// How a table is read.
  public var table = TableOptions()
  /// The version of the program.
  public var version = ""
  /// Bytes that are sorted in memory; smaller in tests.
  public var sortBytes = 48 << 20

  /// Makes a request.
  public init(_ source: Source, _ files: [String]) { (self.source, self.files) = (source, files) }
}

extension ImportRequest {
  /// Reads `+05:30`: seconds before UTC.
  public static func zone(_ text: String) -> Int64? { ClockText.zone(text[...]) }
}

/// Makes recordings of other systems' material.
public enum Import {
  /// How far an importer is: bytes that were read, and all bytes; false: stop.
  typealias Progress = (UInt64, UInt64) -> Bool

  /// Imports files.
  ///
  /// - Parameters:
  ///   - request: What, and how.
  ///   - output: Where the recording goes; nothing is left of it when this fails.
  ///   - progress: Hears how far it is, from 0 to 1, and says whether to go on.
  /// - Returns: What was done and what could not be inferred.
  /// - Throws: One sentence that says why it cannot be done.
  public static func run(
    _ request: ImportRequest,
    to output: ImportOutput,
    progress: (Double) -> Bool = { _ in true }
  ) throws(ImportError) -> ImportReport {
    // Reading is some half of the work.
    let reading: Progress = { done, all in
      progress(all > 0 ? min(0.5, 0.5 * Double(done) / Double(all)) : 0)
    }
    let report = ImportReport(source: request.source.rawValue, files: request.files)
    var collector = FactCollector(
      report,
      besides: output.place,
      sortLimit: request.sortBytes
    )
    if let path = request.siteFile, ImportOutput.isThere(path) {
      throw ImportError("\(path) is there already: --write-site makes a new file")
    }
    switch request.source {
    case .csv: try TableImport.run(request, &collector, reading)
    case .queueLog: try QueueLogImport.run(request, &collector, reading)
    case .pcap: try CaptureImport.run(request, &collector, reading)
    case .sipServerLog: try SIPServerLogImport.run(request, &collector, reading)
    }
    guard collector.first <= collector.last else {
      throw ImportError(
        "\(request.files.joined(separator: ", ")): there is nothing to import in it"
      )
    }
    try output.open()
    if let site = request.site { compare(site, &collector) }
    var maker = RecordingMaker(collector, besides: output.place, sortLimit: request.sortBytes)
    var seen = Plan()
    let result = try maker.write(
      to: output,
      head: { report, plan, epoch in
        seen = plan
        return head(request, report, request.site ?? plan, epoch)
      },
      goesOn: { progress(0.5 + 0.5 * $0) }
    )
    try output.finish()
    if let path = request.siteFile {
      let file = ImportOutput(path)
      try file.open()
      try file.write(SiteText.bytes(seen, result))
      try file.finish()
    }
    return result
  }

  private static func head(
    _ request: ImportRequest,
    _ report: borrowing ImportReport,
    _ plan: Plan,
    _ epoch: UInt64
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("recording")
    writer.value(UInt64(1))
    writer.key("title")
    let names = request.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    writer.value("imported from \(names.joined(separator: ", "))")
    if !request.version.isEmpty {
      writer.key("engine")
      writer.value(request.version)
    }
    writer.key("site")
    writer.value(plan)
    writer.key("seed")
    writer.value(UInt64(1))
    writer.key("epoch")
    writer.time(epoch)
    writer.key("imported")
    writer.beginObject()
    writer.key("from")
    writer.value(request.source.rawValue)
    writer.key("files")
    writer.beginArray()
    for file in request.files { writer.value(file) }
    writer.endArray()
    writer.key("report")
    writer.value(report)
    writer.endObject()
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  /// Says what the files name and the given site does not.
  private static func compare(_ site: Plan, _ collector: inout FactCollector) {
    let agents = Set(site.agents.map(\.id.text))
    let places = Set(site.queues.map(\.dn.number) + site.routingPoints.map(\.dn.number))
    let missing = [
      ("agents", collector.agents.map(\.id).filter { !agents.contains($0) }),
      ("queues", collector.queues.map(\.dn).filter { !places.contains($0) }),
    ]
    for (what, names) in missing where !names.isEmpty {
      let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
      collector.report.notInferred.append(
        "\(names.count) \(what) are not in the site file: \(shown)"
      )
    }
  }
}
