/// What the beginning of a log says about its date, and which kinds of items it has.
struct LogPreview {
  /// Lines that are looked at for a date.
  private static let linesMax = 200_000

  /// The first date and time, local, in nanoseconds since 1970.
  private(set) var local: Int64?
  /// Seconds west of UTC, from the header.
  private(set) var secondsWest: Int64?
  /// The first time of day of a line without a date.
  private(set) var firstTime: Int64?
  /// The first absolute time in a dump, and the time of day of that dump.
  private(set) var instant: Int64?
  private(set) var timeOfInstant: Int64?
  private(set) var hasSIP = false
  private(set) var hasDumps = false

  /// Looks at a file.
  init(_ path: String) throws(ImportError) {
    let file = try InputFile(path)
    var dumpTime: Int64?
    while let bytes = try file.nextLine(), file.lines <= Self.linesMax {
      if file.lines == 1, bytes.contains(0) {
        throw ImportError("\(path):1: this is no text, and so no log of a server")
      }
      guard bytes.count >= 8, bytes.count < 100_000 else { continue }
      let text = LineText.decode(bytes).text[...]
      if bytes[0] == 9 {
        if dumpTime != nil, text.contains("AttributeTimeinSecs"), instant == nil {
          instant = text.split(whereSeparator: { $0 == "\t" || $0 == " " }).dropFirst().first
            .flatMap { ClockText.whole($0) }.map { $0 * ClockText.second }
          timeOfInstant = dumpTime
        }
        continue
      }
      look(at: text, &dumpTime)
      if local != nil, hasSIP, hasDumps { break }
    }
    guard file.lines > 0 else { throw ImportError("\(path): the file is empty") }
    if local == nil { local = LogClock.local(inName: path) }
  }

  private mutating func look(at text: Substring, _ dumpTime: inout Int64?) {
    if text.hasPrefix("Time zone:") {
      secondsWest =
        secondsWest
        ?? Int64(text.dropFirst(10).trimmed.prefix { $0 == "-" || $0.isNumber })
    } else if text.hasPrefix("Local time:") {
      local = local ?? LogClock.local(text.dropFirst(11).trimmed)
    } else if let iso = Self.isoTime(text) {
      if local == nil { local = iso }
    } else if let point = Self.checkPoint(text) {
      if local == nil { local = point }
    } else if text.first == "@" {
      dumpTime = Self.time(text.dropFirst().firstToken)
      firstTime = firstTime ?? (local == nil ? dumpTime : nil)
      if text.contains(" message Event") { hasDumps = true }
    } else if let time = Self.time(text.firstToken) {
      firstTime = firstTime ?? (local == nil ? time : nil)
      if SIPBlock(text) != nil { hasSIP = true }
    } else if SIPBlock(text) != nil {
      hasSIP = true
    }
  }

  // MARK: Texts

  /// `13:54:59.852` or `16:45:24.5939`, with or without a colon behind it: nanoseconds.
  static func time(_ token: Substring) -> Int64? {
    let token = token.last == ":" ? token.dropLast() : token
    // Text that is glued to a time ends where the time begins: `Checksum.12:53:33.355`.
    let digits = token.suffix(13).drop { !$0.isASCII || !$0.isNumber }
    for start in [digits, token.suffix(12)] where start.utf8.count >= 12 {
      let bytes = Array(start.utf8)
      if bytes[2] == 58, bytes[5] == 58, bytes[8] == 46, let time = ClockText.timeOfDay(start) {
        return time
      }
    }
    return nil
  }

  /// `2026-02-02T13:54:59.852 Trc …`: the local time of a line.
  static func isoTime(_ text: Substring) -> Int64? {
    let token = text.prefix(23)
    let bytes = Array(token.utf8)
    guard bytes.count == 23, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84, bytes[13] == 58 else {
      return nil
    }
    return LogClock.local(token)
  }

  /// `… Trc 04120 Check point 2026-02-02T14:00:00`.
  static func checkPoint(_ text: Substring) -> Int64? {
    let words = text.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: true)
    guard let check = words.firstIndex(of: "Check"), check + 2 < words.count,
      words[check + 1] == "point"
    else { return nil }
    return LogClock.local(words[check + 2].prefix(23))
      ?? (check + 3 < words.count
        ? LogClock.local((words[check + 2] + " " + words[check + 3])[...]) : nil)
  }
}

extension Substring {
  /// Up to the first blank.
  var firstToken: Substring { prefix { $0 != " " && $0 != "\t" } }

  /// The last word before its end that is not `SIPTR:`.
  var lastToken: Substring {
    let words = split(separator: " ", omittingEmptySubsequences: true)
    return words.last { $0 != "SIPTR:" } ?? ""
  }
}
