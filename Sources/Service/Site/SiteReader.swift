internal import Engine
package import LuaBridge
package import SIPGlue

/// Reads a site: takes the tree apart, checks every field, and then how they hang together.
///
/// Nothing stops at the first mistake: every problem is a finding with the line of the field that
/// has it. A `Site` comes out only when no finding is an error (SURFACE 3).
package struct SiteReader {
  /// What the reader has to know about the world outside the file.
  package struct World {
    /// The place of the field at a path of keys, or of what encloses it.
    package var place: ([TableKey]) -> SourcePosition
    /// The value of an environment variable.
    package var variable: (String) -> String?
    /// The contents of a file that holds a secret, its path as written.
    package var secret: (String) -> String?
    /// The strategies that there are; nil: not to be checked.
    package var strategies: [String]?
    /// Where a file lies whose path is written like this.
    package var path: (String) -> String = { $0 }
    /// What is wrong with the files of TLS, in one sentence; nil: nothing.
    package var problemOfTLS: (TLSFiles) -> String? = { _ in nil }

    /// Makes a world.
    package init(
      place: @escaping ([TableKey]) -> SourcePosition,
      variable: @escaping (String) -> String?,
      secret: @escaping (String) -> String?,
      strategies: [String]?
    ) {
      self.place = place
      self.variable = variable
      self.secret = secret
      self.strategies = strategies
    }
  }

  /// What was found so far.
  package internal(set) var findings: [Finding] = []
  /// How many of them are errors about queues that nobody serves.
  package internal(set) var unservedCount = 0
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
  package mutating func read(_ root: LuaValue) {
    let known = [
      "name", "sip", "http", "extensions", "agents", "queues", "routing_points", "trunks",
      "virtual_queues", "places", "groups", "no_answer", "logout_on_out_of_service", "reservation",
      "priority_aging", "limits", "store",
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
    readVirtualQueues(fields["virtual_queues"])
    readPlaces(fields["places"])
    readGroups(fields["groups"])
    readReservation(fields["reservation"])
    readLimits(fields["limits"])
    readStore(fields["store"])
    site.noAnswer = noAnswer(fields["no_answer"], at: ["no_answer"])
    let logsOut = fields["logout_on_out_of_service"]
    site.logsOutOnOutOfService = truth(logsOut, at: ["logout_on_out_of_service"]) ?? false
    let aging = fields["priority_aging"]
    site.priorityAging = seconds(aging, at: ["priority_aging"], within: 1...86_400)
    checkDNs()
    checkAgents()
    checkQueues()
    checkRoutingPoints()
    checkOptions()
    findings.sort { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
  }

  /// Adds a finding at the line of the field at `path`, or of what encloses it.
  mutating func report(
    _ path: [TableKey],
    _ message: String,
    severity: Finding.Severity = .error
  ) {
    let place = world.place(path)
    findings.append(
      Finding(
        file: file,
        line: place.line,
        column: place.column,
        severity: severity,
        message: message
      )
    )
  }
}

/// A named entry of a table, and where it stands in the file.
struct Entry {
  var key: String
  var value: LuaValue
  var offset: Int
}

extension LuaValue {
  /// What people call this kind of value.
  fileprivate var kind: String {
    switch self {
    case .nil: "nothing"
    case .boolean: "a truth value"
    case .integer, .number: "a number"
    case .string: "text"
    case .table: "a table"
    }
  }
}

// Reading a field of a certain type.
extension SiteReader {
  /// What a field is called in a message.
  func name(of path: [TableKey]) -> String {
    switch path.last {
    case .name(let name): name
    case .index(let index): "item \(index)"
    case nil: "the site file"
    }
  }

  /// The fields of a table that has fixed ones; reports those that are unknown.
  mutating func fields(
    of node: LuaValue?,
    at path: [TableKey],
    known: [String]
  ) -> [String: LuaValue]? {
    let place = path.isEmpty ? "" : " in \(name(of: path))"
    guard let entries = entries(of: node, at: path) else { return nil }
    var result: [String: LuaValue] = [:]
    for entry in entries {
      guard known.contains(entry.key) else {
        let ending = Suggestion.ending(for: entry.key, among: known)
        report(path + [.name(entry.key)], "unknown field \"\(entry.key)\"\(place)\(ending)")
        continue
      }
      result[entry.key] = entry.value
    }
    return result
  }

  /// The named entries of a table, in the order of the file; nil when it is not such a table.
  mutating func entries(of node: LuaValue?, at path: [TableKey]) -> [Entry]? {
    guard let node, node != .nil else { return nil }
    let name = name(of: path)
    guard case .table(let table) = node else {
      report(path, "\(name) must be a table, not \(node.kind)")
      return nil
    }
    if !table.array.isEmpty {
      report(path + [.index(1)], "\(name) has named entries only: write name = value")
    }
    var entries: [Entry] = []
    for pair in table.pairs {
      switch pair.key {
      case .string(let key):
        let offset = world.place(path + [.name(key)]).offset
        entries.append(Entry(key: key, value: pair.value, offset: offset))
      case .integer(let key):
        report(
          path + [.index(Int(clamping: key))],
          "write [\"\(key)\"] with quotes: names and numbers are text here"
        )
      case .nil, .boolean, .number, .table:
        report(path, "\(name): a key must be text")
      }
    }
    return entries.sorted { ($0.offset, $0.key) < ($1.offset, $1.key) }
  }

  /// A text.
  mutating func text(_ node: LuaValue?, at path: [TableKey]) -> String? {
    guard let node, node != .nil else { return nil }
    guard case .string(let text) = node else {
      report(path, "\(name(of: path)) must be text, not \(node.kind)")
      return nil
    }
    return text
  }

  /// A list of texts.
  mutating func texts(_ node: LuaValue?, at path: [TableKey]) -> [String] {
    guard let node, node != .nil else { return [] }
    let name = name(of: path)
    guard case .table(let table) = node, table.pairs.isEmpty else {
      report(path, "\(name) must be a list of texts such as { \"…\" }")
      return []
    }
    var result: [String] = []
    for (index, item) in table.array.enumerated() {
      guard case .string(let text) = item else {
        report(
          path + [.index(index + 1)],
          "\(name): item \(index + 1) must be text, not \(item.kind)"
        )
        continue
      }
      result.append(text)
    }
    return result
  }

  /// A duration in seconds, fractions allowed, within bounds.
  mutating func seconds(
    _ node: LuaValue?,
    at path: [TableKey],
    within range: ClosedRange<Int>
  ) -> Duration? {
    guard let node, node != .nil else { return nil }
    let name = name(of: path)
    let value: Double
    switch node {
    case .integer(let integer): value = Double(integer)
    case .number(let number): value = number
    case .nil, .boolean, .string, .table:
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

  /// True or false.
  mutating func truth(_ node: LuaValue?, at path: [TableKey]) -> Bool? {
    guard let node, node != .nil else { return nil }
    guard case .boolean(let truth) = node else {
      report(path, "\(name(of: path)) must be true or false, not \(node.kind)")
      return nil
    }
    return truth
  }

  /// A text that must be one of a few words.
  mutating func word(_ node: LuaValue?, at path: [TableKey], among words: [String]) -> String? {
    guard let text = text(node, at: path) else { return nil }
    guard words.contains(text) else {
      let list = words.map { "\"\($0)\"" }.joined(separator: " or ")
      let ending = Suggestion.ending(for: text, among: words)
      report(path, "\(name(of: path)) must be \(list), not \"\(text)\"\(ending)")
      return nil
    }
    return text
  }

  /// Whether a text can be a DN, an agent id or a trunk's name.
  mutating func checkName(_ name: String, what: String, at path: [TableKey]) -> Bool {
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
