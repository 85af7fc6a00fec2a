import Engine
import LuaBridge
import Testing

/// Tables for `table_lookup`, from comma-separated values and from JSON.
@Suite("Data tables")
struct DataTableTests {
  /// What a strategy sees of the row with the key 7.
  static func row(_ path: String, _ text: String) throws -> [String] {
    var bench = try Workbench([
      "s.lua": """
      return function(call)
        local row = table_lookup("t", 7)
        if not row then return nil end
        for name, value in pairs(row) do
          call:note(name .. " " .. (math.type(value) or type(value)) .. " " .. tostring(value))
        end
      end
      """,
      path: text,
    ])
    #expect(bench.run() == .finished(nil))
    return bench.notes
  }

  @Test("an object of objects is named by its keys; values keep their types")
  func objectOfObjects() throws {
    let text = """
      { "7": { "name": "Ana", "level": 3, "part": 0.5, "vip": true, "none": null }, "8": {} }
      """
    #expect(
      try Self.row("data/t.json", text)
        == ["level integer 3", "name string Ana", "part float 0.5", "vip boolean true"]
    )
  }

  @Test("a list of objects is named by its first member", arguments: ["7", "\"7\""])
  func listOfObjects(key: String) throws {
    let text = "[ { \"id\": \(key), \"open\": false }, { \"id\": \"x\" } ]"
    let type = key == "7" ? "integer" : "string"
    #expect(try Self.row("data/t.json", text) == ["id \(type) 7", "open boolean false"])
  }

  @Test("comma-separated values stay texts")
  func commaSeparated() throws {
    #expect(
      try Self.row("data/t.csv", "id,level\n7,3\n") == ["id string 7", "level string 3"]
    )
  }

  @Test("an empty table has no rows; a row cannot be changed")
  func emptyAndReadOnly() throws {
    #expect(try Self.row("data/t.json", "{}") == [])
    #expect(try Self.row("data/t.json", "[]") == [])
    var bench = try Workbench([
      "s.lua": "return function(call)\n  table_lookup(\"t\", \"7\").level = 1\nend",
      "data/t.json": "{ \"7\": { \"level\": 3 } }",
    ])
    #expect(
      bench.run()
        == .failed(.error("strategies/s.lua:2: this table is read-only (field 'level')"))
    )
  }

  static let wrong: [(String, String)] = [
    ("", "strategies/data/t.json:1: column 1: empty text"),
    ("{\n  \"7\": {,\n", "strategies/data/t.json:2:"),
    ("{ \"7\": {}, \"7\": {} }", "strategies/data/t.json:1:"),
    ("5", "strategies/data/t.json: a table is an object of objects, or a list of objects"),
    ("{ \"7\": 5 }", "strategies/data/t.json: '7' is no object"),
    ("[ 5 ]", "strategies/data/t.json: row 1 is no object"),
    ("[ {} ]", "strategies/data/t.json: row 1 is empty: its first member is the key"),
    (
      "[ { \"a\": 1 }, { \"b\": 2 } ]",
      "strategies/data/t.json: row 2 begins with 'b', the rows before with 'a'"
    ),
    (
      "[ { \"a\": true } ]",
      "strategies/data/t.json: row 1: the key 'a' is neither a text nor a whole number"
    ),
    (
      "[ { \"a\": \"1\" }, { \"a\": 2 }, { \"a\": 1 } ]",
      "strategies/data/t.json: row 3: the key '1' is already in row 1"
    ),
    (
      "{ \"7\": { \"list\": [] } }",
      "strategies/data/t.json: '7': 'list' is neither a text nor a number nor true or false"
    ),
  ]

  @Test("what is no table is told with its file, and the line where it is known", arguments: wrong)
  func problems(text: String, message: String) {
    let failure = #expect(throws: LoadFailure.self) {
      _ = try Workbench.generation(["s.lua": HandOverTests.plain, "data/t.json": text])
    }
    #expect(failure?.description.hasPrefix(message) == true, "\(failure?.description ?? "")")
  }

  @Test("one name in two files is an error")
  func twoFiles() {
    let failure = #expect(throws: LoadFailure.self) {
      _ = try Workbench.generation([
        "s.lua": HandOverTests.plain, "data/t.csv": "a\n1\n", "data/t.json": "{}",
      ])
    }
    #expect(
      failure?.description
        == "strategies/data/t.json: the table 't' is also in strategies/data/t.csv"
    )
  }

  @Test("a set of files knows its tables; other files below data are no part of it")
  func tablesOfASource() {
    let source = Workbench.source(["data/b.json": "{}", "data/a.csv": "a\n", "data/c.txt": ""])
    #expect(source.tables == ["a", "b"])
    #expect(source.files.map(\.path) == ["data/a.csv", "data/b.json"])
  }
}
