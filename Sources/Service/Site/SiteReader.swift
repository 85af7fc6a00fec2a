internal import Engine

/// Reads a site: takes the tree apart, checks every field, and then how they hang together.
///
/// Nothing stops at the first mistake: every problem is a finding with the line of the field that
/// has it. A `Site` comes out only when no finding is an error (SURFACE 3).
package struct SiteReader {
  /// What the reader has to know about the world outside the file.
  package struct World {
    /// The line of the field at a path of keys; nil when there is no such field.
    package var line: ([String]) -> Int?
    /// The value of an environment variable.
    package var variable: (String) -> String?
    /// The contents of a file that holds a secret, its path as written.
    package var secret: (String) -> String?
    /// The strategies that there are; nil: not to be checked.
    package var strategies: [String]?

    /// Makes a world.
    package init(
      line: @escaping ([String]) -> Int?,
      variable: @escaping (String) -> String?,
      secret: @escaping (String) -> String?,
      strategies: [String]?
    ) {
      self.line = line
      self.variable = variable
      self.secret = secret
      self.strategies = strategies
    }
  }

  /// What was found so far.
  package internal(set) var findings: [Finding] = []
  /// What was read so far.
  package internal(set) var site = Site()
  let file: String
  let world: World

  /// Makes a reader for a file.
  package init(file: String, world: World) {
    self.file = file
    self.world = world
  }

  /// Reads a whole site; look at `findings` before using it.
  package mutating func read(_ root: SiteNode) {
    let known = [
      "name", "sip", "http", "extensions", "agents", "queues", "routing_points", "trunks",
    ]
    guard let fields = fields(of: root, at: [], known: known) else { return }
    site.name = text(fields["name"], at: ["name"]) ?? "site"
    readSIP(fields["sip"])
    readHTTP(fields["http"])
    readExtensions(fields["extensions"])
    readAgents(fields["agents"])
    readQueues(fields["queues"])
    readRoutingPoints(fields["routing_points"])
    readTrunks(fields["trunks"])
    checkDNs()
    checkAgents()
    checkQueues()
    checkRoutingPoints()
    findings.sort { ($0.line, $0.message) < ($1.line, $1.message) }
  }

  /// Adds a finding at the line of the field at `path`, or of what encloses it.
  mutating func report(
    _ path: [String],
    _ message: String,
    severity: Finding.Severity = .error
  ) {
    var known = path
    while world.line(known) == nil, !known.isEmpty { known.removeLast() }
    findings.append(
      Finding(
        file: file,
        line: world.line(known) ?? 1,
        severity: severity,
        message: message
      )
    )
  }
}

// Reading a field of a certain type.
extension SiteReader {
  /// The fields of a table that has fixed ones; reports those that are unknown.
  mutating func fields(
    of node: SiteNode?,
    at path: [String],
    known: [String]
  ) -> [String: SiteNode]? {
    let place = path.last.map { " in \($0)" } ?? ""
    guard let entries = entries(of: node, at: path) else { return nil }
    var result: [String: SiteNode] = [:]
    for entry in entries {
      guard known.contains(entry.key) else {
        let ending = Suggestion.ending(for: entry.key, among: known)
        report(path + [entry.key], "unknown field \"\(entry.key)\"\(place)\(ending)")
        continue
      }
      result[entry.key] = entry.value
    }
    return result
  }

  /// The named entries of a table, in the order of the file; nil when it is not such a table.
  mutating func entries(of node: SiteNode?, at path: [String]) -> [SiteNode.Field]? {
    guard let node, node != .nil else { return nil }
    let name = path.last ?? "the site file"
    guard case .table(let items, let fields) = node else {
      report(path, "\(name) must be a table, not \(node.kind)")
      return nil
    }
    if !items.isEmpty {
      report(path, "\(name) has named entries only: write name = value")
    }
    for field in fields where !field.keyIsText {
      report(
        path + [field.key],
        "write [\"\(field.key)\"] with quotes: names and numbers are text here"
      )
    }
    let lines = fields.map { world.line(path + [$0.key]) ?? 0 }
    return fields.indices
      .filter { fields[$0].keyIsText }
      .sorted { (lines[$0], fields[$0].key) < (lines[$1], fields[$1].key) }
      .map { fields[$0] }
  }

  /// A text.
  mutating func text(_ node: SiteNode?, at path: [String]) -> String? {
    guard let node, node != .nil else { return nil }
    guard case .string(let text) = node else {
      report(path, "\(path.last ?? "") must be text, not \(node.kind)")
      return nil
    }
    return text
  }

  /// A list of texts.
  mutating func texts(_ node: SiteNode?, at path: [String]) -> [String] {
    guard let node, node != .nil else { return [] }
    let name = path.last ?? ""
    guard case .table(let items, let fields) = node, fields.isEmpty else {
      report(path, "\(name) must be a list of texts such as { \"…\" }")
      return []
    }
    var result: [String] = []
    for (index, item) in items.enumerated() {
      guard case .string(let text) = item else {
        report(path, "\(name): item \(index + 1) must be text, not \(item.kind)")
        continue
      }
      result.append(text)
    }
    return result
  }

  /// A duration in seconds, fractions allowed, within bounds.
  mutating func seconds(
    _ node: SiteNode?,
    at path: [String],
    within range: ClosedRange<Int>
  ) -> Duration? {
    guard let node, node != .nil else { return nil }
    let name = path.last ?? ""
    let value: Double
    switch node {
    case .integer(let integer): value = Double(integer)
    case .number(let number): value = number
    case .nil, .boolean, .string, .table, .other:
      report(path, "\(name) must be a number of seconds, not \(node.kind)")
      return nil
    }
    guard value.isFinite, value >= Double(range.lowerBound), value <= Double(range.upperBound)
    else {
      report(
        path,
        "\(name) must be between \(range.lowerBound) and \(range.upperBound) seconds"
      )
      return nil
    }
    return .milliseconds(Int64((value * 1_000).rounded()))
  }

  /// A text that must be one of a few words.
  mutating func word(_ node: SiteNode?, at path: [String], among words: [String]) -> String? {
    guard let text = text(node, at: path) else { return nil }
    guard words.contains(text) else {
      let list = words.map { "\"\($0)\"" }.joined(separator: " or ")
      let ending = Suggestion.ending(for: text, among: words)
      report(path, "\(path.last ?? "") must be \(list), not \"\(text)\"\(ending)")
      return nil
    }
    return text
  }

  /// Whether a text can be a DN, an agent id or a trunk's name.
  mutating func checkName(_ name: String, what: String, at path: [String]) -> Bool {
    let plain = name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
      default: "+*#_-.".utf8.contains($0)
      }
    }
    guard plain, !name.isEmpty, name.utf8.count <= 64 else {
      report(path, "\"\(name)\" cannot be \(what): letters, digits and + * # _ - . only, up to 64")
      return false
    }
    return true
  }
}
