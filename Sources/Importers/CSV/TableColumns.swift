/// Which column is what, and how its times are written.
struct TableColumns {
  /// A column of times.
  struct Clock {
    var column: Int
    var form: ClockForm
  }

  private(set) var columns: [TableOptions.Role: [Int]] = [:]
  private(set) var data: [(key: String, column: Int)] = []
  private(set) var date: (column: Int, form: DateForm)?
  private(set) var clocks: [TableOptions.Role: [Clock]] = [:]
  private(set) var isMilliseconds: [TableOptions.Role: Bool] = [:]
  /// For the report.
  private(set) var understood: [String] = []

  /// The roles whose columns hold points in time.
  static let clockRoles: [TableOptions.Role] = [.arrival, .answered, .ended, .left]
  /// Rows that are looked at before the first is used.
  private static let sampleCount = 5_000

  /// Finds out from the header, the options and the first rows.
  init(_ path: String, _ options: TableOptions) throws(ImportError) {
    var table = try TableFile(path)
    understood.append("columns are separated by \(table.delimiterName)")
    try find(table.header, path, options)
    var sample: [(line: Int, fields: [Substring])] = []
    while sample.count < Self.sampleCount, let row = try table.next() {
      sample.append((table.line, row))
    }
    guard !sample.isEmpty else { throw ImportError("\(path):1: there is no row after the header") }
    try findForms(sample, path, options)
    for role in [TableOptions.Role.wait, .service] {
      guard let column = columns[role]?.first else { continue }
      let name = Self.plain(table.header[column])
      isMilliseconds[role] =
        options.isMilliseconds || name.hasSuffix("ms") || name.hasSuffix("msec")
      let unit = isMilliseconds[role] == true ? "milliseconds" : "seconds, or h:mm:ss"
      understood.append("\(role.rawValue) (\(table.header[column])) is in \(unit)")
    }
  }

  /// The column of a role.
  func field(_ role: TableOptions.Role, _ row: [Substring]) -> Substring? {
    for column in columns[role] ?? [] where column < row.count && !row[column].isEmpty {
      return row[column]
    }
    return nil
  }

  /// Whether there is a column of that role.
  func has(_ role: TableOptions.Role) -> Bool { columns[role] != nil }

  private mutating func find(
    _ header: [String],
    _ path: String,
    _ options: TableOptions
  ) throws(ImportError) {
    let plain = header.map { Self.plain($0) }
    func index(_ name: String) throws(ImportError) -> Int {
      if let exact = header.firstIndex(of: name) { return exact }
      if let close = plain.firstIndex(of: Self.plain(name)) { return close }
      let known = header.prefix(30).joined(separator: ", ")
      throw ImportError("\(path):1: there is no column \"\(name)\"; there are \(known)")
    }
    var words: [String] = []
    for role in TableOptions.Role.allCases {
      var found: [Int] = []
      if let named = options.columns[role] {
        for name in named { found.append(try index(name)) }
      } else {
        found = role.names.compactMap { names in
          names.compactMap { plain.firstIndex(of: $0) }.first
        }
      }
      guard !found.isEmpty else { continue }
      columns[role] = found
      words.append("\(role.rawValue)=\(found.map { header[$0] }.joined(separator: "/"))")
    }
    for (key, column) in options.data {
      data.append((key, try index(column)))
      words.append("data.\(key)=\(column)")
    }
    understood.append("columns: \(words.joined(separator: ","))")
    guard has(.arrival) else {
      throw ImportError("\(path):1: no column says when calls arrived: --map arrival=COLUMN")
    }
    guard has(.answered) || has(.wait) || has(.left) || has(.service) else {
      throw ImportError(
        "\(path):1: no column says how long callers waited: --map wait=COLUMN or answered=COLUMN"
      )
    }
  }

  private mutating func findForms(
    _ sample: [(line: Int, fields: [Substring])],
    _ path: String,
    _ options: TableOptions
  ) throws(ImportError) {
    for role in Self.clockRoles {
      for column in columns[role] ?? [] {
        let forms = try Self.forms(sample, column, path, ClockText.forms)
        let form = try Self.decide(forms, path, options)
        guard let form else {
          let shown = sample.compactMap { Self.text($0.fields, column) }.first ?? ""
          throw ImportError(
            "\(path):\(sample[0].line): \"\(shown)\" in the column of \(role.rawValue) is no time"
          )
        }
        clocks[role, default: []].append(Clock(column: column, form: form))
        understood.append("\(role.rawValue) is written as \(form.text)")
      }
    }
    guard clocks[.arrival]?.contains(where: { $0.form == .timeOfDay }) == true else { return }
    guard let column = columns[.date]?.first else {
      throw ImportError(
        "\(path):1: arrivals are times of day and no column has the date: --map date=COLUMN"
      )
    }
    let forms = try Self.forms(sample, column, path) { DateForm.forms(of: $0) }
    let clock = try Self.decide(forms.map { .dateAndTime($0) }, path, options)
    guard case .dateAndTime(let form)? = clock else {
      let shown = Self.text(sample[0].fields, column) ?? ""
      throw ImportError("\(path):\(sample[0].line): \"\(shown)\" is no date")
    }
    date = (column, form)
    understood.append("dates are written as \(form.rawValue)")
  }

  /// The forms in which all values of a column can be; the first value that breaks a form that the
  /// ones before it have is named.
  private static func forms<Form: Equatable>(
    _ sample: [(line: Int, fields: [Substring])],
    _ column: Int,
    _ path: String,
    _ of: (Substring) -> [Form]
  ) throws(ImportError) -> [Form] {
    var possible: [Form]?
    var first: (line: Int, text: Substring)?
    for (line, fields) in sample {
      guard let text = text(fields, column) else { continue }
      let own = of(text)
      guard !own.isEmpty else { continue }
      guard let before = possible, let (firstLine, firstText) = first else {
        possible = own
        first = (line, text)
        continue
      }
      let common = before.filter { own.contains($0) }
      guard !common.isEmpty else {
        throw ImportError(
          "\(path):\(line): \"\(text)\" is not written like \"\(firstText)\" in line \(firstLine): "
            + "one form of dates and times is needed"
        )
      }
      possible = common
    }
    return possible ?? []
  }

  private static func decide(
    _ forms: [ClockForm],
    _ path: String,
    _ options: TableOptions
  ) throws(ImportError) -> ClockForm? {
    guard forms.count > 1 else { return forms.first }
    switch options.dateOrder {
    case .dmy: return forms.first { $0 == .dateAndTime(.dayMonthYear) } ?? forms[0]
    case .mdy: return forms.first { $0 == .dateAndTime(.monthDayYear) } ?? forms[0]
    case nil:
      throw ImportError(
        "\(path):2: dates could be day/month or month/day in every row: say --dates dmy or mdy"
      )
    }
  }

  private static func text(_ fields: [Substring], _ column: Int) -> Substring? {
    column < fields.count && !fields[column].isEmpty ? fields[column] : nil
  }

  /// A header in lower case, letters and digits only.
  static func plain(_ text: String) -> String {
    String(text.lowercased().filter { $0.isLetter || $0.isNumber })
  }
}
