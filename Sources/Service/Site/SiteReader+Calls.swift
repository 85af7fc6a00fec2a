internal import Engine
internal import LuaBridge
internal import SIPGlue

// What the line side does with calls: sessions, targets that send calls on, headers.
extension SiteReader {
  /// The options of `sip` that concern calls.
  static var callOptions: [String] { ["session", "follow_redirects", "transfers", "headers"] }

  mutating func readCallOptions(_ fields: [String: LuaValue]) {
    readSession(fields["session"])
    let path: [TableKey] = ["sip", "follow_redirects"]
    if let limit = count(fields["follow_redirects"], at: path, within: 0...20) {
      site.redirectsMax = limit
    }
    let policies = TransferPolicy.allCases.map(\.rawValue)
    if let word = word(fields["transfers"], at: ["sip", "transfers"], among: policies) {
      site.transfers = TransferPolicy(rawValue: word) ?? .called
    }
    readHeaders(fields["headers"])
  }

  private mutating func readSession(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "session"]
    guard node != nil, let fields = fields(of: node, at: path, known: ["expires", "min"]) else {
      return
    }
    if let least = count(fields["min"], at: path + ["min"], within: 90...86_400) {
      site.session.leastInterval = UInt32(least)
    }
    guard let interval = count(fields["expires"], at: path + ["expires"], within: 0...86_400) else {
      return
    }
    site.session.interval = UInt32(interval)
    if interval > 0, interval < Int(site.session.leastInterval) {
      report(path, "expires must be 0 or not less than min (\(site.session.leastInterval))")
    }
  }

  private mutating func readHeaders(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "headers"]
    guard node != nil, let fields = fields(of: node, at: path, known: ["pass", "strip"]) else {
      return
    }
    site.headers = HeaderLists(
      pass: headerNames(fields["pass"], at: path + ["pass"]),
      strip: headerNames(fields["strip"], at: path + ["strip"])
    )
  }

  private mutating func headerNames(_ node: LuaValue?, at path: [TableKey]) -> [String] {
    let names = texts(node, at: path)
    for name in names where !HeaderLists.isChoosable(name) {
      report(path, "\(self.name(of: path)): \"\(name)\" belongs to one side's dialog")
    }
    return names
  }
}
