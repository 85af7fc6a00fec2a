/// An event of a T-Library dump: its name and its attributes.
struct TLibraryEvent {
  let name: String
  private var values: [String: String] = [:]
  /// The flat part of the lists.
  private(set) var userData: [(key: String, value: String)] = []
  private(set) var reasons: [(key: String, value: String)] = []
  private(set) var extensions: [(key: String, value: String)] = []
  private var list = ""

  init(_ name: String) { self.name = name }

  /// Takes a line below the event's own.
  mutating func take(_ line: Substring) {
    let tabs = line.prefix { $0 == "\t" }.count
    let text = line.dropFirst(tabs).trimmed
    if tabs == 1 || text.hasPrefix("Attribute") {
      guard text.hasPrefix("Attribute") else { return }
      let key = text.prefix { $0 != "\t" && $0 != " " }
      let value = text.dropFirst(key.count).trimmed
      list = String(key.dropFirst(9))
      values[list] = Self.plain(value)
    } else if tabs == 2 {
      guard let (key, value) = Self.pair(text) else { return }
      switch list {
      case "UserData": userData.append((key, value))
      case "Reason", "Reasons": reasons.append((key, value))
      case "Extensions", "Extension": extensions.append((key, value))
      default: break
      }
    }
  }

  /// The value of an attribute; empty when it is not there.
  subscript(_ name: String) -> String { values[name] ?? "" }

  /// The first of several attributes that is there.
  func first(_ names: String...) -> String {
    names.lazy.map { self[$0] }.first { !$0.isEmpty } ?? ""
  }

  /// When it happened, when the dump says so itself.
  var instant: Int64? {
    let seconds = self["TimeinSecs"].prefix { $0.isNumber }
    guard let whole = ClockText.whole(seconds), whole > 900_000_000, whole < 4_102_444_800 else {
      return nil
    }
    let micro = ClockText.whole(self["TimeinuSecs"].prefix { $0.isNumber }) ?? 0
    return whole * ClockText.second + min(micro, 999_999) * 1_000
  }

  /// A text without its quotes; anything else up to the first blank.
  private static func plain(_ value: Substring) -> String {
    guard value.first == "'" else { return String(value.prefix { $0 != "\t" }) }
    let inner = value.dropFirst()
    return String(inner.last == "'" ? inner.dropLast() : inner)
  }

  private static func pair(_ text: Substring) -> (String, String)? {
    guard text.first == "'", let end = text.dropFirst().firstIndex(of: "'") else { return nil }
    let key = text[text.index(after: text.startIndex)..<end]
    let rest = text[text.index(after: end)...]
    guard !rest.hasPrefix("(list)") else { return nil }
    return (String(key), plain(rest.trimmed))
  }
}
