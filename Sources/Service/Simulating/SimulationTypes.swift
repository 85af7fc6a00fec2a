internal import Engine
package import Workbench

/// Reads types of callers: `name,share=2,service=180,…` or a file with a column for each key.
package enum SimulationTypes {
  static let keys = [
    "name", "share", "service", "kind", "cv", "patience", "at", "dnis", "ani", "priority",
  ]

  static func read(
    _ options: SimulationInput.Options,
    _ plan: Plan
  ) throws(ServiceError) -> [CallerType] {
    var rows: [(fields: [(String, String)], what: String)] = []
    for text in options.typeTexts { rows.append((try fields(text), "--type \(text)")) }
    if let path = options.types {
      let table = try SimulationTable(path)
      for row in table.rows {
        rows.append((zip(table.header, row.cells).map { ($0, $1) }, "\(path):\(row.line)"))
      }
    }
    if rows.isEmpty { rows = [([("name", "calls")], "the model")] }
    var types: [CallerType] = []
    for row in rows {
      let type = try type(row.fields, row.what, options, plan, isOnly: rows.count == 1)
      guard !types.contains(where: { $0.name == type.name }) else {
        throw ServiceError("\(row.what): there are two types \"\(type.name)\"")
      }
      types.append(type)
    }
    return types
  }

  private static func fields(_ text: String) throws(ServiceError) -> [(String, String)] {
    var fields: [(String, String)] = []
    for (index, part) in text.split(separator: ",").enumerated() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 {
        fields.append((String(pair[0]), String(pair[1])))
      } else if index == 0 {
        fields.append(("name", String(part)))
      } else {
        throw ServiceError("--type \(text): \"\(part)\" is no key=value")
      }
    }
    return fields
  }

  private static func type(
    _ fields: [(String, String)],
    _ what: String,
    _ options: SimulationInput.Options,
    _ plan: Plan,
    isOnly: Bool
  ) throws(ServiceError) -> CallerType {
    var texts: [String: String] = [:]
    var data: [KeyValue] = []
    for (key, value) in fields where !value.isEmpty {
      if key.hasPrefix("data.") {
        data.append(KeyValue(String(key.dropFirst(5)), value))
      } else if keys.contains(key) {
        texts[key] = value
      } else {
        let ending = Suggestion.ending(for: key, among: keys)
        throw ServiceError("\(what): there is no key \"\(key)\"\(ending)")
      }
    }
    guard let name = texts["name"] else { throw ServiceError("\(what): a type needs a name") }
    var type = CallerType(name, at: try place(texts, what, plan))
    type.dnis = texts["dnis"] ?? type.place.number
    type.ani = texts["ani"] ?? ""
    type.share = try number(texts["share"], "share", what) ?? 1
    type.service = try service(texts, what, options)
    type.patience = options.patience
    if let mean = try number(texts["patience"], "patience", what) {
      type.patience = .exponential(mean: mean)
    }
    if !isOnly { type.userData.attach(KeyValue("type", name)) }
    if let priority = texts["priority"] {
      guard Int(priority) != nil else {
        throw ServiceError("\(what): priority is a whole number, not \"\(priority)\"")
      }
      type.userData.attach(KeyValue("priority", priority))
    }
    for pair in data { type.userData.attach(pair) }
    return type
  }

  private static func service(
    _ texts: [String: String],
    _ what: String,
    _ options: SimulationInput.Options
  ) throws(ServiceError) -> Distribution {
    let own = try number(texts["service"], "service", what)
    guard let mean = own ?? options.service?.mean else {
      throw ServiceError("say how long callers talk: --service-mean S")
    }
    let cv = try number(texts["cv"], "cv", what)
    if let kind = texts["kind"] { return try distribution(kind, mean: mean, cv: cv) }
    switch options.service {
    case .deterministic: return .deterministic(mean)
    case .lognormal(_, let usual): return .lognormal(mean: mean, cv: cv ?? usual)
    case .exponential, nil: return .exponential(mean: mean)
    }
  }

  /// A distribution by its word.
  ///
  /// - Throws: Which words there are, when it is none of them.
  package static func distribution(
    _ kind: String,
    mean: Double,
    cv: Double?
  ) throws(ServiceError) -> Distribution {
    switch kind {
    case "exponential": return .exponential(mean: mean)
    case "deterministic": return .deterministic(mean)
    case "lognormal": return .lognormal(mean: mean, cv: cv ?? 1)
    default:
      let known = ["exponential", "deterministic", "lognormal"]
      let ending = Suggestion.ending(for: kind, among: known)
      throw ServiceError(
        "there is no distribution \"\(kind)\"\(ending) (\(known.joined(separator: ", ")))"
      )
    }
  }

  private static func place(
    _ texts: [String: String],
    _ what: String,
    _ plan: Plan
  ) throws(ServiceError) -> DN {
    let known =
      plan.routingPoints.map { $0.dn } + plan.queues.map { $0.dn } + plan.extensions.map { $0.dn }
    if let at = texts["at"] {
      guard known.contains(DN(at)) else { throw ServiceError("\(what): the site has no DN \(at)") }
      return DN(at)
    }
    if let dnis = texts["dnis"], known.contains(DN(dnis)) { return DN(dnis) }
    guard let first = plan.routingPoints.first?.dn ?? plan.queues.first?.dn else {
      throw ServiceError("\(what): the site has neither a routing point nor a queue")
    }
    return first
  }

  static func number(
    _ text: String?,
    _ key: String,
    _ what: String
  ) throws(ServiceError) -> Double? {
    guard let text else { return nil }
    guard let number = Double(text), number.isFinite, number >= 0 else {
      throw ServiceError("\(what): \(key) is a number from 0 on, not \"\(text)\"")
    }
    return number
  }
}

/// A file of comma-separated values with a header; lines that begin with `#` are left out.
struct SimulationTable {
  let header: [String]
  let rows: [(line: Int, cells: [String])]

  init(_ path: String) throws(ServiceError) {
    guard let text = Files.text(path) else { throw ServiceError("cannot read \(path)") }
    var lines: [(line: Int, cells: [String])] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.filter { $0 != "\r" }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        .map { String($0).trimmed }
      lines.append((index + 1, cells))
    }
    guard let first = lines.first else { throw ServiceError("\(path) is empty") }
    header = first.cells
    rows = Array(lines.dropFirst())
    for row in rows where row.cells.count != header.count {
      throw ServiceError(
        "\(path):\(row.line): \(row.cells.count) cells under \(header.count) columns"
      )
    }
  }
}

extension String {
  /// The text without blanks around it.
  fileprivate var trimmed: String {
    let rest = drop { $0 == " " || $0 == "\t" }
    return String(rest.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
